"""A sender's own referrals for people: the list, and one plain page each with the answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from review import db
from review.actions import withdrawals
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.domain.representation import OwnItem, OwnReferral
from review.domain.states import ItemStatus
from review.errors import NotFound
from review.queries import referrals as referral_queries
from review.web import cursors, guard
from review.web.texts import gettext

blueprint = Blueprint("sender_referrals", __name__, url_prefix="/sender")

LISTED = 50


@dataclass(frozen=True)
class Step:
    """One step of the tracker; ``state`` is done, current or next."""

    label: str
    state: str
    at: datetime | None = None


@dataclass(frozen=True)
class ItemShown:
    """One item with its answer in values that a page can draw; ``outcome`` is empty until it is answered."""

    id: str
    canonical_url: str
    status: str
    withdrawable: bool
    withdrawn_at: datetime | None
    outcome: str
    ground: str
    decline_reason: str
    clauses: Sequence[Mapping[str, Any]]
    statement: str
    restriction: Mapping[str, Any]
    decided_at: datetime | None
    implemented_at: datetime | None
    complaint_until: datetime | None


@blueprint.get("")
@guard.access(Permission.READ_OWN_REFERRALS)
def listing() -> str:
    """Own referrals, newest change first."""
    cursor = request.args.get("cursor")
    page = referral_queries.newest_referrals(
        db.session(),
        sender_id=guard.actor().sender_id,
        limit=LISTED,
        after=cursors.read_own(cursor) if cursor else None,
    )
    following = url_for(".listing", cursor=cursors.write_own(page.next)) if page.next else None
    return render_template(
        "sender/referrals.html",
        referrals=page.referrals,
        next_address=following,
        first_address=url_for(".listing") if cursor else None,
    )


@blueprint.get("/referrals/<referral_id>")
@guard.access(Permission.READ_OWN_REFERRALS)
def one(referral_id: str) -> str:
    """One own referral: how far it is, and what was answered."""
    referral = referral_queries.own_referral(
        db.session(), _id(referral_id, "R"), sender_id=guard.actor().sender_id
    )
    if referral is None:
        raise NotFound()
    items = [_shown(item) for item in referral.items]
    return render_template(
        "sender/referral.html",
        referral=referral,
        items=items,
        steps=_steps(referral, items),
        withdrawable=any(item.withdrawable for item in items),
    )


@blueprint.post("/referrals/<referral_id>/withdraw")
@guard.access(Permission.WITHDRAW)
def withdraw(referral_id: str) -> Response:
    """Withdraw what is still in review of a referral."""
    found = _id(referral_id, "R")
    withdrawals.withdraw_referral(found, actor=guard.actor())
    flash(gettext("The referral is withdrawn."), "done")
    return _to(found)


@blueprint.post("/items/<item_id>/withdraw")
@guard.access(Permission.WITHDRAW)
def withdraw_item(item_id: str) -> Response:
    """Withdraw one item."""
    found = _id(item_id, "I")
    withdrawals.withdraw_item(found, actor=guard.actor())
    item = referral_queries.own_item(db.session(), found, sender_id=guard.actor().sender_id)
    if item is None:
        raise NotFound()
    flash(gettext("The item is withdrawn."), "done")
    return _to(item.referral_id)


def _to(referral_id: str) -> Response:
    return redirect(url_for(".one", referral_id=referral_id), 303)  # type: ignore[return-value]


def _id(text: str, prefix: str) -> str:
    found = read_id(text, prefix)
    if found is None:
        raise NotFound()
    return found


def _shown(item: OwnItem) -> ItemShown:
    answer = item.answer_members()
    return ItemShown(
        id=item.id,
        canonical_url=item.canonical_url,
        status=item.status.value,
        withdrawable=item.status is ItemStatus.IN_REVIEW,
        withdrawn_at=item.withdrawn_at,
        outcome=answer.get("outcome") or "",
        ground=answer.get("ground") or "",
        decline_reason=answer.get("decline_reason") or "",
        clauses=answer.get("clauses") or (),
        statement=answer.get("statement") or "",
        restriction=answer.get("restriction") or {},
        decided_at=_moment(answer.get("decided_at")),
        implemented_at=_moment(answer.get("implemented_at")),
        complaint_until=_moment(answer.get("complaint_until")),
    )


def _moment(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written)


def _steps(referral: OwnReferral, items: Sequence[ItemShown]) -> list[Step]:
    """Received, in review, decided; a withdrawn referral ends after the first."""
    received = Step(gettext("Received"), "done", referral.received_at)
    if referral.status is ItemStatus.WITHDRAWN:
        withdrawn_at = max((item.withdrawn_at for item in items if item.withdrawn_at), default=None)
        return [received, Step(gettext("Withdrawn"), "current", withdrawn_at)]
    if referral.status is ItemStatus.DECIDED:
        decided_at = max((item.decided_at for item in items if item.decided_at), default=None)
        return [received, Step(gettext("In review"), "done"), Step(gettext("Decided"), "current", decided_at)]
    return [received, Step(gettext("In review"), "current"), Step(gettext("Decided"), "next")]
