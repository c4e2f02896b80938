"""What people and programs are answered when they send: referrals, answers, the steps that show evidence."""

import io
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any

import time_machine

from review import clock
from review.domain.media import Stage as Stages
from review.domain.permissions import Role
from tests.factories import make_sign_in, referral_body
from tests.web.walls.crawling import Answered, answered, token_on
from tests.web.walls.marks import Mark
from tests.web.walls.stage import Stage, bearer

SHARED = "https://video.example/watch/2"
"""A location that both senders have named, and that was reviewed."""
ELSEWHERE = "https://elsewhere.example/1"


def by_key(stage: Stage) -> list[Answered]:
    """Everything that its program may send, with its own ids and those of others."""
    found: list[Answered] = []
    client = stage.desk.client()

    def post(address: str, body: bytes | str, media_type: str = "application/json") -> None:
        headers = bearer(stage.keys["own"]) | {"Content-Type": media_type}
        with client.post(address, data=body, headers=headers) as answer:
            found.append(answered(f"POST {address}", answer))

    for body in _bodies():
        post("/api/v1/referrals", body)
        post("/api/v1/referrals/batch", body + b"\n", "application/x-ndjson")
    post("/api/v1/referrals/batch", b"\n".join(_bodies()) + b"\n", "application/x-ndjson")
    for referral_id, words in product(_of(stage, "referral_id"), ("", "At noon.")):
        post(f"/api/v1/referrals/{referral_id}/answer", json.dumps({"answer": words}))
    for topics, url in product((["item.decided"], []), ("https://hook.example/", "https://10.0.0.1/")):
        post("/api/v1/endpoints", json.dumps({"url": url, "topics": topics}))
    for endpoint_id, act in product(_of(stage, "endpoint_id"), ("rotate", "test")):
        post(f"/api/v1/endpoints/{endpoint_id}/{act}", "{}")
    for _time, name in product(range(2), ("item", "referral")):  # what is withdrawn already is refused
        for one in _of(stage, f"{name}_id"):
            post(f"/api/v1/{name}s/{one}/withdraw", "{}")
    return found


def by_page(stage: Stage) -> list[Answered]:
    """Every form of its pages, and the pages that these lead to."""
    found: list[Answered] = []
    client = stage.clients["own"]
    token = token_on(client)

    def post(address: str, **fields: Any) -> None:
        with client.post(address, data={"csrf_token": token} | fields, follow_redirects=True) as answer:
            found.append(answered(f"POST {address}", answer))

    for referral_id, words in product(_of(stage, "referral_id"), ("", "At noon.", "At night.")):
        post(f"/sender/referrals/{referral_id}/answer", answer=words)
    place = f"https://video.example/{Mark.OWN_PLACE}/1"
    for reason, step in product(("", "Praise."), ("", "change")):
        typed = {"urls": place, "intake_kind": "referral", "urgency": "normal", "reason": reason}
        post("/sender/referrals/new", step=step, **typed)
    post("/sender/keys", label="Gate", scopes="refer")
    post("/sender/keys", label="x" * 1_000)
    post("/sender/endpoints", url="https://hook.example/", topics="item.decided")
    post("/sender/endpoints", url="https://10.0.0.1/")
    post("/sender/notices", email="duty@unit.example", occasions="item.decided")
    for delivery_id in _of(stage, "delivery_id"):
        post(f"/sender/deliveries/{delivery_id}/send-again")
    for notice_id in _of(stage, "notice_id")[1:]:
        post(f"/sender/notices/{notice_id}/remove")
    acts = ("test", "rotate", "off", "on", "send-again", "remove")
    for endpoint_id, act in product(_of(stage, "endpoint_id"), acts):
        post(f"/sender/endpoints/{endpoint_id}/{act}")
    for file_id, act in product(_of(stage, "file_id"), ("columns", "send", "drop")):
        post(f"/sender/batches/{file_id}/{act}")
    post("/sender/batches/new")
    post("/sender/batches/new", file=(io.BytesIO(b"reference,reason\n"), "a.csv"))
    for item_id in _of(stage, "item_id")[:4]:
        post(f"/sender/items/{item_id}/withdraw")
    for referral_id in _of(stage, "referral_id")[:4]:
        post(f"/sender/referrals/{referral_id}/withdraw")
    return found


def by_holder(stage: Stage) -> list[Answered]:
    """The page of a case after each step of its holder: evidence is shown there and nowhere else."""
    client = stage.clients["holder"]
    fields = {"csrf_token": token_on(client), "stage": Stages.TEXT.value}
    page = f"/cases/{stage.cases['held']}"
    found: list[Answered] = []
    for evidence_id in dict.fromkeys(re.findall(r"evidence=(E-[0-9A-Z-]+)", client.get(page).text)):
        with client.post(
            f"{page}/reveal", data=fields | {"evidence": evidence_id}, follow_redirects=True
        ) as answer:
            found.append(answered(f"POST {page}/reveal", answer))
    return found


def by_judge(stage: Stage) -> list[Answered]:
    """All that a lead without a part in it is shown of what is decided: the sample, its cases, each step."""
    found: list[Answered] = []
    tomorrow = clock.now() + timedelta(days=1)
    with time_machine.travel(tomorrow, tick=False):
        client = stage.desk.client()
        make_sign_in(client, Role.LEAD)
        token = token_on(client)

        def ask(method: str, address: str, **fields: str) -> str:
            with client.open(address, method=method, data={"csrf_token": token} | fields) as answer:
                found.append(answered(f"{method} {address}", answer))
                return answer.location or found[-1].text

        days = {"since": f"{tomorrow - timedelta(days=2):%F}", "until": f"{tomorrow - timedelta(days=1):%F}"}
        sample = ask("POST", "/quality/samples", size="30", seed="walls", **days)
        cases = dict.fromkeys(re.findall(rf'"({sample}/D-[0-9A-Z-]+)"', ask("GET", sample)))
        for address in cases:
            page = ask("GET", address)
            ask("POST", address, finding="technical")
            for evidence_id in dict.fromkeys(re.findall(r"evidence=(E-[0-9A-Z-]+)", page)):
                ask("POST", f"{address}/reveal", evidence=evidence_id, stage=Stages.TEXT.value)
            for leave in re.findall(rf'"({address}/leave/[^"]+)"', page):
                for method in ("GET", "POST", "GET"):
                    ask(method, leave)
            page = ask("GET", address)
            for more in re.findall(r'(?:src|href)="(/(?:evidence|quality)/?[^"#]*)"', page):
                ask("GET", more)
            ask("POST", address, finding="correct")
        assert len(cases) > 1
        ask("GET", sample)
    return found


def _of(stage: Stage, name: str) -> list[str]:
    """Its own ids, each of which may be acted on, then some of the other sender."""
    return [*stage.ids["own"][name], *stage.ids["other"][name][:3]]


def _bodies() -> Iterator[bytes]:
    """Taken, the same again, in conflict with it, and refused for what is wrong in them."""
    yield referral_body("POSTED 1", SHARED)
    yield referral_body("POSTED 1", SHARED)
    yield referral_body("POSTED 1", "https://video.example/other")
    yield referral_body("POSTED 2", ELSEWHERE)
    yield referral_body("POSTED 3", SHARED, intake_kind="removal_order")
    yield referral_body("POSTED 4", SHARED, category=7)
    yield b'{"reference": "POSTED 5"'
