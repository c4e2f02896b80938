"""What stands in the record of a case on the e-mails that its referrals came by, as the trail tells it?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.emailed import IdentityWay
from review.domain.told import At, moment_of
from review.models import Account, EmailedReferral
from review.queries.record_timeline import names_of
from review.queries.record_told import ToldRecord
from review.queries.stored_cases import in_sets
from review.queries.trail_rows import raw


@dataclass(frozen=True)
class EmailInRecord:
    """The message that a referral was made of, by whom, and how the sender's identity was verified."""

    id: str
    referral_id: str
    from_header: str
    subject: str
    date_header: str
    message_id: str
    authentication_results: str
    arrived_at: datetime | None
    confirmed_by: str
    confirmed_at: datetime | None
    identity_way: str
    identity_words: str
    differs: tuple[str, ...] = ()

    @property
    def way_known(self) -> bool:
        """Whether there is a word for the way; what was forged has none."""
        return self.identity_way in set(IdentityWay)


_TEXTS = (
    "id", "referral_id", "from_header", "subject", "date_header", "message_id", "authentication_results",
    "identity_way", "identity_words",
)  # fmt: skip


def emails_in_record(reader: Session, referral_ids: Sequence[str], told: ToldRecord) -> list[EmailInRecord]:
    """The messages that became these referrals, by their ids."""
    table = EmailedReferral
    statement: sa.Select[Any] = sa.select(
        *raw(*(getattr(table, name) for name in _TEXTS), table.arrived_at, table.ended_at),
        sa.type_coerce(Account.trail_id, sa.types.NullType()).label("ended_by"),
    ).outerjoin(Account, Account.id == table.ended_by)
    rows = [
        row
        for some in in_sets(referral_ids)
        for row in reader.execute(statement.where(table.referral_id.in_(some)).order_by(table.id))
    ]
    people = [{"kind": "account", "id": _true(told, row, "ended_by")} for row in rows]
    names = names_of(reader, people)
    return [
        _email(row, names.get(("account", str(person["id"])), ""), told)
        for row, person in zip(rows, people, strict=True)
    ]


def _email(row: sa.Row[*tuple[Any, ...]], confirmed_by: str, told: ToldRecord) -> EmailInRecord:
    texts = {name: _true(told, row, name) for name in _TEXTS}
    return EmailInRecord(
        **{name: "" if value is None else str(value) for name, value in texts.items()},
        arrived_at=_moment(_true(told, row, "arrived_at")),
        confirmed_by=confirmed_by,
        confirmed_at=_moment(_true(told, row, "ended_at")),
        differs=tuple(
            one.column.replace("_", " ") or "the whole row" for one in told.of("email", str(row.id))
        ),
    )


def _true(told: ToldRecord, row: sa.Row[*tuple[Any, ...]], column: str) -> Any:
    return told.truth("email", str(row.id), column, row._mapping[column])


def _moment(value: object) -> datetime | None:
    return value.moment if isinstance(value, At) else moment_of(value)
