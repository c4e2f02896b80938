"""Reading records: each reading is an event, in the transaction that fetches, before anything is shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime

from review import clock, db, ledger
from review.clock import rfc3339
from review.domain.acceptance import Answered
from review.domain.permissions import Actor, Permission, check_permission
from review.domain.searching import Reading, readings_of
from review.domain.states import CaseState
from review.errors import NotFound
from review.queries.acceptance import answered_items
from review.queries.cases import CaseSummary, cases_among
from review.queries.escalations import EscalationListed, escalations_listed
from review.queries.record_search import CasesFound, Filters, FirstWords, Place, cases_found, first_words
from review.queries.records import Record, record_of
from review.queries.search_entries import cases_read, is_behind, without_needless
from review.queries.trail_events import TrailFilters, TrailPage, trail_page

SEARCHED_BY_JUDGES = frozenset({"case", "referral", "item", "url", "digest"})
"""Ways in which people who decide may look for cases: none that a sender chose or is known by."""


@dataclass(frozen=True)
class Listing:
    """What a search found and how it was understood; ``words`` only where they were asked for.

    ``behind``: more referrals wait to be read in for hosts and digests than a search looks through.
    """

    found: CasesFound
    readings: tuple[Reading, ...]
    words: Mapping[str, FirstWords] = field(default_factory=dict)
    behind: bool = False


@dataclass(frozen=True)
class OwnListing:
    """What a moderator's search found: live cases and those that the person has reviewed."""

    cases: tuple[CaseSummary, ...]
    readings: tuple[Reading, ...]


def open_record(case_id: str, *, actor: Actor) -> Record:
    """The full record of a case; raises `NotFound` where there is none."""
    with db.transaction() as writer:
        check_permission(actor, Permission.READ_RECORDS)
        now = clock.now()
        record = record_of(writer, case_id, on=now.date())
        if record is None:
            raise NotFound("There is no such case; search by its id, a referral's id or a reference.")
        ledger.record(writer, "record.opened", case_id, actor=actor, at=now)
        return record


def list_records(
    *,
    actor: Actor,
    query: str = "",
    only: str | None = None,
    filters: Filters | None = None,
    after: Place | None = None,
    with_words: bool = False,
) -> Listing:
    """The newest cases or what the query finds; the event names the cases that were listed.

    ``only`` is the one way to understand the query that the reader chose, if any; ``with_words`` shows how
    the reasons begin.
    """
    chosen = filters or Filters()
    with db.transaction() as writer:
        check_permission(actor, Permission.READ_RECORDS)
        readings = without_needless(writer, readings_of(query, only=only))
        found = cases_found(writer, readings, filters=chosen, after=after)
        ids = [case.id for case in found.rows]
        words = first_words(writer, ids) if with_words else {}
        behind = bool({"host", "digest"} & {reading.kind for reading in readings}) and is_behind(writer)
        ledger.record(
            writer,
            "records.listed",
            "trail",
            actor=actor,
            at=clock.now(),
            fields={"cases": ids, "query": _in_words(query, only, chosen, with_words=with_words) or None},
        )
        return Listing(found, readings, words, behind)


def find_cases(query: str, *, actor: Actor) -> OwnListing:
    """Live cases and one's own reviewed ones behind one of our ids, a URL or a digest.

    For people who decide: no content, and no way to find what a sender sent. The search is an event too.
    """
    readings = tuple(one for one in readings_of(query) if one.kind in SEARCHED_BY_JUDGES)
    with db.transaction() as writer:
        check_permission(actor, Permission.SEARCH_CASES)
        now = clock.now()
        cases: tuple[CaseSummary, ...] = ()
        if readings:
            ids = cases_read(writer, readings)
            cases = cases_among(writer, ids, account_id=actor.account_id, now=now)
        ledger.record(
            writer,
            "records.listed",
            "trail",
            actor=actor,
            at=now,
            fields={"cases": [case.id for case in cases], "query": query or None},
        )
        return OwnListing(cases, readings)


def _in_words(query: str, only: str | None, filters: Filters, *, with_words: bool) -> str:
    """The whole search as the event tells it: the query alone where nothing else was chosen."""
    parts = [query] if query else []
    parts += [f"as={only}"] if only else []
    parts += _chosen(filters)
    parts += ["words=1"] if with_words else []
    return " ".join(parts)


def _chosen(filters: Filters | TrailFilters) -> list[str]:
    """What was narrowed, as ``name=value``."""
    values = {one.name: getattr(filters, one.name) for one in fields(filters)}
    return [
        f"{name}={value if isinstance(value, str) else rfc3339(value)}"
        for name, value in values.items()
        if value is not None
    ]


def list_escalations(*, actor: Actor) -> tuple[EscalationListed, ...]:
    """The cases that wait for advice; the event names them."""
    with db.transaction() as writer:
        check_permission(actor, Permission.ADVISE)
        listed = escalations_listed(writer)
        ids = [one.case_id for one in listed]
        told: dict[str, ledger.Value | None] = {"cases": ids, "query": f"state={CaseState.ESCALATED}"}
        ledger.record(writer, "records.listed", "trail", actor=actor, at=clock.now(), fields=told)
        return listed


def list_acceptance(*, actor: Actor, since: datetime, before: datetime) -> tuple[Answered, ...]:
    """What became of the items of a span, by sender, authority and country; the event tells the span."""
    with db.transaction() as writer:
        check_permission(actor, Permission.READ_RECORDS)
        listed = answered_items(writer, since=since, before=before)
        query = f"acceptance since={rfc3339(since)} until={rfc3339(before)}"
        told: dict[str, ledger.Value | None] = {"cases": [], "query": query}
        ledger.record(writer, "records.listed", "trail", actor=actor, at=clock.now(), fields=told)
        return listed


def list_trail(*, actor: Actor, filters: TrailFilters, before: int | None = None) -> TrailPage:
    """A page of the trail's entries; that it was read, and with which filter, is an event itself."""
    with db.transaction() as writer:
        check_permission(actor, Permission.VERIFY_TRAIL)
        page = trail_page(writer, filters=filters, before=before)
        chosen = " ".join(_chosen(filters)) or None
        ledger.record(writer, "trail.listed", "trail", actor=actor, at=clock.now(), fields={"filter": chosen})
        return page
