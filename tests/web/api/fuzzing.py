"""Schemathesis against a desk: what it sends is mended to rules that JSON Schema cannot say."""

import contextvars
import itertools
import json
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
import sqlalchemy as sa
from flask.testing import FlaskClient
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.generation.case import Case
from schemathesis.generation.meta import TestPhase
from schemathesis.transport import SerializationContext
from schemathesis.transport.wsgi import WSGITransport

from review import clock, db
from review.clock import rfc3339
from review.domain.categories import CATEGORIES, KEYWORDS
from review.domain.permissions import Scope
from review.models import Restriction
from tests.conftest import Desk
from tests.domain.referral_bodies import order_body
from tests.factories import make_key, make_sender
from tests.trails import ask_next, decide_all, refer, settle
from tests.web.api.described import closed

DESCRIPTION = "/api/v1/openapi.json"
OF_THE_NETWORK = ("max_redirects", "verify", "cert", "proxies")


@dataclass
class Findings:
    """What a run found: failed checks by name and operation, and how often each status came."""

    failures: list[str] = field(default_factory=list)
    requests: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)


class World:
    """What stands in the desk while it is fuzzed: decided and open referrals, batches, cursors of lists."""

    def __init__(self, desk: Desk) -> None:
        self.key = make_key(make_sender(kind="competent_authority"), *Scope)
        client, headers = desk.client(), {"Authorization": f"Bearer {self.key}"}
        decided = [refer(client, self.key, "https://video.example/accepted")]
        decide_all(outcome="accepted")
        decided.append(refer(client, self.key, "https://video.example/declined"))
        decide_all()
        settle(desk.settings.data_dir)
        asked = refer(client, self.key, "https://video.example/asked")
        ask_next()
        standing = [*decided, asked, refer(client, self.key, "https://video.example/open")]
        lines = b'{"reference":"L-1","reason":"r","items":[{"url":"https://video.example/line"}]}\n{}\n'
        as_lines = headers | {"Content-Type": "application/x-ndjson"}
        batches = [
            client.post("/api/v1/referrals/batch", data=lines, headers=as_lines).get_json()["id"]
            for _time in range(2)
        ]
        self.ids = {
            "referral_id": [referral["id"] for referral in standing],
            "item_id": [referral["items"][0]["id"] for referral in standing],
            "batch_id": batches,
            "endpoint_id": [self._endpoint(client, headers) for _time in range(3)],
            "restriction_id": list(db.session().scalars(sa.select(Restriction.id))),
        }
        self.cursors = {
            f"/api/v1/{name}": client.get(f"/api/v1/{name}?limit=1", headers=headers).get_json()["next"]
            for name in ("referrals", "batches")
        }
        self._numbers = itertools.count()
        self._sent: deque[str] = deque([lines.decode().splitlines()[0]], maxlen=20)

    def _endpoint(self, client: FlaskClient, headers: dict[str, str]) -> str:
        body = {"url": "https://hook.example/", "topics": ["item.decided"]}
        return str(client.post("/api/v1/endpoints", json=body, headers=headers).get_json()["id"])

    def mend(self, case: Case[Any]) -> None:
        """Make what obeys the schema obey the rules between members and requests too.

        JSON Schema cannot say: on one of our hosts; of an endpoint, an address that is reached; of a report,
        a time since the decision; an order that was issued; a keyword of its category; what a notice and an
        order need beside, and no other kind has; new for this sender; a cursor that this list gave out;
        packed as the header says. Half of the ids are of things that exist, but not where one request follows
        another: there an answer gives them. The lines of batches are referrals sent before, new or again,
        beside whatever text was made.
        Nothing that breaks the schema is touched.
        """
        if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
            return
        number = next(self._numbers)
        if isinstance(case.body, dict) and "items" in case.body:
            case.body = self._mended(case.body, number)
            self._sent.append(json.dumps(case.body))
        if isinstance(case.body, dict) and "topics" in case.body:
            case.body = case.body | {"url": f"https://hook.example/{number}"}
        if isinstance(case.body, dict) and case.body.keys() == {"at"}:
            case.body = {"at": rfc3339(clock.now())}
        if case.media_type == "application/x-ndjson" and isinstance(case.body, str):
            new = self._sent[number % len(self._sent)].replace('"reference": "', f'"reference": "{number}')
            case.body = "\n".join([new, self._sent[0], case.body])
        if case.headers:
            if "Idempotency-Key" in case.headers:
                case.headers["Idempotency-Key"] = f"{case.headers['Idempotency-Key'][:190]}{number}"
            case.headers.pop("Content-Encoding", None)
        if case.query and "cursor" in case.query:
            case.query["cursor"] = self.cursors[case.path]
        if case.meta.phase.name is TestPhase.STATEFUL:
            return
        for name, known in self.ids.items():
            if case.path_parameters and name in case.path_parameters and number % 2:
                case.path_parameters[name] = known[number // 2 % len(known)]

    def _mended(self, sent: dict[str, Any], number: int) -> dict[str, Any]:
        first, *others = sent["items"]
        body = sent | {
            "reference": f"{sent['reference'][:190]}{number}",
            "items": [first | {"url": f"https://video.example/{number}"}, *others],
        }
        if body.get("keyword") not in CATEGORIES.get(body.get("category") or "", KEYWORDS):
            body["keyword"] = None
        if body.get("intake_kind") == "notice":
            body |= {"good_faith": True, "contact": {"name": "Desk", "email": "desk@example.org"}}
        if body.get("intake_kind") != "removal_order":
            body["order"] = None
        elif body.get("order") is None:
            body["order"] = order_body()
        else:
            body["order"] = body["order"] | {"issued_at": order_body()["issued_at"]}
        return body


def _application(desk: Desk) -> Callable[..., Iterable[bytes]]:
    """The desk with a context for each request, as in a server; every answer is read and closed."""

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        response = desk.app.wsgi_app(environ, start)
        try:
            return list(response)
        finally:
            if hasattr(response, "close"):
                response.close()

    return lambda environ, start: contextvars.Context().run(answer, environ, start)


@schemathesis.serializer("application/x-ndjson")
def _lines(_context: SerializationContext, value: Any) -> bytes:
    """Text as it is; what is no text is no line, so nothing is sent for it."""
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else b""


@contextmanager
def _sent_in_process(monkeypatch: pytest.MonkeyPatch, world: World) -> Iterator[None]:
    """Mend each case before it is sent; drop settings of the network, which 4.32 hands to WSGI as well."""
    send = WSGITransport.send

    def without_network(self: WSGITransport, case: Case[Any], *, session: Any = None, **settings: Any) -> Any:
        kept = {name: value for name, value in settings.items() if name not in OF_THE_NETWORK}
        return send(self, case, session=session, **kept)

    def before_call(_context: Any, case: Case[Any], _settings: Any) -> None:
        world.mend(case)

    monkeypatch.setattr(WSGITransport, "send", without_network)
    schemathesis.hook(before_call)
    try:
        yield
    finally:
        schemathesis.hooks.unregister(before_call)


def fuzz(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    *,
    examples: int,
    same_again: bool = True,
    change: Callable[[dict[str, Any]], None] = lambda _document: None,
) -> Findings:
    """Run every phase of schemathesis (examples, coverage, fuzzing, stateful) over the whole description.

    ``examples`` for each operation while fuzzing; ``same_again`` makes the same ones each time; ``change``
    may falsify the description before.
    """
    world, findings = World(desk), Findings()
    config = SchemathesisConfig.from_dict(
        {
            "auth": {"openapi": {"key": {"bearer": world.key}}},
            "continue-on-failure": True,
            # U+0000 is refused below the schema: it is not strict JSON (http.md)
            "generation": {
                "max-examples": examples,
                "allow-x00": False,
                "database": "none",
                "deterministic": same_again,
            },
        }
    )
    document = closed(desk.client().get(DESCRIPTION).get_json())
    change(document)
    schema = schemathesis.openapi.from_dict(document, config=config)
    schema.app = _application(desk)
    with _sent_in_process(monkeypatch, world):
        for event in from_schema(schema).execute():
            _note(event, findings)
    return findings


def _note(event: events.EngineEvent, findings: Findings) -> None:
    if isinstance(event, events.NonFatalError | events.FatalError):
        findings.failures.append(
            f"error: {getattr(event, 'value', None) or getattr(event, 'exception', None)!r}"
        )
    if not isinstance(event, events.ScenarioFinished):
        return
    for interaction in event.recorder.interactions.values():
        findings.requests[str(event.phase.value)] += 1
        if interaction.response is not None:
            findings.statuses[interaction.response.status_code] += 1
    for case_id, checks in event.recorder.checks.items():
        answer = (
            event.recorder.interactions[case_id].response if case_id in event.recorder.interactions else None
        )
        for check in checks:
            findings.checks[check.name] += 1
            if check.failure_info is not None:
                failure = check.failure_info.failure
                text = answer.content[:400] if answer is not None else b""
                findings.failures.append(
                    f"{check.name}: {event.label}: {failure.title}: {failure.message[:400]}\n"
                    f"  {check.failure_info.code_sample[:1500]}\n  {text!r}"
                )
