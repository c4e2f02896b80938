"""Do the ordinary rows still say what the trail says? All of them, set by set, in bounded memory.

The events of each kind of object are read in the order of the objects, some hundred objects are compared
with a handful of queries, and at last come the rows that no event tells of.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from review.domain.states import MOVES
from review.domain.told import STATE_AFTER, Difference, Told, read_told
from review.models import (
    Answer,
    Case,
    ChosenSetting,
    Complaint,
    Decision,
    Delivery,
    EmailedReferral,
    Endpoint,
    Evidence,
    FirstLook,
    Item,
    LegalHold,
    Note,
    Opening,
    QualitySample,
    Question,
    Referral,
    Restriction,
    Review,
    ShownPrecedent,
    Snippet,
)
from review.models.base import Base
from review.models.kinds import type_of_object
from review.queries.stored_cases import SET, Chains, compare_cases, compare_items, told_events
from review.queries.stored_clauses import compare_clauses, compare_senders
from review.queries.stored_emailed import compare_emailed
from review.queries.stored_evidence import OF_CAPTURES, compare_captures
from review.queries.stored_messages import (
    OF_DELIVERIES,
    OF_ENDPOINTS,
    OF_RESTRICTIONS,
    body_problems,
    compare_deliveries,
    compare_endpoints,
    compare_restrictions,
)
from review.queries.stored_office import (
    OF_ACCOUNTS,
    OF_HOLDS,
    OF_KEYS,
    OF_SETTINGS,
    compare_accounts,
    compare_holds,
    compare_keys,
    compare_settings,
)
from review.queries.stored_quality import compare_samples
from review.queries.stored_referrals import Evidence as Reading
from review.queries.stored_referrals import compare_referrals
from review.queries.stored_snippets import compare_snippets
from review.queries.trail_rows import Problem, is_unreadable, raw, stream

LARGEST_SET = 4 * 1024 * 1024
"""Characters of openings after which a set is compared although it holds fewer objects."""
REST = (
    "The entries of the trail are judged apart; the ordinary tables were changed behind the program."
    " The record of a case shows what the trail tells."
)
UNKNOWN_REFERRAL = "names no known referral"
OF_CASES = frozenset(
    {
        "case.opened",
        "case.first_look",
        "case.review_recorded",
        "case.review_undone",
        "case.review_dropped",
        MOVES["write_note"].event,
        *STATE_AFTER,
    }
)
OF_ITEMS = frozenset({"item.answered", "item.withdrawn"})
OF_REFERRALS = frozenset({"referral.received", "referral.withdrawn"})
OF_SAMPLES = frozenset({"quality.sampled", "quality.judged"})
OF_EMAILS = frozenset({"email.arrived", "email.confirmed", "email.refused"})

COUNTED = (("referral", ""), ("item", UNKNOWN_REFERRAL))
_Surplus = tuple[str, sa.orm.InstrumentedAttribute[str], str, sa.ColumnElement[bool]]
Compare = Callable[[Session, Chains], Iterator[Difference]]


def row_problem(
    reader: Session, *, evidence: Reading | None, compared: Collection[frozenset[str]] = ()
) -> Problem | None:
    """The first of `row_problems`, or None."""
    return next(row_problems(reader, evidence=evidence, compared=compared), None)


def row_problems(
    reader: Session, *, evidence: Reading | None, compared: Collection[frozenset[str]] = ()
) -> Iterator[Problem]:
    """Each ordinary row that is not what the trail tells, as a problem without a position.

    ``compared`` are types of events, of those of `comparisons`, whose rows were found right already.
    """
    for part in _parts(reader, evidence=evidence, compared=compared):
        try:
            for difference in part:
                about = (difference.id, difference.owner.rpartition(" ")[2])
                table, entry = _table_of(difference.noun), difference.position
                yield Problem(
                    None, difference.sentence, REST, about, entry=entry, table=table, row=difference.id
                )
        except (LookupError, ValueError, TypeError, AttributeError, RecursionError):
            yield Problem(None, "An event of the trail cannot be compared with the ordinary tables.", REST)
        except DBAPIError as error:
            if not is_unreadable(error):
                raise
            yield Problem(None, "A row of the ordinary tables holds text that cannot be read.", REST)


def _table_of(noun: str) -> str:
    found = _TABLES.get(noun) or type_of_object.get(noun) or Opening
    return str(sa.inspect(found).local_table)


_TABLES: dict[str, type[Base]] = {
    "answer": Answer,
    "capture": Evidence,
    "complaint": Complaint,
    "decision": Decision,
    "earlier decision shown": ShownPrecedent,
    "first look": FirstLook,
    "note": Note,
    "question": Question,
    "review": Review,
}
"""Where the rows lie that have no chain of events of their own, by the noun of a difference."""


def comparisons(evidence: Reading | None) -> tuple[tuple[str, Collection[str], Compare], ...]:
    """What is compared, in this order: the kind of object, the types of its events, and how."""

    def referrals(reader: Session, chains: Chains) -> Iterator[Difference]:
        return compare_referrals(reader, chains, evidence=evidence)

    return (
        ("referral", OF_REFERRALS, referrals),
        ("case", OF_CASES, compare_cases),
        ("item", OF_ITEMS, compare_items),
        ("clause", ("clause.published",), compare_clauses),
        ("sender", ("sender.changed", "sender.created"), compare_senders),
        ("email", OF_EMAILS, compare_emailed),
        ("case", OF_CAPTURES, compare_captures),
        ("snippet", ("snippet.changed",), compare_snippets),
        ("sample", OF_SAMPLES, compare_samples),
        ("endpoint", OF_ENDPOINTS, compare_endpoints),
        ("delivery", OF_DELIVERIES, compare_deliveries),
        ("restriction", OF_RESTRICTIONS, compare_restrictions),
        ("hold", OF_HOLDS, compare_holds),
        ("account", OF_ACCOUNTS, compare_accounts),
        ("key", OF_KEYS, compare_keys),
        ("setting", OF_SETTINGS, compare_settings),
    )


def differences(
    reader: Session, *, evidence: Reading | None, compared: Collection[frozenset[str]] = ()
) -> Iterator[Difference]:
    """Everything in which the ordinary rows are not what the trail tells."""
    for part in _parts(reader, evidence=evidence, compared=compared):
        yield from part


def _parts(
    reader: Session, *, evidence: Reading | None, compared: Collection[frozenset[str]]
) -> Iterator[Iterator[Difference]]:
    """The same kind by kind: what stops one comparison need not stop the next."""
    for kind, types, compare in comparisons(evidence):
        if types not in compared:
            yield _compared(reader, kind, types, compare)
    yield _without_event(reader, counted=OF_REFERRALS in compared)


def _compared(reader: Session, kind: str, types: Collection[str], compare: Compare) -> Iterator[Difference]:
    with stream(reader, told_events(kind, types)) as rows:
        for chains in sets(rows):
            yield from compare(reader, chains)


def sets(rows: Iterable[sa.Row[Any]]) -> Iterator[Chains]:
    """The events of up to 500 objects at a time; an object's are never torn apart."""
    chains: dict[str, list[Told]] = {}
    size = 0
    for row in rows:
        if row.object_id not in chains and (len(chains) >= SET or size >= LARGEST_SET):
            yield chains
            chains, size = {}, 0
        told = read_told(row.envelope, row.fields, row.position)
        if told is None:
            continue  # the pass over the entries names it
        chains.setdefault(row.object_id, []).append(told)
        size += len(row.fields)
    if chains:
        yield chains


