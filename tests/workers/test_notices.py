"""Notices by e-mail: nothing before the link was opened, nothing of content ever, again after failures."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from review import clock
from review.actions import notices
from review.actions.cases import claim_case
from review.actions.questions import ask_sender
from review.actions.trail import verify_trail
from review.domain.notices import OCCASIONS
from review.domain.permissions import ANONYMOUS, OPERATOR, Actor, Role
from review.domain.webhooks import MOST_TRIES, WAITS_SECONDS
from review.errors import AlreadyExists, InvalidInput, NotFound, NotPermitted, NotReady
from review.models import Delivery, DeliveryAttempt, Endpoint, Item, Opening
from tests.conftest import Desk
from tests.endpoints import deliver, managing
from tests.factories import make_account, make_sender, receive
from tests.platforms import decide
from tests.posts import PUBLIC, Post, mail_through, post
from tests.trails import settle

ADDRESS = "duty@unit.example"


@pytest.fixture
def mailbox(desk: Desk) -> Iterator[Post]:
    """A mail server that this desk uses."""
    with post() as found:
        mail_through(desk, found.port)
        yield found


def _confirmed(actor: Actor, *occasions: str) -> str:
    endpoint_id = notices.add_notice(ADDRESS, occasions or OCCASIONS, actor=actor)
    notices.confirm_notice(endpoint_id, actor=ANONYMOUS)
    return endpoint_id


def test_nothing_but_the_link_is_sent_before_it_was_opened(desk: Desk, mailbox: Post) -> None:
    actor = managing(make_sender("Harbour Watch"))
    notices.add_notice(ADDRESS, OCCASIONS, actor=actor)
    decide(desk, actor)
    deliver(desk)
    (taken,) = mailbox.taken
    assert taken["Subject"] == "Please confirm this address"
    assert re.search(rf"{PUBLIC}/notices/J-[0-9A-Z-]+/[\w-]{{32}}", taken.get_content())
    assert "Harbour" not in taken.as_string()
    frozen = desk.session.scalars(sa.select(Delivery.body)).one()
    assert b"/notices/" not in frozen, "whoever reads the log of messages cannot confirm for another"


def test_a_mail_says_that_something_changed_and_where_and_nothing_else(desk: Desk, mailbox: Post) -> None:
    actor = managing(make_sender("Harbour Watch"))
    _confirmed(actor)
    item_id = decide(desk, actor, "https://video.example/secret-place")
    deliver(desk)
    (mail,) = [one for one in mailbox.taken if "changed" in one["Subject"]]
    referral_id = desk.session.get_one(Item, item_id).referral_id
    words = mail.get_content()
    assert f"{PUBLIC}/sender/referrals/{referral_id}" in words
    for hidden in ("secret-place", "Harbour", "REF-", "accepted", "clause", "praises", "Reviewer", "person"):
        assert hidden not in mail.as_string(), hidden
    settle(desk.settings.data_dir)
    assert verify_trail(folder=desk.settings.data_dir, actor=OPERATOR).finding.intact


def test_a_question_is_an_occasion_and_one_mail_does_for_a_referral(desk: Desk, mailbox: Post) -> None:
    actor, moderator = managing(make_sender()), make_account()
    _confirmed(actor, "item.question")
    referral_id = receive(actor, "https://video.example/1").referral_id
    case_id = desk.session.scalars(sa.select(Item.case_id).where(Item.referral_id == referral_id)).one()
    claim = claim_case(str(case_id), actor=moderator)
    ask_sender(
        claim.case_id, "At which minute?",
        claim_generation=claim.claim_generation, version=claim.version, actor=moderator,
    )  # fmt: skip
    decide(desk, actor, "https://video.example/2")
    deliver(desk)
    told = [mail for mail in mailbox.taken if "changed" in mail["Subject"]]
    assert len(told) == 1
    assert referral_id in told[0].get_content()
    assert "minute" not in told[0].as_string()


def test_a_mail_that_fails_climbs_the_same_ladder_to_a_dead_letter(desk: Desk, mailbox: Post) -> None:
    mailbox.refusal = "451 Later"
    notices.add_notice(ADDRESS, OCCASIONS, actor=managing(make_sender()))
    with time_machine.travel(clock.now(), tick=False) as hand:
        for wait in (0, *WAITS_SECONDS):
            hand.shift(timedelta(seconds=wait * 1.2))
            deliver(desk)
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(DeliveryAttempt)) == MOST_TRIES
    letter = desk.session.scalars(sa.select(Delivery)).one()
    assert (letter.standing, letter.stopped) == ("dead", "tried_out")


def test_a_removed_address_is_told_nothing_and_its_link_is_dead(desk: Desk, mailbox: Post) -> None:
    actor = managing(make_sender())
    endpoint_id = _confirmed(actor)
    with pytest.raises(NotFound):
        notices.remove_notice(endpoint_id, actor=managing(make_sender()))
    notices.end_notice(endpoint_id, actor=ANONYMOUS)
    decide(desk, actor)
    deliver(desk)
    assert mailbox.taken == []
    for act in (notices.confirm_notice, notices.end_notice):
        with pytest.raises(NotFound):
            act(endpoint_id, actor=ANONYMOUS)
    names = desk.session.scalars(
        sa.select(Opening.event_type).where(Opening.object_id == endpoint_id).order_by(Opening.object_version)
    )
    assert list(names) == ["endpoint.added", "endpoint.confirmed", "endpoint.removed"]


def test_what_may_not_be_is_refused(desk: Desk, mailbox: Post) -> None:
    actor = managing(make_sender())
    for address in ("", "nobody", "a@b", "ä@unit.example", "a b@unit.example", "a@unit.example\nBcc: b@c.de"):
        with pytest.raises(InvalidInput):
            notices.add_notice(address, OCCASIONS, actor=actor)
    with pytest.raises(InvalidInput):
        notices.add_notice(ADDRESS, ("referral.received",), actor=actor)
    with pytest.raises(NotPermitted):
        notices.add_notice(ADDRESS, OCCASIONS, actor=make_account(Role.LEGAL))
    notices.add_notice(ADDRESS, OCCASIONS, actor=actor)
    with pytest.raises(AlreadyExists):
        notices.add_notice(ADDRESS.upper(), OCCASIONS, actor=actor)
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(Endpoint)) == 1


def test_without_a_mail_server_none_is_taken(desk: Desk) -> None:
    with pytest.raises(NotReady):
        notices.add_notice(ADDRESS, OCCASIONS, actor=managing(make_sender()))
