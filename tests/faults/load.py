"""Clients under whom the desk is broken: senders, moderators and an observer of the log, through real HTTP.

Each goes on until it is stopped, writes into the journal what it was told, and takes a dead connection, a
503 or a lost race as part of a day's work. Anything else is journalled as wrong.
"""

import base64
import json
import random
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.faults import journal as outcomes
from tests.faults.connection import Ambiguous, Answer, Connection, Unreached
from tests.faults.journal import Attempt, Journal

PATIENCE = (429, 503, 507)
SHARED_LOCATIONS = 12
HIDDEN = re.compile(r'<input[^>]*name="(csrf_token|version|claim_generation)"[^>]*value="([^"]*)"')
PAUSE_SECONDS = 0.02


@dataclass(frozen=True)
class People:
    """Who may use the desk: keys of senders; of each moderator the name on the trail and cookies."""

    keys: tuple[str, ...]
    moderators: tuple[tuple[str, dict[str, str]], ...]


class Client:
    """What all clients share: one connection, one source of chance, the journal."""

    def __init__(
        self, connection: Connection, journal: Journal, stop: threading.Event, *, chance: random.Random
    ) -> None:
        self.connection = connection
        self.journal = journal
        self.stop = stop
        self.chance = chance

    def attempt(
        self,
        what: str,
        send: Callable[[], Answer],
        *,
        told: Callable[[Answer], dict[str, object]],
        **details: object,
    ) -> Answer | None:
        """One journalled request; its answer where it was acknowledged, else None."""
        number = self.journal.sent(what, **details)
        try:
            answer = send()
        except Unreached:
            self.journal.ended(number, outcomes.REFUSED, status=0)
            self.pause()
            return None
        except Ambiguous:
            self.journal.ended(number, outcomes.AMBIGUOUS)
            return None
        if answer.status in (200, 201, 303) and not answer.location.endswith("/sign-in"):
            self.journal.ended(number, outcomes.ACKNOWLEDGED, status=answer.status, **told(answer))
            return answer
        if answer.status == 409 or (answer.status in PATIENCE and "retry-after" in answer.headers):
            self.journal.ended(number, outcomes.REFUSED, status=answer.status)
            if answer.status in PATIENCE:
                self.pause()
        else:
            self.journal.ended(number, outcomes.WRONG, status=answer.status, text=answer.text[:600])
        return None

    def look(self, path: str) -> Answer | None:
        """Read something; None while the desk cannot be asked."""
        number = self.journal.sent("look", path=path)
        try:
            answer = self.connection.request("GET", path)
        except (Unreached, Ambiguous):
            self.journal.ended(number, outcomes.REFUSED, status=0)
            self.pause()
            return None
        if answer.status == 200:
            self.journal.ended(number, outcomes.ACKNOWLEDGED, status=200)
            return answer
        patient = answer.status in (404, 409) or (
            answer.status in PATIENCE and "retry-after" in answer.headers
        )
        if patient:
            self.journal.ended(number, outcomes.REFUSED, status=answer.status)
            self.pause()
        else:
            self.journal.ended(number, outcomes.WRONG, status=answer.status, text=answer.text[:600])
        return None

    def pause(self) -> None:
        """A moment before the next try."""
        self.stop.wait(PAUSE_SECONDS)

    def step(self) -> None:
        """One piece of work."""
        raise NotImplementedError

    def run(self) -> None:
        """Work until stopped."""
        try:
            while not self.stop.is_set():
                self.step()
        finally:
            self.connection.close()


class SenderClient(Client):
    """Refers, some of it with evidence and some of it for locations that others refer too; withdraws some."""

    def __init__(self, *arguments: object, name: str, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]
        self.name = name
        self.number = 0
        self.own: list[str] = []

    def step(self) -> None:
        """Refer, or now and then withdraw something of one's own."""
        if self.own and self.chance.random() < 0.15:
            self.withdraw(self.own.pop(self.chance.randrange(len(self.own))))
        else:
            self.number += 1
            self.refer(f"{self.name}-{self.number}")

    def refer(self, reference: str) -> None:
        """One referral under a key of its own."""
        body = self.body(reference)
        answer = submit(self, reference, body, idempotency_key=f"key-{reference}")
        if answer is not None:
            self.own.append(json.loads(answer.body)["id"])

    def body(self, reference: str) -> str:
        """One or two items; every fourth referral carries evidence."""
        urls = [f"https://video.example/{reference}"]
        if self.chance.random() < 0.4:
            urls.append(f"https://video.example/shared/{self.chance.randrange(SHARED_LOCATIONS)}")
        items: list[dict[str, object]] = [{"url": url, "content_type": "video"} for url in urls]
        if self.chance.random() < 0.25:
            content = base64.b64encode(self.chance.randbytes(1500)).decode()
            items[0]["evidence"] = [{"name": "frame.png", "media_type": "image/png", "content": content}]
        return json.dumps(
            {"reference": reference, "reason": "Praise of a listed organisation.", "items": items}
        )

    def withdraw(self, referral_id: str) -> None:
        """Withdraw one's own referral; 409 when it was answered meanwhile."""
        self.attempt(
            "withdraw",
            lambda: self.connection.request("POST", f"/api/v1/referrals/{referral_id}/withdraw", b""),
            told=lambda answer: {"status_of_referral": json.loads(answer.body)["status"]},
            referral=referral_id,
        )


def submit(client: Client, reference: str, body: str, *, idempotency_key: str | None) -> Answer | None:
    """Send one referral, journalled with its body so that it can be sent again."""
    headers = {"Content-Type": "application/json"}
    if idempotency_key is not None:
        headers["Idempotency-Key"] = idempotency_key
    return client.attempt(
        "submit",
        lambda: client.connection.request("POST", "/api/v1/referrals", body.encode(), headers),
        told=lambda answer: {
            "id": json.loads(answer.body)["id"],
            "replayed": "idempotent-replayed" in answer.headers,
        },
        reference=reference,
        body=body,
        idempotency_key=idempotency_key,
        key=client.connection.key,
    )


