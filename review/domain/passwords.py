"""Is a password good enough, and does it match? Argon2id, long and unusual rather than composed.

Length 15 to 256, nothing about kinds of characters (NIST SP 800-63B-4, 3.1.1.2; OWASP ASVS 5.0, 6.2). What
lists of leaked passwords hold at this length is repetition, runs of keys, the address itself, and a common
word with figures around it, so rules take the place of a list here.
"""

import itertools
import re
import secrets
import threading

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from review.errors import FieldError, InvalidInput

LEAST = 15
MOST = 256
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ROWS = (
    "1234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertz",
    "azertyuiop",
    "abcdefghijklmnopqrstuvwxyz",
)
_RUN = 4
_READ_AS = str.maketrans("@013457$", "aoleasts")
_COMMON = frozenset(
    re.findall(
        r"\w+",
        """
        password passwort passwd secret geheim welcome willkommen letmein login changeme admin administrator
        root user test testing default qwerty iloveyou trustno monkey dragon sunshine princess football
        baseball superman batman master shadow michael jordan hello freedom whatever starwars computer
        internet summer winter spring autumn moderator reviewer referral review
        """,
    )
)
_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_turns = threading.BoundedSemaphore(4)
"""At most four hashes of 19 MiB at once in one process, however many people sign in."""


def hash_password(password: str) -> str:
    """The argon2id hash to keep (19 MiB, two passes, one lane: OWASP's profile)."""
    with _turns:
        return _HASHER.hash(password)


NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$cIPx+fnUtOSLPurgC4O5ZQ$qJgv/V862FxOBkHkKFupyrnUN4oCGuY7qvL/ceu3GC0"
"""What a password is compared with where there is no account: of 32 random bytes, and it takes as long."""


def password_matches(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one behind the hash; as slow for no hash at all as for a wrong password."""
    fits = len(password) <= MOST and password_hash is not None
    with _turns:
        try:
            return (
                _HASHER.verify(password_hash if fits and password_hash else NOBODY, password[:MOST]) and fits
            )
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return False


def one_time_password() -> str:
    """A first password of 100 random bits, readable over the telephone."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _place in range(4)) for _group in range(5))


def check_password(password: str, *, email: str) -> None:
    """Raise `InvalidInput` with the remedy unless the password may be set for this e-mail address."""
    problem = _problem(password, email=email)
    if problem is not None:
        code, sentence = problem
        raise InvalidInput(sentence, errors=[FieldError("/password", code, sentence)])


def _problem(password: str, *, email: str) -> tuple[str, str] | None:
    """Code and remedy of the first rule that is broken."""
    if len(password) < LEAST:
        return "too_short", f"Use at least {LEAST} characters; a few unusual words are easy to remember."
    if len(password) > MOST:
        return "too_long", f"Use at most {MOST} characters."
    typed = password.casefold()
    name = email.casefold().partition("@")[0]
    broken = (
        (not password.isprintable(), "not_printable", "Use letters, figures, signs and spaces only."),
        (
            _left_over(typed, (email.casefold(), name)) < LEAST // 2,
            "like_email",
            "Do not build the password from the e-mail address.",
        ),
        (_is_repetition(typed), "repetition", "Do not repeat the same few characters; use unusual words."),
        (_is_run(typed), "key_run", "Do not follow rows of keys or the alphabet; use unusual words."),
        (_is_common(typed), "common", "This password is too common; use unusual words."),
    )
    return next(((code, sentence) for is_broken, code, sentence in broken if is_broken), None)


def _left_over(typed: str, parts: tuple[str, ...]) -> int:
    """How many characters remain when all these parts are taken out."""
    for part in parts:
        if len(part) > 2:
            typed = typed.replace(part, "")
    return len(typed)


def _is_repetition(typed: str) -> bool:
    """Few different characters, or one short piece over and over."""
    if len(set(typed)) < 5:
        return True
    return any(
        all(place == typed[index % width] for index, place in enumerate(typed))
        for width in range(1, len(typed) // 2 + 1)
    )


def _is_run(typed: str) -> bool:
    """Whether nearly all of it follows rows of keys or the alphabet, in either direction."""
    rows = [row + row for row in _ROWS]
    rows += [row[::-1] for row in rows]
    pieces = ["".join(piece) for piece in zip(*(typed[start:] for start in range(_RUN)), strict=False)]
    in_rows = [any(piece in row for row in rows) for piece in pieces]
    covered = [any(in_rows[max(0, place - _RUN + 1) : place + 1]) for place in range(len(typed))]
    return len(typed) - sum(covered) < 5


def _is_common(typed: str) -> bool:
    """Whether, signs and figures around it aside, it is nothing but common words one after the other."""
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", typed)
    read = core.translate(_READ_AS)
    return any(_is_made_of_common(re.sub(r"[\W\d_]", "", found)) for found in (core, read))


def _is_made_of_common(letters: str) -> bool:
    """Whether the letters are common words without a rest; no letters at all count as such."""
    reachable = {0}
    for end, start in itertools.product(range(1, len(letters) + 1), range(len(letters))):
        if start < end and start in reachable and letters[start:end] in _COMMON:
            reachable.add(end)
    return len(letters) in reachable
