"""Every referral of the demonstration alleges something of its own, in one of six languages."""

from collections import Counter

from review.demo import plan, reasons
from review.domain.categories import CATEGORIES


def test_all_reasons_differ_and_all_languages_come_equally_often() -> None:
    texts = [reasons.text_of(number, threat=False) for number in range(plan.ALL)]
    assert len({text.reason for text in texts}) == plan.ALL
    often = Counter(text.language for text in texts)
    assert set(often) == {"en", "de", "fr", "ar", "he", "ru"}
    assert max(often.values()) - min(often.values()) <= 1


def test_every_language_has_a_threat_of_its_own() -> None:
    texts = [reasons.text_of(number, threat=True) for number in range(len(reasons.LANGUAGES))]
    assert len({text.reason for text in texts}) == len(reasons.LANGUAGES)
    assert {text.category for text in texts} == {reasons.VIOLENCE}
    assert reasons.VIOLENCE in CATEGORIES