class ModeratorClient(Client):
    """Takes the next case, keeps or gives back some, drafts, records, undoes some."""

    def __init__(self, *arguments: object, name: str, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]
        self.name = name
        self.token = ""
        self.number = 0

    def step(self) -> None:
        """One case from the queue to its record."""
        if not self.token:
            page = self.look("/queue")
            self.token = "" if page is None else hidden_fields(page.text).get("csrf_token", "")
            return
        taken = self.post("next", "/queue/next")
        if taken is None:
            return
        if "/cases/" not in taken.location:
            self.pause()
            return
        self.judge(taken.location)

    def post(self, what: str, path: str, **fields: str) -> Answer | None:
        """Send one form of this person's, journalled."""
        details = {name: value for name, value in fields.items() if name in ("rationale", "claim_generation")}
        return self.attempt(
            what,
            lambda: self.connection.post_form(path, csrf_token=self.token, **fields),
            told=lambda answer: {"location": answer.location},
            path=path,
            moderator=self.name,
            **details,
        )

    def judge(self, path: str) -> None:
        """Look at a case one holds and do something about it."""
        page = self.look(path)
        if page is None:
            return
        fields = hidden_fields(page.text)
        if "claim_generation" not in fields:
            return
        number = self.journal.sent(
            "hold", path=path, moderator=self.name, claim_generation=fields["claim_generation"]
        )
        self.journal.ended(number, outcomes.ACKNOWLEDGED)
        generation = fields["claim_generation"]
        dice = self.chance.random()
        if dice < 0.12:
            self.post("release", path + "/release", claim_generation=generation)
            return
        if dice < 0.3:
            self.post("renew", path + "/renew", claim_generation=generation)
        elif dice < 0.4:
            self.post("draft", path + "/draft", claim_generation=generation, rationale="Half a thought.")
        self.number += 1
        recorded = self.post(
            "review",
            path + "/review",
            version=fields["version"],
            claim_generation=generation,
            outcome="declined",
            decline_reason="no_breach",
            rationale=f"Nothing here breaks the terms: {self.name}, {self.journal.path.name}, {number}.",
            statement="Thank you. We found no breach.",
            then="stay",
        )
        if recorded is not None and self.chance.random() < 0.2:
            self.post("undo", path + "/undo")


def hidden_fields(page: str) -> dict[str, str]:
    """Token, version and generation of the forms of a page; what stands first wins."""
    found: dict[str, str] = {}
    for name, value in HIDDEN.findall(page):
        found.setdefault(name, value)
    return found


class Observer(Client):
    """Keeps every checkpoint that it is shown, as a sender's program or a witness does."""

    def step(self) -> None:
        """Fetch the newest checkpoint."""
        answer = self.look("/log/checkpoint")
        if answer is not None:
            number = self.journal.sent("checkpoint", note=answer.text)
            self.journal.ended(number, outcomes.ACKNOWLEDGED)
        self.stop.wait(0.1)


def crowd(
    people: People,
    port: int,
    journal: Journal,
    stop: threading.Event,
    *,
    name: str,
    senders: int,
    moderators: int,
) -> list[Client]:
    """So many clients of each kind, and one observer; ``name`` makes their references unlike all others."""
    clients: list[Client] = []
    for number in range(senders):
        key = people.keys[number % len(people.keys)]
        clients.append(
            SenderClient(
                Connection(port, key=key),
                journal,
                stop,
                chance=random.Random(f"{name} sender {number}"),
                name=f"{name}-{number}",
            )
        )
    for number in range(moderators):
        trail_id, cookies = people.moderators[number % len(people.moderators)]
        chance = random.Random(f"{name} moderator {number}")
        clients.append(
            ModeratorClient(Connection(port, cookies=cookies), journal, stop, chance=chance, name=trail_id)
        )
    observer = Connection(port, key=people.keys[0])
    clients.append(Observer(observer, journal, stop, chance=random.Random(name)))
    return clients


@contextmanager
def working(clients: Sequence[Client], stop: threading.Event) -> Iterator[None]:
    """All clients at work in threads of their own; stopped and waited for at the end."""
    failures: list[BaseException] = []

    def run(client: Client) -> None:
        try:
            client.run()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
    assert not failures, failures


def _resend_one(client: Client, attempt: Attempt, *, by: str) -> str:
    """Send one submit until it is answered; the referral's id."""
    details = attempt.details
    idempotency_key = details["idempotency_key"] if by == "key" else None
    for _try in range(50):
        again = submit(client, details["reference"], details["body"], idempotency_key=idempotency_key)
        if again is not None:
            return str(json.loads(again.body)["id"])
    raise AssertionError(f"{details['reference']} was never answered")


def resend(attempts: Sequence[Attempt], port: int, journal: Journal, *, by: str) -> dict[str, str]:
    """Send ambiguous submits again, ``by`` "key" or "reference"; the ids by reference, journalled too."""
    found: dict[str, str] = {}
    by_sender: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        by_sender.setdefault(attempt.details["key"], []).append(attempt)

    def send_all(key: str, own: Sequence[Attempt]) -> None:
        client = Client(Connection(port, key=key), journal, threading.Event(), chance=random.Random(0))
        for attempt in own:
            found[attempt.details["reference"]] = _resend_one(client, attempt, by=by)
        client.connection.close()

    threads = [threading.Thread(target=send_all, args=of_one) for of_one in by_sender.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(attempts), "a submit was never answered"
    return found
