"""The visibility matrix, cell by cell: a no was seen nowhere, a yes was seen."""

import pytest

from tests.conftest import Desk
from tests.web.walls.conftest import Seen
from tests.web.walls.marks import Mark
from tests.web.walls.matrix import EXPOSURE, MATRIX, UNMASK, YES, Row

CELLS = [(row, column, cell) for row in MATRIX for column, cell in row.cells.items()]
WORDS_OF_LATER = {
    UNMASK: ("unmask", "mask"),
    EXPOSURE: ("exposure", "break", "wellbeing"),
}
"""What the addresses of things to come will be called."""


@pytest.mark.parametrize(
    ("row", "column", "cell"), CELLS, ids=[f"{row.name}-{column}-{cell}" for row, column, cell in CELLS]
)
def test_who_sees_what(seen: Seen, row: Row, column: str, cell: str) -> None:
    found = {mark: where for mark, where in seen.marks[column].items() if mark in row.marks}
    if cell == YES:
        assert found.keys() == set(row.marks)
    else:
        assert found == {}


def test_every_mark_is_stored_and_in_the_table(seen: Seen) -> None:
    """Else a cell that says no would stay green with nothing behind it."""
    assert seen.stored == set(Mark)
    assert {mark for row in MATRIX for mark in row.marks} == set(Mark)


@pytest.mark.parametrize("what", sorted({what for row in MATRIX for _cell, what in row.later.values()}))
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_has_no_cells_yet_has_no_address_yet(desk: Desk, what: str) -> None:
    """Whoever builds it moves its cells from ``later`` to the columns, and takes its words from here."""
    served = [rule.rule for rule in desk.app.url_map.iter_rules()]
    assert [rule for rule in served if any(word in rule for word in WORDS_OF_LATER[what])] == []
