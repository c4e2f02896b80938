"""Ranks and targets."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from review.config import Settings
from review.domain.priority import Rank, due_at, rank_of

AT = datetime(2026, 11, 23, 10, tzinfo=UTC)


@dataclass
class _Targets:
    target_seconds: int = 259_200
    target_flagger_seconds: int = 86_400
    target_threat_seconds: int = 3_600


@pytest.mark.parametrize(
    ("intake_kind", "urgency", "rank"),
    [
        ("referral", "normal", Rank.OTHER),
        ("notice", "normal", Rank.OTHER),
        ("referral", "threat_to_life", Rank.THREAT),
        ("removal_order", "normal", Rank.ORDER),
        ("removal_order", "threat_to_life", Rank.THREAT),
    ],
)
def test_threats_come_before_orders_before_the_rest(intake_kind: str, urgency: str, rank: Rank) -> None:
    assert rank_of(intake_kind=intake_kind, urgency=urgency) is rank


@pytest.mark.parametrize(
    ("rank", "flagger", "hours"),
    [(Rank.THREAT, False, 1), (Rank.ORDER, True, 1), (Rank.OTHER, True, 24), (Rank.OTHER, False, 72)],
)
def test_each_rank_has_its_target(rank: Rank, flagger: bool, hours: int) -> None:
    settings = cast(Settings, _Targets())
    assert due_at(AT, rank=rank, trusted_flagger=flagger, settings=settings) - AT == timedelta(hours=hours)
