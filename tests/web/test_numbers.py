"""The numbers page: who sees what of it, and that its words, charts and tables say the same."""

import re
from collections import Counter
from datetime import UTC, datetime, time, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from review import clock
from review.actions.numbers import count_entries
from review.actions.trail import sequence_events
from review.domain.days import end_of
from review.domain.permissions import SERVICE, Role
from review.models import Answer, Case, Decision, Item
from review.web.quantities import capped, percent, whole
from tests.conftest import Desk
from tests.desks import lived_in_desk
from tests.factories import make_cases, make_sender, make_sign_in, receive, sender_actor

CHARTS = ("received", "decided", "time", "target", "age", "time-left")


def _count() -> None:
    while sequence_events() is not None:
        pass
    while count_entries(actor=SERVICE):
        pass


def _page(desk: Desk, role: Role, address: str = "/numbers") -> str:
    client = desk.client()
    make_sign_in(client, role)
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.text


def _cells(page: str, chart: str) -> list[str]:
    """The cells of the table below a chart."""
    section = page.partition(f'<section class="panel" id="{chart}">')[2].partition("</section>")[0]
    return [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[dh] .*?</t[dh]>", section)]


def test_the_page_tells_what_happened_in_words_drawing_and_table(desk: Desk) -> None:
    # how much of that desk's story is told of today hangs on the hour
    with time_machine.travel(datetime.combine(clock.now() + timedelta(days=1), time(12), UTC)):
        _what_happened_is_told(desk)


def _what_happened_is_told(desk: Desk) -> None:
    lived_in_desk()
    _count()
    page = _page(desk, Role.LEGAL)
    for chart in (*CHARTS, "senders"):
        assert f'id="{chart}-title"' in page
        assert f'aria-labelledby="{chart}-title {chart}-reading"' in page
        assert len(_cells(page, chart)) > 3
    # part of that desk's story lies some days ahead, where the page does not look yet
    ahead = end_of(clock.now().date())
    past = Answer.answered_at < ahead
    answered = Counter(desk.session.scalars(sa.select(Decision.outcome).join(Answer).where(past)))
    assert f"Accepted: {answered['accepted']}<" in page
    assert f"Declined: {answered['declined']}<" in page
    items = desk.session.scalar(sa.select(sa.func.count()).where(Item.joined_at < ahead))
    assert f"{items} items were received; most on" in page
    decided = desk.session.scalar(sa.select(sa.func.count()).where(Case.decided_at < ahead))
    assert f"Half of {decided} cases were decided within about" in page
    assert f"Of {decided} decided cases {decided} were within their target: 100%." in page
    assert "Counted up to entry" in page
    assert "Not everything is counted yet" not in page
    assert "style=" not in page


def test_no_sender_is_named_and_leads_do_not_see_kinds_of_senders(desk: Desk) -> None:
    lived_in_desk()
    _count()
    for role in (Role.LEAD, Role.LEGAL, Role.ADMIN):
        page = _page(desk, role)
        assert ("Internet referral unit" in page) is (role is not Role.LEAD)
        for hidden in ("Unit North", "Unit South", "video.example", "Branded propaganda", "DEMO"):
            assert hidden not in page, (role, hidden)
        assert re.search("[CIR]-[0-9A-Z]{4}-", page) is None


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.SENDER])
def test_those_who_judge_or_refer_do_not_see_it(desk: Desk, role: Role) -> None:
    client = desk.client()
    make_sign_in(client, role)
    assert client.get("/numbers").status_code == 403
    assert "/numbers" not in client.get("/queue" if role is Role.MODERATOR else "/sender").text


def test_the_period_is_a_choice_of_two(desk: Desk) -> None:
    client = desk.client()
    make_sign_in(client, Role.ADMIN)
    assert "Numbers of the last 90 days" in client.get("/numbers?days=90").text
    assert "Numbers of the last 30 days" in client.get("/numbers").text
    for odd in ("0", "31", "-30", "x", "٣٠"):
        assert client.get("/numbers", query_string={"days": odd}).status_code == 404


def test_an_empty_desk_says_so_and_claims_no_zero(desk: Desk) -> None:
    page = _page(desk, Role.LEAD)
    assert "Nothing is counted yet" in page
    assert "Received a day" not in page
    assert "No case is open." in page


def test_no_decision_is_not_a_share_of_zero(desk: Desk) -> None:
    receive(sender_actor(make_sender()), "https://video.example/1")
    _count()
    page = _page(desk, Role.LEGAL)
    assert "No case was decided in these days" in page
    assert "No item was decided in these days" in page
    assert set(_cells(page, "target")[-1:]) == {"–"}
    assert "1 item was received" in page


def test_the_page_says_when_the_counting_is_late(desk: Desk) -> None:
    receive(sender_actor(make_sender()), "https://video.example/1")
    _count()
    receive(sender_actor(make_sender()), "https://video.example/2")
    sequence_events()
    with time_machine.travel(clock.now() + timedelta(minutes=5), tick=False):
        page = _page(desk, Role.LEAD)
    assert "Not everything is counted yet" in page
    assert "see whether flask work runs" in page


def test_a_capped_count_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    make_cases(4)
    monkeypatch.setattr("review.web.legal.number_charts.MOST_COUNTED", 3)
    assert "3 or more" in _page(desk, Role.LEAD)


def test_quantities_tell_none_some_and_unknown_apart(desk: Desk) -> None:
    with desk.app.test_request_context():
        assert [whole(count) for count in (None, 0, 12_400)] == ["–", "0", "12,400"]
        assert [percent(part) for part in (None, 0, 0.001, 0.5, 0.999, 1)] == [
            "–", "0%", "0.1%", "50%", "99.9%", "100%",
        ]  # fmt: skip
        assert (capped(9, 10), capped(10, 10)) == ("9", "10 or more")
