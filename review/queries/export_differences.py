"""In what do the stored rows of exported cases differ from the trail? As the record of each case says it.

Some hundred cases are compared together, by the comparisons of the record page. Only those that this leaves
in doubt are compared once more, one by one, by the function of the record page itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from review.domain.told import Difference
from review.models import Item
from review.queries.plain_cases import UNCLEAR
from review.queries.record_told import chains_of, emails_of, ended_by_nothing, told_record
from review.queries.stored_cases import in_sets
from review.queries.stored_rows import comparisons
from review.queries.trail_rows import is_unreadable, raw

MOST_SENTENCES = 50
"""Of one record: each of its rows in the file repeats them."""
UNREADABLE = "A stored row of this case cannot be read as text."

Items = Mapping[str, tuple[str, Any]]
"""Referral and status of each item by its id."""


def case_differences(reader: Session, case_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """In what each of these cases differs, of those that do: at most `MOST_SENTENCES` and one that more are.

    What is read must come from one moment, or what is done meanwhile looks as if done behind the program.
    """
    found: dict[str, tuple[str, ...]] = {}
    for some in in_sets(case_ids):
        items = _items(reader, some)
        for case_id in _in_doubt(reader, items):
            if sentences := _sentences(reader, case_id, items[case_id]):
                found[case_id] = sentences
    return found


def _items(reader: Session, case_ids: Sequence[str]) -> dict[str, dict[str, tuple[str, Any]]]:
    found: dict[str, dict[str, tuple[str, Any]]] = {case_id: {} for case_id in case_ids}
    columns = raw(Item.id, Item.case_id, Item.referral_id, Item.status)
    of_these = sa.select(*columns).where(Item.case_id.in_(case_ids))
    for row in reader.execute(of_these.order_by(Item.joined_at, Item.id)):
        found[row.case_id][row.id] = (row.referral_id, row.status)
    return found


def _sentences(reader: Session, case_id: str, items: Items) -> tuple[str, ...]:
    try:
        told = told_record(reader, case_id, items_stored=items)
    except DBAPIError as error:
        if not is_unreadable(error):
            raise
        return (UNREADABLE,)
    said = (*told.broken, *(difference.sentence for difference in told.differences))
    if len(said) <= MOST_SENTENCES:
        return said
    more = f"And {len(said) - MOST_SENTENCES} more; the record of the case shows them."
    return (*said[:MOST_SENTENCES], more)


def _in_doubt(reader: Session, items: Mapping[str, Items]) -> list[str]:
    """Those of these cases that a difference may be about; all where it cannot be said which."""
    cases_of: dict[str, set[str]] = {}
    for case_id, of_case in items.items():
        for one in (case_id, *of_case, *(referral_id for referral_id, _status in of_case.values())):
            cases_of.setdefault(one, set()).add(case_id)
    doubtful: set[str] = set()
    try:
        for difference in _differences(reader, items):
            about = {case_id for name in _named(difference) for case_id in cases_of.get(name, ())}
            if not about:
                return list(items)
            doubtful |= about
    except UNCLEAR:
        return list(items)
    except DBAPIError as error:
        if not is_unreadable(error):
            raise
        return list(items)
    return [case_id for case_id in items if case_id in doubtful]


def _named(difference: Difference) -> Iterator[str]:
    yield difference.id
    yield difference.owner.rpartition(" ")[2]
    if difference.noun == "item":  # the case that it is in, and the one it belongs to
        yield from (value for value in (difference.stored, difference.told) if isinstance(value, str))


def _differences(reader: Session, items: Mapping[str, Items]) -> Iterator[Difference]:
    """As the record page compares one case. Raises `LookupError` where entries were changed themselves."""
    stored = {item_id: one for of_case in items.values() for item_id, one in of_case.items()}
    referral_ids = sorted({referral_id for referral_id, _status in stored.values()})
    ids: dict[str, Sequence[str]] = {
        "case": list(items),
        "item": list(stored),
        "referral": referral_ids,
        "email": emails_of(reader, referral_ids),
    }
    broken: list[str] = []
    told: dict[str, dict[str, Any]] = {}
    for kind, types, compare in comparisons(None):
        if kind not in ids:
            continue
        chains = chains_of(reader, kind, frozenset(types), ids[kind], broken)
        if broken:
            raise LookupError("An entry was changed itself.")
        told.setdefault(kind, chains)
        if kind != "email":  # a row of which no event tells differs, but of a message that is none
            chains = {one: [] for one in ids[kind]} | chains
        yield from compare(reader, chains)
    yield from ended_by_nothing(stored, told["item"], told["referral"])
