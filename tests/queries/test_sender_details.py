"""The list of senders, one sender's details and keys, and how often it was right."""

from collections.abc import Mapping
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from review import clock
from review.actions import senders
from review.domain.permissions import OPERATOR, Role, Scope
from review.domain.senders import FlaggerEvidence
from review.models import Referral
from review.queries import sender_accuracy
from review.queries.sender_accuracy import Accuracy, accuracy_of
from review.queries.sender_details import key_shown, keys_of, senders_page
from tests.conftest import Desk
from tests.factories import make_sender, make_sign_in, receive, sender_actor
from tests.trails import decide_all


def create(name: str, kind: str = "iru", flagger: FlaggerEvidence | None = None) -> str:
    return senders.create_sender(name, kind=kind, country=None, flagger=flagger, actor=OPERATOR)


def issue(sender_id: str, *, days: int | None = None) -> str:
    end = None if days is None else clock.now() + timedelta(days=days)
    return senders.issue_key(sender_id, scopes=(Scope.READ,), expires_at=end, actor=OPERATOR).key_id


def test_the_list_says_status_keys_and_activity_of_each(desk: Desk) -> None:
    now = clock.now()
    active = create("Active", flagger=FlaggerEvidence("C", date(2020, 1, 1), None))
    past = create("Past", flagger=FlaggerEvidence("C", date(2020, 1, 1), date(2020, 12, 31)))
    living, _expiring, revoked = issue(active), issue(active, days=1), issue(active)
    senders.revoke_key(revoked, actor=OPERATOR)
    senders.touch_key(living, at=now - timedelta(hours=2))
    make_sign_in(desk.client(), Role.SENDER, sender_id=active)
    page = senders_page(desk.session, limit=10, now=now + timedelta(days=2))
    found = {row.id: row for row in page.rows}
    assert [row.name for row in page.rows] == ["Active", "Past"]
    assert (found[active].flagger_today, found[active].keys_in_use) == (True, 1)
    seen_at = found[active].last_active_at
    assert seen_at is not None
    assert seen_at >= now
    assert (found[past].flagger_today, found[past].keys_in_use, found[past].last_active_at) == (
        False,
        0,
        None,
    )
    assert page.next is None


def test_a_sender_that_delivered_was_here_also_when_no_key_and_no_person_was_seen(desk: Desk) -> None:
    silent, delivering = create("A silent one"), create("B delivering")
    for _ in range(2):
        receive(sender_actor(delivering))
    newest = desk.session.scalar(sa.select(sa.func.max(Referral.received_at)))
    rows = senders_page(desk.session, limit=10, now=clock.now()).rows
    assert [(row.id, row.last_active_at) for row in rows] == [(silent, None), (delivering, newest)]


def test_the_list_goes_on_where_a_page_ended_and_keeps_to_one_kind(desk: Desk) -> None:
    names = [f"Unit {number}" for number in range(5)]
    ids = [create(name, kind="other" if number == 2 else "iru") for number, name in enumerate(names)]
    now = clock.now()
    first = senders_page(desk.session, limit=2, now=now)
    second = senders_page(desk.session, limit=3, now=now, after=first.next)
    assert [row.name for row in (*first.rows, *second.rows)] == names
    assert second.next is None
    assert [row.id for row in senders_page(desk.session, kind="other", limit=9, now=now).rows] == [ids[2]]


def test_keys_in_use_come_first_and_one_is_found_by_its_id(desk: Desk) -> None:
    sender_id = create("Unit")
    expired, revoked, living = issue(sender_id, days=1), issue(sender_id), issue(sender_id)
    issue(create("Other"))
    senders.revoke_key(revoked, actor=OPERATOR)
    later = clock.now() + timedelta(days=2)
    found = keys_of(desk.session, sender_id, now=later)
    assert [(key.id, key.state) for key in found] == [
        (living, "in_use"),
        (revoked, "revoked"),
        (expired, "expired"),
    ]
    assert key_shown(desk.session, expired, now=later) == found[2]
    assert key_shown(desk.session, "K-unknown", now=later) is None


def test_precision_counts_what_was_judged_and_nothing_else() -> None:
    def figures(accepted: int, declined: Mapping[str, int]) -> tuple[int, int, float | None]:
        found = Accuracy(accepted, declined, bounded=False)
        return found.answered, found.judged, found.precision

    assert figures(0, {}) == (0, 0, None)
    assert figures(0, {"not_found": 3}) == (3, 0, None)
    assert figures(0, {"no_breach": 2}) == (2, 2, 0.0)
    assert figures(3, {"no_breach": 1, "not_ours": 4}) == (8, 4, 0.75)


def test_accuracy_is_that_of_the_senders_own_answered_items(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make_sender(), make_sender()
    actor, url = sender_actor(first), "https://video.example/{}"
    receive(actor, url.format(1), url.format(2))
    receive(sender_actor(second), url.format(2))
    decide_all(outcome="accepted")
    receive(actor, url.format(3))
    decide_all(outcome="declined")
    receive(actor, url.format(4))
    assert accuracy_of(desk.session, first) == Accuracy(2, {"no_breach": 1}, bounded=False)
    assert accuracy_of(desk.session, second) == Accuracy(1, {}, bounded=False)
    assert accuracy_of(desk.session, make_sender()) == Accuracy(0, {}, bounded=False)
    monkeypatch.setattr(sender_accuracy, "MOST_COUNTED", 2)
    assert accuracy_of(desk.session, first).bounded
