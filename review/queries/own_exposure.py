"""What was a person shown today, in which step and from how many cases? For the person's own page alone."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.media import LADDER, SHARP, Stage
from review.domain.wellbeing import DAY
from review.models import Case, Reveal
from review.queries.exposure import SHOWN, piece_shown

STEPS = (*LADDER, Stage.TEXT)
"""In which a piece was shown at most, pictures first; ``small`` stands for whatever was small or blurred."""


@dataclass(frozen=True)
class ShownToday:
    """Pieces shown today, each in the largest step it was shown in, and the cases that they came from.

    ``high`` and ``low``: by step, of cases of that severity.
    """

    high: Mapping[Stage, int]
    low: Mapping[Stage, int]
    cases: int
    severe_cases: int


def shown_today(reader: Session, *, account_id: str, now: datetime) -> ShownToday:
    """Everything that this person was shown in the last hours of work, under a claim or reading a record."""
    rows = reader.execute(
        sa.select(Reveal.case_id, Case.severity, Reveal.stage, piece_shown().label("piece"))
        .join(Case, Case.id == Reveal.case_id)
        .where(
            Reveal.account_id == account_id,
            Reveal.revealed_at >= now - DAY,
            Reveal.stage.in_(SHOWN),
        )
        .distinct()
    ).all()
    largest: dict[tuple[str, str], Stage] = {}
    for row in rows:
        key, stage = (row.severity, row.piece), _step(row.stage)
        largest[key] = max(largest.get(key, stage), stage, key=STEPS.index)
    counts = Counter((severity, stage) for (severity, _piece), stage in largest.items())
    return ShownToday(
        high={step: counts["high", step] for step in STEPS},
        low={step: counts["low", step] for step in STEPS},
        cases=len({row.case_id for row in rows}),
        severe_cases=len({row.case_id for row in rows if row.severity == "high"}),
    )


def _step(stage: str) -> Stage:
    return Stage(stage) if stage in (*SHARP, Stage.TEXT) else Stage.SMALL
