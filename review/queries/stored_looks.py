"""Are first looks, and the earlier decisions shown then, what the trail tells? For a set of cases."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.told import Difference, LookTold, differing
from review.models import Account, FirstLook, ShownPrecedent
from review.queries.trail_rows import among, raw, rows_by_name

Stored = Mapping[str, tuple[Mapping[str, Any], tuple[tuple[Any, ...], ...]]]
"""By who looked: the columns of the look, and what was shown."""


def stored_looks(reader: Session, case_ids: Collection[str]) -> dict[str, Stored]:
    """The looks at these cases, by case."""
    shown: dict[tuple[Any, Any], list[tuple[Any, ...]]] = {}
    for row in rows_by_name(reader, _precedents, case_ids):
        case_id, account_id, *one = row.values()
        shown.setdefault((case_id, account_id), []).append(tuple(one))
    found: dict[str, dict[str, tuple[Mapping[str, Any], tuple[tuple[Any, ...], ...]]]] = {}
    for row in rows_by_name(reader, _looks, case_ids):
        several = tuple(shown.get((row["case_id"], row["account_id"]), ()))
        found.setdefault(row["case_id"], {})[str(row["who"])] = (row, several)
    return dict(found)


def _looks(reader: Session) -> sa.Select[Any]:
    columns = raw(
        FirstLook.case_id, FirstLook.account_id, FirstLook.way, FirstLook.claim_generation,
        FirstLook.precedents, FirstLook.looked_at,
    )  # fmt: skip
    who = sa.type_coerce(Account.trail_id, sa.types.NullType()).label("who")
    return (
        sa.select(*columns, who)
        .outerjoin(Account, Account.id == FirstLook.account_id)
        .where(among(reader, FirstLook.case_id))
    )


def _precedents(reader: Session) -> sa.Select[Any]:
    columns = raw(
        ShownPrecedent.case_id, ShownPrecedent.account_id, ShownPrecedent.precedent_id, ShownPrecedent.why,
        ShownPrecedent.measure,
    )  # fmt: skip
    return (
        sa.select(*columns)
        .where(among(reader, ShownPrecedent.case_id))
        .order_by(ShownPrecedent.case_id, ShownPrecedent.account_id, ShownPrecedent.place)
    )


def look_differences(case_id: str, told: Mapping[str, LookTold], stored: Stored) -> Iterator[Difference]:
    """In what the looks at one case are not as the trail tells."""
    owner = f"case {case_id}"
    for who, look in told.items():
        if who not in stored:
            yield Difference("first look", who, owner, "gone", position=look.position)
            continue
        row, shown = stored[who]
        for column, found, wanted in _in_one(look, row, shown):
            yield Difference("first look", who, owner, "changed", column, found, wanted, look.position)
    for who in stored:
        if who not in told:
            yield Difference("first look", who, owner, "surplus")


def _in_one(
    look: LookTold, row: Mapping[str, Any], shown: Sequence[tuple[Any, ...]]
) -> Iterator[tuple[str, object, object]]:
    yield from differing(row, look.columns)
    if look.precedents is not None and tuple(shown) != look.precedents:
        yield "earlier_decisions", str(list(shown)), str(list(look.precedents))
