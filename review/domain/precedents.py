"""Which earlier decisions are like a case, and which tell most? The rules, without looking anything up.

Pictures: two perceptual hashes of 256 bits (PDQ) that differ in at most 31 bits are of one picture, the
threshold that its makers name. A look-up finds them all: of 16 parts of 16 bits at least one differs in no
more than one bit then (pigeonhole; Norouzi and others, "Multi-index hashing", 2012).
Texts: of each text the 16 words with the smallest digests are kept, as their digests and never as words, so
that the same words are drawn from similar texts (a bottom-k sketch; Broder 1997).
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Final

from review.domain.sampling import Finding
from review.domain.states import Round

MOST_SHOWN: Final = 5
MOST_BITS: Final = 31
"""Bits in which the hashes of near-duplicate pictures may differ."""
HASH_BITS: Final = 256
PART_BITS: Final = 16
MOST_TERMS: Final = 16
LEAST_TERMS: Final = 4
"""Words that are not common among decided cases, below which a text is too short to be like another."""
LEAST_ALIKE: Final = 50
"""Per cent of these words that a similar text has too."""
LONGEST_TEXT: Final = 20_000
"""Characters of a text that are read."""

_WORD = re.compile(r"[^\W\d_]{4,}")
_HASH = re.compile(r"[0-9a-f]{64}")


class Why(StrEnum):
    """Why an earlier decision is shown, the most telling first."""

    LOCATION = "location"
    FILE = "file"
    PICTURE = "picture"
    TEXT = "text"


class Agreement(StrEnum):
    """How many people an earlier decision rests on: one, two who agreed, or two who differed and a third."""

    ONE = "one"
    AGREED = "agreed"
    DIFFERED = "differed"


class Reversal(StrEnum):
    """How an earlier decision is reversed: it did not stand, or another judgement stands against it.

    ``resolved``: its reviews differed, and the third one, by which it was decided, came to the other outcome
    than the first. ``complaint``: it superseded another one after a complaint. ``quality``: a quality review
    found that it should have come out the other way, or under another clause. ``later``: the same location,
    come by the same kind of referral, was judged the other way later. A decision that judges nothing, such as
    of what was removed already, is not the other way of any.
    """

    RESOLVED = "resolved"
    COMPLAINT = "complaint"
    QUALITY = "quality"
    LATER = "later"


FOUND_WRONG: Final = (Finding.FALSE_ACCEPT, Finding.FALSE_DECLINE, Finding.WRONG_CLAUSE)
"""What a quality review finds of a decision that it would have made otherwise; a slip of form is none."""
KEPT_UP: Final = "no_breach"
"""The one reason to decline that is a judgement of the content, and so the other way of accepting."""


@dataclass(frozen=True)
class Candidate:
    """A decided case that is like another. ``measure``: bits that differ, or per cent of words in common."""

    case_id: str
    why: Why
    decided_at: datetime
    measure: int | None = None


def chosen(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """At most five, each case once for its most telling reason: by reason, likeness, then newest first."""
    best: dict[str, Candidate] = {}
    for one in sorted(candidates, key=_rank):
        best.setdefault(one.case_id, one)
    return tuple(best.values())[:MOST_SHOWN]


def _rank(one: Candidate) -> tuple[int, int, float, str]:
    measure = one.measure or 0
    unlike = -measure if one.why is Why.TEXT else measure
    return list(Why).index(one.why), unlike, -one.decided_at.timestamp(), one.case_id


def may_be_shown(why: Why, *, of_round: Round | None) -> bool:
    """Whether a decision that is like a case for this reason may be seen by who judges it in that round.

    A second reviewer sees none at the same location or on the same file: these are duplicates of the case.
    """
    return of_round is not Round.SECOND or why not in (Why.LOCATION, Why.FILE)


def reversals_told(reversals: Iterable[Reversal], *, of_round: Round | None) -> tuple[Reversal, ...]:
    """Those of an earlier decision's reversals that may be told to who judges a case in that round, in order.

    A second reviewer is not told of a later decision: it is of another case, which may be a duplicate of this
    one and judged by its first reviewer. The others are of the earlier decision alone.
    """
    held = set(reversals)
    if of_round is Round.SECOND:
        held.discard(Reversal.LATER)
    return tuple(one for one in Reversal if one in held)


def agreement_of(rounds: Iterable[str]) -> Agreement:
    """What the rounds of the reviews behind a decision say."""
    held = set(rounds)
    if Round.RESOLVING in held:
        return Agreement.DIFFERED
    return Agreement.AGREED if Round.SECOND in held else Agreement.ONE


def terms_of(texts: Iterable[str]) -> tuple[int, ...]:
    """The words of these texts that stand for them, as digests of 63 bits, in ascending order."""
    words: set[str] = set()
    for text in texts:
        words.update(_WORD.findall(unicodedata.normalize("NFKC", text[:LONGEST_TEXT]).casefold()))
    return tuple(sorted(_term(word) for word in words)[:MOST_TERMS])


def _term(word: str) -> int:
    return int.from_bytes(blake2b(word.encode(), digest_size=8).digest()) >> 1


def alike(shared: int, telling: int) -> int | None:
    """Per cent of the telling words of a case that another has too; None where that is not enough."""
    if telling < LEAST_TERMS:
        return None
    per_cent = 100 * shared // telling
    return per_cent if per_cent >= LEAST_ALIKE else None


def is_hash(text: str | None) -> bool:
    """Whether this is a perceptual hash of 256 bits in hex."""
    return text is not None and _HASH.fullmatch(text) is not None


def bits_between(one: str, other: str) -> int:
    """In how many bits two perceptual hashes differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def parts_of(perceptual_hash: str) -> tuple[int, ...]:
    """The 16 parts of a hash as numbers that also say which part they are."""
    words = (int(perceptual_hash[place : place + 4], 16) for place in range(0, 64, 4))
    return tuple(place << PART_BITS | word for place, word in enumerate(words))


def near_parts(perceptual_hash: str) -> Sequence[tuple[int, ...]]:
    """For each part itself and what differs from it in one bit: some hash within 31 bits has one of these."""
    return [(part, *(part ^ 1 << bit for bit in range(PART_BITS))) for part in parts_of(perceptual_hash)]
