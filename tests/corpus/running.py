"""Send cases to a desk and say in words what is not as http.md promises."""

import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from review import clock
from review.models import Case as JudgedCase
from review.models import Evidence, Item, Opening, Referral, RefusedItem, SenderKey, StoredAnswer
from review.queries.referrals import original_of
from tests.corpus.cases import ADDRESS, CANARY, Case

TABLES = (Referral, Item, RefusedItem, Evidence, JudgedCase, StoredAnswer, SenderKey)


COUNTED = sa.union_all(
    *(sa.select(sa.literal(table.__tablename__), sa.func.count()).select_from(table) for table in TABLES),
    *(
        sa.select(sa.literal(name), sa.func.count()).select_from(Opening).where(Opening.event_type == name)
        for name in ("referral.refused", "referral.received")
    ),
)


@dataclass(frozen=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body read as JSON."""
        return json.loads(self.body)


Transport = Callable[[str, str, tuple[tuple[str, str], ...], bytes], Answer]


@contextmanager
def over_connection(port: int) -> Iterator[Transport]:
    """Send through one connection to the real server, opened again where the server closed it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def send(method: str, path: str, headers: tuple[tuple[str, str], ...], body: bytes) -> Answer:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value.encode("utf-8"))
        if method != "GET":
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body if method != "GET" else None)
        response = connection.getresponse()
        content = response.read()
        return Answer(
            response.status, {name.lower(): value for name, value in response.getheaders()}, content
        )

    with closing(connection):
        yield send


def over_client(client: FlaskClient) -> Transport:
    """Send to the application in this process, so that a test can move its clock."""

    def send(method: str, path: str, headers: tuple[tuple[str, str], ...], body: bytes) -> Answer:
        with closing(client.open(path, method=method, headers=list(headers), data=body)) as response:
            named = {name.lower(): value for name, value in response.headers}
            return Answer(response.status_code, named, response.data)

    return send


@dataclass
class Judge:
    """Sends cases and compares: the answer with the contract, the database with what it was before."""

    transport: Transport
    session: Callable[[], Session]
    data_dir: Path
    keys: Mapping[str, str]
    failures: list[str] = field(default_factory=list)
    sent: int = 0
    _counted: dict[str, int] | None = None

    def send(self, case: Case) -> Answer:
        """One request with its key."""
        headers = case.headers
        if not any(name == "Authorization" for name, _ in headers):
            headers = (*headers, ("Authorization", f"Bearer {self.keys[case.key]}"))
        self.sent += 1
        if case.method != "GET":
            self._counted = None
        return self.transport(case.method, case.path, headers, case.body)

    def judge(self, case: Case) -> None:
        """Send a case with all that comes before it; what is wrong is added to ``failures``."""
        answers: list[Answer] = []
        with _moving_clock() as move:
            for step in (*case.before, case):
                if step.later:
                    move(step)
                before = self.counts_before()
                answer = self.send(step)
                problems = [*self._of_answer(step, answer), *self._of_database(step, answer, before)]
                if step is case:
                    problems += _of_repeat(step, answer, answers)
                self.failures += [f"{case}: {problem}" for problem in problems]
                answers.append(answer)

    def counts(self) -> dict[str, int]:
        """Rows of every table that intake may touch, and how many events of refusal and receipt there are."""
        self._counted = {str(row[0]): int(row[1]) for row in self.session().execute(COUNTED)}
        return self._counted

    def counts_before(self) -> dict[str, int]:
        """The same before the next request; counted anew only where one was sent since."""
        return self._counted or self.counts()

    def _of_answer(self, case: Case, answer: Answer) -> Iterator[str]:
        if answer.status != case.status:
            yield f"status {answer.status}, not {case.status}: {answer.body[:300]!r}"
            return
        if answer.status >= 400:
            yield from problems_of(answer, case.code, case.pointer)
        elif answer.headers["content-type"] != "application/json":
            yield f"media type {answer.headers['content-type']}"
        if (answer.headers.get("idempotent-replayed") == "true") != case.replayed:
            yield "Idempotent-Replayed is wrong"

    def _of_database(self, case: Case, answer: Answer, before: dict[str, int]) -> Iterator[str]:
        now = self.counts()
        changed = {name: now[name] - before[name] for name in now if now[name] != before[name]}
        if case.stored is None or case.repeats is not None:
            changed.pop("stored_answers", None) if case.status < 300 else None
            refused = case.status == 422 and case.code != "idempotency_key_reused" and case.method == "POST"
            refused = refused and case.path == ADDRESS
            if changed != ({"referral.refused": 1} if refused else {}):
                yield f"nothing was to be stored, but {changed}"
        elif answer.status == 201:
            yield from self._of_stored(case, answer, changed)

    def _of_stored(self, case: Case, answer: Answer, changed: dict[str, int]) -> Iterator[str]:
        assert case.stored is not None
        session = self.session()
        found = answer.json
        kept = session.get(Referral, found["id"])
        if kept is None or changed.get("referrals") != 1 or changed.get("referral.received") != 1:
            yield f"not stored once: {changed}"
            return
        yield from self.kept_otherwise(kept.id, case.body, case.stored.columns)
        items = session.scalars(
            sa.select(Item).where(Item.referral_id == kept.id).order_by(Item.position)
        ).all()
        for name, value in case.stored.parts.items():
            if getattr(items[0], name) != value:
                yield f"{name} of the item is not kept exactly: {getattr(items[0], name)!r}"
        if tuple((item.url_as_sent, item.canonical_url) for item in items) != case.stored.items:
            yield f"items are {[(item.url_as_sent, item.canonical_url) for item in items][:3]}"
        if [(item["url"], item["canonical_url"]) for item in found["items"]] != list(case.stored.items):
            yield f"answered items are {found['items'][:3]}"
        rows = session.scalars(
            sa.select(RefusedItem).where(RefusedItem.referral_id == kept.id).order_by(RefusedItem.position)
        ).all()
        refused = [(row.position, row.url_as_sent, row.errors[0]["code"]) for row in rows]
        if tuple(refused) != case.stored.refused:
            yield f"refused items are {refused}"
        told = [
            (entry["index"], entry["url"], entry["errors"][0]["code"]) for entry in found["refused_items"]
        ]
        if told != refused:
            yield f"answered refused items are {told}"
        if (
            self.send(Case("", "", b"", 200, method="GET", path=found["links"]["self"], key=case.key)).body
            != answer.body
        ):
            yield "reading it gives something else"

    def kept_otherwise(self, referral_id: str, body: bytes, columns: Mapping[str, Any]) -> Iterator[str]:
        """Where what is stored differs from what was sent."""
        session = self.session()
        if original_of(session, referral_id, data_dir=self.data_dir) != body:
            yield "the original is not rebuilt byte for byte"
        kept = session.get_one(Referral, referral_id)
        for name, value in columns.items():
            if getattr(kept, name) != value:
                yield f"{name} is not kept exactly: {getattr(kept, name)!r}"


