"""The version of a draft is that of its words, and a form that is behind knows it."""

import pytest

from review.domain.drafts import NONE, SeenDraft, draft_version

MINE = {"rationale": "mine", "clauses": ["V-1"]}


def test_a_version_is_that_of_the_words_and_not_of_the_window_or_their_order() -> None:
    version = draft_version(MINE)
    assert draft_version({"window": "w1", "clauses": ["V-1"], "rationale": "mine"}) == version
    assert draft_version(MINE | {"rationale": "yours"}) != version
    assert draft_version(None) == NONE != version


@pytest.mark.parametrize(
    ("seen", "stored", "behind"),
    [
        (SeenDraft(NONE), None, False),
        (SeenDraft("0123456789abcdef"), None, False),
        (SeenDraft(NONE), MINE, True),
        (SeenDraft(draft_version(MINE)), MINE, False),
        (SeenDraft(draft_version(MINE), "w1"), MINE | {"window": "w2"}, False),
        (SeenDraft(NONE, "w1"), MINE | {"window": "w1"}, False),
        (SeenDraft(NONE, "w1"), MINE | {"window": "w2"}, True),
        (SeenDraft(NONE, "w1"), MINE, True),
        (SeenDraft(NONE, ""), MINE | {"window": ""}, True),
    ],
)
def test_a_form_is_behind_where_another_window_saved_since(
    seen: SeenDraft, stored: dict[str, object] | None, behind: bool
) -> None:
    assert seen.is_behind(stored) is behind
