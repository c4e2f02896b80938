"""What the verifier says to people: of files that it cannot take, and of what the record holds."""

import contextlib
import io
import sys
from collections.abc import Mapping
from pathlib import Path
from unittest.mock import patch

import pytest
import sqlalchemy as sa

from review import clock, db, ledger, verifier
from review.domain.permissions import Role
from review.models import Item
from tests.bundles import Told, bundle_of, judged, policy_of, rewritten
from tests.conftest import Desk
from tests.factories import make_account, make_key, make_sender
from tests.trails import decide_all, refer, settle

ORDER = "the order is --policy POLICY, then one bundle, then receipts"
PYTHON = ("codec", "Expecting", "ASCII", "Traceback", "Error", "object")


def run(*arguments: str | Path) -> tuple[int, str]:
    said = io.StringIO()
    words = ["verifier.py", *(str(one) for one in arguments)]
    with patch.object(sys, "argv", words), contextlib.redirect_stdout(said):
        return verifier.main(), said.getvalue()


def files(desk: Desk, folder: Path) -> tuple[Path, Path, Path]:
    """A policy, a bundle and a receipt."""
    client, key = desk.client(), make_key(make_sender())
    referral = refer(client, key, "https://video.example/1")
    (case_id,) = decide_all()
    settle(desk.settings.data_dir)
    receipt = client.get(referral["links"]["receipt"], headers={"Authorization": f"Bearer {key}"})
    paths = folder / "policy.txt", folder / "case.jsonl", folder / "receipt.txt"
    raws = policy_of(desk).encode(), bundle_of(case_ids=[case_id]), receipt.data
    for path, raw in zip(paths, raws, strict=True):
        path.write_bytes(raw)
    return paths


def test_files_in_the_wrong_place_are_named_with_the_order(desk: Desk, tmp_path: Path) -> None:
    policy, bundle, receipt = files(desk, tmp_path)
    for arguments, wrong, taken, like in (
        ((policy, receipt, bundle), bundle, "receipt", "a bundle"),
        ((policy, bundle, bundle), bundle, "receipt", "a bundle"),
        ((policy, bundle, policy), policy, "receipt", "a policy"),
        ((receipt, bundle), receipt, "policy", "a receipt"),
        ((bundle, policy), bundle, "policy", "a bundle"),
        ((policy, policy), policy, "bundle or receipt", "a policy"),
    ):
        code, said = run("--policy", *arguments)
        assert code == 2
        assert f"It cannot be read: {wrong}: it was taken for the {taken} by its place" in said
        assert f"begins like {like}; {ORDER}" in said


def test_what_is_wrong_with_a_file_is_said_with_its_name_and_line(desk: Desk, tmp_path: Path) -> None:
    policy, bundle, receipt = files(desk, tmp_path)
    good, other = bundle.read_bytes(), tmp_path / "other"
    for raw, words in (
        (b"Dear colleagues", "begins like no bundle or receipt; the order is"),
        (b"\x00\xff", "begins like no bundle"),
        (good.replace(b'"index"', b'"indes"', 1), "line 3 of the bundle: it lacks index"),
        (good.replace(b"REF-", b"\xff\xff\xff\xff", 1), "line 3 of the bundle: character"),
        (good.replace(b'"path":[', b'"path":[[', 1), "line 3 of the bundle: character"),
        (
            good.replace(b'"salt":"', b'"salt":"\xc3\xa9', 1),
            "line 3 of the bundle: a value is of a wrong kind",
        ),
        (good[:-200], "it is missing, cut off or too long; get it anew"),
    ):
        other.write_bytes(raw)
        code, said = run("--policy", policy, other)
        assert (code, f"It cannot be read: {other}: " in said, words in said) == (2, True, True), said
        assert not any(word in said for word in PYTHON), said
    for raw in (
        b"hello",
        receipt.read_bytes()[:200],
        receipt.read_bytes().replace(b"extra ", b"extra \xc3\xa9"),
    ):
        other.write_bytes(raw)
        code, said = run("--policy", policy, bundle, other)
        assert (code, str(other) in said, any(word in said for word in PYTHON)) == (2, True, False), said


def test_a_broken_line_of_the_policy_is_named(desk: Desk, tmp_path: Path) -> None:
    policy, bundle, _receipt = files(desk, tmp_path)
    policy.write_text("# mine\nlog foo\nquorum none\n")
    code, said = run("--policy", policy, bundle)
    assert (code, f"{policy}: line 2 of the policy, 'log foo'" in said, "/log/policy" in said) == (
        2,
        True,
        True,
    )


def test_a_folder_and_a_missing_file_are_told_apart(desk: Desk, tmp_path: Path) -> None:
    policy, _bundle, _receipt = files(desk, tmp_path)
    assert "it is a folder" in run("--policy", policy, tmp_path)[1]
    assert "no such file" in run("--policy", policy, tmp_path / "nope")[1]
    assert f"{tmp_path / 'nope'}: no such file" in run("--policy", tmp_path / "nope", policy)[1]


