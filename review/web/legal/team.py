"""The team page of leads: numbers of everybody together, from five people up, and nothing of one person.

It stands beside the numbers of the desk, whose charts it shares.
"""

from flask import Blueprint, render_template

from review import clock, db
from review.domain.permissions import Permission
from review.domain.team import LEAST_PEOPLE
from review.queries.numbers import MOST_COUNTED, counted_so_far, open_cases
from review.queries.team import is_shown, team_now
from review.web import guard
from review.web.legal import exposure_chart, signal_chart, team_charts
from review.web.legal.number_charts import time_left_chart
from review.web.quantities import capped, whole
from review.web.texts import gettext
from review.web.words import word_of

blueprint = Blueprint("legal_team", __name__)


@blueprint.get("/team")
@guard.access(Permission.SEE_TEAM)
def page() -> str:
    """Where open cases stand, and what was done in the last 7 and 30 days; with few people only why not."""
    reader, now = db.session(), clock.now()
    if not is_shown(reader):
        return render_template("legal/team.html", team=None, least=LEAST_PEOPLE)
    counted = counted_so_far(reader)
    team, waiting = team_now(reader, now=now, counted=counted), open_cases(reader, now=now)
    exposure = exposure_chart.exposure_now(reader, now=now)
    totals = (
        (capped(team.standing["waiting"], MOST_COUNTED), gettext("Waiting")),
        (capped(waiting.by_time_left["overdue"], MOST_COUNTED), word_of("overdue", "time_left")),
        (capped(team.standing["held"], MOST_COUNTED), gettext("Held")),
    )
    return render_template(
        "legal/team.html",
        team=team,
        least=LEAST_PEOPLE,
        totals=totals,
        charts=(team_charts.standing_chart(team.standing), time_left_chart(waiting)),
        told=any(not one.withheld for one in team.figures),
        shares=team_charts.shares_chart(team.figures) if any(one.has_share for one in team.figures) else None,
        headings=(gettext("What"), *(team_charts.period_words(one.days) for one in team.figures)),
        rows=team_charts.rows_of(team.figures),
        withheld=[team_charts.period_words(one.days) for one in team.figures if one.withheld],
        signals=signal_chart.signal_chart(reader, now=now),
        exposure=exposure_chart.exposure_rows(exposure),
        exposure_headings=exposure_chart.exposure_headings(),
        exposure_withheld=exposure.withheld,
        shown=exposure_chart.exposure_chart(exposure),
        late=counted.is_late(now),
        uncounted=whole(counted.progress.waiting),
    )
