"""One own referral for people: how far it is, what is asked and answered; withdrawing and receipts."""

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from review import clock, db
from review.actions import questions as question_actions
from review.actions import withdrawals
from review.domain.ids import read_id
from review.domain.own_story import story_of
from review.domain.permissions import Permission
from review.domain.questions import WAITS
from review.domain.representation import OwnItem, OwnReferral
from review.errors import AlreadyClosed, InvalidInput, NotFound, NotWithdrawable
from review.queries import referrals as referral_queries
from review.queries.own_sent import SentReferral, sent_of
from review.queries.receipts import receipt_of
from review.web import guard
from review.web.errors import status_of
from review.web.problem_words import problem_words
from review.web.sender import drawing
from review.web.sender.answer_form import Refused, answer_forms, lost_form
from review.web.sender.receipt_files import receipt_file
from review.web.texts import gettext

blueprint = Blueprint("sender_referral", __name__, url_prefix="/sender")

ITEMS_A_PAGE = 50
MOST_PAGES = 3
"""Digits of a page's number: no referral has more than a thousand items."""


@blueprint.get("/referrals/<referral_id>")
@guard.access(Permission.READ_OWN_REFERRALS)
def page(referral_id: str) -> str:
    """The referral, 50 items a page; ``item`` names the one to begin with."""
    return _page(_own_referral(referral_id))


def _page(referral: OwnReferral, refused: Refused | None = None) -> str:
    """With ``refused`` an answer that was not stored, begin with its item."""
    number, first = _place(referral, None if refused is None else refused.item_id)
    now = clock.now()
    items = referral.items[first : first + ITEMS_A_PAGE]
    return render_template(
        "sender/referral.html",
        referral=referral,
        steps=drawing.steps_of(referral),
        tally=drawing.tally_of(referral),
        items=[drawing.shown(item, now=now) for item in items],
        sent=_sent(referral, items),
        first=first,
        count=len(referral.items),
        previous_address=_page_address(referral, number - 1),
        next_address=_page_address(referral, number + 1),
        story=story_of(referral),
        waiting=[item for item in referral.items if item.question is not None],
        forms=answer_forms(referral, refused),
        lost=lost_form(referral, refused),
        waits=WAITS,
        withdrawable=any(map(drawing.is_withdrawable, referral.items)),
        now=now,
    )


@blueprint.post("/referrals/<referral_id>/answer")
@guard.access(Permission.ANSWER)
def answer(referral_id: str) -> tuple[str, int] | Response:
    """Answer what we ask about an item; a refusal keeps the words."""
    found, given = _id(referral_id, "R"), request.form
    item_id, asked_at = read_id(given.get("item", ""), "I"), given.get("asked_at") or None
    text = given.get("answer", "").replace("\r\n", "\n").strip()
    try:
        question_actions.give_answer(found, text, item_id=item_id, asked_at=asked_at, actor=guard.actor())
    except (InvalidInput, AlreadyClosed) as error:
        reason = problem_words(error.errors[0].detail if error.errors else error.detail)
        shown = _page(_own_referral(referral_id), Refused(item_id, asked_at, text, reason))
        return shown, status_of(error)
    flash(gettext("Your answer is stored; our review team goes on with it."), "done")
    return _to(found, None if item_id is None else _own_item(item_id))


@blueprint.get("/referrals/<referral_id>/withdraw")
@guard.access(Permission.WITHDRAW)
def withdraw_page(referral_id: str) -> str | Response:
    """Ask once more before everything that is still in review is withdrawn."""
    referral = _own_referral(referral_id)
    left = [item for item in referral.items if drawing.is_withdrawable(item)]
    if not left:
        flash(gettext("Nothing of this referral is in review any more."), "warning")
        return _to(referral.id)
    return render_template(
        "sender/withdraw.html",
        referral=referral,
        items=left,
        address=url_for(".withdraw", referral_id=referral.id),
    )


