"""The lists of domain/categories.py."""

from review.domain.categories import (
    CATEGORIES,
    CATEGORY_LABELS,
    CHILD_SEXUAL_ABUSE,
    HIGH_SEVERITY,
    KEYWORDS,
    severity_of,
)


def test_the_lists_are_as_long_as_those_the_transparency_database_accepts() -> None:
    assert len(CATEGORIES) == 16
    assert len(KEYWORDS) == 69


def test_every_category_has_a_label_of_its_own() -> None:
    assert CATEGORY_LABELS.keys() == CATEGORIES.keys()
    assert len(set(CATEGORY_LABELS.values())) == len(CATEGORIES)


def test_keywords_of_any_category_are_admitted_by_every_category() -> None:
    for keywords in CATEGORIES.values():
        assert {"KEYWORD_OTHER", "KEYWORD_STALKING"} <= keywords
    assert CATEGORIES["STATEMENT_CATEGORY_NOT_SPECIFIED_NOTICE"] == {"KEYWORD_OTHER", "KEYWORD_STALKING"}


def test_a_keyword_that_is_not_for_all_belongs_to_one_category() -> None:
    for keyword in KEYWORDS - {"KEYWORD_OTHER", "KEYWORD_STALKING"}:
        assert sum(keyword in keywords for keywords in CATEGORIES.values()) == 1, keyword


def test_names_the_database_no_longer_takes_are_absent() -> None:
    assert "KEYWORD_DANGEROUS_TOYS" not in KEYWORDS
    assert "STATEMENT_CATEGORY_NOT_SPECIFIED_ORDER" not in CATEGORIES


def test_severity_is_high_for_the_six_grave_categories_only() -> None:
    assert CATEGORIES.keys() > HIGH_SEVERITY
    assert len(HIGH_SEVERITY) == 6
    assert severity_of("STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY") == "high"
    assert severity_of("STATEMENT_CATEGORY_SCAMS_AND_FRAUD") == "low"
    assert severity_of(None) == "low"


def test_child_sexual_abuse_keywords_are_keywords() -> None:
    assert CATEGORIES["STATEMENT_CATEGORY_PROTECTION_OF_MINORS"] > CHILD_SEXUAL_ABUSE
