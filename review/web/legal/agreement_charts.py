"""How far reviewers agree, as charts with intervals and tables: of outcomes, reasons, kinds and clauses."""

from collections.abc import Callable, Sequence

from review.domain.agreement import ALPHA_SEED, Estimate, band_of
from review.domain.charts import bands_with_intervals
from review.domain.doubly_judged import Figures, Share
from review.web.charts import Chart, mirrored
from review.web.legal.charts import known_word
from review.web.quantities import UNKNOWN, decimal, percent, whole
from review.web.texts import gettext
from review.web.words import WORDS, word_of

Words = Callable[[float | None], str]
Line = tuple[str, Estimate, Words]


def outcome_chart(figures: Figures) -> Chart:
    """Accepted or declined: raw, by outcome, and beyond chance."""
    lines: list[Line] = [(gettext("Same outcome"), figures.raw, percent)]
    lines += [
        (
            gettext("Both, where one said: %(outcome)s", outcome=word_of(one.code, "outcome")),
            one.agreement,
            percent,
        )
        for one in figures.outcomes
    ]
    lines += [
        (gettext("Cohen's kappa"), figures.kappa, decimal),
        (gettext("Krippendorff's alpha"), figures.alpha, decimal),
    ]
    notes = [kappa_sentence(figures.kappa)]
    if figures.rounds is not None:
        lines.append((gettext("Alpha with the resolving reviews"), figures.rounds, decimal))
        notes.append(
            gettext(
                "A lead who resolves a difference has seen both reviews, so that the last figure is no"
                " measure of independent judgement."
            )
        )
    return _chart(
        "outcomes",
        gettext("Accepted or declined"),
        lines,
        sentence=gettext(
            "Both reviews had the same outcome in %(share)s of %(cases)s cases; %(interval)s.",
            share=percent(figures.raw.value),
            cases=whole(figures.cases),
            interval=interval_words(figures.raw, percent),
        ),
        notes=tuple(notes),
    )


def reason_chart(figures: Figures) -> Chart:
    """Ground and reason: the same, and for each of them."""
    lines: list[Line] = [
        (gettext("Same ground or reason"), figures.reasons_raw, percent),
        *((_reason_word(one.code), one.agreement, percent) for one in figures.reasons),
        (gettext("Cohen's kappa"), figures.reasons_kappa, decimal),
    ]
    return _chart(
        "reasons",
        gettext("Ground, or reason to decline"),
        lines,
        sentence=gettext(
            "Both named the same ground or reason in %(share)s of the cases; %(interval)s.",
            share=percent(figures.reasons_raw.value),
            interval=interval_words(figures.reasons_raw, percent),
        ),
        notes=(
            gettext(
                "A ground or reason has a bar from five cases up in which somebody named it: how likely both"
                " did, given that one did."
            ),
        ),
    )


def kind_chart(figures: Figures) -> Chart:
    """The same outcome, by intake kind, with kappa in the table."""
    lines: list[Line] = [(known_word(one.code, "intake"), one.agreement, percent) for one in figures.kinds]
    return _chart(
        "kinds",
        gettext("By kind"),
        lines,
        sentence=gettext("How often both reviews had the same outcome, by kind of intake."),
        more=(gettext("Cohen's kappa"), tuple(_kappa_words(one) for one in figures.kinds)),
    )


def clause_chart(figures: Figures) -> Chart:
    """Naming a clause, for each that was named often enough."""
    lines: list[Line] = [(one.code, one.agreement, percent) for one in figures.clauses]
    return _chart(
        "clauses",
        gettext("By clause"),
        lines,
        sentence=gettext("Where one review named a clause, how likely the other named it too."),
    )


def kappa_sentence(kappa: Estimate) -> str:
    """What a kappa amounts to in the words that are in use for it, or why there is none."""
    if kappa.value is None:
        return gettext(
            "Everybody chose the same, so that kappa and alpha are unknown: chance would do as much."
        )
    if kappa.low is None:
        return gettext(
            "No two reviews differ, so that kappa and alpha have no interval that can be computed."
        )
    return gettext(
        "A kappa of %(kappa)s is called %(band)s after Landis and Koch (1977): a way of speaking, no target.",
        kappa=decimal(kappa.value),
        band=word_of(band_of(kappa.value), "band"),
    )


def interval_words(figure: Estimate, words: Words) -> str:
    """``95% interval 79% to 92%``, or that there is none."""
    if figure.low is None or figure.high is None:
        return gettext("no interval can be told")
    return gettext("95%% interval %(low)s to %(high)s", low=words(figure.low), high=words(figure.high))


def ends_words(figure: Estimate, words: Words) -> str:
    """``79% to 92%`` for a cell of a table."""
    if figure.low is None or figure.high is None:
        return UNKNOWN
    return gettext("%(low)s to %(high)s", low=words(figure.low), high=words(figure.high))


def reading_words() -> str:
    """How a chart with intervals is built, for somebody who cannot see it."""
    return gettext(
        "One bar each; the whole line stands for %(top)s. A thin line below a bar is its interval.",
        top=percent(1),
    )


def seed_words() -> str:
    """The seed of alpha's interval as it is written down."""
    return str(ALPHA_SEED)


def _chart(
    name: str,
    title: str,
    lines: Sequence[Line],
    *,
    sentence: str,
    notes: tuple[str, ...] = (),
    more: tuple[str, tuple[str, ...]] | None = None,
) -> Chart:
    entries = [(label, _value_words(figure, words), figure) for label, figure, words in lines]
    further = more[1] if more else ("",) * len(lines)
    return Chart(
        id=name,
        title=title,
        sentence=sentence,
        reading=reading_words(),
        drawing=bands_with_intervals(entries, mirrored=mirrored()),
        headings=(
            gettext("Figure"),
            gettext("Value"),
            gettext("Interval, 95 in 100"),
            gettext("Cases"),
            *((more[0],) if more else ()),
        ),
        rows=tuple(
            (
                label,
                _value_words(figure, words),
                ends_words(figure, words),
                whole(figure.counted),
                *((extra,) if more else ()),
            )
            for (label, figure, words), extra in zip(lines, further, strict=True)
        ),
        notes=notes,
    )


def _value_words(figure: Estimate, words: Words) -> str:
    return gettext("unknown") if figure.value is None else words(figure.value)


def _kappa_words(share: Share) -> str:
    kappa = share.kappa
    if kappa is None or kappa.value is None:
        return gettext("unknown")
    return f"{decimal(kappa.value)} ({ends_words(kappa, decimal)})"


def _reason_word(code: str) -> str:
    return word_of(code, "ground") if code in WORDS["ground"] else known_word(code, "reason")
