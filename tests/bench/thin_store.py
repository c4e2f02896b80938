"""Thin's hand-written SQL: create, next, open, decide on each database, and nothing of the product."""

import hashlib
import json
import secrets
import threading
import time
from typing import Any

import psycopg

from review import db

TABLES = (
    "CREATE TABLE referrals (id TEXT PRIMARY KEY, reference TEXT UNIQUE, reason TEXT, body TEXT, at REAL)",
    "CREATE TABLE items (id TEXT PRIMARY KEY, referral_id TEXT, case_id TEXT, url TEXT)",
    "CREATE INDEX items_case ON items (case_id)",
    "CREATE TABLE cases (id TEXT PRIMARY KEY, digest TEXT UNIQUE, state TEXT, due REAL, version INT,"
    " generation INT, claimed_by TEXT, claimed_until REAL)",
    "CREATE INDEX cases_queue ON cases (state, due, id)",
    "CREATE TABLE reviews (id TEXT PRIMARY KEY, case_id TEXT UNIQUE, person TEXT, outcome TEXT,"
    " rationale TEXT, statement TEXT, at REAL)",
    "CREATE TABLE events (id TEXT PRIMARY KEY, object TEXT, body TEXT, digest TEXT, at REAL)",
)
_EVENT = "INSERT INTO events VALUES (?, ?, ?, ?, ?)"
_REFERRAL = "INSERT INTO referrals VALUES (?, ?, ?, ?, ?)"
_ITEM = "INSERT INTO items VALUES (?, ?, ?, ?)"
_REVIEW = "INSERT INTO reviews VALUES (?, ?, ?, ?, ?, ?, ?)"
_CASE = (
    "INSERT INTO cases VALUES (?, ?, 'open', ?, 1, 0, NULL, NULL)"
    " ON CONFLICT (digest) DO UPDATE SET version = cases.version + 1 RETURNING id"
)
_FREE = "state = 'open' AND (claimed_until IS NULL OR claimed_until < ?)"
_TAKE = (
    "UPDATE cases SET claimed_by = ?, claimed_until = ?, generation = generation + 1"
    f" WHERE id = ? AND {_FREE} RETURNING id"
)
_DECIDE = (
    "UPDATE cases SET state = 'decided', claimed_by = NULL, claimed_until = NULL, version = version + 1"
    " WHERE id = ? AND version = ? AND generation = ? AND claimed_by = ? AND state = 'open' RETURNING id"
)
_PAGE = (
    "SELECT cases.id, cases.version, cases.generation, cases.due, items.url, referrals.reason"
    " FROM cases JOIN items ON items.case_id = cases.id JOIN referrals ON referrals.id = items.referral_id"
    " WHERE cases.id = ?"
)


def _new() -> str:
    return secrets.token_hex(8)


def event_row(subject: str, at: float, **members: Any) -> tuple[Any, ...]:
    """One audit row: what happened as JSON, and its digest."""
    text = json.dumps(members | {"object": subject, "at": at})
    return _new(), subject, text, hashlib.sha256(text.encode()).hexdigest(), at


