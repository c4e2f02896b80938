"""Is the desk fit to start, and is it well now? Gates of the start, and the checks behind /readyz."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from review import clock, db
from review.domain.loops import SIGNER, SILENT_SECONDS
from review.domain.signer_refusals import REFUSALS
from review.domain.witness_policy import NONE, WitnessPolicy
from review.domain.witness_requests import FAILURE_WORDS
from review.errors import SettingsError
from review.models import Case, Leaf, Opening, PendingEvent, Review, StoredCheckpoint, roles, schema
from review.queries.deliveries import (
    DEAD_DAYS,
    MOST_COUNTED,
    recent_dead_letters,
    recent_dead_letters_to_platform,
)
from review.queries.heartbeats import loop_states
from review.queries.storage import LEAST_BYTES, LEAST_SHARE, Room
from review.queries.verdicts import newest_verdict
from review.queries.witnesses import WitnessState, witness_standing

LATE_SECONDS = 60
SKEW_SECONDS = 1.0
VERDICT_DAYS = 7
"""A verdict on the trail that is older asks for a new one."""
# settings of PostgreSQL with which an acknowledged commit can be lost, or a torn page stay unseen
UNSAFE = {
    "fsync": ("off",),
    "synchronous_commit": ("off",),
    "full_page_writes": ("off",),
}


@dataclass(frozen=True)
class Check:
    """One thing looked at: a short name, whether it is well, what was seen, and what to do if it is not.

    ``warning``: the desk can go on, but somebody should do the next step. ``serves``: requests may come
    although it is not well, because people need the pages to find out why.
    """

    name: str
    ok: bool
    sentence: str
    next_step: str = ""
    warning: bool = False
    serves: bool = False


def check_database(engine: sa.Engine) -> None:
    """Raise `SettingsError` with one line for a database on which nothing should be built."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            _check_sqlite(engine, connection)
        else:
            _check_postgresql(connection)
        found, newest = schema.current_revision(connection), schema.newest_revision()
        if found != newest:
            raise SettingsError(
                f"The database is at revision {found or 'none'}, this program needs {newest}:"
                " run flask upgrade."
            )
        if missing := schema.missing_triggers(connection):
            raise SettingsError(
                f"Triggers that guard the trail are missing: {', '.join(sorted(missing))}."
                " Run flask trail verify, then restore a backup."
            )


def _check_sqlite(engine: sa.Engine, connection: sa.Connection) -> None:
    library = engine.dialect.dbapi
    version: tuple[int, ...] = library.sqlite_version_info if library is not None else (0,)
    mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
    if mode == "wal" and db.has_wal_reset_bug(version):
        written = ".".join(str(part) for part in version)
        raise SettingsError(
            f"SQLite {written} can corrupt the database (WAL-reset bug): install pysqlite3 0.6.1 or newer."
        )


def _check_postgresql(connection: sa.Connection) -> None:
    for name, unsafe in UNSAFE.items():
        value = connection.exec_driver_sql(f"SHOW {name}").scalar()
        if value in unsafe:
            raise SettingsError(
                f"PostgreSQL runs with {name} = {value}, so that what was acknowledged can be lost:"
                f" set {name} = on."
            )


def check_connections(engine: sa.Engine, *, needed: int) -> None:
    """Raise `SettingsError` where PostgreSQL cannot give the connections that one server may need."""
    with engine.connect() as connection:
        most = int(connection.exec_driver_sql("SHOW max_connections").scalar() or 0)
        kept = int(connection.exec_driver_sql("SHOW superuser_reserved_connections").scalar() or 0)
    if needed > most - kept:
        raise SettingsError(
            f"PostgreSQL gives {most - kept} connections, but this server may need {needed}:"
            " raise max_connections or take fewer --workers."
        )


def readiness(
    reader: Session, *, now: datetime, rooms: Sequence[Room], witnesses: WitnessPolicy | None = None
) -> list[Check]:
    """All checks; when the database does not answer, only that one.

    ``rooms``: the disks of the desk; ``witnesses``: whom it asks to cosign, looked at where it asks any.
    """
    try:
        reader.execute(sa.select(1))
    except SQLAlchemyError:
        down = "The database does not answer."
        return [Check("database", ok=False, sentence=down, next_step="Start the database.")]
    return [
        Check("database", ok=True, sentence="The database answers."),
        *_checks(reader, now=now, witnesses=witnesses),
        _disk_check(rooms),
    ]


