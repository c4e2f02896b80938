"""The load, in a process of its own: persons and programs that talk HTTP over raw sockets, one thread each.

Reads one JSON order from standard input, prints one JSON result: milliseconds of each step, what was decided,
what was refused. It shares the cores with the server, and costs far less than it.
"""

import json
import random
import re
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlencode

PATIENCE_SECONDS = 60
FORM = "application/x-www-form-urlencoded"
_TOKEN = re.compile(rb'name="csrf_token"[^>]*value="([^"]+)"')
_VERSION = re.compile(rb'name="version"[^>]*value="([^"]*)"')
_GENERATION = re.compile(rb'name="claim_generation"[^>]*value="([^"]*)"')
_CLAUSE = re.compile(rb'value="(W-[^"]+)"')
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_LOCATION = re.compile(rb"location: *([^\r\n]+)", re.IGNORECASE)
_COOKIE = re.compile(rb"set-cookie: *(review=[^;\r\n]+)", re.IGNORECASE)


class Connection:
    """One connection that is kept alive; remembers the session cookie as a browser does."""

    def __init__(self, port: int, *, cookie: str = "", bearer: str = "") -> None:
        self._port = port
        self.cookie = cookie
        self._bearer = f"Authorization: Bearer {bearer}\r\n" if bearer else ""
        self._socket = self._connect()
        self.location = ""

    def _connect(self) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self._port), timeout=300)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def send(self, method: str, address: str, body: bytes = b"", media_type: str = FORM) -> tuple[int, bytes]:
        """Send one request; status and body of the answer."""
        lines = f"{method} {address} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n{self._bearer}"
        if self.cookie:
            lines += f"Cookie: {self.cookie}\r\n"
        if method == "POST":
            lines += f"Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\n"
        self._socket.sendall(lines.encode() + b"\r\n" + body)
        received = b""
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._more()
        head, rest = received[:end], received[end + 4 :]
        length = _LENGTH.search(head)
        wanted = int(length.group(1)) if length else 0
        while len(rest) < wanted:
            rest += self._more()
        if (cookie := _COOKIE.search(head)) is not None:
            self.cookie = cookie.group(1).decode()
        location = _LOCATION.search(head)
        self.location = location.group(1).decode() if location else ""
        return int(head[9:12]), rest

    def close(self) -> None:
        """End it."""
        self._socket.close()

    def _more(self) -> bytes:
        piece = self._socket.recv(262_144)
        if not piece:
            raise ConnectionError("the server closed the connection")
        return piece


@dataclass
class Worker:
    """One client: what it was told to do, and what it measured after the warming up."""

    order: dict[str, Any]
    number: int
    until: float
    measured_from: float
    steps: dict[str, list[float]] = field(default_factory=dict)
    decided: list[str] = field(default_factory=list)
    acknowledged: list[tuple[str, float]] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    cycles: int = 0
    done: int = 0

    def timed(
        self,
        step: str,
        connection: Connection,
        method: str,
        address: str,
        body: bytes = b"",
        *,
        media_type: str = FORM,
        expected: int = 200,
    ) -> bytes | None:
        """Do one step; the body of its answer, or None where it was refused."""
        started = time.perf_counter()
        status, answer = connection.send(method, address, body, media_type)
        ended = time.perf_counter()
        if status != expected:
            self.refused[f"{step} {status}"] += 1
            return None
        if ended >= self.measured_from:
            self.steps.setdefault(step, []).append((ended - started) * 1000)
        return answer

    def think(self) -> None:
        """A person's pause between two steps."""
        if seconds := float(self.order.get("thought_seconds", 0)):
            time.sleep(random.uniform(0.5, 1.5) * seconds)

    def paused(self) -> float:
        """Think; how many seconds that took."""
        begun = time.perf_counter()
        self.think()
        return time.perf_counter() - begun

    def cycle(self, begun: float, pause: float) -> None:
        """One whole cycle was done, with so many seconds of thought in it."""
        self.done += 1
        if begun >= self.measured_from:
            self.steps.setdefault("cycle", []).append((time.perf_counter() - begun - pause) * 1000)
            self.cycles += 1

    def counted(self) -> None:
        """One whole cycle was done."""
        self.done += 1
        self.cycles += time.perf_counter() >= self.measured_from

    @property
    def over(self) -> bool:
        """Whether the time is over; on a slow machine not before one whole cycle is measured."""
        now = time.perf_counter()
        return now >= self.until and (self.cycles > 0 or now >= self.until + PATIENCE_SECONDS)


def referral_bytes(reference: str, url: str) -> bytes:
    """A referral as the police would send it, about 600 bytes."""
    return json.dumps(
        {
            "reference": reference, "intake_kind": "referral", "category": "STATEMENT_CATEGORY_VIOLENCE",
            "reason": "Branded propaganda video of a listed organisation; the logo is visible throughout "
            "and the speaker asks viewers to join.",
            "issuing_authority": "Federal Judicial Police", "issuing_country": "BE", "language": "en",
            "requested_action": "remove", "good_faith": True, "detected_at": "2026-11-21T09:30:00Z",
            "contact": {"name": "Duty desk", "email": "desk@police.example"},
            "items": [{"url": url, "content_type": "video", "language": "en"}],
        }
    ).encode()  # fmt: skip


