"""The difference of two wordings: nothing lost, nothing torn apart, and bounded work."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.domain.clause_difference import MOST_WORDS, Part, Row, compare_wordings


def marked(row: Row) -> tuple[str, str, str]:
    """A row in short: kind, and both sides with the changed words in brackets."""

    def side(parts: tuple[Part, ...]) -> str:
        return "".join(f"[{part.text}]" if part.changed else part.text for part in parts)

    return row.kind, side(row.before), side(row.after)


def compared(before: str, after: str) -> list[tuple[str, str, str]]:
    return [marked(row) for row in compare_wordings(before, after)]


def test_words_within_a_line_are_marked() -> None:
    assert compared("No threats of violence.", "No threats or praise of violence.") == [
        ("changed", "No threats of violence.", "No threats [or praise ]of violence.")
    ]
    assert compared("You may not sell stolen goods here.", "You may never sell stolen things here.") == [
        ("changed", "You may [not] sell stolen [goods] here.", "You may [never] sell stolen [things] here.")
    ]


def test_equal_lines_stand_beside_each_other_and_blank_ones_are_left_out() -> None:
    assert compared("One.\n\nTwo.", "One.\n\n\nTwo.") == [("same", "One.", "One."), ("same", "Two.", "Two.")]
    assert compared("", "") == []


def test_whole_lines_come_and_go() -> None:
    assert compared("One.\nTwo.", "One.\nThree entirely new.\nTwo.") == [
        ("same", "One.", "One."),
        ("added", "", "[Three entirely new.]"),
        ("same", "Two.", "Two."),
    ]
    assert compared("One.\nTwo.", "Two.") == [("removed", "[One.]", ""), ("same", "Two.", "Two.")]


def test_a_changed_line_is_paired_with_the_line_that_it_was() -> None:
    before = "Praise of attacks is not allowed.\nNews reports are allowed."
    after = (
        "A sentence about something else.\nPraise of attacks or attackers is not allowed.\nNews is allowed."
    )
    assert [row[0] for row in compared(before, after)] == ["added", "changed", "changed"]


@given(
    st.lists(st.sampled_from(["a b c", "a b", "x", "", "نص عن", "  - a", "b c d e"]), max_size=12),
    st.lists(st.sampled_from(["a b c", "a b d", "x", "", "y z", "  - a", "b c e"]), max_size=12),
)
def test_both_wordings_can_be_read_out_of_the_difference(before: list[str], after: list[str]) -> None:
    rows = compare_wordings("\n".join(before), "\n".join(after))
    sides = [["".join(part.text for part in side) for side in (row.before, row.after)] for row in rows]
    assert [side[0] for side in sides if side[0]] == [line for line in before if line]
    assert [side[1] for side in sides if side[1]] == [line for line in after if line]
    for row in rows:
        unmarked = ["".join(p.text for p in side if not p.changed) for side in (row.before, row.after)]
        if row.kind == "same":
            assert row.before == row.after
            assert not any(part.changed for part in row.before)
        elif row.kind == "changed":
            assert unmarked[0].split() == unmarked[1].split()


@pytest.mark.parametrize("word", ["a ", "word{} ", "a\n", "word{}\n", ". "])
def test_the_longest_wordings_are_compared_with_bounded_work(word: str) -> None:
    before = "".join(word.format(number % 977) for number in range(12_000)) + "before"
    after = "".join(word.format(number % 953) for number in range(12_000)) + "after"
    assert {row.kind for row in compare_wordings(before, after)} - {"same"}


def test_lines_too_long_for_words_are_marked_as_a_whole() -> None:
    long = "word " * MOST_WORDS
    assert [row[0] for row in compared(long + "a", long + "b")] == ["changed"]
    assert len(compare_wordings(long + "a", long + "b")[0].before) == 1
