"""The statement goes to every sender: it gives none of them away, and ordinary words stay free."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from review.domain.ids import new_id
from review.domain.outward import is_telling, name_in, own_id_in, staff_candidates

AUTHORITY = "Belgian Federal Judicial Police, East Flanders"
NAMES = (
    AUTHORITY,
    "Harbour Watch",
    "Zürich – Kantonspolizei Cyberabteilung",
    "警視庁",
    "Registry (Court of Ghent)",
)
REFERENCES = ("EUIRU-2019-11-000123", "desk@unit.example", "HW 33/014")


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("As the Belgian Federal Judicial Police, East Flanders asked.", AUTHORITY),
        ("As the Belgian Federal Judicial Police asked.", "Belgian Federal Judicial Police"),
        ("the BELGIAN   federal\njudicial police said so", "Belgian Federal Judicial Police"),
        ("Somebody in East Flanders saw it.", "East Flanders"),
        ("East-Flanders saw it.", "East Flanders"),
        ("Thanks, harbour\u200b watch!", "Harbour Watch"),
        ("Thanks, Harbour-Watch!", "Harbour Watch"),
        ("Sent by kantonspolizei   cyberabteilung.", "Kantonspolizei Cyberabteilung"),
        ("Sent by Zurich - Kantonspolizei Cyberabteilung.", NAMES[2]),
        ("本件は警視庁からの通知です。", "警視庁"),
        ("The court of Ghent wrote.", "Court of Ghent"),
        ("About euiru-2019-11-000123.", "EUIRU-2019-11-000123"),
        ("Write to DESK@unit.example.", "desk@unit.example"),
    ],
)
def test_names_their_parts_and_references_are_found(statement: str, named: str) -> None:
    assert name_in(statement, names=NAMES, references=REFERENCES) == named
    registered = frozenset(NAMES)
    assert name_in(statement, names=(), references=REFERENCES, registered=registered) == named


@pytest.mark.parametrize(
    "statement",
    [
        "Thank you. The video shows a harbour; we watch such content and found no breach.",
        "The federal police of a country is shown; east of it nothing breaks our terms.",
        "The judicial review is over: the content praises no listed organisation.",
        "A registry entry of 2019 is quoted, which our terms allow.",
        "Wir haben den Inhalt geprüft und in Zürich nichts gefunden.",
        "",
    ],
)
def test_ordinary_words_stay_free(statement: str) -> None:
    assert name_in(statement, names=NAMES, references=REFERENCES) is None
    assert name_in(statement, names=(), references=REFERENCES, registered=frozenset(NAMES)) is None


@pytest.mark.parametrize("name", ["Communications, Unit A", "Information - Desk", "A, B", ",,,", "-", " "])
def test_short_and_ordinary_parts_forbid_nothing(name: str) -> None:
    statement = "Our communications and information about unit a and desk b: the content keeps our terms."
    assert name_in(statement, names=[name]) is None


_PIECES = st.sampled_from(
    [
        *("East", "east", "Flanders", "Zürich", "harbourwatch", "警視庁", "の"),
        *("7", "-", " – ", ",", " ", "(", "@"),
    ]
)
_TEXTS = st.lists(_PIECES, max_size=9).map("".join)


@given(text=_TEXTS, names=st.frozensets(_TEXTS, max_size=4))
@example(text="(East)", names=frozenset({"(East)", "East)"}))
@example(text="xx@East7", names=frozenset({"@East", "East7"}))
def test_registered_names_are_found_like_all_others(text: str, names: frozenset[str]) -> None:
    assert name_in(text, names=(), registered=names) == name_in(text, names=names)


def test_what_is_quoted_does_not_tell_whose_case_it_is() -> None:
    registered = frozenset({"Harbour Watch"})
    for names in ((), ("HARBOUR WATCH",), ("harbour watch", "Harbour  Watch")):
        assert name_in("Thanks, harbour watch.", names=names, registered=registered) == "Harbour Watch"


def test_our_own_ids_are_found_and_hyphenated_words_are_not() -> None:
    for prefix in "RICVBD":
        for _round in range(200):
            own = new_id(prefix)
            assert own_id_in(f"See {own}, please.") == own
            assert own_id_in(f"See {own[:8]}\u200b{own[8:]}.") == own
    assert own_id_in("see r-7k3m-9qxd-2fwt.") == "r-7k3m-9qxd-2fwt"
    for harmless in (
        "a once-only-case-text",
        "I-have-seen-this before",
        "A-2019-1",
        "it-is-what-it-is",
        "R-7K3M",
    ):
        assert own_id_in(harmless) is None


@pytest.mark.parametrize(
    ("name", "telling"),
    [("the", False), ("Berlin", False), ("HW-1", True), ("a@b", True), ("Harbour W", True)],
)
def test_ordinary_words_of_a_sender_forbid_nothing(name: str, telling: bool) -> None:
    assert is_telling(name) is telling


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Decided by Reviewer T2 after Reviewer J4.", {"reviewer t2", "reviewer j4"}),
        ("REVIEWER\u00a0T2, reviewer-J4 and Reviewer (K 7)", {"reviewer t2", "reviewer j4", "reviewer k7"}),
        ("ReviewerT2; Legal_B13", {"reviewer t2", "legal b13"}),
        ("Rev\u200biewer \uff34\uff12", {"reviewer t2"}),
        ("\u7531Reviewer T2\u5beb", {"reviewer t2"}),
        ("Written by T. Two, Lead@Desk.example.", {"lead@desk.example", "lead@desk", "lead@desk.example."}),
        ("<lead @ desk.example>", {"lead@desk.example", "lead@desk"}),
        ("It breaks clause 4.2 of our terms.", set()),
        ("A legal ground, as 12 reviewers say.", set()),
        ("Reviewer T2x", set()),
        ("zoë@desk.example", {"zoë@desk", "zoë@desk.example", "@desk", "@desk.example"}),
    ],
)
def test_what_may_be_a_colleague_is_found_however_it_is_written(text: str, found: set[str]) -> None:
    assert staff_candidates(text) == found


def test_an_address_is_found_among_what_stands_beside_it() -> None:
    assert "lead@desk.example" in staff_candidates("see by-lead@desk.example.Thanks")
