"""One's own exposure of today, in numbers and as a chart: for the person alone, compared with nobody."""

from dataclasses import dataclass
from datetime import datetime

from flask import current_app

from review import db
from review.domain.charts import bands, whole_end
from review.domain.wellbeing import Exposure, Limits
from review.queries.exposure import choice_of, exposure_of
from review.queries.own_exposure import STEPS, ShownToday, shown_today
from review.web import guard
from review.web.charts import Chart, mirrored
from review.web.quantities import whole
from review.web.texts import gettext, ngettext
from review.web.words import word_of


@dataclass(frozen=True)
class OwnExposure:
    """What the person's page says of it; ``chart`` is None where nothing was shown."""

    seen: Exposure
    limits: Limits
    shown: ShownToday
    chart: Chart | None


def own_exposure(*, now: datetime) -> OwnExposure:
    """What whoever asks was shown today."""
    reader, account_id = db.session(), guard.actor().account_id or ""
    limits = choice_of(reader, account_id, settings=current_app.config["REVIEW_SETTINGS"]).limits
    shown = shown_today(reader, account_id=account_id, now=now)
    return OwnExposure(exposure_of(reader, account_id, now=now), limits, shown, _chart(shown))


def _chart(shown: ShownToday) -> Chart | None:
    """The pieces by the largest step in which each was shown."""
    totals = {step: shown.high[step] + shown.low[step] for step in STEPS}
    if not any(totals.values()):
        return None
    end = whole_end(max(totals.values()))
    names = {step: word_of(step, "exposure_step") for step in STEPS}
    words = {
        step: gettext(
            "%(count)s, of high severity %(high)s", count=whole(totals[step]), high=whole(shown.high[step])
        )
        for step in STEPS
    }
    return Chart(
        id="shown-today",
        title=gettext("What you were shown today, by step"),
        sentence=ngettext(
            "From %(num)s case, of high severity: %(severe)s.",
            "From %(num)s cases, of high severity: %(severe)s.",
            shown.cases,
            severe=whole(shown.severe_cases),
        ),
        reading=gettext("One bar for each step; a full bar stands for %(top)s.", top=whole(end)),
        drawing=bands(
            [(names[step], words[step], totals[step]) for step in STEPS], end=end, mirrored=mirrored()
        ),
        headings=(gettext("Step"), gettext("High severity"), gettext("Low severity")),
        rows=tuple((names[step], whole(shown.high[step]), whole(shown.low[step])) for step in STEPS),
        notes=(
            gettext(
                "Each piece counts once, in the largest step you saw. Today means the last 16 hours. This is "
                "comfort, not protection: it tells how much you saw, not what it did to you."
            ),
        ),
    )
