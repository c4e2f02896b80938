"""Ready-made texts: what may be one, which one fits, and what of a text is one's own beside them."""

import pytest

from review.domain.decisions import ReviewFacts, ReviewInput, check_review, inserted_snippets
from review.domain.snippets import (
    LONGEST_SNIPPET,
    Snippet,
    fitting,
    own_words,
    read_snippet,
    stands_in,
    tidy_language,
    with_snippet,
)
from review.errors import InvalidInput, InvalidReview

READY = "The content praises a listed organisation. It shows the organisation's branding."


def snippet(kind: str = "rationale", language: str = "en", *, text: str = READY) -> Snippet:
    return Snippet(f"H-{kind}-{language}", kind, language, 1, text)


@pytest.mark.parametrize(
    ("typed", "kept"), [("EN", "en"), ("pt-br", "pt-BR"), ("sr-latn-RS", "sr-Latn-RS"), (" ar ", "ar")]
)
def test_languages_are_kept_in_the_usual_spelling(typed: str, kept: str) -> None:
    assert tidy_language(typed) == kept
    assert read_snippet(typed, "statement", " It breaks our terms.\r\n") == (
        kept,
        "statement",
        "It breaks our terms.",
    )


@pytest.mark.parametrize(
    ("language", "kind", "text", "field"),
    [
        ("", "rationale", READY, "language"),
        ("english please", "rationale", READY, "language"),
        ("e" * 40, "rationale", READY, "language"),
        ("en", "note", READY, "kind"),
        ("en", "rationale", " \n", "text"),
        ("en", "rationale", "x" * (LONGEST_SNIPPET + 1), "text"),
        ("en", "rationale", "bell \x07", "text"),
        ("en", "statement", "As in R-7K3M-9QXD-2FWT.", "text"),
    ],
)
def test_what_cannot_be_a_snippet_names_its_field(language: str, kind: str, text: str, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_snippet(language, kind, text)
    assert [error.pointer for error in refused.value.errors] == [field]


@pytest.mark.parametrize(
    ("language", "found"),
    [("ar", "ar"), ("pt-BR", "pt"), ("PT-pt", "pt"), ("fr", "en"), (None, "en"), ("", "en")],
)
def test_the_case_language_comes_first_then_its_plain_form_then_english(
    language: str | None, found: str
) -> None:
    offered = [snippet(language=tag) for tag in ("ar", "en", "pt")] + [snippet("statement", "fr")]
    chosen = fitting(offered, "rationale", language=language)
    assert chosen is not None
    assert chosen.language == found


def test_without_english_the_first_there_is_is_offered() -> None:
    chosen = fitting([snippet(language="nl"), snippet(language="de")], "rationale", language="fr")
    assert chosen is not None
    assert chosen.language == "de"
    assert fitting([], "rationale", language="fr") is None


def test_a_snippet_is_appended_once() -> None:
    assert with_snippet("", READY) == READY
    once = with_snippet("My own beginning. \n", READY)
    assert once == f"My own beginning.\n\n{READY}"
    assert with_snippet(once, READY) == once
    assert with_snippet(READY.replace(" ", "\n"), READY) == READY.replace(" ", "\n")


@pytest.mark.parametrize(
    ("text", "own"),
    [
        (READY, ""),
        (f"{READY}\n\n{READY}", ""),
        (f"  {READY.replace(' ', '  ')} Mine.", "Mine."),
        (READY.replace("praises", "really praises"), "really"),
        (READY.replace("listed", "banned"), "banned"),
        (READY.replace(". It", " and it").replace("listed", "banned"), "banned and"),
        ("the organisation's branding.", ""),
        ("A listed organisation the content praises; branding shows it.", ""),
        ("The content. Praises a listed. Organisation.", ""),
        ("It praises the listed group Foo by its name.", "It praises the listed group Foo by its name."),
        (f"{READY} At 0:12 it shows their flag.", "At 0:12 it shows their flag."),
        (READY.replace("praises", "prai\u200bses"), ""),
        ("The caption asks readers to join.", "The caption asks readers to join."),
    ],
)
def test_own_words_are_what_is_left_without_the_sentences_of_snippets(text: str, own: str) -> None:
    assert own_words(text, [READY]) == own


def test_a_sentence_with_a_word_changed_is_nobodys_own_where_no_space_parts_the_words() -> None:
    assert (
        own_words("この動画は名指しで組織を称賛している。", ["この動画は名指しで団体を称賛している。"])
        == "組 織"
    )


def test_a_short_sentence_of_a_snippet_is_not_taken_out_of_longer_words() -> None:
    assert own_words("No. This is Casino.", ["no. It praises a listed organisation."]) == "This is Casino."


def _facts(*snippets: Snippet) -> ReviewFacts:
    return ReviewFacts("referral", {"W-1"}, (), snippets=snippets)


def _accept(rationale: str, *, snippets: tuple[str, ...] = ()) -> ReviewInput:
    return ReviewInput(
        "accepted", ground="terms", clauses=("W-1",), visibility="removed", rationale=rationale,
        statement="It breaks our terms.", snippets=snippets,
    )  # fmt: skip


@pytest.mark.parametrize("rationale", [READY, f"{READY} So it is.", READY.replace(" ", "\n\n")])
def test_an_accept_with_the_ready_made_text_alone_is_refused(rationale: str) -> None:
    with pytest.raises(InvalidReview) as refused:
        check_review(_accept(rationale), facts=_facts(snippet()))
    (error,) = refused.value.errors
    assert (error.pointer, error.code) == ("rationale", "too_short")
    assert "beside the ready-made text" in error.detail


def test_one_sentence_of_ones_own_is_enough_and_a_decline_needs_none() -> None:
    check_review(_accept(f"{READY} The caption asks readers to join."), facts=_facts(snippet()))
    declined = ReviewInput("declined", decline_reason="not_found", rationale="Gone.")
    check_review(declined, facts=_facts(snippet()))


def test_what_was_inserted_is_what_the_form_says_and_what_stands_there() -> None:
    changed, standing, other = (
        snippet(),
        snippet("statement", text="It breaks our terms."),
        snippet("statement", "ar"),
    )
    review = _accept("Something else altogether.", snippets=(changed.version_id, "H-UNKNOWN"))
    assert inserted_snippets(review, (changed, standing, other)) == (
        changed.version_id,
        standing.version_id,
    )
    assert stands_in("It  breaks\nour terms.", standing.text)
