"""After a complaint: who is told by message and mail, and what the platform is asked for and told to lift."""

import json
from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa

from review.actions import notices
from review.actions.restrictions import report_failed, report_implemented
from review.actions.trail import verify_trail
from review.clock import now
from review.domain.notices import OCCASIONS
from review.domain.permissions import ANONYMOUS, OPERATOR, Role
from review.errors import RestrictionConflict
from review.models import Delivery
from tests.complaints import REASONS, Complained
from tests.conftest import Desk
from tests.endpoints import allow_loopback, deliver, make_endpoint, managing
from tests.factories import make_account
from tests.judging import accept
from tests.platforms import PLATFORM, tell_platform
from tests.posts import mail_through, post
from tests.receivers import Heard, receiving
from tests.trails import settle


def told(heard: list[Heard], path: str) -> list[tuple[str, dict[str, Any]]]:
    """Types and data of the messages that came to that path, in the order of their numbers."""
    messages = [json.loads(one.body) for one in heard if one.path == path]
    return [(one["type"], one["data"]) for one in sorted(messages, key=lambda message: message["seq"])]


def test_a_reversal_is_told_to_every_sender_and_an_upheld_one_to_who_complained(desk: Desk) -> None:
    allow_loopback(desk)
    story = Complained(desk)
    with receiving() as receiver:
        for place, sender_id in enumerate(story.senders):
            make_endpoint(managing(sender_id), receiver.url(f"/{place}"))
        story.complain()
        story.uphold()
        deliver(desk)
        ((topic, item),) = told(receiver.heard, "/0")
        assert (topic, item["id"], item["outcome"]) == ("item.decided", story.items[0], "declined")
        assert item["complaint"]["state"] == "upheld"
        assert told(receiver.heard, "/1") == []
        story.register()
        story.reverse(lead=make_account(Role.LEAD))
        deliver(desk)
        for place in (0, 1):
            topic, item = told(receiver.heard, f"/{place}")[-1]
            assert (topic, item["id"], item["outcome"]) == ("item.reversed", story.items[place], "accepted")
            assert item["supersedes"]["outcome"] == "declined"
            assert REASONS not in json.dumps(item)
        assert "complaint" not in told(receiver.heard, "/1")[-1][1]


def test_a_mail_says_that_it_changed(desk: Desk) -> None:
    assert "item.reversed" in OCCASIONS
    story = Complained(desk)
    with post() as mailbox:
        mail_through(desk, mailbox.port)
        actor = managing(story.senders[1])
        endpoint_id = notices.add_notice("duty@unit.example", ["item.reversed"], actor=actor)
        notices.confirm_notice(endpoint_id, actor=ANONYMOUS)
        story.complain(0)
        story.reverse()
        deliver(desk)
        (mail,) = [one for one in mailbox.taken if "changed" in one["Subject"]]
        assert story.referrals[1] in mail.get_content()
        for hidden in ("accepted", "declined", "praises", REASONS):
            assert hidden not in mail.as_string()


@pytest.mark.parametrize("accepted", [False, True])
def test_the_platform_is_told_what_ends_and_what_begins(desk: Desk, *, accepted: bool) -> None:
    with receiving() as platform:
        story = Complained(desk, accepted=accepted)  # before the platform was set: it is told of no request
        tell_platform(desk, platform.url("/told"))
        story.register()
        story.reverse()
        deliver(desk)
        ((topic, data),) = told(platform.heard, "/told")
        (restriction,) = story.restrictions()
        assert topic == ("restriction.lifted" if accepted else "restriction.requested")
        assert data["id"] == restriction.id
        assert data["locations"] == ["https://video.example/complained"]
        if accepted:
            assert data["ends_at"] is not None
            assert data["replaced_by"] is None
        settle(desk.settings.data_dir)
        assert verify_trail(folder=desk.settings.data_dir, actor=OPERATOR).finding.intact


def test_a_measure_that_replaces_another_is_told_first(desk: Desk) -> None:
    with receiving() as platform:
        story = Complained(desk, accepted=True)
        tell_platform(desk, platform.url("/told"))
        story.register()
        assert story.dispatch(story.record(accept(story.clause, visibility="labelled"))) is not None
        deliver(desk)
        first, second = story.restrictions()
        (asked, lifted) = told(platform.heard, "/told")
        assert (asked[0], asked[1]["id"], asked[1]["visibility"]) == (
            "restriction.requested", second.id, "labelled",
        )  # fmt: skip
        assert (lifted[0], lifted[1]["id"], lifted[1]["replaced_by"]) == (
            "restriction.lifted", first.id, second.id,
        )  # fmt: skip


def test_without_a_platform_no_message_is_written(desk: Desk) -> None:
    story = Complained(desk, accepted=True)
    story.register()
    story.reverse()
    assert Counter(desk.session.scalars(sa.select(Delivery.topic))) == {}


def test_what_was_lifted_is_reported_neither_as_in_place_nor_as_failed(desk: Desk) -> None:
    story = Complained(desk, accepted=True)
    story.register()
    story.reverse()
    (restriction,) = story.restrictions()
    with pytest.raises(RestrictionConflict, match="lifted"):
        report_implemented(restriction.id, now(), actor=PLATFORM)
    with pytest.raises(RestrictionConflict, match="lifted"):
        report_failed(restriction.id, "It is gone.", actor=PLATFORM)
    assert story.events(restriction.id) == ["restriction.lifted"]
