"""Legal holds: placed by legal, released by somebody else, on the trail."""

from datetime import date, timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from review import clock
from review.actions.holds import place_hold, release_hold
from review.domain.holds import RecordKind, SecondPersonNeeded
from review.domain.permissions import Actor, Role
from review.errors import AlreadyClosed, InvalidInput, NotFound, NotPermitted
from review.models import LegalHold, Opening
from review.queries.holds import holds_listed, holds_on
from tests.actions.races import at_once
from tests.conftest import Desk
from tests.factories import make_account, make_case, make_sender

WHY = "Proceedings before the court of Ghent."
OVER = "The proceedings are over."


def in_days(days: int) -> date:
    return (clock.now() + timedelta(days=days)).date()


def place(case_id: str, actor: Actor | None = None) -> str:
    return place_hold(RecordKind.CASE, case_id, WHY, in_days(90), actor=actor or make_account(Role.LEGAL))


def events(desk: Desk, event_type: str) -> list[Opening]:
    return list(desk.session.scalars(sa.select(Opening).where(Opening.event_type == event_type)))


def test_a_hold_stands_and_is_on_the_trail(desk: Desk) -> None:
    case_id, legal = make_case(), make_account(Role.LEGAL)
    hold_id = place(case_id, legal)
    (hold,) = holds_on(desk.session, RecordKind.CASE, case_id)
    assert (hold.id, hold.state, hold.reason, hold.placed_by_id) == (hold_id, "standing", WHY, legal.id)
    (event,) = events(desk, "hold.placed")
    assert (event.object_kind, event.object_id, event.object_version) == ("hold", hold_id, 1)


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.LEAD, Role.ADMIN, Role.SENDER])
def test_only_legal_places_one(desk: Desk, role: Role) -> None:
    other = make_account(role, sender_id=make_sender() if role is Role.SENDER else None)
    with pytest.raises(NotPermitted):
        place(make_case(), other)
    assert events(desk, "hold.placed") == []


@pytest.mark.parametrize(
    ("reason", "days", "pointers"),
    [(" ", 1, {"reason"}), (WHY, 0, {"review_on"}), ("", None, {"reason", "review_on"})],
)
def test_it_says_why_and_until_when(desk: Desk, reason: str, days: int | None, pointers: set[str]) -> None:
    case_id, legal = make_case(), make_account(Role.LEGAL)
    day = None if days is None else in_days(days)
    with pytest.raises(InvalidInput) as caught:
        place_hold(RecordKind.CASE, case_id, reason, day, actor=legal)
    assert {error.pointer for error in caught.value.errors} == pointers
    assert desk.session.scalar(sa.select(LegalHold.id)) is None


def test_nothing_is_held_that_is_not_there(desk: Desk) -> None:
    with pytest.raises(NotFound):
        place("C-0000-0000-0000")


def test_two_people_may_each_hold_a_record(desk: Desk) -> None:
    case_id = make_case()
    found = at_once(desk.app, [lambda: place(case_id), lambda: place(case_id)])
    assert {hold.id for hold in holds_on(desk.session, RecordKind.CASE, case_id)} == set(found)


@pytest.mark.parametrize("role", [Role.LEGAL, Role.ADMIN])
def test_a_second_person_releases_it_with_a_reason(desk: Desk, role: Role) -> None:
    case_id = make_case()
    hold_id, second = place(case_id), make_account(role)
    release_hold(hold_id, OVER, actor=second)
    assert holds_on(desk.session, RecordKind.CASE, case_id) == ()
    (hold,) = holds_listed(desk.session, state="released")
    assert (hold.id, hold.release_reason) == (hold_id, OVER)
    (event,) = events(desk, "hold.released")
    assert (event.object_id, event.object_version) == (hold_id, 2)


def test_nobody_releases_the_own_hold(desk: Desk) -> None:
    legal = make_account(Role.LEGAL)
    hold_id = place(make_case(), legal)
    with pytest.raises(SecondPersonNeeded, match="yourself"):
        release_hold(hold_id, OVER, actor=legal)
    for role in (Role.MODERATOR, Role.LEAD):
        with pytest.raises(NotPermitted):
            release_hold(hold_id, OVER, actor=make_account(role))
    assert events(desk, "hold.released") == []


def test_what_is_released_stays_so(desk: Desk) -> None:
    hold_id = place(make_case())
    with pytest.raises(InvalidInput):
        release_hold(hold_id, "  ", actor=make_account(Role.LEGAL))
    release_hold(hold_id, OVER, actor=make_account(Role.LEGAL))
    with pytest.raises(AlreadyClosed):
        release_hold(hold_id, OVER, actor=make_account(Role.ADMIN))
    with pytest.raises(NotFound):
        release_hold("H-0000-0000-0000", OVER, actor=make_account(Role.ADMIN))


def test_of_two_who_release_at_once_one_wins(desk: Desk) -> None:
    hold_id, others = place(make_case()), [make_account(Role.LEGAL), make_account(Role.ADMIN)]
    found = at_once(desk.app, [partial(release_hold, hold_id, OVER, actor=one) for one in others])
    assert [type(one) for one in found if one is not None] == [AlreadyClosed]
    assert len(events(desk, "hold.released")) == 1


def test_holds_are_found_by_state_record_and_words(desk: Desk) -> None:
    first, second = make_case(), make_case()
    held, other = place(first), place(second)
    release_hold(other, OVER, actor=make_account(Role.LEGAL))
    session = desk.session
    assert [hold.id for hold in holds_listed(session, state="standing")] == [held]
    assert [hold.id for hold in holds_listed(session, object_id=second)] == [other]
    assert {hold.id for hold in holds_listed(session, words="GHENT")} == {held, other}
    assert holds_listed(session, words="100%") == ()


def test_words_are_found_in_capitals_and_small_letters_of_any_script(desk: Desk) -> None:
    legal = make_account(Role.LEGAL)
    reason = "Verfahren in ÖSTERREICH, Straße 7; дело Москва."
    held = place_hold(RecordKind.CASE, make_case(), reason, in_days(90), actor=legal)
    place(make_case())
    for words in ("österreich", "STRASSE", "МОСКВА", "o\u0308sterreich"):
        assert [hold.id for hold in holds_listed(desk.session, words=words)] == [held], words
