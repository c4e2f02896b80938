"""What was accepted of whose items, as charts with intervals and tables: by sender, authority and country."""

from collections.abc import Sequence

from review.domain.acceptance import Acceptance, Answered, grouped
from review.domain.charts import bands_with_intervals
from review.domain.display import visible
from review.web.charts import Chart, mirrored
from review.web.legal.agreement_charts import ends_words, reading_words
from review.web.quantities import percent, whole
from review.web.texts import gettext

MOST_SHOWN = 50
LONGEST_NAME = 48


def acceptance_charts(rows: Sequence[Answered]) -> tuple[Chart, ...]:
    """One chart each by sender, by authority and by country."""
    return (
        _chart(
            "by-sender", gettext("By sender"), gettext("Sender"),
            grouped(rows, lambda row: (row.sender_id, row.sender)),
        ),
        _chart(
            "by-authority", gettext("By issuing authority"), gettext("Authority, as named"),
            grouped(rows, lambda row: (row.authority.casefold().strip(), row.authority.strip())),
        ),
        _chart(
            "by-country", gettext("By country"), gettext("Country"),
            grouped(rows, lambda row: (row.country, row.country)),
        ),
    )  # fmt: skip


def _chart(name: str, title: str, heading: str, groups: Sequence[Acceptance]) -> Chart:
    """Of more than 50 groups those with most items, for nobody reads more; still in the order of names."""
    largest = sorted(groups, key=lambda one: -one.answered)[:MOST_SHOWN]
    shown = [one for one in groups if one in largest]
    names = [_name(one) for one in shown]
    notes = (gettext("Only the %(count)s with most items are shown.", count=MOST_SHOWN),)
    return Chart(
        id=name,
        title=title,
        sentence=gettext("The share of answered items that were accepted."),
        reading=reading_words(),
        drawing=bands_with_intervals(
            [
                (_cut(name), percent(one.share.value), one.share)
                for name, one in zip(names, shown, strict=True)
            ],
            mirrored=mirrored(),
        ),
        headings=(
            heading,
            gettext("Answered"),
            gettext("Accepted"),
            gettext("Share accepted"),
            gettext("Interval, 95 in 100"),
            gettext("Accepted of judged"),
            gettext("Its interval"),
        ),
        rows=tuple(
            (
                name,
                whole(one.answered),
                whole(one.accepted),
                percent(one.share.value),
                ends_words(one.share, percent),
                percent(one.precision.value),
                ends_words(one.precision, percent),
            )
            for name, one in zip(names, shown, strict=True)
        ),
        notes=notes if len(groups) > MOST_SHOWN else (),
    )


def _name(group: Acceptance) -> str:
    return visible(group.name) or gettext("Not stated")


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