def _checks(reader: Session, *, now: datetime, witnesses: WitnessPolicy | None) -> Iterator[Check]:
    connection = reader.connection()
    found, newest = schema.current_revision(connection), schema.newest_revision()
    yield Check(
        "schema",
        ok=found == newest,
        sentence=f"The database is at revision {found or 'none'}; this program needs {newest}.",
        next_step="Run flask upgrade.",
    )
    if found != newest:
        return
    missing = schema.missing_triggers(connection)
    yield Check(
        "triggers",
        ok=not missing,
        sentence=f"Missing: {', '.join(sorted(missing))}." if missing else "All triggers guard the trail.",
        next_step="Run flask trail verify, then restore a backup.",
    )
    if connection.dialect.name == "postgresql":
        yield _role_check(connection)
    yield _age_check(
        "trail",
        reader.scalar(
            sa.select(sa.func.min(Opening.recorded_at)).join(PendingEvent, PendingEvent.eid == Opening.eid)
        ),
        now=now,
        what="The oldest event without a position",
        nothing="Every event has its position.",
    )
    covered = reader.scalar(sa.select(sa.func.max(StoredCheckpoint.size))) or 0
    yield _age_check(
        "checkpoint",
        reader.scalar(
            sa.select(Opening.recorded_at).join(Leaf, Leaf.eid == Opening.eid).where(Leaf.position == covered)
        ),
        now=now,
        what="The oldest entry without a checkpoint",
        nothing="The newest checkpoint covers every entry.",
    )
    yield _age_check(
        "dispatch",
        reader.scalar(
            sa.select(sa.func.min(Review.undo_until))
            .join(Case, sa.and_(Case.id == Review.case_id, Case.pending_review_id == Review.id))
            .where(Review.undone_at.is_(None), Review.dispatched_at.is_(None), Review.undo_until <= now)
        ),
        now=now,
        what="The oldest review that waits to be dispatched",
        nothing="Every review whose undo window is over was dispatched.",
    )
    yield _deliveries_check(reader, now=now)
    yield _platform_check(reader, now=now)
    yield from _signer_check(reader, now=now)
    yield _workers_check(reader, now=now)
    yield _verification_check(reader, now=now)
    if witnesses is not None:
        yield _witnesses_check(reader, witnesses, now=now)
    yield _clock_check(reader)


def _role_check(connection: sa.Connection) -> Check:
    rewrites = roles.may_rewrite(connection)
    return Check(
        "role",
        ok=True,
        warning=rewrites,
        sentence="The desk runs as a role of the database that could rewrite the trail."
        if rewrites
        else "The desk runs as a role of the database that cannot rewrite the trail.",
        next_step="Run flask roles, then serve with the role for the desk that it names.",
    )


def _verification_check(reader: Session, *, now: datetime) -> Check:
    verdict = newest_verdict(reader)
    verify = "Let legal verify on the trail page, or run flask trail verify."
    if verdict is None:
        never = "There is no verdict on the trail that can be read."
        return Check("verification", ok=True, sentence=never, next_step=verify, warning=True)
    at = f"{verdict.at:%d %b %Y %H:%M:%S} UTC"
    if not verdict.intact:
        return Check(
            "verification",
            ok=False,
            serves=True,
            sentence=f"The last verification, of {at}, found the trail broken.",
            next_step="Legal sees which entry on the trail page; stop signing, keep this database, compare"
            " with the newest backup.",
        )
    old = now - verdict.at > timedelta(days=VERDICT_DAYS)
    since = f" That is more than {VERDICT_DAYS} days ago." if old else ""
    sentence = f"The last verification, of {at}, found the trail intact.{since}"
    return Check("verification", ok=True, sentence=sentence, next_step=verify, warning=old)


def _witnesses_check(reader: Session, policy: WitnessPolicy, *, now: datetime) -> Check:
    standing = witness_standing(reader, policy)
    troubled = [one for one in standing.witnesses if one.failure is not None or one.cosigned_at is None]
    well = len(standing.witnesses) - len(troubled)
    sentences = [f"Witnesses that are well: {well} of {len(standing.witnesses)}."]
    sentences += [_witness_words(one) for one in troubled]
    if policy.quorum == NONE:
        sentences.insert(0, "The policy asks for no quorum.")
    elif standing.quorum_at is None:
        sentences.insert(0, "The quorum stands for no checkpoint yet.")
    else:
        at = f"{standing.quorum_at:%d %b %Y %H:%M:%S} UTC"
        sentences.insert(0, f"The quorum stands for the first {standing.quorum_size} entries since {at}.")
    late = standing.waiting_since is not None and (
        (now - standing.waiting_since).total_seconds() > LATE_SECONDS
    )
    if late:
        sentences.insert(1, f"It has been missing for newer checkpoints for more than {LATE_SECONDS} s.")
    return Check(
        "witnesses",
        ok=True,
        warning=late or any(one.failure is not None for one in standing.witnesses),
        sentence=" ".join(sentences),
        next_step="See whether each answers at its address and knows this trail's key. Where one saw more or"
        " another history: stop signing, compare with the newest backup.",
    )


