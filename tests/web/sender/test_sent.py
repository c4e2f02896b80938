"""A sender reads back everything that it said, and nothing that others said or added."""

from base64 import b64encode
from typing import Any

import pytest
import sqlalchemy as sa

from review.actions.cases import claim_case
from review.actions.evidence import Captured, capture_evidence
from review.domain.permissions import Actor, Role
from review.models import Case, Item
from review.queries.own_sent import sent_of
from tests.conftest import Desk
from tests.factories import make_account, make_sender, receive, sender_actor
from tests.web.admin.pages import Person
from tests.web.sender.test_referral import words_of

SAID: dict[str, Any] = {
    "reason": "Praise of a listed group.",
    "urgency": "threat_to_life",
    "category": "STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY",
    "keyword": "KEYWORD_TERRORIST_CONTENT",
    "issuing_authority": "Police of Ghent",
    "issuing_country": "BE",
    "legal_basis": "Article 140bis of the criminal code",
    "requested_action": "remove it everywhere",
    "language": "fr",
    "contact": {"name": "Duty desk", "email": "desk@unit.example"},
    "good_faith": True,
    "detected_at": "2019-11-21T09:30:00Z",
    "earlier_received_at": "2019-11-21T10:45:00Z",
}
ITEM: dict[str, Any] = {
    "url": "hxxps://video[.]example/watch/1#here",
    "content_type": "video",
    "language": "ar",
    "published_at": "2019-11-20T18:00:00Z",
    "sha256": "ab" * 32,
    "description": "From minute three on.",
    "evidence": [
        {"name": "frame.txt", "media_type": "text/plain", "content": b64encode(b"nine byte").decode()}
    ],
}
CAPTURE = Captured("CANARY-capture.png", "image/png", "c" * 64, 99)


@pytest.fixture
def sender(desk: Desk) -> Actor:
    """A new organisation, as its key acts."""
    return sender_actor(make_sender())


def test_everything_said_is_read_back(desk: Desk, sender: Actor) -> None:
    officer = Person(desk, Role.SENDER, sender_id=sender.sender_id)
    referral_id = receive(sender, items=[ITEM], **SAID).referral_id
    told = words_of(officer.get(f"/sender/referrals/{referral_id}"))
    for words in (
        "Why you refer this Praise of a listed group.",
        "Threat to life",
        "Category Risk for public security",
        "Keyword Terrorist content",
        "The law you see broken Article 140bis of the criminal code",
        "Action requested remove it everywhere",
        "Issuing authority Police of Ghent",
        "Its country BE",
        "Name of the contact Duty desk",
        "E-mail of the contact desk@unit.example",
        "In good faith accurate and complete Yes",
        "Language of the referral French",
        "As you sent it hxxps://video[.]example/watch/1#here sent defanged",
        "What stands there Video",
        "Language of the content Arabic",
        f"SHA-256 of the content {'ab' * 32}",
        "What there is to see, and where in it From minute three on.",
        "Files frame.txt · 9 bytes",
    ):
        assert words in told
    for label, day in (("Detected", "21 Nov 2019"), ("Published", "20 Nov 2019")):
        at = told.partition(f"{label} {day}")
        assert at[1], label
        assert " ago" in at[2][:60], label
    assert "Received earlier by another channel 21 Nov 2019" in told


def test_what_was_left_out_has_no_row(desk: Desk, sender: Actor) -> None:
    officer = Person(desk, Role.SENDER, sender_id=sender.sender_id)
    referral_id = receive(sender, "https://video.example/1").referral_id
    told = words_of(officer.get(f"/sender/referrals/{referral_id}"))
    assert "Urgency Not urgent" in told
    for label in ("Category", "Detected", "Good faith", "Files", "As you sent it", "Published"):
        assert label not in told


def test_nothing_of_others_is_read_back(desk: Desk, sender: Actor) -> None:
    officer = Person(desk, Role.SENDER, sender_id=sender.sender_id)
    own = receive(sender, "https://video.example/1").referral_id
    other = sender_actor(make_sender())
    said: dict[str, Any] = {
        "items": [{"url": "https://video.example/1", "description": "CANARY words"}],
        "reason": "CANARY",
    }
    foreign = receive(other, **said).referral_id
    case_id = desk.session.scalars(sa.select(Case.id)).one()
    item_of = {row.referral_id: row.id for row in desk.session.execute(sa.select(Item.referral_id, Item.id))}
    moderator = make_account()
    claim_case(case_id, actor=moderator)
    capture_evidence(case_id, item_of[own], CAPTURE, actor=moderator)
    for address in (f"/sender/referrals/{own}", f"/sender/referrals/{own}/acknowledgement"):
        page = officer.get(address)
        assert own in page
        assert "CANARY" not in page
    assert sent_of(desk.session, foreign, [item_of[foreign]], sender_id=sender.sender_id) is None
    found = sent_of(desk.session, own, [item_of[foreign]], sender_id=sender.sender_id)
    assert found is not None
    assert found.items == {}
