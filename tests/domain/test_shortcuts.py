"""The table of keys is sound: one meaning a key at each place, and sequences that nothing cuts off."""

import re

import pytest

from review.domain.shortcuts import SHORTCUTS, Place, Shortcut, at, served

WRITTEN = re.compile(r"(?:[a-z?/] )?(?:[a-z?/]|\d|\d-\d)|Esc|Enter|Ctrl\+(?:Shift\+)?Enter")


@pytest.mark.parametrize("row", SHORTCUTS, ids=lambda row: row.key)
def test_every_row_is_written_as_the_script_reads_it(row: Shortcut) -> None:
    assert WRITTEN.fullmatch(row.key), row.key
    assert row.places
    assert row.does


@pytest.mark.parametrize("place", list(Place))
def test_a_key_means_one_thing_at_a_place(place: Place) -> None:
    keys = [key for row in at(place) for key in row.each]
    assert len(keys) == len(set(keys))


def test_moves_are_those_of_the_script_or_another_key() -> None:
    keys = {key for row in SHORTCUTS for key in row.each}
    assert {row.move for row in SHORTCUTS} <= keys | {"", "down", "up", "leave", "tick", "open"}


def test_a_row_of_digits_stands_for_each_of_them() -> None:
    assert Shortcut("p 1-3", (Place.CASE,), "x").each == ("p 1", "p 2", "p 3")
    assert Shortcut("1-6", (Place.CASE,), "x").each == tuple("123456")
    assert Shortcut("Ctrl+Enter", (Place.CASE,), "x").each == ("Ctrl+Enter",)


def test_the_script_is_told_the_keys_of_its_place_alone() -> None:
    queue, case = served("queue").split("|"), served("case").split("|")
    assert {"?", "/=g s", "g q", "n", "j=down", "f", "x=tick", "Enter=open"} <= set(queue)
    assert not {"v", "1", "Ctrl+Enter", "l=down", "h=up"} & set(queue)
    assert {"v", "1", "6", "p 9", "s 1", "Ctrl+Enter", "l=down", "h=up"} <= set(case)
    assert not {"f", "x=tick", "j=down"} & set(case)
    assert served("elsewhere") == served("everywhere")
