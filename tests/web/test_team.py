"""The team page: for leads alone, of everybody together, and silent about fewer than five."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from review import clock, db
from review.actions.breaks import end_break, start_break
from review.actions.cases import claim_case, claim_next
from review.actions.decisions import record_review, undo_review
from review.actions.dispatching import dispatch_review
from review.actions.numbers import count_entries
from review.actions.trail import sequence_events
from review.domain.permissions import SERVICE, Actor, Role
from review.domain.team import LEAST_PEOPLE
from review.domain.wellbeing import LEAST_BREAK
from review.models import Account
from review.queries.cases import held_cases
from tests.actions.test_cases import DECLINE
from tests.conftest import Desk
from tests.factories import (
    make_accounts,
    make_case,
    make_cases,
    make_sender,
    make_sign_in,
    receive,
    sender_actor,
)
from tests.pieces import add_evidence
from tests.queries.test_team_exposure import show

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def _page(desk: Desk) -> str:
    client = desk.client()
    make_sign_in(client, Role.LEAD)
    answer = client.get("/team")
    assert answer.status_code == 200
    return answer.text


def _cells(page: str, panel: str) -> list[str]:
    section = page.partition(f'id="{panel}"')[2].partition("</section>")[0]
    return [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[dh] .*?</t[dh]>", section)]


def _worked(people: list[Actor], hand: Any) -> None:
    """Each of them declines a case, the first after an undo; then the trail is counted."""
    sender = sender_actor(make_sender())
    for number in range(len(people)):
        receive(sender, f"https://video.example/{number}")
    hand.shift(timedelta(hours=1))
    for place, person in enumerate(people):
        review = _record(person)
        if place == 0:
            undo_review(review[0], actor=person)
            review = _record(person)
        hand.shift(timedelta(seconds=61))
        dispatch_review(review[1], actor=SERVICE)
    while sequence_events() is not None:
        pass
    while count_entries(actor=SERVICE):
        pass


def _record(person: Actor) -> tuple[str, str]:
    """Record a review of the case that the person holds, or of the next one; its case and its id."""
    held = held_cases(db.session(), account_id=person.account_id, now=clock.now())
    claim = claim_case(held[0].id, actor=person) if held else claim_next(actor=person)
    assert claim is not None
    given: dict[str, Any] = {"claim_generation": claim.claim_generation, "version": claim.version}
    return claim.case_id, record_review(claim.case_id, DECLINE, actor=person, **given).review_id


def test_few_people_are_told_why_there_is_nothing(desk: Desk) -> None:
    make_accounts(LEAST_PEOPLE - 2)  # and the lead who looks
    make_cases(3)
    page = _page(desk)
    assert "Too few people to show numbers" in page
    assert "Fewer than 5 people review here now" in page
    assert 'class="figures"' not in page
    assert '<svg class="chart"' not in page
    assert "<table" not in page


def test_the_team_is_told_of_in_counts_shares_and_times(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        people = make_accounts(LEAST_PEOPLE)
        _worked(people, hand)
        make_cases(4)
        claim_next(actor=people[0])
        page = _page(desk)
        done = _cells(page, "done")
        assert done[:3] == ["What", "last 7 days", "last 30 days"]
        assert done[3:6] == ["Cases decided", "5", "5"]
        assert done[6:9] == ["Share of cases within target", "100%", "100%"]
        assert done[9] == "Half of the cases within"
        assert re.fullmatch(r"1 h( \d+ min)?", done[10]), done[10]
        assert done[12:15] == ["Share of items accepted", "0%", "0%"]
        assert done[15:] == ["Reviews undone by their authors", "1", "1"]
        assert _cells(page, "standing")[2:6] == ["Waiting in the queue", "3", "Held by somebody", "1"]
        assert _cells(page, "shares")[3:6] == ["Within target", "100%", "100%"]
        for chart in ("standing", "time-left", "shares"):
            assert f'aria-labelledby="{chart}-title {chart}-reading"' in page
        assert "Not shown because" not in page


def test_periods_with_few_people_at_work_stay_out_of_sight(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        people = make_accounts(LEAST_PEOPLE)
        _worked(people[:-1], hand)
        page = _page(desk)
        assert _cells(page, "done") == []
        assert "fewer than 5 people recorded a review: last 7 days, last 30 days" in page
        assert 'id="shares"' not in page
        with time_machine.travel(NOW - timedelta(days=8), tick=False):
            receive(sender_actor(make_sender()), "https://video.example/earlier")
            _record(people[-1])
        page = _page(desk)
        decided = _cells(page, "done")[3:6]
        assert (decided[0], decided[1]) == ("Cases decided", "–")
        assert decided[2] != "–"
        assert _cells(page, "shares")[3:5] == ["Within target", "–"]
        assert "recorded a review: last 7 days." in page


def _shown(people: list[Actor], at: datetime) -> None:
    """Each of them was shown the same two pictures, of high and of low severity, and rested."""
    pieces = [(case_id, add_evidence(case_id)) for case_id in (make_case(severity="high"), make_case())]
    for person in people:
        for case_id, evidence_id in pieces:
            show(person, case_id, evidence_id, at)
        with time_machine.travel(at, tick=False) as hand:
            start_break(actor=person)
            hand.shift(LEAST_BREAK)
            end_break(actor=person)


def test_what_people_were_shown_is_told_of_days_on_which_five_took_part(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False):
        people = make_accounts(LEAST_PEOPLE)
        _shown(people, NOW - timedelta(days=2))
        _shown(people, NOW - timedelta(days=12))
        page = _page(desk)
        cells = _cells(page, "exposure")
        assert cells[:3] == ["What", "7 whole days", "30 whole days"]
        assert [cells[place : place + 3] for place in (3, 6, 9)] == [
            ["Pieces of high severity shown", "5 on 1 day", "10 on 2 days"],
            ["Pieces of low severity shown", "5 on 1 day", "10 on 2 days"],
            ["Breaks taken", "5 on 1 day", "10 on 2 days"],
        ]
        days = _cells(page, "exposure-days")
        assert len(days) == 3 + 30 * 3
        assert days[3:9] == ["22 Nov 2026", "–", "–", "21 Nov 2026", "5", "5"]
        assert "comfort, not protection" in page
        few = _shown_page_without(people[:-1], desk)
        assert _cells(few, "exposure") == cells
        assert _cells(few, "exposure-days") == days


def _shown_page_without(people: list[Actor], desk: Desk) -> str:
    """The page after four people more on further days, today among them, and one alone in between."""
    for back in (0, 1, 5, 15):
        _shown(people, NOW - timedelta(days=back))
    _shown(people[:1], NOW - timedelta(days=20))
    return _page(desk)


def test_with_no_day_of_five_people_nothing_is_told_of_what_they_were_shown(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False):
        people = make_accounts(LEAST_PEOPLE)
        for place, person in enumerate(people):
            _shown([person], NOW - timedelta(days=place + 1))
        page = _page(desk)
        assert _cells(page, "exposure") == []
        assert "There was no such day." in page
        assert 'id="exposure-days"' not in page


def test_nobody_is_named_or_ranked_and_no_speed_is_praised(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        people = make_accounts(LEAST_PEOPLE)
        _worked(people, hand)
        _shown(people, NOW - timedelta(days=1))
        page = _page(desk).partition("<main")[2].partition("</main")[0]
        for person in people:
            account = desk.session.get_one(Account, person.account_id)
            for hidden in (account.pseudonym, account.name, account.email, account.id, account.trail_id):
                assert hidden not in page
        assert re.search("[CIRV]-[0-9A-Z]{4}-", page) is None
        assert not re.search("(?i)fastest|slowest|best|per hour|average|rank|well done|congrat|Unit", page)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.LEAD])
def test_only_leads_see_it(desk: Desk, role: Role) -> None:
    client = desk.client()
    make_sign_in(client, role)
    assert client.get("/team").status_code == 403
    start = client.get("/").location
    assert 'href="/team"' not in client.get(start).text


def test_late_counting_is_said(desk: Desk) -> None:
    make_accounts(LEAST_PEOPLE)
    receive(sender_actor(make_sender()), "https://video.example/1")
    sequence_events()
    with time_machine.travel(clock.now() + timedelta(minutes=5), tick=False):
        assert "Not everything is counted yet" in _page(desk)


def _signals(page: str) -> list[str]:
    return _cells(page, "signals")


def test_short_looks_and_equal_rationales_are_told_of_the_week(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        _worked(make_accounts(LEAST_PEOPLE), hand)
        page = _page(desk)
        cells = _signals(page)
        assert cells[:3] == ["Week from", "Very short look", "Same rationale"]
        assert cells[4:6] == ["100% (57% to 100%)", "100% (57% to 100%)"]
        assert cells[7:9] == ["–", "–"]
        assert "fewer than 5 people recorded a review" in page


def test_a_look_is_as_long_as_since_the_case_was_taken(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        sender = sender_actor(make_sender())
        for number, person in enumerate(make_accounts(LEAST_PEOPLE)):
            receive(sender, f"https://video.example/{number}")
            claim = claim_next(actor=person)
            assert claim is not None
            hand.shift(timedelta(seconds=10 if number else 9))
            given: dict[str, Any] = {"claim_generation": claim.claim_generation, "version": claim.version}
            words = replace(DECLINE, rationale=f"Report number {number}, compared.")
            record_review(claim.case_id, words, actor=person, **given)
        cells = _signals(_page(desk))
        assert (cells[4].partition(" ")[0], cells[5].partition(" ")[0]) == ("20%", "0%")


def test_no_signal_is_told_of_fewer_than_five_people(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        _worked(make_accounts(LEAST_PEOPLE)[:-1], hand)
        assert 'id="signals"' not in _page(desk)
