"""Key and checkpoint files: whole or not at all, and damage is named."""

from pathlib import Path

import pytest

from review.errors import SettingsError, StorageFull
from review.formats import key_files


def test_the_pair_comes_into_being_once(tmp_path: Path) -> None:
    vkey = key_files.create_key(tmp_path, name="desk.example/trail")
    assert key_files.create_key(tmp_path, name="desk.example/late") == vkey
    assert [path.name for path in tmp_path.iterdir()] == [key_files.KEYS]
    assert key_files.read_key(tmp_path).vkey == vkey


def test_a_name_no_log_may_have_is_refused(tmp_path: Path) -> None:
    for name in ("two words", "a+b", ""):
        with pytest.raises(SettingsError, match="REVIEW_LOG_ORIGIN"):
            key_files.create_key(tmp_path, name=name)
    assert not key_files.has_key(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (key_files.PRIVATE_KEY, None, "missing"),
        (key_files.PRIVATE_KEY, b"rubbish", "damaged"),
        (key_files.PUBLIC_KEY, None, "no signing key yet"),
        (key_files.PUBLIC_KEY, b"\xff", "damaged"),
        (key_files.PUBLIC_KEY, b"name+00000000+AAAA", "damaged"),
    ],
)
def test_missing_and_damaged_files_are_named(
    tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    key_files.create_key(tmp_path, name="desk.example/trail")
    path = tmp_path / key_files.KEYS / name
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=words):
        key_files.read_key(tmp_path)


def test_two_halves_of_different_pairs_are_refused(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        key_files.create_key(tmp_path / folder, name="desk.example/trail")
    first, second = (tmp_path / folder / key_files.KEYS / key_files.PRIVATE_KEY for folder in ("one", "two"))
    first.write_bytes(second.read_bytes())
    with pytest.raises(SettingsError, match="do not belong together"):
        key_files.read_key(tmp_path / "one")


def test_a_full_disk_leaves_the_old_note_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key_files.write_note(tmp_path, "old\n")

    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(StorageFull):
        key_files.write_note(tmp_path, "new\n")
    assert key_files.read_note(tmp_path) == "old\n"
    assert [path.name for path in tmp_path.iterdir()] == [key_files.CHECKPOINT]


def test_one_process_signs_at_a_time(tmp_path: Path) -> None:
    key_files.create_key(tmp_path, name="desk.example/trail")
    with key_files.signer_turn(tmp_path) as first, key_files.signer_turn(tmp_path) as second:
        assert (first, second) == (True, False)
