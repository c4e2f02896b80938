"""The witness cosigns what continues what it saw, says no as tlog-witness has it, and never forgets."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from werkzeug.test import Client

from review import witness
from review.domain.cosignatures import cosignature_of
from review.domain.signed_note import note_key, parse_checkpoint, sign, verify
from review.domain.witness_requests import LARGEST_REQUEST, MOST_PROOF_LINES
from review.errors import SettingsError, TrailBroken
from tests.witnessing import LOG, NAME, ORIGIN, Place, Tree, ask, new_place

TREE = Tree()
LAST = f"/{sha256(ORIGIN.encode()).hexdigest()}/checkpoint"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return new_place(tmp_path)


def test_what_continues_is_cosigned_with_its_time(place: Place) -> None:
    running = place.open()
    with time_machine.travel(datetime(2026, 11, 29, 3, 0, 5, tzinfo=UTC), tick=False):
        for old, size in ((0, 3), (3, 3), (3, 8), (8, 300)):
            answer = ask(running, TREE.request(old, size))
            assert (answer.status_code, answer.mimetype) == (200, "text/plain")
            note = TREE.note(size) + answer.text
            line, at = cosignature_of(parse_checkpoint(note), place.vkey) or ("", None)
            assert (line, at) == (answer.text, datetime(2026, 11, 29, 3, 0, 5, tzinfo=UTC))
            assert verify(note, LOG).size == size


def test_monitors_read_the_last_cosigned_checkpoint(place: Place) -> None:
    running = place.open()
    assert Client(running).get(LAST).status_code == 404
    line = ask(running, TREE.request(0, 5)).text
    seen = Client(running).get(LAST)
    assert (seen.status_code, seen.content_type) == (200, "text/plain; charset=utf-8")
    assert seen.text == TREE.note(5) + line
    assert ask(running, TREE.request(0, 9)).status_code == 409
    assert Client(running).get(LAST).text == seen.text


def test_another_old_size_is_told_the_recorded_one(place: Place) -> None:
    running = place.open()
    assert ask(running, TREE.request(2, 5)).text == "0\n"
    ask(running, TREE.request(0, 5))
    for old, size in ((0, 5), (4, 9), (7, 9)):
        answer = ask(running, TREE.request(old, size))
        assert (answer.status_code, answer.content_type) == (409, "text/x.tlog.size")
        assert answer.data == b"5\n"


def test_another_history_is_never_cosigned(place: Place) -> None:
    running, other = place.open(), Tree("another")
    ask(running, TREE.request(0, 5))
    same_size = ask(running, other.request(5, 5))
    assert (same_size.status_code, same_size.mimetype) == (409, "text/plain")
    assert ask(running, other.request(5, 9)).status_code == 422
    longer = TREE.request(5, 9).replace(b"\n\n", b"\n" + b"A" * 43 + b"=\n\n", 1)
    assert ask(running, longer).status_code == 422
    from_nothing = TREE.request(0, 9).replace(b"\n\n", b"\n" + b"A" * 43 + b"=\n\n", 1)
    assert ask(new_other(place), from_nothing).status_code == 422
    assert ask(running, TREE.request(5, 9)).status_code == 200


def new_other(place: Place) -> witness.Witness:
    return new_place(place.state.parent / "other").open()


def test_unknown_logs_and_keys_are_refused(place: Place) -> None:
    running = place.open()
    assert ask(running, Tree(origin="other.example/log").request(0, 3)).status_code == 404
    thief = Tree(signer=Ed25519PrivateKey.generate())
    assert ask(running, thief.request(0, 3)).status_code == 403
    forged = TREE.request(0, 3).replace(b"\n3\n", b"\n4\n")
    assert ask(running, forged).status_code == 403
    # a signature of an unknown key beside a good one is ignored and not kept
    beside = TREE.request(0, 3) + thief.note(3).rpartition("\n\n")[2].encode()
    line = ask(running, beside).text
    assert Client(running).get(LAST).text == TREE.note(3) + line


def test_a_log_may_change_its_key(place: Place) -> None:
    fresh = Ed25519PrivateKey.generate()
    running = place.open(LOG, note_key(ORIGIN, fresh.public_key().public_bytes_raw()))
    assert ask(running, TREE.request(0, 3)).status_code == 200
    assert ask(running, Tree(signer=fresh).request(3, 8)).status_code == 200


GOOD = TREE.request(3, 8).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\n\n",
        "old\n\n",
        GOOD.replace("old 3", "old 03"),
        GOOD.replace("old 3", "old -3"),
        GOOD.replace("old 3", "old  3"),
        GOOD.replace("old 3", "Old 3"),
        GOOD.replace("old 3", "old ٣"),
        GOOD.replace("old 3", "old 9"),
        GOOD.replace("old 3", "old " + "9" * 5000),
        GOOD.replace("old 3\n", "old 3\n!\n"),
        GOOD.replace("old 3\n", "old 3\nAAAA\n"),
        GOOD.replace("old 3\n", "old 3\n" + ("A" * 43 + "=\n") * (MOST_PROOF_LINES + 1)),
        GOOD.replace("\n", "\r\n"),
        GOOD.removesuffix("\n"),
        GOOD.replace("\n8\n", "\n08\n"),
        GOOD.partition("\n\n")[2],
        GOOD.rpartition("\n\n")[0],
    ],
)
def test_malformed_requests_are_refused_with_a_sentence(place: Place, text: str) -> None:
    running = place.open()
    ask(running, TREE.request(0, 3))
    answer = ask(running, text.encode())
    assert answer.status_code == 400
    assert answer.text.endswith(".\n")
    assert ask(running, b"\xff\xfe" + text.encode()).status_code == 400


def test_bodies_and_addresses_are_bounded(place: Place) -> None:
    client = Client(place.open())
    assert client.post("/add-checkpoint", data=b"x" * (LARGEST_REQUEST + 1)).status_code == 413
    assert client.get("/add-checkpoint").status_code == 405
    assert client.post(LAST).status_code == 405
    for path in ("/", "/checkpoint", f"{LAST}/x", "/../state", "/%00/checkpoint"):
        assert client.get(path).status_code == 404


def test_of_many_that_come_at_once_one_goes_on(place: Place) -> None:
    requests = [TREE.request(4, size) for size in range(5, 21)]
    assert ask(place.open(), TREE.request(0, 4)).status_code == 200
    several = [place.open() for _request in requests]
    with ThreadPoolExecutor(len(requests)) as threads:
        answers = list(threads.map(ask, several, requests))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * (len(requests) - 1)]
    [size] = [size for size, answer in zip(range(5, 21), answers, strict=True) if answer.status_code == 200]
    told = {answer.text for answer in answers if answer.status_code == 409}
    assert told <= {f"{size}\n"}


def test_what_was_answered_is_remembered_by_the_next_start(place: Place) -> None:
    line = ask(place.open(), TREE.request(0, 7)).text
    again = place.open()
    assert Client(again).get(LAST).text == TREE.note(7) + line
    assert ask(again, Tree("another").request(0, 9)).status_code == 409


def test_a_witness_that_lost_its_memory_refuses(place: Place) -> None:
    running = place.open()
    ask(running, TREE.request(0, 7))
    state = place.state / witness.STATE
    kept = state.read_text()
    wrong = [
        "",
        "{}",
        "[]",
        kept[:-20],
        kept.replace("\\n7\\n", "\\n6\\n"),
        kept.replace(place.vkey, new_place(place.state / "b").vkey),
    ]
    for text in (*wrong, None):
        if text is None:
            state.unlink()
        else:
            state.write_text(text)
        answer = ask(running, TREE.request(7, 9))
        assert (answer.status_code, answer.mimetype) == (503, "text/plain")
        assert Client(running).get(LAST).status_code == 503
        with pytest.raises(SettingsError, match="missing or damaged"):
            place.open()
    with pytest.raises(SettingsError, match="created once"):
        witness.create(place.state, place.key, name=NAME)
    state.write_text(kept)
    assert ask(running, TREE.request(7, 9)).status_code == 200


def test_what_cannot_be_kept_is_not_cosigned(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    running = place.open()

    def full(*_arguments: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("review.formats.key_files.write_file", full)
        assert ask(running, TREE.request(0, 7)).status_code == 503
    assert ask(running, TREE.request(3, 7)).text == "0\n"


def test_the_key_is_its_owners_alone(place: Place) -> None:
    assert place.key.stat().st_mode & 0o777 == 0o600
    for mode in (0o640, 0o604, 0o660):
        place.key.chmod(mode)
        with pytest.raises(SettingsError, match="chmod 600"):
            place.open()
    place.key.chmod(0o600)
    place.key.write_text("no key")
    with pytest.raises(SettingsError, match="damaged"):
        place.open()
    place.key.unlink()
    with pytest.raises(SettingsError, match="missing"):
        place.open()


def test_key_and_memory_belong_together(place: Place, tmp_path: Path) -> None:
    other = new_place(tmp_path / "other")
    with pytest.raises(SettingsError, match="belong together"):
        Place(place.state, other.key, place.vkey).open()


def test_keys_of_logs_and_witnesses_are_not_mixed_up(place: Place) -> None:
    with pytest.raises(SettingsError, match="--log"):
        place.open(place.vkey)
    with pytest.raises(TrailBroken):
        cosignature_of(parse_checkpoint(TREE.note(3)), LOG)


def test_a_wrong_cosignature_refuses_the_note(place: Place) -> None:
    line = ask(place.open(), TREE.request(0, 3)).text
    assert cosignature_of(parse_checkpoint(TREE.note(3)), place.vkey) is None
    with pytest.raises(TrailBroken, match="is wrong"):
        cosignature_of(parse_checkpoint(TREE.note(4) + line), place.vkey)
    plain = sign(
        TREE.note(3).partition("\n\n")[0] + "\n", name=NAME, private_key=Ed25519PrivateKey.generate()
    )
    assert cosignature_of(parse_checkpoint(plain), place.vkey) is None


def command(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "review.witness", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )


def test_the_command_creates_once_and_says_what_stands_in_the_way(tmp_path: Path) -> None:
    state, key = tmp_path / "state", tmp_path / "witness.pem"
    created = command("--create", NAME, "--state", state, "--key", key)
    assert (created.returncode, created.stderr) == (0, "")
    assert created.stdout.startswith(f"{NAME}+")
    for words in (
        ("--create", NAME, "--state", state, "--key", key),
        ("--create", "a name", "--state", tmp_path / "b", "--key", tmp_path / "b.pem"),
        ("--log", "no key", "--state", state, "--key", key),
        ("--log", LOG, "--state", tmp_path / "b", "--key", key),
    ):
        refused = command(*words)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert refused.stderr.count("\n") == 1
    loaded = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import review.witness"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ).stderr
    assert not {"flask", "sqlalchemy", "review.db"} & {
        line.split("|")[-1].strip() for line in loaded.split("\n")
    }
