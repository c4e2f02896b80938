"""What a note may say, whom it mentions, and who may read it."""

import pytest

from review.domain.notes import (
    LONGEST_NOTE,
    MOST_MENTIONS,
    Reader,
    mentioned,
    mentioning,
    names_in,
    nobodys,
    note_text,
    reads_all,
    reads_early,
)
from review.domain.states import LIVE, CaseState
from review.errors import InvalidInput

KNOWN = {"reviewer k7": "Reviewer K7", "reviewer k": "Reviewer K", "legal b2": "Legal B2", "solo": "Solo"}


def people_in(text: str) -> tuple[str, ...]:
    return mentioned(names_in(text), KNOWN)


def test_a_note_is_kept_as_typed_but_for_its_ends() -> None:
    assert note_text("  one\r\n\r\n two\u202e\x07 \n") == "one\n\n two\u202e\x07"
    assert note_text("x" * LONGEST_NOTE)


@pytest.mark.parametrize("wrong", ["", " \r\n\t ", "x" * (LONGEST_NOTE + 1), "[erased on 2026-01-02: order]"])
def test_an_empty_or_overlong_note_or_one_like_an_erased_text_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidInput):
        note_text(wrong)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@Reviewer K7 please look", ("Reviewer K7",)),
        ("ask @reviewer k7, or @Legal B2.", ("Reviewer K7", "Legal B2")),
        ("(@Reviewer K7) and again @Reviewer K7", ("Reviewer K7",)),
        ("@solo has seen it", ("Solo",)),
        ("@solo, then", ("Solo",)),
        ("@Reviewer\u00a0K7", ("Reviewer K7",)),
        ("write to desk@Reviewer K7", ()),
        ("mail a@solo or @@solo", ()),
        ("@nobody here, @ and @.", ()),
        ("@legal should look", ()),
        ("@Reviewer K", ("Reviewer K",)),
    ],
)
def test_names_after_an_at_sign_are_found_as_people_write_them(text: str, found: tuple[str, ...]) -> None:
    assert people_in(text) == found


def test_a_name_of_nobody_is_told_because_a_note_stays() -> None:
    with pytest.raises(InvalidInput, match="called Reviewer Z9"):
        people_in("@Reviewer Z9 please")
    with pytest.raises(InvalidInput, match="called Reviewer 12"):
        people_in("@Reviewer 12.")
    for word in ("reviewerZ9", "Reviewer-Z9", "LEGAL_Z9"):
        with pytest.raises(InvalidInput, match=f"called {word}"):
            people_in(f"@{word} please")


def test_words_that_name_nobody_are_known_one_by_one() -> None:
    text = "@Reviewer K7 knows @bob, @solo and @K7 please; @Legal B2 not, mail a@b"
    assert nobodys(names_in(text), KNOWN) == ("bob", "K7")
    assert nobodys(names_in("no mention"), KNOWN) == ()


def test_a_chosen_mention_stands_before_the_text_once() -> None:
    assert mentioning("please look", "Reviewer K7") == "@Reviewer K7 please look"
    assert mentioning("ask @Reviewer K7, please", "Reviewer K7") == "ask @Reviewer K7, please"
    assert mentioning("@Reviewer K, please", "Reviewer K7") == "@Reviewer K7 @Reviewer K, please"
    assert mentioning("please look", "") == "please look"
    assert mentioning(" \n", "Reviewer K7") == " \n", "a name alone is no note"
    assert people_in(mentioning("please look", "Reviewer K7")) == ("Reviewer K7",)


def test_so_many_people_and_no_more() -> None:
    people_in(" ".join(f"@n{number}" for number in range(MOST_MENTIONS)))
    with pytest.raises(InvalidInput, match="at most"):
        people_in(" ".join(f"@n{number}" for number in range(MOST_MENTIONS + 1)))


def reader(*, holds: bool = False, leads: bool = False, reviewed: bool = False) -> Reader:
    return Reader(holds=holds, leads=leads, reviewed=reviewed)


def test_a_holder_reads_everything_but_after_another_review() -> None:
    after = (CaseState.SECOND_REVIEW, CaseState.RESOLVING)
    for state in LIVE:
        assert reads_all(state, reader(holds=True)) is (state not in after)
    assert reads_early(reader(holds=True))


def test_a_reviewer_reads_everything_once_the_case_is_over() -> None:
    for state in CaseState:
        assert reads_all(state, reader(reviewed=True)) is (state not in LIVE)
        assert not reads_all(state, reader(leads=True))
    assert reads_early(reader(reviewed=True))
    assert reads_early(reader(leads=True))
    assert not reads_early(reader())
