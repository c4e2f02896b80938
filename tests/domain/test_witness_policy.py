"""Which cosignatures are enough, read from a policy as C2SP tlog-policy writes it."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from review.domain.signed_note import COSIGNATURE, ED25519, note_key
from review.domain.witness_policy import parse_policy
from review.errors import SettingsError
from review.formats.policy_files import LARGEST_POLICY, read_policy


def key(number: int, *, kind: bytes = COSIGNATURE, name: str = "") -> str:
    private = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    return note_key(name or f"w{number}.example", private.public_key().public_bytes_raw(), kind=kind)


LOG = key(9, kind=ED25519, name="desk.example/trail")


def policy_text(log: str, keys: Sequence[str], urls: Sequence[str] = ()) -> str:
    """A policy of these witnesses, of which two are a quorum, or one where there is only one."""
    lines = [f"log {log}"]
    for number, vkey in enumerate(keys):
        lines.append(f"witness w{number} {vkey} {urls[number] if urls else ''}")
    members = " ".join(f"w{number}" for number in range(len(keys)))
    return "\n".join([*lines, f"group enough {min(2, len(keys))} {members}", "quorum enough", ""])


def named(vkey: str) -> str:
    return "+".join(vkey.split("+", 2)[:2])


def test_the_quorum_of_two_levels_stands_only_when_both_do() -> None:
    names = [*("X1", "X2", "X3"), *("Y1", "Y2", "Y3")]
    lines = [f"log {LOG}", "", "\t# ours and theirs"]
    lines += [f"witness  {name}\t{key(number)} " for number, name in enumerate(names, start=1)]
    lines += ["group X 2 X1 X2 X3", "group Y any Y1 Y2 Y3", "group both all X Y", "quorum both"]
    policy = parse_policy("\n".join(lines) + "\n")
    keys = {name: one.key for name, one in zip(names, policy.witnesses, strict=True)}
    assert policy.logs == (LOG,)
    for cosigned, enough in (
        ("X1 X2 Y3", True),
        ("X1 X2 X3 Y1 Y2 Y3", True),
        ("X1 X2 X3", False),
        ("X1 Y1 Y2 Y3", False),
        ("", False),
    ):
        assert policy.stands({keys[name] for name in cosigned.split()}) is enough
    assert not policy.stands({"stranger+00000000"})


def test_one_witness_or_none_can_be_the_quorum() -> None:
    one = parse_policy(f"witness w {key(1)} https://w.example/below/\nquorum w\n")
    assert one.witnesses[0].url == "https://w.example/below"
    assert (one.stands({named(key(1))}), one.stands(())) == (True, False)
    assert parse_policy("quorum none").stands(())


W = f"witness w {key(1)}\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "quorum is missing"),
        (W, "quorum is missing"),
        (f"{W}quorum w\nquorum w", "line 3"),
        (f"{W}quorum x", "line 2"),
        ("quorum w\n" + W, "line 1"),
        (f"{W}{W}quorum w", "line 2"),
        (f"{W}witness x {key(1, name='other.example')}\nquorum w", "line 2"),
        (f"{W}witness w {key(2)}\nquorum w", "line 2"),
        (f"witness none {key(1)}\nquorum none", "line 1"),
        (f"witness w {LOG}\nquorum w", "line 1"),
        (f"log {key(1)}\nquorum none", "line 1"),
        (f"log {LOG}\nlog {LOG}\nquorum none", "line 2"),
        (f"log {LOG} ftp://desk.example\nquorum none", "line 1"),
        (f"witness w {key(1)} w.example\nquorum w", "line 1"),
        (f"witness w {key(1)} https://w.example/ more\nquorum w", "line 1"),
        (f"witness w {key(1)[:-4]}\nquorum w", "line 1"),
        (f"{W}group g 2 w\nquorum g", "line 2"),
        (f"{W}group g 0 w\nquorum g", "line 2"),
        (f"{W}group g 01 w\nquorum g", "line 2"),
        (f"{W}group g most w\nquorum g", "line 2"),
        (f"{W}group g any\nquorum g", "line 2"),
        (f"{W}group g any g\nquorum g", "line 2"),
        (f"{W}group g any none\nquorum g", "line 2"),
        (f"{W}group g any w w\nquorum g", "line 2"),
        (f"{W}group g any w\ngroup h any w\nquorum g", "line 3"),
        (f"{W}quorum w\r\n", "line 2"),
        (f"{W}quorum\x0bw", "line 2"),
        ("vote w", "line 1"),
    ],
)
def test_a_wrong_line_is_named(text: str, line: str) -> None:
    with pytest.raises(SettingsError, match=line):
        parse_policy(text)


def test_policies_of_the_recommended_size_are_read() -> None:
    lines = [f"log {key(number + 100, kind=ED25519)}" for number in range(32)]
    lines += [f"witness w{number} {key(number)}" for number in range(32)]
    lines += [f"group g{number} any w{number}" for number in range(32)]
    lines += ["group all all " + " ".join(f"g{number}" for number in range(32)), "quorum all"]
    policy = parse_policy("\n".join(lines))
    assert policy.stands({one.key for one in policy.witnesses})
    assert not policy.stands({one.key for one in policy.witnesses[1:]})


def test_a_file_that_cannot_be_used_names_the_setting(tmp_path: Path) -> None:
    path = tmp_path / "policy"
    with pytest.raises(SettingsError, match="REVIEW_WITNESS_POLICY"):
        read_policy(path)
    for content in (b"x" * (LARGEST_POLICY + 1), b"\xff\n", b"quorum w\n"):
        path.write_bytes(content)
        with pytest.raises(SettingsError, match="REVIEW_WITNESS_POLICY") as refusal:
            read_policy(path)
        assert "\n" not in refusal.value.detail
    path.write_bytes(b"# caf\xe9\nquorum none\n")
    assert read_policy(path) is not None
    assert read_policy(None) is None
