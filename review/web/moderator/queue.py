"""The queue: what waits in which order, and taking the next case; no content and nothing of a sender."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from werkzeug import Response

from review import clock, db
from review.actions import cases as case_actions
from review.actions.claiming import MOST_CLAIMS, Claim, claim_length, too_many
from review.actions.offering import resolves
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.errors import InvalidInput, ReviewError, TooManyClaims
from review.queries import cases
from review.queries.cases import Place
from review.queries.queue_counts import MOST_COUNTED, queue_counts
from review.queries.queue_news import MOST_NEW, arrived_since
from review.web import guard
from review.web.moderator import narrowed, resting
from review.web.moderator.assign_form import several_form
from review.web.texts import gettext
from review.web.times import duration

LONGEST_PLACE = 400

blueprint = Blueprint("moderator_queue", __name__)


@blueprint.app_context_processor
def undo_of_last_review() -> dict[str, Any]:
    """The button to undo the review just recorded, as `base.html` shows it while its window runs."""
    kept = session.get("undo") if guard.actor().kind == "account" else None
    if not kept:
        return {}
    until = datetime.fromisoformat(kept["until"])
    if until <= clock.now():
        return {}
    address = url_for("moderator_decisions.undo", case_id=kept["case_id"])
    return {"undo": {"case_id": kept["case_id"], "address": address, "hidden": {}, "until": until}}


@blueprint.get("/queue")
@guard.access(Permission.WORK_QUEUE)
def listing() -> str:
    """Cases in queue order, 50 a page, one's own held ones on top of the first."""
    return queue_shown()


def queue_shown(*, error: ReviewError | None = None, reviewer: str = "", ticked: Sequence[str] = ()) -> str:
    """The part of the queue that the address names; ``error``: why what was ticked was not assigned.

    ``reviewer``: the colleague, by pseudonym, and ``ticked``: the cases, by id, of a refused assignment.
    """
    reader, now, account_id = db.session(), clock.now(), guard.actor().account_id
    after, chosen = _read_place(request.args.get("after", "")), narrowed.asked_for()
    held = cases.held_cases(reader, account_id=account_id, now=now)
    may_resolve = resolves(guard.actor())
    page = cases.queue_page(
        reader,
        account_id=account_id,
        now=now,
        after=after,
        resolves=may_resolve,
        narrowed=narrowed.narrowed_by(chosen),
    )
    languages = cases.waiting_languages(reader)
    form = narrowed.form_of(chosen, languages=languages)
    return render_template(
        "moderator/queue.html",
        page=page,
        yours=() if after else held,
        holding=" ".join(cases.claim_mark(case.id, case.claim_generation) for case in held),
        counts=queue_counts(reader, account_id=account_id, now=now, resolves=may_resolve),
        most=MOST_COUNTED,
        spent=session.pop("spent", False) if "spent" in session else False,
        several=several_form(page.rows, reviewer=reviewer, ticked=ticked, error=error),
        several_address=url_for("moderator_assigning.assign_several", **_here(chosen)),
        claim_lasts=duration(claim_length()),
        form=form,
        narrowing=(languages, tuple(sorted(chosen.items()))),
        chosen=chosen,
        conditions=list(narrowed.conditions_of(form, chosen)),
        next_address=_address_after(page.next_place, chosen),
        first_address=narrowed.queue_address(chosen) if after else None,
        news_address=_news_address(now, chosen),
        fresh_address=narrowed.queue_address(chosen),
        now=now,
    )


@blueprint.get("/queue/new")
@guard.access(Permission.WORK_QUEUE)
@guard.unattended
def newly_come() -> dict[str, str]:
    """How many cases came after the moment ``since``, in words; blank for none. The page asks by itself."""
    count = arrived_since(
        db.session(),
        _moment_in(request.args.get("since", "")),
        account_id=guard.actor().account_id,
        now=clock.now(),
        resolves=resolves(guard.actor()),
        narrowed=narrowed.narrowed_by(narrowed.asked_for()),
    )
    told = f"{MOST_NEW}+" if count > MOST_NEW else count
    return {"text": gettext("New since this page was opened: %(count)s", count=told) if count else ""}