def _tells(
    kind: str, types: Collection[str], object_id: sa.orm.InstrumentedAttribute[str]
) -> sa.ColumnElement[bool]:
    """Whether an event of these types stands on the object."""
    return sa.exists().where(
        Opening.object_kind == kind, Opening.object_id == object_id, Opening.event_type.in_(sorted(types))
    )


def _captured() -> sa.ColumnElement[bool]:
    """Whether something was captured in the item's case, or the item came from another case."""
    return sa.exists().where(
        Item.id == Evidence.item_id,
        Opening.object_kind == "case",
        Opening.object_id == Item.case_id,
        Opening.event_type.in_([*OF_CAPTURES, "case.opened"]),
    )


def _without_event(reader: Session, *, counted: bool) -> Iterator[Difference]:
    """Rows, and marks on rows, that no event tells of.

    ``counted``: there are no more referrals, nor items of them, than the events tell of.
    """
    for noun, row_id, trait, condition in (*_surplus(), *_surplus_messages()):
        if counted and (noun, trait) in COUNTED:
            continue
        one = sa.select(sa.literal(1)).select_from(row_id.class_).where(condition).limit(1)
        if reader.execute(one).first() is not None:  # in no order, which is several times as fast
            with stream(reader, sa.select(*raw(row_id)).where(condition).order_by(row_id)) as rows:
                for row in rows:
                    yield Difference(noun, str(row[0]), "", "surplus", trait)
    yield from body_problems(reader)


