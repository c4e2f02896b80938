"""What a person chooses for the own comfort is kept for that person alone, and on no trail."""

from functools import partial

import pytest
import sqlalchemy as sa

from review.actions.comforts import choose_comfort, forget_comfort
from review.domain.permissions import Actor, Role
from review.domain.wellbeing import Comfort
from review.errors import InvalidInput, NotPermitted
from review.models import ChosenComfort, Opening
from review.queries.exposure import Choice, choice_of
from tests.conftest import Desk
from tests.factories import make_account
from tests.threads import together


def _choice(desk: Desk, person: Actor) -> Choice:
    desk.session.rollback()
    return choice_of(desk.session, person.account_id or "", settings=desk.settings)


def test_a_choice_counts_for_its_person_and_is_on_no_trail(desk: Desk) -> None:
    person, other = make_account(), make_account()
    choose_comfort(Comfort(blur=False, size="full"), break_minutes=30, budget_high=10, actor=person)
    chosen = _choice(desk, person)
    assert chosen.comfort == Comfort(blur=False, grey=True, size="full")
    assert (chosen.limits.break_minutes, chosen.limits.high) == (30, 10)
    assert (chosen.own_break_minutes, chosen.own_budget_high) == (30, 10)
    standard = _choice(desk, other)
    assert standard.comfort == Comfort()
    assert (standard.limits.break_minutes, standard.limits.high) == (50, 60)
    assert desk.session.scalars(sa.select(Opening)).all() == []


def test_the_last_choice_counts_and_can_be_taken_back(desk: Desk) -> None:
    person = make_account()
    choose_comfort(Comfort(grey=False), break_minutes=30, budget_high=None, actor=person)
    choose_comfort(Comfort(), break_minutes=None, budget_high=None, actor=person)
    assert _choice(desk, person).limits.break_minutes == 50
    assert _choice(desk, person).comfort == Comfort()


def test_the_desks_choice_counts_again_once_ones_own_is_forgotten(desk: Desk) -> None:
    person, other = make_account(), make_account()
    standard = _choice(desk, person)
    assert standard.chosen_at is None
    for one in (person, other):
        choose_comfort(Comfort(blur=False), break_minutes=30, budget_high=10, actor=one)
    assert _choice(desk, person).chosen_at is not None
    for _again in range(2):
        forget_comfort(actor=person)
        assert _choice(desk, person) == standard
    assert _choice(desk, other).own_budget_high == 10
    with pytest.raises(NotPermitted):
        forget_comfort(actor=make_account(Role.ADMIN))


def test_only_people_who_are_shown_evidence_choose_here(desk: Desk) -> None:
    with pytest.raises(NotPermitted):
        choose_comfort(Comfort(), break_minutes=None, budget_high=None, actor=make_account(Role.ADMIN))
    assert desk.session.scalars(sa.select(ChosenComfort)).all() == []


def test_a_higher_limit_than_the_desks_is_refused_and_nothing_kept(desk: Desk) -> None:
    person = make_account()
    with pytest.raises(InvalidInput):
        choose_comfort(Comfort(), break_minutes=None, budget_high=61, actor=person)
    with pytest.raises(InvalidInput):
        choose_comfort(Comfort(size="huge"), break_minutes=None, budget_high=None, actor=person)
    assert desk.session.scalars(sa.select(ChosenComfort)).all() == []


def test_two_pages_of_one_person_leave_one_choice(desk: Desk) -> None:
    person = make_account()
    choose = partial(choose_comfort, Comfort(), break_minutes=None, actor=person)
    together(desk.app, [partial(choose, budget_high=number) for number in (5, 6, 7)])
    desk.session.rollback()
    rows = desk.session.scalars(sa.select(ChosenComfort)).all()
    assert [row.account_id for row in rows] == [person.account_id]
