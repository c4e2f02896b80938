"""What differs between two wordings? Lines side by side, and within a line the words that changed."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal

ALIKE = 0.3
"""Share of words in common from which on two lines are one line that was changed."""
MOST_PAIRS = 2_500
"""Pairs of lines in one block that are weighed against each other; a larger block is paired in order."""
MOST_WORDS = 4_000
"""Words of two lines that are compared one by one; longer lines are marked as a whole."""
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True)
class Part:
    """A piece of a line; ``changed``: the other side does not have it."""

    text: str
    changed: bool


@dataclass(frozen=True)
class Row:
    """A line before and the same line after; a side that has no such line is empty."""

    kind: Literal["same", "changed", "removed", "added"]
    before: tuple[Part, ...] = ()
    after: tuple[Part, ...] = ()


def compare_wordings(before: str, after: str) -> tuple[Row, ...]:
    """The lines of both texts in their order; blank lines, which only part paragraphs, are left out."""
    left, right = _lines(before), _lines(after)
    rows: list[Row] = []
    matcher = SequenceMatcher(None, left, right)
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        if kind == "equal":
            rows += [Row("same", _whole(line), _whole(line)) for line in left[start:end]]
        else:
            rows += _block(left[start:end], right[other_start:other_end])
    return tuple(rows)


def _lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]


def _whole(line: str, *, changed: bool = False) -> tuple[Part, ...]:
    return (Part(line, changed),)


def _block(left: Sequence[str], right: Sequence[str]) -> Iterator[Row]:
    """Lines that stand for each other: alike ones in one row, the others each in one of its own."""
    for before, after in _pairs(left, right):
        if before is not None and after is not None:
            yield Row("changed", *_compare_words(before, after))
        elif before is not None:
            yield Row("removed", before=_whole(before, changed=True))
        elif after is not None:
            yield Row("added", after=_whole(after, changed=True))


def _pairs(left: Sequence[str], right: Sequence[str]) -> list[tuple[str | None, str | None]]:
    """Each line once, in order, beside the line that it became; the pairing with most words in common."""
    if len(left) * len(right) > MOST_PAIRS:
        return list(zip_longest(left, right))
    counted, others = [_counted(line) for line in left], [_counted(line) for line in right]
    likeness = [[_likeness(one, other) for other in others] for one in counted]
    best = _best_sums(likeness, len(left), len(right))
    pairs: list[tuple[str | None, str | None]] = []
    row = column = 0
    while row < len(left) or column < len(right):
        here = best[row][column]
        if row < len(left) and best[row + 1][column] == here:
            pairs.append((left[row], None))
            row += 1
        elif column < len(right) and best[row][column + 1] == here:
            pairs.append((None, right[column]))
            column += 1
        else:
            pairs.append((left[row], right[column]))
            row, column = row + 1, column + 1
    return pairs


def _best_sums(likeness: list[list[float]], rows: int, columns: int) -> list[list[float]]:
    """For each place in both lists the largest sum of likeness that the lines from there on can reach."""
    best = [[0.0] * (columns + 1) for _row in range(rows + 1)]
    for row in reversed(range(rows)):
        for column in reversed(range(columns)):
            alike = likeness[row][column]
            paired = best[row + 1][column + 1] + alike if alike >= ALIKE else 0.0
            best[row][column] = max(best[row + 1][column], best[row][column + 1], paired)
    return best


def _counted(line: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", line.casefold()))


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """Words in common as a share of the words of both, from 0 to 1."""
    words = one.total() + other.total()
    return 2 * (one & other).total() / words if words else 0.0


def _compare_words(before: str, after: str) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    left, right = _WORDS.findall(before), _WORDS.findall(after)
    if len(left) + len(right) > MOST_WORDS:
        return _whole(before, changed=True), _whole(after, changed=True)
    removed, added = [True] * len(left), [True] * len(right)
    # blanks match everywhere and would tear sentences apart, so only words are looked for
    for block in SequenceMatcher(str.isspace, left, right).get_matching_blocks():
        removed[block.a : block.a + block.size] = [False] * block.size
        added[block.b : block.b + block.size] = [False] * block.size
    return _parts(left, removed), _parts(right, added)


def _parts(words: Sequence[str], changed: list[bool]) -> tuple[Part, ...]:
    """Words in runs of one kind; a blank between two changed words belongs to them."""
    for place in range(1, len(words) - 1):
        if words[place].isspace() and changed[place - 1] and changed[place + 1]:
            changed[place] = True
    parts: list[Part] = []
    for word, marked in zip(words, changed, strict=True):
        if parts and parts[-1].changed is marked:
            parts[-1] = Part(parts[-1].text + word, marked)
        else:
            parts.append(Part(word, marked))
    return tuple(parts)
