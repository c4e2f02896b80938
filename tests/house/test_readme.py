"""README's tables equal the code; the two commands are there."""

import pytest

from tests.house import readme_tables
from tests.house.readme_tables import README, SECTIONS


@pytest.mark.parametrize("name", sorted(SECTIONS))
def test_the_table_in_readme_is_the_code(name: str) -> None:
    assert readme_tables.section_of(README.read_text(), name) == SECTIONS[name]()


def test_every_move_that_works_is_in_the_diagram() -> None:
    diagram = SECTIONS["states"]()
    assert "open --> decided: decide" in diagram
    assert "open --> second_review: send_to_second_review" in diagram
    assert "decided --> complaint: complain" in diagram


@pytest.mark.parametrize("mark", ["<!-- command: demo -->", "<!-- command: test -->"])
def test_readme_names_both_commands(mark: str) -> None:
    assert README.read_text().count(mark) == 1
