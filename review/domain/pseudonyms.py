"""By which name do colleagues know a person? A word for the role, a letter and a number, drawn at random."""

import secrets
from collections.abc import Collection

from review.domain.permissions import Role

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_WORDS = {
    Role.MODERATOR: "Reviewer",
    Role.LEAD: "Reviewer",
    Role.LEGAL: "Legal",
    Role.ADMIN: "Admin",
    Role.SENDER: "Sender",
}
STAFF_WORDS = frozenset(word for role, word in _WORDS.items() if role is not Role.SENDER)
"""The words with which pseudonyms of people of the desk begin."""


def new_pseudonym(role: Role, *, taken: Collection[str]) -> str:
    """A free name such as ``Reviewer K7``; more figures once half of the shorter names are taken.

    Drawn at random, so that it tells neither who came first nor how many there are. A lead is called like a
    moderator: the name says nothing of rank.
    """
    word = _WORDS[role]
    figures = 1
    while True:
        names = [
            f"{word} {letter}{number}"
            for letter in _LETTERS
            for number in range(10 ** (figures - 1) + (figures == 1), 10**figures)
        ]
        free = [name for name in names if name not in taken]
        if len(free) * 2 > len(names):
            return secrets.choice(free)
        figures += 1
