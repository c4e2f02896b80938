"""Pseudonyms: a word for the role and a free place, never an order."""

import re

import pytest

from review.domain.permissions import Role
from review.domain.pseudonyms import new_pseudonym


@pytest.mark.parametrize(
    ("role", "word"),
    [
        (Role.MODERATOR, "Reviewer"),
        (Role.LEAD, "Reviewer"),
        (Role.LEGAL, "Legal"),
        (Role.ADMIN, "Admin"),
        (Role.SENDER, "Sender"),
    ],
)
def test_the_word_follows_the_role(role: Role, word: str) -> None:
    assert re.fullmatch(word + " [A-HJ-NP-Z][1-9]", new_pseudonym(role, taken=()))


def test_names_stay_unique_and_grow_when_the_short_ones_run_out() -> None:
    taken: set[str] = set()
    for _ in range(400):
        name = new_pseudonym(Role.MODERATOR, taken=taken)
        assert name not in taken
        taken.add(name)
    assert any(len(name) == len("Reviewer K77") for name in taken)