def _moment_in(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise InvalidInput("The moment is not readable; open the queue again.")


@blueprint.post("/queue/next")
@guard.access(Permission.WORK_QUEUE)
def take_next() -> Response:
    """Claim the next case and open it; with nothing free, a case that one holds already, else the queue.

    ``holding``, if it is sent, names the claims that the page knew of: a second click on the same page opens
    the case that the first one claimed. What the page was narrowed to comes along, and holds for the cases
    after this one as well. ``severe``: high severity too, though the day's budget is used.
    """
    narrowed.keep(narrowed.asked_for())
    severe = request.form.get("severe") == "1"
    return redirect(address_of_next(request.form.get("holding"), severe=severe), 303)


def address_of_next(holding: str | None = None, *, severe: bool = False) -> str:
    """Claim the next case; its address, or where to go instead, with a message that says why."""
    try:
        known = None if holding is None else frozenset(holding.split())
        chosen = narrowed.kept_narrowed()
        claim = case_actions.claim_next(holding=known, narrowed=chosen, severe=severe, actor=guard.actor())
    except TooManyClaims as error:
        flash(error.detail, "warning")
        return url_for("moderator_queue.listing")
    return address_after(claim)


def address_after(claim: Claim | None) -> str:
    """The address of a case just claimed; without one where to go instead, with a message that says why.

    The page may ask for a break, unless it is a case that somebody is in the middle of.
    """
    if claim is not None:
        resting.remind()
        return url_for("moderator_cases.page", case_id=claim.case_id)
    address, begun = _address_instead()
    if not begun:
        resting.remind()
    return address


def _address_instead() -> tuple[str, bool]:
    """Where to go with nothing to claim, and whether that is a case on which work has begun."""
    if resting.is_day_spent():
        session["spent"] = True
        return url_for("moderator_queue.listing"), False
    held = cases.held_cases(db.session(), account_id=guard.actor().account_id, now=clock.now())
    if len(held) >= MOST_CLAIMS:
        flash(too_many().detail, "warning")
        return url_for("moderator_queue.listing"), False
    if chosen := narrowed.kept():
        flash(gettext("Nothing that fits is waiting; take a condition away."), "warning")
        return narrowed.queue_address(chosen), False
    if held:
        flash(gettext("Nothing else is waiting; this is a case that you hold already."), "warning")
        return url_for("moderator_cases.page", case_id=held[0].id), True
    flash(gettext("Nothing is waiting for you."), "warning")
    return url_for("moderator_queue.listing"), False


def queue_address_here() -> str:
    """The address of the part of the queue that this request names."""
    return url_for("moderator_queue.listing", **_here(narrowed.asked_for()))


def _here(chosen: Mapping[str, str]) -> dict[str, Any]:
    """The query of an address: the conditions of the queue, and the place from which it is shown."""
    after = request.args.get("after")
    return {**chosen, "after": after} if after else dict(chosen)


def _news_address(since: datetime, chosen: Mapping[str, str]) -> str:
    given: dict[str, Any] = {**chosen, "since": since.isoformat()}
    return url_for("moderator_queue.newly_come", **given)


def _address_after(place: Place | None, chosen: Mapping[str, str]) -> str | None:
    if place is None:
        return None
    plain = json.dumps([place.rank, place.due_at.isoformat(), place.opened_at.isoformat(), place.id])
    after = urlsafe_b64encode(plain.encode()).decode().rstrip("=")
    return narrowed.queue_address(chosen, after=after)


def _read_place(text: str) -> Place | None:
    """The place that an address of ours names; raises `InvalidInput` for anything else."""
    if not text:
        return None
    try:
        if len(text) > LONGEST_PLACE:
            raise ValueError("too long")
        rank, due_at, opened_at, case_id = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        place = Place(
            int(rank), datetime.fromisoformat(due_at), datetime.fromisoformat(opened_at), str(case_id)
        )
        if place.due_at.tzinfo is None or place.opened_at.tzinfo is None or abs(place.rank) > 99:
            raise ValueError("not one of ours")
        if read_id(place.id, "C") != place.id:
            raise ValueError("not one of ours")
        place.due_at.astimezone(UTC)
        place.opened_at.astimezone(UTC)
    except (ValueError, TypeError, RecursionError, OverflowError):
        raise InvalidInput("This is not a page of the queue; open the queue from its start.") from None
    return place
