"""Reading terms: real ones, and awkward ones."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.domain.clause_text import decode_terms, natural_order, read_clauses
from review.errors import InvalidInput


def numbers(text: str) -> list[str]:
    return [clause.number for clause in read_clauses(text, name="terms").clauses]


def test_all_real_terms_are_read_and_no_word_is_lost(public_data: Path) -> None:
    files = sorted((public_data / "terms").glob("*.md"))
    counts = {}
    for file in files:
        text = decode_terms(file.read_bytes(), file_name=file.name)
        terms = read_clauses(text, name=file.stem)
        assert terms.document.startswith("GitHub ")
        kept = "\n".join(clause.title + "\n" + clause.text for clause in terms.clauses)
        body = text.split("---\n", 2)[2]
        assert set(body.split()) - set(kept.split()) <= {"#", "##"} | {f"{n}." for n in range(1, 12)}
        counts[file.stem] = len(terms.clauses)
    assert counts["acceptable-use-policies"] == 12
    assert counts["appeal-and-reinstatement"] == 4
    assert counts["terrorism-and-violent-extremism"] == 1


def test_real_numbers_are_the_identity(public_data: Path) -> None:
    raw = (public_data / "terms" / "acceptable-use-policies.md").read_bytes()
    terms = read_clauses(decode_terms(raw, file_name="x.md"), name="x")
    assert [clause.number for clause in terms.clauses] == ["introduction", *(str(n) for n in range(1, 12))]
    assert terms.clauses[2].title == "User Safety"


def test_line_ends_and_byte_order_mark_change_nothing(public_data: Path) -> None:
    for file in sorted((public_data / "terms").glob("*.md")):
        raw = file.read_bytes().replace(b"\r\n", b"\n")
        plain = read_clauses(decode_terms(raw, file_name="x"), name="x")
        for other in (raw.replace(b"\n", b"\r\n"), raw.replace(b"\n", b"\r"), b"\xef\xbb\xbf" + raw):
            assert read_clauses(decode_terms(other, file_name="x"), name="x") == plain


def test_headings_in_code_and_comments_are_text() -> None:
    text = "# 1. One\n```md\n# no\n```\n~~~\n# no\n```\n~~~\n<!--\n# no\n-->\n    # no\n# 2. Two\nb\n"
    terms = read_clauses(text, name="terms")
    assert [clause.number for clause in terms.clauses] == ["1", "2"]
    assert "# no" in terms.clauses[0].text


def test_an_unclosed_fence_runs_to_the_end() -> None:
    assert numbers("# 1. One\n```\n# 2. Two\n") == ["1"]


def test_the_top_level_is_the_smallest_used() -> None:
    assert numbers("### 1. A\na\n#### x\n### 2. B\nb") == ["1", "2"]
    assert numbers("# A\na\n## B\nb\n# C\nc") == ["a", "c"]


def test_a_lone_first_heading_is_the_title_of_the_text() -> None:
    terms = read_clauses("# Our terms\nHello.\n## 1. A\na\n## 2. B\nb\n", name="terms")
    assert terms.document == "terms"
    assert [clause.number for clause in terms.clauses] == ["introduction", "1", "2"]
    assert numbers("# Our terms\n## 1. A\na\n## 2. B\nb\n") == ["1", "2"]
    assert numbers("# Our terms\nHello.\n## Only\na\n") == ["our-terms"]


def test_underlined_headings_are_headings_and_rules_are_not() -> None:
    assert numbers("One\n===\na\n\nTwo\n===\nb") == ["one", "two"]
    assert numbers("First\n-----\na\n\n---\n\nSecond\n-----\nb") == ["first", "second"]


@pytest.mark.parametrize(
    ("heading", "number", "title"),
    [
        ("3. Spam", "3", "Spam"),
        ("3) Spam", "3", "Spam"),
        ("3: Spam", "3", "Spam"),
        ("4.2 Spam", "4.2", "Spam"),
        ("4.2. Spam", "4.2", "Spam"),
        ("4.10b – Spam", "4.10b", "Spam"),
        ("§ 3 Spam", "3", "Spam"),
        ("Section 12: Spam", "12", "Spam"),
        ("Article 7", "7", "Article 7"),
        ("**3. Spam**", "3", "Spam"),
        ("[3. Spam](#spam)", "3", "Spam"),
        ("Spam & abuse {#spam}", "spam-abuse", "Spam & abuse"),
        ("Ungültig ÄÖ", "ungültig-äö", "Ungültig ÄÖ"),
        ("18 years and older", "18-years-and-older", "18 years and older"),
        ("2024 update", "2024-update", "2024 update"),
        ("!!!", "clause", "!!!"),
        ("Spam ##", "spam", "Spam"),
        ("C# code", "c-code", "C# code"),
        ("9" * 90 + ". Long", "9" * 75, "9" * 90 + ". Long"),
    ],
)
def test_number_or_slug_and_title(heading: str, number: str, title: str) -> None:
    clause = read_clauses(f"# {heading}\ntext\n", name="terms").clauses[0]
    assert (clause.number, clause.title) == (number, title)


def test_a_number_used_again_stays_distinct() -> None:
    assert numbers("# Same\na\n# Same\nb\n# Same 2\nc\n# Same\nd") == ["same", "same-2", "same-2-2", "same-3"]


def test_a_clause_without_text_is_its_heading() -> None:
    clauses = read_clauses("# 1. No spam.\n# 2. No fraud.\n", name="terms").clauses
    assert [clause.text for clause in clauses] == ["No spam.", "No fraud."]


@pytest.mark.parametrize(
    ("front", "document"),
    [
        ("title: Our Rules", "Our Rules"),
        ("title: 'Our ''good'' Rules'", "Our 'good' Rules"),
        ('title: "Our Rules"', "Our Rules"),
        ("shortTitle: No", "rules"),
        ("title:", "rules"),
    ],
)
def test_the_front_matter_names_the_document(front: str, document: str) -> None:
    terms = read_clauses(f"---\n{front}\n---\n\nNo spam.\n", name="rules")
    assert terms.document == document
    assert len(terms.clauses) == 1
    assert terms.clauses[0].text == "No spam."


def test_front_matter_that_does_not_end_is_text() -> None:
    assert read_clauses("---\ntitle: Never ends\n", name="rules").document == "rules"


@pytest.mark.parametrize("text", ["", "\n \n", "---\ntitle: T\n---\n", "<!-- only a comment -->", "***\n---"])
def test_no_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="holds no text"):
        read_clauses(text, name="terms")


@pytest.mark.parametrize(
    "raw", [b"\xff\xfe1\x00", b"zero\x00byte", "é".encode("latin-1"), b"x" * (4 * 1024 * 1024 + 1)]
)
def test_what_is_no_text_file_is_refused_with_the_remedy(raw: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"terms\.md"):
        decode_terms(raw, file_name="terms.md")


def test_overlong_names_are_refused() -> None:
    with pytest.raises(InvalidInput, match="title"):
        read_clauses("---\ntitle: " + "x" * 201 + "\n---\ntext", name="terms")
    with pytest.raises(InvalidInput, match="heading"):
        read_clauses("# " + "x" * 501 + "\ntext", name="terms")


def test_numbers_sort_as_people_count() -> None:
    wanted = ["introduction", "1", "2", "4.2", "4.2a", "4.10", "10", "spam"]
    mixed = wanted[:]
    random.Random(1).shuffle(mixed)
    assert sorted(mixed, key=natural_order) == wanted


@given(st.text(alphabet="# ab1.\n`~<!->=*[]()_", max_size=200))
def test_any_text_gives_clauses_with_distinct_numbers_or_a_refusal(text: str) -> None:
    try:
        clauses = read_clauses(text, name="terms").clauses
    except InvalidInput:
        return
    found = [clause.number for clause in clauses]
    assert found
    assert len(set(found)) == len(found)
    assert all(0 < len(number) <= 80 and clause.text for number, clause in zip(found, clauses, strict=True))
