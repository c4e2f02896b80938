"""Decisions that ask for a restriction, and a platform that is told, for tests."""

import itertools
from base64 import b64encode
from dataclasses import replace

import sqlalchemy as sa

from review.actions.dispatching import dispatch_review
from review.domain.decisions import ReviewInput
from review.domain.permissions import SERVICE, Actor, Scope
from review.models import Decision, Item, Restriction
from tests.conftest import Desk
from tests.factories import make_account, make_clause, receive
from tests.judging import accept, judge

SECRET, OLDER = b"s" * 32, b"o" * 24
PLATFORM = Actor(kind="sender", id="platform", scopes=frozenset({Scope.PLATFORM}))
_numbers = itertools.count(1)


def written(secret: bytes) -> str:
    """A secret as receivers keep it."""
    return "whsec_" + b64encode(secret).decode()


def tell_platform(desk: Desk, url: str) -> None:
    """Let this desk tell the platform at that address."""
    known = desk.app.config["REVIEW_SETTINGS"]
    desk.app.config["REVIEW_SETTINGS"] = replace(known, platform_url=url, platform_secrets=(SECRET, OLDER))


def decide(
    desk: Desk, actor: Actor, url: str = "https://video.example/1", review: ReviewInput | None = None
) -> str:
    """The item of a referral of that sender whose case is decided at once, accepted unless said."""
    desk.app.config["REVIEW_SETTINGS"] = replace(desk.app.config["REVIEW_SETTINGS"], undo_seconds=0)
    referral_id = receive(actor, url).referral_id
    wanted = sa.select(Item.id, Item.case_id).where(Item.referral_id == referral_id)
    item = desk.session.execute(wanted).one()
    chosen = review or accept(make_clause(f"8.{next(_numbers)}"))
    recorded = judge(item.case_id, make_account(), chosen)
    assert dispatch_review(recorded.review_id, actor=SERVICE, lot=1.0) is not None
    return str(item.id)


def restriction_of(desk: Desk, item_id: str) -> Restriction:
    """The restriction that the decision about an item asks for."""
    wanted = (
        sa.select(Restriction)
        .join(Decision, Decision.id == Restriction.decision_id)
        .join(Item, Item.case_id == Decision.case_id)
        .where(Item.id == item_id)
    )
    return desk.session.scalars(wanted).one()
