"""Two senders: whatever one asks with the other's ids, it gets what it would get for ids that never were."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from review.domain.ids import new_id
from tests.answers import plain
from tests.conftest import Desk
from tests.factories import referral_body
from tests.stored import contents, without_refusals
from tests.web.walls.crawling import all_ids, fill, parts_of, token_on
from tests.web.walls.stage import Ids, Stage, bearer, build

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
FORM = {
    "advice": "words",
    "answer": "words",
    "column-0": "reference",
    "column-1": "reason",
    "column-2": "url",
    "outcome": "declined",
    "rationale": "words",
    "password": "words",
    "reason": "words",
    "reasons": "words",
}
"""What forms of the desk hold, beside their token."""
NO_IDS = {"token", "name", "code", "filename"}
"""Parts of addresses that are no ids: a link to a new password is good for whoever holds it."""


@dataclass(frozen=True)
class Pair:
    """An address with ids of others, and the same one with ids that never were."""

    foreign: str
    missing: str
    ids: tuple[tuple[str, str], ...]


class Sender:
    """Somebody of the first sender with a session, for pages, and a key at once."""

    def __init__(self, stage: Stage) -> None:
        self.client: FlaskClient = stage.clients["own"]
        self.headers = bearer(stage.keys["own"])
        self.token = token_on(self.client)

    def ask(self, method: str, address: str, ids: tuple[str, ...]) -> tuple[int, str, str]:
        """Status, headers and body, without what differs from request to request and the ids asked by."""
        form = None if method in ("GET", "HEAD") else FORM | {"csrf_token": self.token}
        body: dict[str, Any] = {"data": form}
        told = {"answer": "answer", "complaint": "reasons"}.get(address.rsplit("/", 1)[-1])
        if method == "POST" and address.startswith("/api/") and told is not None:
            body = {"json": {told: FORM[told]}}  # what it does with a form is no question of whose it is
        with self.client.open(address, method=method, headers=self.headers, **body) as answer:
            headers = "\n".join(f"{name}: {value}" for name, value in answer.headers)
            return answer.status_code, without(headers, ids), without(answer.get_data(as_text=True), ids)


def without(text: str, ids: tuple[str, ...]) -> str:
    """The text without what any two answers differ in, and these ids."""
    text = plain(text)
    for one in ids:
        text = text if one.isdigit() else text.replace(one, "<id>")
    return text


MOST_OF_A_KIND = 10
MOST_OF_OTHER_KINDS = 5


def never(known: str) -> str:
    """An id of the same shape that was given to nothing."""
    return "9" * len(known) if known.isdigit() else new_id(known[0])


def pairs(rule: Rule, foreign: Ids) -> Iterator[Pair]:
    """The route's address with others' ids, each in its place.

    A sender's own addresses are tried with ids that fit and some of other kinds, which are refused by their
    first letter; those of other people, where the role is refused before any look at the id, with one.
    """
    every = [some[0] for name, some in foreign.items() if name not in NO_IDS][:MOST_OF_OTHER_KINDS]
    names = parts_of(rule)
    own = rule.rule.startswith(("/sender/", "/api/"))
    choices = [_choices(name, foreign, every) if own else _choices(name, foreign, [])[:1] for name in names]
    for number in range(max(map(len, choices))):
        chosen = [some[number % len(some)] for some in choices]
        unknown = [never(one) for one in chosen]
        yield Pair(fill(rule, chosen), fill(rule, unknown), tuple(zip(chosen, unknown, strict=True)))


def _choices(name: str, foreign: Ids, more: list[str]) -> list[str]:
    # a part of unknown name gets one of each kind
    fitting = foreign.get(name, [])[:MOST_OF_A_KIND] or [some[0] for some in foreign.values()]
    return [*fitting, *(one for one in more if one not in fitting)]


def test_foreign_equals_missing_for_every_route_and_verb(desk: Desk) -> None:
    stage = build(desk)
    sender = Sender(stage)
    foreign = all_ids(stage, "other", "house")
    before = contents(desk)
    differ, asked, statuses = [], 0, set()
    for rule in desk.app.url_map.iter_rules():
        if not parts_of(rule) or NO_IDS & set(parts_of(rule)):
            continue
        for pair, method in itertools.product(pairs(rule, foreign), VERBS):
            first = sender.ask(method, pair.foreign, tuple(one for one, _other in pair.ids))
            second = sender.ask(method, pair.missing, tuple(other for _one, other in pair.ids))
            asked += 1
            statuses.add(first[0])
            if first != second:
                differ.append((method, pair.foreign, first[0], second[0]))
    assert differ == []
    after = without_refusals(desk, contents(desk))
    assert after == without_refusals(desk, before), "something was stored or changed"
    assert asked > 500
    assert {403, 404, 405} <= statuses, "refused by role, missing, and no such verb"


def _turn(rule: Rule) -> int:
    """First answers, because what is withdrawn is asked about no more; last what takes something away."""
    if rule.rule.endswith("/answer"):
        return 0
    if rule.rule.endswith("/revoke"):
        return 3  # the key that asks may be the one
    taking = rule.rule.endswith(("/off", "/remove")) or "DELETE" in (rule.methods or set())
    return 2 if taking else 1


def test_the_same_requests_do_something_with_ones_own_ids(desk: Desk) -> None:
    """Else equal refusals of broken requests would prove nothing."""
    stage = build(desk)
    sender = Sender(stage)
    done = {}
    for rule in sorted(desk.app.url_map.iter_rules(), key=_turn):
        names = parts_of(rule)
        if not rule.rule.startswith(("/sender/", "/api/")) or not names:
            continue
        if names == ["restriction_id"]:  # the platform's: no key of a sender may
            continue
        for method in sorted((rule.methods or set()) - {"OPTIONS"}):
            ids = stage.ids["own"][names[0]]
            if (names[0], method) == ("endpoint_id", "DELETE") or rule.rule.endswith("/remove"):
                ids = [ids.pop()]  # what is removed is missing from then on
            done[rule.rule, method] = {sender.ask(method, fill(rule, [one]), (one,))[0] for one in ids}
        sender.client.get("/sender")  # shows what was told on the way, else the cookie would overflow
    assert len(done) >= 12
    assert {place: found for place, found in done.items() if not found & {200, 202, 204, 303}} == {}


QUERIES = (
    ("/api/v1/referrals?batch={}", "batch_id"),
    ("/api/v1/referrals?reference={}", "reference"),
    ("/api/v1/referrals?cursor={}", "cursor"),
    ("/api/v1/batches?cursor={}", "cursor"),
    ("/sender?cursor={}", "cursor"),
    ("/api/v1/referrals/{own}/receipt?item={}", "item_id"),
)


@pytest.mark.parametrize(("address", "kind"), QUERIES, ids=[address for address, _kind in QUERIES])
def test_foreign_equals_missing_in_queries(desk: Desk, address: str, kind: str) -> None:
    stage = build(desk)
    sender = Sender(stage)
    own = stage.ids["own"]["referral_id"][0]
    values = list(_values(stage, kind))
    assert values
    for known, unknown in values:
        first, second = (
            sender.ask("GET", address.format(value, own=own), (value,)) for value in (known, unknown)
        )
        assert first == second, known
        assert known not in first[2]


def _values(stage: Stage, kind: str) -> Iterator[tuple[str, str]]:
    """Values of the other sender, and such as never were."""
    if kind in stage.ids["other"]:
        yield from ((one, never(one)) for one in stage.ids["other"][kind])
        return
    client, headers = stage.desk.client(), bearer(stage.keys["other"])
    page = client.get("/api/v1/referrals?limit=1", headers=headers).get_json()
    if kind == "cursor":
        yield page["next"], "A" * len(page["next"])
    else:
        reference = page["referrals"][0]["reference"]
        yield reference, f"{reference[:-1]}?"


def test_names_that_senders_choose_do_not_meet(desk: Desk) -> None:
    """The other's reference, its idempotency key and its very bytes are taken in like any new ones."""
    stage = build(desk)
    answers = []
    for whose in ("other", "own"):
        headers = bearer(stage.keys[whose]) | {"Content-Type": "application/json", "Idempotency-Key": "one"}
        body = referral_body("THE SAME", "https://video.example/same")
        answer = stage.desk.client().post("/api/v1/referrals", data=body, headers=headers)
        answers.append((answer, answer.get_json()))
    (first, told), (second, own) = answers
    assert (first.status_code, second.status_code) == (201, 201)
    assert "Idempotent-Replayed" not in second.headers
    assert not {told["id"], told["items"][0]["id"]} & {own["id"], own["items"][0]["id"]}
    ids = (told["id"], own["id"], told["items"][0]["id"], own["items"][0]["id"])
    times = ("received_at", "updated_at")
    shapes = [{name: one[name] for name in one if name not in times} for one in (told, own)]
    assert without(str(shapes[0]), ids) == without(str(shapes[1]), ids), (
        "a location that is known already shows"
    )
