"""Clauses are read as words: no marks of Markdown, nothing lost, and each named once."""

import pytest

from review.domain.clause_text import read_clauses
from review.domain.clause_words import clause_name, is_clause, plain_words

WRITTEN = """### What we *do not* allow

Content that **praises** a [listed organisation](https://example.org/list), or
__recruits__ for it:

- videos with `logo.png`
* _songs_ and snake_case_names
  1. first ~~of~~ many

> **Note:** 2 * 3 * 4 is 24 and a \\*star\\* stays.

Setext
------

<!-- a remark
over lines -->
```
code
```
---
See <https://example.org> and <b>bold</b> {#anchor}
"""
READ = """What we do not allow

Content that praises a listed organisation, or recruits for it:

• videos with logo.png
• songs and snake_case_names
  1. first ~~of~~ many

Note: 2 * 3 * 4 is 24 and a *star* stays.

Setext

code
See https://example.org and bold"""


def test_a_clause_is_shown_without_its_marks() -> None:
    assert plain_words(WRITTEN) == READ
    assert plain_words("") == ""
    assert plain_words("Plain words, as they are.") == "Plain words, as they are."


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "*" * 5_000, "[" * 5_000, "_a" * 5_000, "`" * 5_000]
)
def test_hostile_text_stays_text_and_takes_no_time(text: str) -> None:
    assert "<script" not in plain_words(text)


@pytest.mark.parametrize(
    ("number", "title", "name"),
    [
        ("4.2", "No threats", "4.2 No threats"),
        ("introduction", "Introduction", "Introduction"),
        ("hateful-conduct", "Hateful conduct", "Hateful conduct"),
        ("hateful-conduct-2", "Hateful conduct", "Hateful conduct"),
        ("4", "", "4"),
    ],
)
def test_a_clause_is_named_once(number: str, title: str, name: str) -> None:
    assert clause_name(number, title) == name


def test_an_introduction_is_no_rule() -> None:
    terms = read_clauses(
        "Welcome, all of you.\n\n# 1. Threats\n\nNone.\n\n# 2. Fraud\n\nNone.\n", name="Terms"
    )
    assert [is_clause(clause.number) for clause in terms.clauses] == [False, True, True]


def test_a_line_that_was_wrapped_in_a_sentence_goes_on() -> None:
    assert (
        plain_words("No praise of\nlisted groups.\nIt is\n• a list")
        == "No praise of listed groups.\nIt is\n• a list"
    )
