"""The numbers page: what came, what became of it, how long it took, and what is open now; no names."""

from flask import Blueprint, render_template, request

from review import clock, db
from review.domain.numbers import PERIODS, SEES_SENDERS, Numbers, together, total
from review.domain.permissions import Permission
from review.errors import NotFound
from review.queries.numbers import counted_so_far, numbers_of, open_cases
from review.queries.quality import start_of
from review.queries.reversals import judged_after_complaints
from review.web import guard
from review.web.charts import Chart
from review.web.legal import number_charts, time_charts
from review.web.quantities import percent, whole
from review.web.texts import gettext
from review.web.words import word_of

blueprint = Blueprint("legal_numbers", __name__)


@blueprint.get("/numbers")
@guard.access(Permission.SEE_NUMBERS)
def page() -> str:
    """All charts of 30 or 90 days; what became of which kind of sender only for those who never judge."""
    days, now, reader = _days(), clock.now(), db.session()
    counted = counted_so_far(reader)
    found = numbers_of(reader, now=now, days=days, counted=counted)
    waiting = open_cases(reader, now=now)
    return render_template(
        "legal/numbers.html",
        days=days,
        periods=PERIODS,
        counted=counted,
        entry=whole(counted.progress.next_position),
        late=counted.is_late(now),
        uncounted=whole(counted.progress.waiting),
        totals=_totals(found),
        daily=_of_days(found),
        judged_again=_judged_again(found),
        now_open=(number_charts.age_chart(waiting), number_charts.time_left_chart(waiting)),
        senders=number_charts.sender_chart(found.senders) if guard.actor().role in SEES_SENDERS else None,
    )


def _judged_again(found: Numbers) -> list[tuple[str, str, str, str]]:
    """By first outcome: how many decisions were judged again after complaints, and how many were reversed."""
    first, last = start_of(found.period.first), start_of(found.period.last, days=1)
    return [
        (one.first_outcome, whole(one.judged), whole(one.reversed), percent(one.share_reversed))
        for one in judged_after_complaints(db.session(), since=first, before=last)
    ]


def _days() -> int:
    chosen = request.args.get("days", str(PERIODS[0]))
    if chosen not in map(str, PERIODS):
        raise NotFound()
    return int(chosen)


def _totals(found: Numbers) -> tuple[tuple[str, str], ...]:
    return (
        (whole(total(together(found.received.values()))), gettext("Received")),
        (whole(total(found.accepted)), word_of("accepted", "outcome")),
        (whole(total(found.declined)), word_of("declined", "outcome")),
        (whole(total(found.withdrawn)), word_of("withdrawn", "item")),
    )


def _of_days(found: Numbers) -> tuple[Chart, ...]:
    return (
        number_charts.received_chart(found),
        number_charts.decided_chart(found),
        time_charts.time_chart(found),
        time_charts.target_chart(found),
    )
