"""What quality review found, as a chart with intervals and a table: by stratum, and of the whole span."""

from collections.abc import Sequence

from review.domain.agreement import Estimate
from review.domain.charts import bands_with_intervals
from review.domain.sampling import Stratum, StratumResult, error_rate
from review.queries.quality import Sample
from review.web.charts import Chart, mirrored
from review.web.legal.agreement_charts import ends_words, interval_words, reading_words
from review.web.legal.charts import known_word
from review.web.quantities import percent, whole
from review.web.texts import gettext
from review.web.words import word_of


def stratum_words(stratum: Stratum) -> str:
    """``Accepted, Referral``."""
    return gettext(
        "%(outcome)s, %(kind)s",
        outcome=word_of(stratum.outcome, "outcome"),
        kind=known_word(stratum.intake_kind, "intake"),
    )


def error_chart(results: Sequence[StratumResult]) -> Chart:
    """The share of errors in each stratum, and weighted for the span."""
    every = error_rate(results)
    lines = [(gettext("All, weighted"), every)]
    lines += [(stratum_words(one.share.stratum), one.rate) for one in results]
    entries = [(name, _value_words(rate), rate) for name, rate in lines]
    cells = [
        (name, whole(share_population), whole(judged), whole(errors), words, ends_words(rate, percent))
        for (name, words, rate), (share_population, judged, errors) in zip(
            entries, _counts(results), strict=True
        )
    ]
    return Chart(
        id="errors",
        title=gettext("Errors found"),
        sentence=_sentence(every),
        reading=reading_words(),
        drawing=bands_with_intervals(entries, mirrored=mirrored()),
        headings=(
            gettext("Outcome and kind"),
            gettext("Decided"),
            gettext("Judged"),
            gettext("Errors"),
            gettext("Share of errors"),
            gettext("Interval, 95 in 100"),
        ),
        rows=tuple(cells),
        notes=(
            gettext(
                "Each outcome and kind counts by its weight among all decisions of these days. Intervals"
                " after Wilson, the weighted one with Kish's effective number; they do not cover errors of"
                " whoever judged."
            ),
        ),
    )


def findings_of(sample: Sample) -> tuple[tuple[str, str], ...]:
    """How often each thing was found, with its words."""
    return tuple((word_of(code, "finding"), whole(count)) for code, count in sorted(sample.findings.items()))


def _counts(results: Sequence[StratumResult]) -> list[tuple[int, int, int]]:
    each = [(one.share.population, one.judged, one.errors) for one in results]
    population, judged, errors = (sum(numbers) for numbers in zip(*each, strict=True))
    return [(population, judged, errors), *each]


def _sentence(every: Estimate) -> str:
    if every.value is None:
        return gettext("The share of errors in the whole span is unknown until something of each is judged.")
    return gettext(
        "About %(share)s of the decisions of these days have an error; %(interval)s.",
        share=percent(every.value),
        interval=interval_words(every, percent),
    )


def _value_words(rate: Estimate) -> str:
    return gettext("unknown") if rate.value is None else percent(rate.value)