def create(worker: Worker) -> None:
    """Submit referrals one after the other, each with a location of its own; ``rate``: so many a second."""
    order = worker.order
    connection = Connection(order["port"], bearer=order.get("key", ""))
    rate = float(order.get("rate", 0)) / order["clients"]
    due = time.perf_counter()
    number = 0
    while not worker.over:
        if rate:
            due += 1 / rate
            time.sleep(max(0.0, due - time.perf_counter()))
        number += 1
        name = f"{order['name']}-{worker.number}-{number}"
        body = referral_bytes(name, f"https://video.example/watch/{name}")
        answer = worker.timed(
            "create", connection, "POST", order["address"], body, media_type="application/json", expected=201
        )
        if answer is not None:
            worker.counted()
            worker.acknowledged.append((json.loads(answer)["id"], time.time()))


def decide(worker: Worker) -> None:
    """Take the next case, read its page, record a review: three requests, as one person does them.

    With ``go_on`` the answer to a review leads to the next case, as the page does it: two requests.
    """
    order = worker.order
    connection = Connection(order["port"], cookie=order["people"][worker.number]["cookie"])
    token = order["people"][worker.number]["token"]
    address = ""
    worker.think()
    while not worker.over:
        begun = time.perf_counter()
        if not address:
            form = urlencode({"csrf_token": token, "person": str(worker.number)}).encode()
            if worker.timed("claim", connection, "POST", order["next"], form, expected=303) is None:
                continue
            address = connection.location
        if not address.startswith("/cases/"):
            worker.refused["nothing waits"] += 1
            return
        pause = worker.paused()
        page = worker.timed("open", connection, "GET", address)
        if page is None:
            address = ""
            continue
        token, review = review_of(page, worker, accept=worker.cycles % 2 == 1)
        pause += worker.paused()
        done = worker.timed("decide", connection, "POST", address + "/review", review, expected=303)
        if done is not None:
            worker.decided.append(address)
            worker.cycle(begun, pause)
        address = connection.location if order.get("go_on") and done is not None else ""
        worker.think()
    if address:
        release(connection, address)


def release(connection: Connection, address: str) -> None:
    """Give back the case that the last answer led to, so that no claim stays behind."""
    _status, page = connection.send("GET", address)
    token, generation = _TOKEN.search(page), _GENERATION.search(page)
    if token and generation:
        form = {"csrf_token": token.group(1).decode(), "claim_generation": generation.group(1).decode()}
        connection.send("POST", address + "/release", urlencode(form).encode())


def review_of(page: bytes, worker: Worker, *, accept: bool) -> tuple[str, bytes]:
    """The token of the page's forms, and its review form filled in: every other one accepts by a clause."""
    token, version, generation = (
        found.group(1).decode() if (found := pattern.search(page)) else ""
        for pattern in (_TOKEN, _VERSION, _GENERATION)
    )
    fields = {
        "csrf_token": token, "person": str(worker.number), "version": version, "territory": "world",
        "claim_generation": generation, "then": "next" if worker.order.get("go_on") else "stay",
        "account": "none", "context": "none", "visibility": "none",
        "rationale": "The video shows the logo throughout and asks viewers to join; no context of reporting.",
        "statement": "Thank you for your referral. We looked at the content and judged it by our terms.",
    }  # fmt: skip
    clause = _CLAUSE.search(page)
    if accept and clause:
        chosen = clause.group(1).decode()
        fields |= {"outcome": "accepted", "ground": "terms", "clauses": chosen, "visibility": "removed"}
    else:
        fields |= {"outcome": "declined", "decline_reason": "no_breach"}
    return token, urlencode(fields, quote_via=quote_plus).encode()


def look(worker: Worker) -> None:
    """Open addresses one after the other, each kind as one step, with a pause between where people think."""
    order = worker.order
    connection = Connection(order["port"], cookie=order.get("cookie", ""), bearer=order.get("key", ""))
    pages: dict[str, list[str]] = order["pages"]
    number = worker.number
    while not worker.over:
        for step, addresses in pages.items():
            address = addresses[number % len(addresses)]
            worker.timed(step, connection, "GET", address)
            worker.think()
        number += order["clients"]
        worker.counted()


def poll(worker: Worker) -> None:
    """One sender's program that asks for changes, pauses and asks again; a step by its size."""
    order = worker.order
    mine = order["senders"][worker.number]
    worker.think()  # not all of them at once
    connection = Connection(order["port"], bearer=mine["key"])
    while not worker.over:
        if worker.timed(mine["step"], connection, "GET", mine["address"]) is not None:
            worker.counted()
        worker.think()


JOURNEYS = {"create": create, "decide": decide, "look": look, "poll": poll}


def _run(worker: Worker, journey: Callable[[Worker], None], failures: list[str]) -> None:
    try:
        journey(worker)
    except Exception as error:
        failures.append(f"client {worker.number}: {type(error).__name__}: {error}")


def main() -> None:
    """Run the order on standard input."""
    order = json.load(sys.stdin)
    started = time.perf_counter()
    measured_from = started + order.get("warm_seconds", 0)
    workers = [
        Worker(order, number, until=measured_from + order["seconds"], measured_from=measured_from)
        for number in range(order["clients"])
    ]
    failures: list[str] = []
    threads = [
        threading.Thread(target=_run, args=(worker, JOURNEYS[order["journey"]], failures))
        for worker in workers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    steps: dict[str, list[float]] = {}
    refused: Counter[str] = Counter()
    for worker in workers:
        refused += worker.refused
        for step, times in worker.steps.items():
            steps.setdefault(step, []).extend(times)
    result = {
        "seconds": time.perf_counter() - measured_from,
        "cycles": sum(worker.cycles for worker in workers),
        "done": sum(worker.done for worker in workers),
        "steps": steps,
        "decided": [address for worker in workers for address in worker.decided],
        "acknowledged": [entry for worker in workers for entry in worker.acknowledged],
        "refused": dict(refused),
        "failures": failures,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
