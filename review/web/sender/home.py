"""A sender's first page: how its referrals stand, where to go on, and what was refused."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug import Response

from review import clock, db
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.domain.states import ItemStatus
from review.queries import own_figures, own_lists, referrals
from review.queries.senders import sender_name
from review.web import appearance, guard
from review.web.quantities import plus
from review.web.sender.example import example_request
from review.web.sender.narrowing import LONGEST_REFERENCE
from review.web.texts import gettext
from review.web.times import duration

blueprint = Blueprint("sender_home", __name__, url_prefix="/sender")

COUNTED_DAYS = 7
PACE_DAYS = 90
NEWEST = 6


@dataclass(frozen=True)
class Counter:
    """One counter that leads to its list."""

    count: str
    label: str
    address: str


@blueprint.get("")
@guard.access(Permission.READ_OWN_REFERRALS)
def page() -> str:
    """Counters, ways on, our pace, and the newest changes."""
    reader, now, sender_id = db.session(), clock.now(), guard.actor().sender_id
    since = _days_ago(now, COUNTED_DAYS - 1)
    counts = own_figures.own_counts(reader, sender_id=sender_id, since=since)
    pace = own_figures.answer_times(reader, sender_id=sender_id, since=now - timedelta(days=PACE_DAYS))
    seconds = pace.median_seconds
    newest = own_lists.newest_referrals(reader, sender_id=sender_id, limit=NEWEST)
    return render_template(
        "sender/home.html",
        organisation=sender_name(reader, sender_id or ""),
        counters=_counters(counts, since=since),
        whole=counts.whole,
        pace=pace,
        pace_words=None if seconds is None else duration(timedelta(seconds=seconds)),
        referrals=newest.referrals,
        longest_reference=LONGEST_REFERENCE,
        example=example_request(
            request.url_root + "api/v1/referrals", hosts=current_app.config["REVIEW_HOSTS"]
        ),
        now=now,
    )


@blueprint.get("/find")
@guard.access(Permission.READ_OWN_REFERRALS)
def find() -> Response:
    """Open what an own reference or an id of ours names exactly; otherwise list what begins like it."""
    text = request.args.get("q", "").replace("\x00", "").strip()[:LONGEST_REFERENCE]
    if not text:
        return _to(url_for("sender_referrals.listing"))
    reader, sender_id = db.session(), guard.actor().sender_id
    named = own_lists.referral_named(reader, text, sender_id=sender_id)
    if named is None and (referral_id := read_id(text, "R")) is not None:
        own = referrals.own_referral(reader, referral_id, sender_id=sender_id)
        named = None if own is None else own.id
    if named is not None:
        return _to(url_for("sender_referral.page", referral_id=named))
    item_id = read_id(text, "I")
    item = None if item_id is None else referrals.own_item(reader, item_id, sender_id=sender_id)
    if item is not None:
        return _to(url_for("sender_referral.page", referral_id=item.referral_id, item=item.id))
    return _to(url_for("sender_referrals.listing", reference=text))


@blueprint.get("/refused")
@guard.access(Permission.READ_OWN_REFERRALS)
def refused() -> str:
    """What was not taken: items of referrals that stand, and deliveries with refused lines."""
    reader, sender_id = db.session(), guard.actor().sender_id
    return render_template(
        "sender/refused.html",
        entries=own_figures.newest_refused(reader, sender_id=sender_id),
        batches=own_figures.refusing_batches(reader, sender_id=sender_id),
        most=own_figures.SHOWN_REFUSED,
        now=clock.now(),
    )


def _counters(counts: own_figures.OwnCounts, *, since: datetime) -> list[Counter]:
    in_review = url_for("sender_referrals.listing", status=ItemStatus.IN_REVIEW.value)
    waiting = url_for("sender_referrals.listing", status=ItemStatus.WAITING_SENDER.value)
    decided = url_for(
        "sender_referrals.listing",
        status=ItemStatus.DECIDED.value,
        changed_from=since.astimezone(appearance.current().zone).date().isoformat(),
    )
    most = own_figures.MOST_COUNTED
    return [
        Counter(plus(counts.in_review, most), gettext("In review"), in_review),
        Counter(plus(counts.waiting, most), gettext("Waiting for your answer"), waiting),
        Counter(plus(counts.decided, most), gettext("Decided in the last 7 days"), decided),
        Counter(
            plus(counts.refused, most), gettext("Entries refused in the last 7 days"), url_for(".refused")
        ),
    ]


def _days_ago(now: datetime, days: int) -> datetime:
    """The beginning of the day so many days before today, in the reader's zone."""
    zone = appearance.current().zone
    return datetime.combine(now.astimezone(zone).date() - timedelta(days=days), time(), zone)


def _to(address: str) -> Response:
    return redirect(address, 303)
