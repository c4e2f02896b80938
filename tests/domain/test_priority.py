"""Ranks and targets."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from review.config import Settings
from review.domain.priority import Rank, Terms, due_at, rank_of, why_due

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


def test_a_target_is_explained_by_the_referral_that_set_it() -> None:
    settings = cast("Settings", _Targets())
    plain = Terms(AT, Rank.OTHER, trusted_flagger=False)
    late_threat = Terms(AT + timedelta(hours=71, minutes=30), Rank.THREAT, trusted_flagger=False)
    flagger = Terms(AT + timedelta(hours=1), Rank.OTHER, trusted_flagger=True)
    assert why_due(AT + timedelta(hours=72), [late_threat, plain], settings=settings) == 1
    assert why_due(AT + timedelta(hours=25), [plain, flagger], settings=settings) == 1
    assert (plain.rule, late_threat.rule, flagger.rule) == ("other", "threat", "flagger")
    assert why_due(AT, [], settings=settings) is None
    assert why_due(AT + timedelta(hours=71), [late_threat, plain], settings=settings) == 1, "other settings"
