"""What does the trail tell of the objects of one case, and in what do their rows differ from it?"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.states import ItemStatus
from review.domain.told import CaseTold, Difference, Told, case_told, read_told
from review.domain.told_complaints import ComplaintTold, complaints_told
from review.domain.trail_check import name_of, problem_of
from review.models import EmailedReferral, Leaf, Opening, PendingEvent
from review.queries.erased import Erased
from review.queries.stored_cases import compare_cases, compare_items, in_sets
from review.queries.stored_emailed import compare_emailed
from review.queries.stored_evidence import OF_CAPTURES, compare_captures
from review.queries.stored_referrals import compare_referrals
from review.queries.stored_rows import OF_CASES, OF_EMAILS, OF_ITEMS, OF_REFERRALS
from review.queries.trail_rows import event_columns, event_of, raw


@dataclass(frozen=True)
class ToldRecord:
    """What the trail tells of a case with its items and referrals, and where that is not what is stored.

    ``broken`` are sentences about entries that were changed themselves: what they tell is not relied on.
    """

    case: CaseTold
    complaints: dict[str, ComplaintTold]
    answers: dict[str, list[Told]]
    referrals: dict[str, Told]
    differences: tuple[Difference, ...] = ()
    broken: tuple[str, ...] = ()
    _by_row: dict[tuple[str, str], list[Difference]] = field(default_factory=dict)

    def of(self, noun: str, row_id: str) -> list[Difference]:
        """The differences of one row."""
        return self._by_row.get((noun, row_id), [])

    def truth(self, noun: str, row_id: str, column: str, stored: Any) -> Any:
        """The stored value, or the one that the trail tells where they differ."""
        for difference in self.of(noun, row_id):
            if difference.column == column and difference.way == "changed":
                return difference.told
        return stored


def told_record(reader: Session, case_id: str, *, items_stored: Mapping[str, tuple[str, Any]]) -> ToldRecord:
    """Read the events on a case and its items, check each by its fingerprint, compare the rows with them.

    ``items_stored``: referral and status of each item by its id.
    """
    broken: list[str] = []
    item_ids, referral_ids = list(items_stored), sorted({of for of, _status in items_stored.values()})
    cases = chains_of(reader, "case", OF_CASES, [case_id], broken)
    items = chains_of(reader, "item", OF_ITEMS, item_ids, broken)
    referrals = chains_of(reader, "referral", OF_REFERRALS, referral_ids, broken)
    emails = chains_of(reader, "email", OF_EMAILS, emails_of(reader, referral_ids), broken)
    captures = chains_of(reader, "case", OF_CAPTURES, [case_id], broken)
    cases.setdefault(case_id, [])
    found: list[Difference] = []
    comparisons: tuple[Callable[[], Iterable[Difference]], ...] = (
        lambda: compare_cases(reader, cases),
        lambda: compare_items(reader, {item_id: items.get(item_id, []) for item_id in item_ids}),
        lambda: compare_referrals(
            reader,
            {referral_id: referrals.get(referral_id, []) for referral_id in referral_ids},
            evidence=None,
        ),
        lambda: compare_emailed(reader, emails),
        lambda: compare_captures(reader, captures),
    )
    for compare in comparisons:
        try:
            found += compare()
        except (LookupError, ValueError, TypeError, AttributeError, RecursionError):
            broken.append("An event of the trail cannot be compared with the ordinary tables.")
    found += ended_by_nothing(items_stored, items, referrals)
    found = [one for one in found if _is_here(one, case_id, items_stored)]
    by_row: dict[tuple[str, str], list[Difference]] = {}
    for difference in found:
        by_row.setdefault((difference.noun, difference.id), []).append(difference)
    return ToldRecord(
        case=case_told(cases[case_id]),
        complaints=complaints_told(cases[case_id]),
        answers={key: [event for event in chain if "answer" in event.fields] for key, chain in items.items()},
        referrals={key: chain[0] for key, chain in referrals.items() if chain},
        differences=tuple(found),
        broken=tuple(dict.fromkeys(broken)),
        _by_row=by_row,
    )


def emails_of(reader: Session, referral_ids: Sequence[str]) -> list[str]:
    """The messages that became these referrals."""
    found: list[str] = []
    for some in in_sets(referral_ids):
        made = sa.select(EmailedReferral.id).where(EmailedReferral.referral_id.in_(some))
        found += reader.scalars(made)
    return found


def ended_by_nothing(
    items_stored: Mapping[str, tuple[str, Any]],
    items: Mapping[str, Sequence[Told]],
    referrals: Mapping[str, Sequence[Told]],
) -> Iterator[Difference]:
    """Items that are not in review any more, although no event ended them."""
    for item_id, (referral_id, status) in items_stored.items():
        withdrawn = any(
            item_id in event.value("items", [])
            for event in referrals.get(referral_id, ())
            if event.event_type == "referral.withdrawn"
        )
        if status != ItemStatus.IN_REVIEW.value and not withdrawn and item_id not in items:
            told = ItemStatus.IN_REVIEW.value
            yield Difference("item", item_id, "", "changed", "status", status, told)


def _is_here(difference: Difference, case_id: str, items_stored: Mapping[str, object]) -> bool:
    """Whether a difference is about this case; a referral may have items in others."""
    if difference.noun != "item" or difference.id in items_stored:
        return True
    return case_id in (difference.stored, difference.told)


def chains_of(
    reader: Session, kind: str, types: frozenset[str], ids: Sequence[str], broken: list[str]
) -> dict[str, list[Told]]:
    """The events of these types on these objects; sentences on entries that were changed go to ``broken``."""
    chains: dict[str, list[Told]] = {}
    erased = Erased(reader)
    for some in in_sets(ids):
        for row in _events(reader, kind, types, some):
            event = event_of(row)
            leaf = row.leaf_hash if row.leaf_hash is not None else row.pending_hash
            reason = problem_of(event, leaf=leaf, erased=erased.fields_of)
            told = None if reason else read_told(row.envelope, row.fields, row.position)
            if told is None:
                entry = "An entry without position" if row.position is None else f"Entry {row.position}"
                broken.append(f"{entry} ({name_of(event)}) {reason}.")
            else:
                chains.setdefault(row.object_id, []).append(told)
    return chains


def _events(reader: Session, kind: str, types: frozenset[str], ids: Sequence[str]) -> sa.Result[Any]:
    statement: sa.Select[Any] = (
        sa.select(
            *event_columns(reader),
            *raw(Leaf.position, Leaf.leaf_hash),
            sa.type_coerce(PendingEvent.leaf_hash, sa.types.NullType()).label("pending_hash"),
        )
        .outerjoin(Leaf, Leaf.eid == Opening.eid)
        .outerjoin(PendingEvent, PendingEvent.eid == Opening.eid)
        .where(Opening.object_kind == kind, Opening.object_id.in_(ids), Opening.event_type.in_(sorted(types)))
        .order_by(Opening.object_id, Opening.object_version)
    )
    return reader.execute(statement)