def test_what_was_received_decided_and_told_is_printed(desk: Desk, tmp_path: Path) -> None:
    policy, bundle, receipt = files(desk, tmp_path)
    code, said = run("--policy", policy, bundle)
    assert (code, said.startswith("PROVEN")) == (0, True)
    for words in (
        '"url": "https://video.example/1"', "case.review_recorded on case", 'outcome: "declined"',
        'statement: "We have compared the item with our terms."', '"outcome": "declined"', "item.answered",
    ):  # fmt: skip
        assert words in said.partition("RECORDED")[2], said
    assert "RECORDED" not in run("--policy", policy, "--values", "none", bundle)[1]
    assert "  case.claimed" not in said
    assert "  case.claimed" in run("--policy", policy, "--values", "all", bundle)[1]
    code, said = run("--policy", policy, receipt)
    assert (code, "cases: not opened here" in said, '"url": "https://video' in said) == (0, True, True)

    def erase(lines: list[Told]) -> None:
        (review,) = (one for one in lines if "case.review_recorded" in one.get("envelope", ""))
        del review["fields"]["rationale"]
        review["closed"] = ["rationale"]

    bundle.write_bytes(rewritten(bundle.read_bytes(), erase))
    assert "\n    rationale: erased\n" in run("--policy", policy, bundle)[1]


HOSTILE = {
    "lines": "x\nPROVEN, by the key of evil.example:\r\u2028\x85\x1b[2J\x0bFALSE: all",
    "bidi": "\u202ePROVEN, by\u2066 the key\u200f",
    "wide": "\u6f22" * 39 + " PROVEN, by the key " + "\u6f22" * 200,
    "blanks": "x" + " " * 75 + "PROVEN, by the key of evil.example: FALSE:",
    "deep": "[" * 5000,
    "one word": "PROVEN," + "x" * 68,
    "one word of a list": '["' + "FALSE:" + "z" * 69 + '","' + "F" * 75 + '"]',
    "unseen blanks": "- witness.example saw the log by second 1700000000 since 1970,".replace(" ", "\u2800"),
    "other blanks": "\u3164\u115f\u1160\uffa0PROVEN",
    "wide below": "\u1100" * 200,
    "deep and whole": "[" * 400 + "]" * 400,
    "JSON": '{"a\\nPROVEN":["\u202eb",{}]}',
    "long": "y" * 5000,
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_value_can_fake_a_verdict(desk: Desk, tmp_path: Path) -> None:
    referral = refer(desk.client(), make_key(make_sender()), "https://video.example/1")
    person = make_account(Role.MODERATOR)
    fields: Mapping[str, str | bytes] = {"note": "N-1", "mentions": b"\xff\xfe\n"}
    with db.transaction() as writer:
        case_id = writer.scalar(sa.select(Item.case_id))
        assert case_id is not None
        for text in HOSTILE.values():
            ledger.record(
                writer, "case.note_written", case_id, actor=person, at=clock.now(),
                fields={**fields, "text": text}, meta={},
            )  # fmt: skip
    settle(desk.settings.data_dir)
    code, said = judged(tmp_path, policy_of(desk), bundle_of(referral_ids=[referral["id"]]))
    assert code == 0, said
    head, _, recorded = said.partition("RECORDED, as it was committed to:\n")
    assert "evil" not in head
    assert all(line.startswith("  ") for line in recorded.splitlines())
    assert all(one.isprintable() or one == "\n" for one in said)
    assert max(len(line) for line in recorded.split("\n")) < 80
    assert all(len(line) < 40 for line in recorded.split("\n") if "\u6f22" in line)
    assert not set("\u2800\u3164\u115f\u1160\uffa0") & set(said)
    assert all(len(line) < 40 for line in recorded.split("\n") if "\u1100" in line)
    assert "\\nPROVEN" in recorded
    assert "\\u202e" in recorded
    assert "mentions: 3 bytes that are no text, SHA-256" in recorded
    assert "... cut, of 50" in " ".join(recorded.split())
    assert "y" * 1001 not in "".join(recorded.split())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_other_lists_of_lists_look_otherwise(desk: Desk, tmp_path: Path) -> None:
    referral = refer(desk.client(), make_key(make_sender()), "https://video.example/1")
    person = make_account(Role.MODERATOR)
    with db.transaction() as writer:
        case_id = writer.scalar(sa.select(Item.case_id))
        assert case_id is not None
        for text in ('[["a","b"],["c"]]', '[["a"],["b","c"]]'):
            ledger.record(
                writer, "case.note_written", case_id, actor=person, at=clock.now(),
                fields={"note": "N-1", "mentions": "[]", "text": text}, meta={},
            )  # fmt: skip
    settle(desk.settings.data_dir)
    _code, said = judged(tmp_path, policy_of(desk), bundle_of(referral_ids=[referral["id"]]))
    first, second = (" ".join(part.split()) for part in said.split("case.note_written")[-2:])
    assert 'text: - "a" "b" - "c"' in first
    assert 'text: - "a" - "b" "c"' in second


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_name_of_a_fact_that_holds_a_blank_is_refused(desk: Desk, tmp_path: Path) -> None:
    policy, bundle, _receipt = files(desk, tmp_path)
    bundle.write_bytes(
        bundle.read_bytes().replace(b'\\"intake_kind\\"', '\\"intake\u2800kind\\"'.encode(), 1)
    )
    code, said = run("--policy", policy, bundle)
    assert (code, "an envelope is malformed" in said) == (2, True), said
