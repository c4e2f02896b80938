"""Rows: messages to senders' programs, beside bare POSTs of the same bytes and beside hanging receivers."""

import http.client
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

import sqlalchemy as sa

from review.actions.endpoints import PURPOSE
from review.domain.ids import new_id
from review.domain.sealing import seal
from review.domain.webhooks import DeliveryState, message_bytes, new_secret
from review.models import Delivery, Endpoint
from tests.bench.databases import SECRET, Source
from tests.bench.receiver import HANGING
from tests.bench.servers import Installed
from tests.bench.stage import Stage
from tests.bench.table import Row, Target
from tests.house.readme_tables import ROOT
from tests.journeys.server import until

RATE = Target(500, 1_000, unit="/s")
UNDISTURBED = Target(0.8, 0.95, unit=" ×")
RECEIVERS = 16
HANGING_ONES = 12
"""Each holds up to four tries: more than one turn of the loop has room for."""
THREADS = 4
_TOPIC = "item.decided"


@dataclass(frozen=True)
class _Messages:
    """What waits at a desk: for whom, and how many for each."""

    endpoints: tuple[str, ...]
    each: int


@contextmanager
def receiving() -> Iterator[int]:
    """The receiver of this benchmark; its port."""
    command = [sys.executable, "-m", "tests.bench.receiver"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def _body(seq: int, at: datetime) -> bytes:
    """A message of the size that a decided item has."""
    item = {
        "id": new_id("I"), "url": f"https://video.example/watch/{seq}", "status": "decided",
        "canonical_url": f"https://video.example/watch/{seq}", "outcome": "accepted", "ground": "terms",
        "clauses": [{"number": "4", "version": 1, "title": "Rule 4", "text": "Content must not. " * 20}],
        "statement": "Thank you for your referral. We looked at the content and judged it by our terms.",
        "restriction": {"visibility": "removed", "account": "none", "territory": ["world"]},
        "referral": new_id("R"), "reference": f"EUIRU-2026-{seq:08d}",
    }  # fmt: skip
    return message_bytes(_TOPIC, seq=seq, data=item, at=at)


def _endpoints(desk: Installed, source: Source, *, port: int, path: str, count: int) -> tuple[str, ...]:
    """So many endpoints of the senders of this desk, none of which has had a message."""
    now, senders = datetime.now(UTC), source.filled.people["senders"]
    ids = tuple(new_id("J") for _number in range(count))
    rows = [
        {
            "id": endpoint_id, "trail_version": 0, "sender_id": senders[number % len(senders)],
            "url": f"http://127.0.0.1:{port}{path}", "topics": _TOPIC, "secret_at": now, "last_seq": 0,
            "sealed_secret": seal(
                new_secret(), secret_key=SECRET, purpose=PURPOSE, belongs_to=endpoint_id
            ),
            "created_at": now,
        }
        for number, endpoint_id in enumerate(ids)
    ]  # fmt: skip
    engine = desk.engine()
    with engine.begin() as writer:
        writer.execute(sa.insert(Endpoint), rows)
    engine.dispose()
    return ids


def _write(desk: Installed, messages: _Messages) -> float:
    """Let all messages be due at once; the moment from which the loop can see them."""
    now = datetime.now(UTC)
    engine = desk.engine()
    with engine.connect() as reader:
        first = reader.scalar(sa.select(sa.func.coalesce(sa.func.max(Delivery.seq), 0))) or 0
        senders = {
            row.id: row.sender_id for row in reader.execute(sa.select(Endpoint.id, Endpoint.sender_id))
        }
    rows = [
        {
            "id": new_id("Z"), "trail_version": 0, "endpoint_id": endpoint, "sender_id": senders[endpoint],
            "topic": _TOPIC, "subject_id": new_id("I"), "seq": first + number, "body": _body(number, now),
            "created_at": now, "standing": DeliveryState.WAITING.value, "tries": 0, "next_at": now,
        }
        for number in range(1, messages.each + 1)
        for endpoint in messages.endpoints
    ]  # fmt: skip
    with engine.begin() as writer:
        writer.execute(sa.insert(Delivery), rows)
    engine.dispose()
    return time.time()


def _rate(desk: Installed, prompt: _Messages, *, began: float) -> float:
    """Wait until the messages of these receivers arrived; how many a second did."""
    engine = desk.engine()
    waits = sa.select(Delivery.id).where(
        Delivery.standing == sa.literal_column(f"'{DeliveryState.WAITING}'"),  # as its index says
        Delivery.endpoint_id.in_(prompt.endpoints),
    )

    def arrived() -> bool:
        with engine.connect() as reader:
            return reader.execute(waits.limit(1)).one_or_none() is None

    until(arrived, seconds=600)
    with engine.connect() as reader:
        of_these = (Delivery.endpoint_id.in_(prompt.endpoints), Delivery.standing == DeliveryState.ARRIVED)
        last = reader.scalar(sa.select(sa.func.max(Delivery.finished_at)).where(*of_these))
    engine.dispose()
    assert last is not None
    return len(prompt.endpoints) * prompt.each / (last.timestamp() - began)


def _bare(port: int, bodies: Sequence[bytes]) -> float:
    """The same bytes, a connection each, from a few threads that keep no account of it; how many a second."""

    def post(body: bytes) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("POST", "/hook", body, {"Content-Type": "application/json"})
        assert connection.getresponse().status == 200
        connection.close()

    began = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as threads:
        for _done in threads.map(post, bodies):
            pass
    return len(bodies) / (time.perf_counter() - began)


def _disturbed(desk: Installed, prompt: _Messages, hanging: Sequence[str]) -> float:
    """How many a second arrive while as many messages as each of them has wait for receivers that hang."""
    _write(desk, _Messages(tuple(hanging), prompt.each))
    rate = _rate(desk, prompt, began=_write(desk, prompt))
    engine = desk.engine()
    with engine.begin() as writer:  # out of the way of the next round
        over = sa.update(Delivery).where(Delivery.endpoint_id.in_(hanging))
        writer.execute(over.values(next_at=datetime.max.replace(tzinfo=UTC, year=9000)))
    engine.dispose()
    return rate


def rows_of(stage: Stage) -> list[Row]:
    """One receiver, many, and many beside one and beside some that never answer."""
    count = stage.options.messages
    several = {
        f"{number} that hang" if number > 1 else "one that hangs": number for number in (1, HANGING_ONES)
    }
    alone, spread, bare = [], [], []
    beside: dict[str, list[float]] = {name: [] for name in several}
    with receiving() as port, stage.fresh_desk(0) as (desk, source):
        bodies = [_body(number, datetime.now(UTC)) for number in range(count)]
        (one,) = _endpoints(desk, source, port=port, path="/hook", count=1)
        many = _endpoints(desk, source, port=port, path="/hook", count=RECEIVERS)
        for _number in range(stage.options.rounds):
            to_one, to_many = _Messages((one,), count), _Messages(many, max(1, count // RECEIVERS))
            bare.append(_bare(port, bodies))
            alone.append(_rate(desk, to_one, began=_write(desk, to_one)))
            spread.append(_rate(desk, to_many, began=_write(desk, to_many)))
            for name, hanging in several.items():
                silent = _endpoints(desk, source, port=port, path=HANGING, count=hanging)
                beside[name].append(_disturbed(desk, to_many, silent))
            stage.noise.measure()
    reference = f"bare POSTs {median(bare):.0f}/s"
    rows = [
        Row(
            f"deliveries to {who}, {count} due at once",
            stage.kind,
            f"{median(rates):.0f}/s",
            reference=reference,
            ratio=median(rates) / median(bare),
            figure=median(rates),
            target=RATE,
            note=f"judged by the rate; each leased, sent and recorded with its event. {len(rates)} rounds",
        )
        for who, rates in (("one receiver", alone), (f"{RECEIVERS} receivers", spread))
    ]
    return rows + [
        Row(
            f"deliveries to {RECEIVERS} receivers beside {name}",
            stage.kind,
            f"{median(rates):.0f}/s",
            reference=f"without {median(spread):.0f}/s",
            ratio=median(rates) / median(spread),
            target=UNDISTURBED,
        )
        for name, rates in beside.items()
    ]
