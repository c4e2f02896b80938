"""How far reviewers agree, for leads and legal: of everybody together, and nothing of one person."""

from flask import Blueprint, render_template

from review import clock, db
from review.domain.doubly_judged import LEAST_PAIRS, Figures, Withheld, figures_of
from review.domain.permissions import Permission, Role
from review.domain.team import LEAST_PEOPLE
from review.queries.agreement import twice_judged
from review.web import guard
from review.web.charts import Chart
from review.web.legal import agreement_charts as charts
from review.web.legal.span_form import span_form, span_of

blueprint = Blueprint("legal_agreement", __name__)

DAYS = 90


@blueprint.get("/agreement")
@guard.access(Permission.SEE_QUALITY)
def page() -> str:
    """First and second reviews of the days in the address; a lead is told only of five people and more."""
    today = clock.now().date()
    form = span_form(last=today, days=DAYS)
    span = span_of(form, last=today, days=DAYS)
    found = twice_judged(db.session(), since=span.since, before=span.before)
    figures = figures_of(found, of_many=guard.actor().role != Role.LEGAL)
    told = None if isinstance(figures, Withheld) else figures
    return render_template(
        "legal/agreement.html",
        form=form,
        span=span,
        why_not=figures.why if isinstance(figures, Withheld) else None,
        least={"cases": LEAST_PAIRS, "people": LEAST_PEOPLE},
        charts=[] if told is None else _charts(told),
        kept_back=0 if told is None else told.kept_back,
        seed=charts.seed_words(),
    )


def _charts(figures: Figures) -> list[Chart]:
    drawn = [charts.outcome_chart(figures), charts.reason_chart(figures)]
    drawn += [charts.kind_chart(figures)] if figures.kinds else []
    drawn += [charts.clause_chart(figures)] if figures.clauses else []
    return drawn