def problems_of(answer: Answer, code: str, pointer: str | None) -> Iterator[str]:
    """What is wrong with a problem document (RFC 9457), its code and place, and what it must not repeat."""
    if answer.headers.get("content-type") != "application/problem+json":
        yield f"media type {answer.headers.get('content-type')}"
        return
    found = answer.json
    if found.get("status") != answer.status or not (found.get("title") and found.get("detail")):
        yield f"no whole problem document: {found}"
    entries = found.get("errors", [])
    if any(set(entry) != {"pointer", "code", "detail"} or not entry["detail"] for entry in entries):
        yield f"an entry lacks place, code or remedy: {entries[:3]}"
    if pointer is None:
        if found["type"] != f"/errors/{code}":
            yield f"type {found['type']}, not /errors/{code}"
    elif (pointer, code) not in {(entry["pointer"], entry["code"]) for entry in entries}:
        yield f"no {code} at {pointer}: {[(entry['pointer'], entry['code']) for entry in entries][:5]}"
    if answer.status == 401 and answer.headers.get("www-authenticate") != "Bearer":
        yield "WWW-Authenticate is missing"
    if CANARY in "".join([found["detail"], found["title"], *(entry["detail"] for entry in entries)]):
        yield "it repeats what was sent"
    if answer.headers.get("cache-control") != "no-store" or "nosniff" not in answer.headers.values():
        yield "headers of the guard are missing"


def _of_repeat(case: Case, answer: Answer, answers: list[Answer]) -> Iterator[str]:
    if case.repeats is not None and answer.body != answers[case.repeats].body:
        yield "it is not answered as before, byte for byte"


@contextmanager
def _moving_clock() -> Iterator[Callable[[Case], None]]:
    """Move the clock of this process; it is put right afterwards."""
    travels: list[time_machine.travel] = []

    def move(case: Case) -> None:
        moment = clock.now() + case.later
        travel = time_machine.travel(moment, tick=True)
        travel.start()
        travels.append(travel)

    try:
        yield move
    finally:
        for travel in reversed(travels):
            travel.stop()
