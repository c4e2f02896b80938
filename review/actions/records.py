"""Reading records: each reading is an event, in the transaction that fetches, before anything is shown."""

from review import clock, db, ledger
from review.domain.permissions import Actor, Permission, check_permission
from review.errors import NotFound
from review.queries.records import CaseListed, Record, cases_listed, record_of


def open_record(case_id: str, *, actor: Actor) -> Record:
    """The full record of a case; raises `NotFound` where there is none."""
    with db.transaction() as writer:
        check_permission(actor, Permission.READ_RECORDS)
        record = record_of(writer, case_id)
        if record is None:
            raise NotFound("There is no such case; search by its id, a referral's id or a reference.")
        ledger.record(writer, "record.opened", case_id, actor=actor, at=clock.now())
        return record


def list_records(*, actor: Actor, query: str = "") -> list[CaseListed]:
    """The newest cases or what the query finds; the event names the cases that were listed."""
    with db.transaction() as writer:
        check_permission(actor, Permission.READ_RECORDS)
        found = cases_listed(writer, query=query)
        ledger.record(
            writer,
            "records.listed",
            "trail",
            actor=actor,
            at=clock.now(),
            fields={"cases": [case.id for case in found], "query": query or None},
        )
        return found