@blueprint.post("/referrals/<referral_id>/withdraw")
@guard.access(Permission.WITHDRAW)
def withdraw(referral_id: str) -> Response:
    """Withdraw what is still in review of a referral."""
    found = _id(referral_id, "R")
    try:
        withdrawals.withdraw_referral(found, actor=guard.actor())
        flash(gettext("What was in review of this referral is withdrawn."), "done")
    except NotWithdrawable as error:
        flash(error.detail, "warning")
    return _to(found)


@blueprint.get("/items/<item_id>/withdraw")
@guard.access(Permission.WITHDRAW)
def withdraw_item_page(item_id: str) -> str | Response:
    """Ask once more before an item is withdrawn."""
    item = _own_item(item_id)
    referral = _own_referral(item.referral_id)
    if not drawing.is_withdrawable(item):
        flash(gettext("This item is not in review any more."), "warning")
        return _to(referral.id, item)
    return render_template(
        "sender/withdraw.html",
        referral=referral,
        items=[item],
        address=url_for(".withdraw_item", item_id=item.id),
    )


@blueprint.post("/items/<item_id>/withdraw")
@guard.access(Permission.WITHDRAW)
def withdraw_item(item_id: str) -> Response:
    """Withdraw one item."""
    item = _own_item(item_id)
    try:
        withdrawals.withdraw_item(item.id, actor=guard.actor())
        flash(gettext("The item is withdrawn."), "done")
    except NotWithdrawable as error:
        flash(error.detail, "warning")
    return _to(item.referral_id, item)


@blueprint.get("/referrals/<referral_id>/receipt")
@guard.access(Permission.READ_OWN_REFERRALS)
def receipt(referral_id: str) -> Response:
    """The receipt as a file; back to the referral while no checkpoint covers the event."""
    wanted, item = _id(referral_id, "R"), request.args.get("item")
    item_id = None if item is None else _id(item, "I")
    try:
        found = receipt_of(
            db.session(), sender_id=guard.actor().sender_id, referral_id=wanted, item_id=item_id
        )
    except NotFound:
        raise NotFound from None  # in the very words of an address that leads nowhere
    return receipt_file(found, item_id or wanted, url_for(".page", referral_id=wanted))


def _own_referral(text: str) -> OwnReferral:
    found = referral_queries.own_referral(db.session(), _id(text, "R"), sender_id=guard.actor().sender_id)
    if found is None:
        raise NotFound()
    return found


def _sent(referral: OwnReferral, items: Sequence[OwnItem]) -> SentReferral:
    ids = [item.id for item in items]
    found = sent_of(db.session(), referral.id, ids, sender_id=guard.actor().sender_id)
    if found is None:
        raise NotFound()
    return found


def _own_item(text: str) -> OwnItem:
    found = referral_queries.own_item(db.session(), _id(text, "I"), sender_id=guard.actor().sender_id)
    if found is None:
        raise NotFound()
    return found


def _place(referral: OwnReferral, item_id: str | None) -> tuple[int, int]:
    """The number of the page that the address asks for or that item is on, and how many items precede it."""
    wanted = item_id or request.args.get("item")
    named = [place for place, item in enumerate(referral.items) if item.id == wanted]
    asked = request.args.get("page", "1")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= MOST_PAGES else 1
    if named:
        number = named[0] // ITEMS_A_PAGE + 1
    last = max(1, -(-len(referral.items) // ITEMS_A_PAGE))
    number = min(max(number, 1), last)
    return number, (number - 1) * ITEMS_A_PAGE


def _page_address(referral: OwnReferral, number: int) -> str | None:
    if number < 1 or (number - 1) * ITEMS_A_PAGE >= len(referral.items):
        return None
    return url_for(".page", referral_id=referral.id, page=number, _anchor="items")


def _to(referral_id: str, item: OwnItem | None = None) -> Response:
    if item is None:
        return redirect(url_for(".page", referral_id=referral_id), 303)
    return redirect(url_for(".page", referral_id=referral_id, item=item.id, _anchor=item.id), 303)


def _id(text: str, prefix: str) -> str:
    found = read_id(text, prefix)
    if found is None:
        raise NotFound()
    return found
