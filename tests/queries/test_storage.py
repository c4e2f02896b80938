"""Room on the disks of the desk: enough, too little, unknown, and one disk told once."""

import shutil
from pathlib import Path

import pytest

from review.queries.storage import Room, rooms
from tests.conftest import settings_for

GIB = 1024**3


@pytest.mark.parametrize(
    ("free", "total", "enough", "roomy"),
    [
        (GIB, 20 * GIB, True, True),
        (GIB - 1, 2 * GIB, False, False),
        (GIB, 21 * GIB, True, False),
        (50 * GIB, 1_000 * GIB, True, True),
        (49 * GIB, 1_000 * GIB, True, False),
        (0, GIB, False, False),
        (None, None, False, False),
        (0, 0, False, False),
    ],
)
def test_a_gibibyte_must_be_free_and_five_per_cent_should(
    free: int | None, total: int | None, enough: bool, roomy: bool
) -> None:
    room = Room(("data",), free, total)
    assert (room.enough, room.roomy) == (enough, roomy)


def test_one_disk_is_told_once_and_postgresql_has_none_of_ours(tmp_path: Path) -> None:
    (both,) = rooms(settings_for(f"sqlite:///{tmp_path / 'review.db'}", tmp_path))
    assert both.holds == ("data", "database")
    assert both.total_bytes == shutil.disk_usage(tmp_path).total
    (alone,) = rooms(settings_for("postgresql://review@desk.example/review", tmp_path))
    assert alone.holds == ("data",)


def test_two_disks_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.setattr("review.queries.storage._disk_of", lambda place: place.name)
    found = rooms(settings_for(f"sqlite:///{tmp_path / 'review.db'}", tmp_path))
    assert [room.holds for room in found] == [("data",), ("database",)]


def test_a_folder_that_is_not_made_yet_counts_as_the_one_above_it(tmp_path: Path) -> None:
    (room,) = rooms(settings_for(f"sqlite:///{tmp_path}/a/b/review.db", tmp_path / "c" / "d"))
    assert room.total_bytes is not None


def test_a_disk_that_does_not_tell_is_not_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError("gone")

    monkeypatch.setattr(shutil, "disk_usage", refuse)
    (room,) = rooms(settings_for(f"sqlite:///{tmp_path / 'review.db'}", tmp_path))
    assert (room.free_bytes, room.enough) == (None, False)