def _surplus() -> Sequence[_Surplus]:
    """What to look for: noun, id, what the row is or does, and the condition."""
    ended = sa.or_(
        _tells("item", OF_ITEMS, Item.id),
        _tells("referral", ["referral.withdrawn"], Item.referral_id),
    )
    marked = sa.or_(Item.status != "in_review", Item.withdrawn_at.is_not(None))
    told_restriction = sa.exists().where(
        Decision.id == Restriction.decision_id,
        Review.id == Decision.review_id,
        Restriction.visibility.is_not_distinct_from(Review.visibility),
        Restriction.account_measure == Review.account_measure,
        Restriction.territory == Review.territory,
    )
    looked = sa.exists().where(
        FirstLook.case_id == ShownPrecedent.case_id, FirstLook.account_id == ShownPrecedent.account_id
    )
    kept_restriction = sa.exists().where(Restriction.decision_id == Decision.id)
    return (
        ("referral", Referral.id, "", ~_tells("referral", ["referral.received"], Referral.id)),
        ("email", EmailedReferral.id, "", ~_tells("email", ["email.arrived"], EmailedReferral.id)),
        ("snippet", Snippet.id, "", ~_tells("snippet", ["snippet.changed"], Snippet.id)),
        ("sample", QualitySample.id, "", ~_tells("sample", ["quality.sampled"], QualitySample.id)),
        ("hold", LegalHold.id, "", ~_tells("hold", ["hold.placed"], LegalHold.id)),
        ("setting", ChosenSetting.id, "", ~_tells("setting", OF_SETTINGS, ChosenSetting.id)),
        ("item", Item.id, UNKNOWN_REFERRAL, ~sa.exists().where(Referral.id == Item.referral_id)),
        ("item", Item.id, "names no known case", ~sa.exists().where(Case.id == Item.case_id)),
        ("item", Item.id, "was ended", sa.and_(marked, ~ended)),
        ("review", Review.id, "", ~_tells("case", ["case.review_recorded"], Review.case_id)),
        ("first look", FirstLook.case_id, "", ~_tells("case", ["case.first_look"], FirstLook.case_id)),
        ("earlier decision shown", ShownPrecedent.precedent_id, "belongs to no first look", ~looked),
        ("decision", Decision.id, "", ~_tells("case", ["case.decided"], Decision.case_id)),
        ("complaint", Complaint.id, "", ~_tells("case", [MOVES["complain"].event], Complaint.case_id)),
        ("note", Note.id, "", ~_tells("case", [MOVES["write_note"].event], Note.case_id)),
        ("question", Question.id, "", ~_tells("case", ["case.sender_asked"], Question.case_id)),
        ("answer", Answer.item_id, "", ~_tells("item", ["item.answered"], Answer.item_id)),
        (
            "capture",
            Evidence.id,
            "",
            sa.and_(Evidence.account_id.is_not(None), ~_captured()),
        ),
        ("case", Case.id, "", ~sa.exists().where(Item.case_id == Case.id)),
        (
            "case",
            Case.id,
            "was ended",
            sa.and_(
                sa.or_(Case.state != "open", Case.decided_at.is_not(None)),
                ~_tells("case", STATE_AFTER, Case.id),
            ),
        ),
        ("restriction", Restriction.id, "is not what its review asks for", ~told_restriction),
        (
            "decision",
            Decision.id,
            "has no restriction",
            sa.and_(Decision.outcome == "accepted", ~kept_restriction),
        ),
    )


def _surplus_messages() -> Sequence[_Surplus]:
    """The same for endpoints (the platform has no beginning), messages, and reports of restrictions."""
    reported = sa.or_(
        Restriction.implemented_at.is_not(None),
        Restriction.failed_at.is_not(None),
        Restriction.failure.is_not(None),
        Restriction.ends_at.is_not(None),
    )
    ended = sa.or_(Delivery.standing != "waiting", Delivery.finished_at.is_not(None))
    added = _tells("endpoint", ["endpoint.added"], Endpoint.id)
    told_report = _tells("restriction", OF_RESTRICTIONS, Restriction.id)
    return (
        ("restriction", Restriction.id, "was reported or lifted", sa.and_(reported, ~told_report)),
        ("endpoint", Endpoint.id, "", sa.and_(Endpoint.kind != "platform", ~added)),
        (
            "delivery",
            Delivery.id,
            "was ended",
            sa.and_(ended, ~_tells("delivery", OF_DELIVERIES, Delivery.id)),
        ),
    )