def _witness_words(witness: WitnessState) -> str:
    seen = "has cosigned nothing"
    if witness.cosigned_at is not None:
        seen = f"cosigned {witness.size} entries on {witness.cosigned_at:%d %b %Y %H:%M:%S} UTC"
    failed = f"; {FAILURE_WORDS[witness.failure]}" if witness.failure is not None else ""
    return f"{witness.key} {seen}{failed}."


def _deliveries_check(reader: Session, *, now: datetime) -> Check:
    dead = recent_dead_letters(reader, now=now)
    told = f"{MOST_COUNTED}+" if dead > MOST_COUNTED else str(dead)
    return Check(
        "deliveries",
        ok=True,
        warning=dead > 0,
        sentence=f"Dead letters to senders in the last {DEAD_DAYS} days: {told}."
        if dead
        else f"No message to a sender became a dead letter in the last {DEAD_DAYS} days.",
        next_step="Tell the senders concerned: they see why on their page and can send each again.",
    )


def _platform_check(reader: Session, *, now: datetime) -> Check:
    dead = recent_dead_letters_to_platform(reader, now=now)
    told = f"{MOST_COUNTED}+" if dead > MOST_COUNTED else str(dead)
    return Check(
        "platform",
        ok=True,
        warning=dead > 0,
        sentence=f"Dead letters to the platform in the last {DEAD_DAYS} days: {told}."
        if dead
        else f"No message to the platform became a dead letter in the last {DEAD_DAYS} days.",
        next_step="See whether the platform answers at REVIEW_PLATFORM_URL; then legal or a lead sends them"
        " again on the page of restrictions.",
    )


def _disk_check(rooms: Sequence[Room]) -> Check:
    least = f"{LEAST_BYTES // 1024**3} GiB and {LEAST_SHARE:.0%}"
    return Check(
        "disk",
        ok=all(room.enough for room in rooms),
        warning=not all(room.roomy for room in rooms),
        sentence=" ".join(_room_words(room) for room in rooms),
        next_step=f"Make room or take a larger disk: {least} should be free, and with less than"
        f" {LEAST_BYTES // 1024**3} GiB the desk says that it is not ready.",
    )


def _room_words(room: Room) -> str:
    where = " and ".join(f"the {name} folder" for name in room.holds)
    if room.free_bytes is None or not room.total_bytes:
        return f"The disk of {where} does not tell how full it is."
    free = f"{room.free_bytes / 1024**3:.1f} GiB ({room.free_bytes / room.total_bytes:.0%})"
    return f"The disk of {where} has {free} free."


def _workers_check(reader: Session, *, now: datetime) -> Check:
    ill = []
    for state in loop_states(reader, now=now):
        if not state.well:
            fault = f" (last fault: {state.failure})" if state.failure else ""
            ill.append(f"{state.name}{fault}")
    return Check(
        "workers",
        ok=not ill,
        sentence=f"Without a good turn for {SILENT_SECONDS} s: {', '.join(ill)}."
        if ill
        else "Every background loop is at work.",
        next_step="Start flask work, or see its log.",
    )


def _signer_check(reader: Session, *, now: datetime) -> Iterator[Check]:
    """What the signer refuses, and what to do; nothing is told of one that signs."""
    failures = [state.failure for state in loop_states(reader, now=now) if state.name == SIGNER]
    for refusal, (sentence, next_step) in REFUSALS.items():
        if refusal in failures:
            yield Check("signer", ok=False, serves=True, sentence=sentence, next_step=next_step)


def _age_check(name: str, oldest: datetime | None, *, now: datetime, what: str, nothing: str) -> Check:
    age = 0.0 if oldest is None else (now - oldest).total_seconds()
    return Check(
        name,
        ok=age <= LATE_SECONDS,
        sentence=nothing if oldest is None else f"{what} is {max(age, 0):.0f} s old.",
        next_step="See whether flask work runs, and read its log.",
    )


def _clock_check(reader: Session) -> Check:
    if db.is_sqlite(reader):
        return Check("clock", ok=True, sentence="The database is a file of this machine and takes its time.")
    before = clock.now()
    theirs: datetime = reader.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    skew = max((before - theirs).total_seconds(), (theirs - clock.now()).total_seconds(), 0.0)
    return Check(
        "clock",
        ok=skew <= SKEW_SECONDS,
        sentence=f"The clocks of this machine and of the database differ by {skew:.1f} s.",
        next_step="Let both machines take their time from the same source.",
    )