class Store:
    """One connection a thread; ``_transaction`` runs hand-written statements and commits once."""

    first_free = f"SELECT id FROM cases WHERE {_FREE} ORDER BY due, id LIMIT 1"

    def __init__(self, url: str) -> None:
        self.url = url
        self._kept = threading.local()

    def connection(self) -> Any:
        """This thread's connection."""
        if not hasattr(self._kept, "connection"):
            self._kept.connection = self._connect()
        return self._kept.connection

    def _connect(self) -> Any:
        raise NotImplementedError

    def one(self, statement: str, values: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """The first row of a statement, in this database's style of parameters."""
        raise NotImplementedError

    def begin(self) -> Any:
        """A transaction that writes."""
        raise NotImplementedError

    def prepare(self, cases: int) -> None:
        """Create the tables and so many open cases, and give the connection back."""
        self._fill(cases)
        self._kept.connection.close()
        del self._kept.connection

    def _fill(self, cases: int) -> None:
        raise NotImplementedError

    def create(self, body: bytes) -> str | None:
        """Store one referral, its items, their cases and one event; None for a used reference."""
        referral, at = json.loads(body), time.time()
        referral_id = _new()
        items = [(_new(), item["url"]) for item in referral["items"]]
        row = (referral_id, referral["reference"], referral["reason"], body.decode(), at)
        with self.begin():
            self.one(_REFERRAL, row)
            for item_id, url in items:
                case = self.one(_CASE, (_new(), hashlib.sha256(url.encode()).hexdigest(), at + 259_200))
                assert case is not None
                self.one(_ITEM, (item_id, referral_id, case[0], url))
            self.one(_EVENT, event_row(referral_id, at, type="received", reference=referral["reference"]))
        return referral_id

    def take_next(self, person: str) -> str | None:
        """Claim the first free case for 15 minutes; its id."""
        at = time.time()
        with self.begin():
            found = self.one(self.first_free, (at,))
            if found is None or self.one(_TAKE, (person, at + 900, found[0], at)) is None:
                return None
            self.one(_EVENT, event_row(found[0], at, type="claimed", person=person))
        return str(found[0])

    def page(self, case_id: str) -> tuple[Any, ...] | None:
        """What the page of a case shows."""
        return self.one(_PAGE, (case_id,))

    def decide(self, case_id: str, person: str, form: Any) -> bool:
        """Record a review if the case is still held as the form saw it."""
        at = time.time()
        seen = (case_id, int(form["version"]), int(form["claim_generation"]), person)
        review = (_new(), case_id, person, form["outcome"], form["rationale"], form["statement"], at)
        with self.begin():
            if self.one(_DECIDE, seen) is None:
                return False
            self.one(_REVIEW, review)
            self.one(_EVENT, event_row(case_id, at, type="decided", person=person, outcome=form["outcome"]))
        return True


class SqliteStore(Store):
    """SQLite, WAL, FULL; the threads of the process queue at one lock."""

    _lock = threading.Lock()

    def _connect(self) -> Any:
        path = self.url.removeprefix("sqlite:///")
        made = db.sqlite_driver().connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000"):
            made.execute("PRAGMA " + pragma)
        return made

    def one(self, statement: str, values: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """See `Store`."""
        found: tuple[Any, ...] | None = self.connection().execute(statement, values).fetchone()
        return found

    def begin(self) -> Any:
        """See `Store`."""
        return _SqliteTransaction(self.connection(), self._lock)

    def _fill(self, cases: int) -> None:
        connection = self.connection()
        for table in TABLES:
            connection.execute(table)
        connection.execute("BEGIN")
        numbers = f"WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < {cases})"
        for statement in _filling(
            "printf('%08x', k * 2654435761 % 4294967296)", "n WHERE k <= " + str(cases)
        ):
            connection.execute(statement.replace("INSERT", f"{numbers} INSERT", 1))
        connection.execute("COMMIT")


class _SqliteTransaction:
    def __init__(self, connection: Any, lock: threading.Lock) -> None:
        self._connection = connection
        self._lock = lock

    def __enter__(self) -> None:
        self._lock.acquire()
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, failed: object, *_rest: object) -> None:
        try:
            self._connection.execute("ROLLBACK" if failed else "COMMIT")
        finally:
            self._lock.release()


class PostgresStore(Store):
    """PostgreSQL; who takes a case locks its row and passes over locked ones."""

    first_free = Store.first_free + " FOR UPDATE SKIP LOCKED"

    def _connect(self) -> Any:
        return psycopg.connect(self.url, autocommit=True)

    def one(self, statement: str, values: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """See `Store`."""
        cursor = self.connection().execute(statement.replace("?", "%s").encode(), values)
        return cursor.fetchone() if cursor.description else None

    def begin(self) -> Any:
        """See `Store`."""
        return self.connection().transaction()

    def _fill(self, cases: int) -> None:
        for table in TABLES:
            self.connection().execute(table.replace("REAL", "DOUBLE PRECISION").encode())
        for statement in _filling("md5(k::text)", f"generate_series(1, {cases}) AS k"):
            self.connection().execute(statement.encode())
        self.connection().execute("ANALYZE")


def _filling(name: str, source: str) -> list[str]:
    """Statements that make open cases, each with one referral and one item, due in any order."""
    url = f"'https://video.example/watch/' || {name}"
    return [
        f"INSERT INTO referrals SELECT 'r' || {name}, 'REF-' || k, 'A video of a listed organisation.',"
        f" '{{}}', 0 FROM {source}",
        f"INSERT INTO cases SELECT 'c' || {name}, {name}, 'open', k, 1, 0, NULL, NULL FROM {source}",
        f"INSERT INTO items SELECT 'i' || {name}, 'r' || {name}, 'c' || {name}, {url} FROM {source}",
    ]


def store_of(url: str) -> Store:
    """Thin's storage for this database."""
    return SqliteStore(url) if url.startswith("sqlite") else PostgresStore(url)
