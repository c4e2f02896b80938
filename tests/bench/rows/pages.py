"""Rows: pages and look-ups at many stored cases beside few; only keys and indexes may be felt."""

import json
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import quote

import httpx
import sqlalchemy as sa

from review.models import Case
from tests.bench.databases import Source
from tests.bench.servers import Installed, Person
from tests.bench.stage import Stage, cost, refusals
from tests.bench.table import Row, Target

GROWTH = Target(1.5, 1.25, most=True)
HELD = 5


def deep_page(desk: Installed) -> str:
    """The address of the queue's page at nine tenths of it."""
    engine = desk.engine()
    ordered = (Case.rank, Case.due_at, Case.opened_at, Case.id)
    with engine.connect() as connection:
        waiting = sa.select(sa.func.count()).where(Case.state == "open")
        place = int(connection.scalar(waiting) or 0) * 9 // 10
        row = connection.execute(
            sa.select(*ordered).where(Case.state == "open").order_by(*ordered).offset(place).limit(1)
        ).one()
    engine.dispose()
    plain = json.dumps([row.rank, row.due_at.isoformat(), row.opened_at.isoformat(), row.id])
    return "/queue?after=" + urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def hold_cases(desk: Installed, person: Person, samples: list[dict[str, Any]]) -> list[str]:
    """Claim some cases for this moderator; their addresses."""
    name, _, value = person.cookie.partition("=")
    with httpx.Client(base_url=desk.address, cookies={name: value}, timeout=30) as client:
        held = []
        for sample in samples:
            address = f"/cases/{sample['case']}"
            answer = client.post(address + "/claim", data={"csrf_token": person.token})
            if answer.status_code == 303 and answer.headers["location"] == address:
                held.append(address)
            if len(held) == HELD:
                break
    return held


def defanged(url: str) -> str:
    """A URL as mails carry it, and with the parameters of a shared link."""
    return url.replace("https://", "hxxp://").replace(".", "[.]", 1) + "&utm_source=mail"


def orders_of(stage: Stage, desk: Installed, source: Source) -> list[dict[str, Any]]:
    """What a moderator, a lawyer and a sender's program look at."""
    samples, own = source.filled.samples, "/api/v1/referrals"
    moderator, lawyer = desk.sign_in(
        [source.filled.people["moderators"][-1][0], source.filled.people["legal"]]
    )
    held = hold_cases(desk, moderator, [sample for sample in samples if not sample["decided"]])
    look = {"journey": "look", "clients": 1}
    return [
        look | {
            "cookie": moderator.cookie,
            "pages": {"queue": ["/queue"], "queue at 9/10": [deep_page(desk)], "case": held},
        },
        look | {
            "cookie": lawyer.cookie,
            "pages": {
                "record": [f"/records/{sample['case']}" for sample in samples],
                "search by reference": [f"/records?q={sample['reference']}" for sample in samples],
                "search by referral id": [f"/records?q={sample['referral']}" for sample in samples],
                "search by URL": [f"/records?q={quote(defanged(sample['url']))}" for sample in samples],
                "search by digest": [f"/records?q={sample['digest']}" for sample in samples],
                "search by host": ["/records?q=video.example"],
                "search by words": ["/records?q=logo+speaker"],
            },
        },
        look | {
            "key": source.filled.people["key"],
            "pages": {
                "status": [f"{own}/{sample['referral']}" for sample in samples],
                "status by reference": [f"{own}?reference={sample['reference']}" for sample in samples],
            },
        },
    ]  # fmt: skip


def rows_of(stage: Stage) -> list[Row]:
    """The median of each page at many beside its median at few."""
    large, many = stage.desk()
    small, few = stage.desk(stage.options.small)
    rows = []
    for here, there in zip(orders_of(stage, large, many), orders_of(stage, small, few), strict=True):
        ours, less = stage.alternate((large, here), (small, there))
        rows += [
            Row(
                f"{page}, {many.filled.cases} stored",
                stage.kind,
                f"{1000 / ours.p50(page):.0f}/s",
                ours.p50(page),
                ours.p99(page),
                f"at {few.filled.cases}: p50 {less.p50(page):.1f}, p99 {less.p99(page):.1f} ms",
                ours.p50(page) / less.p50(page),
                target=GROWTH,
                note=refusals(ours),
            )
            for page in here["pages"]
        ]
    return rows


def status_rows(stage: Stage) -> list[Row]:
    """The status look-up with its key check, beside Flask with one ORM row on the same server."""
    desk, source = stage.desk()
    served = stage.thin()
    theirs = httpx.get(f"http://127.0.0.1:{served.port}/any").json()
    samples = source.filled.samples
    look = {"journey": "look", "clients": 8}
    key = {"key": source.filled.people["key"]}
    own = {"pages": {"status": [f"/api/v1/referrals/{sample['referral']}" for sample in samples]}}
    plain = {"pages": {"status": [f"/referrals/{name}" for name in theirs]}}
    ours, thin = stage.alternate((desk, look | key | own), (served, look | plain))
    return [
        Row(
            "status look-up with key check, 8 clients",
            stage.kind,
            f"{ours.rate:.0f}/s",
            ours.p50("status"),
            ours.p99("status"),
            f"Flask + one ORM row {thin.rate:.0f}/s, p99 {thin.p99('status'):.0f} ms",
            ours.rate / thin.rate,
            target=Target(0.4, 0.6),
            note=f"{cost(ours, thin)}. {refusals(ours)}".strip(),
        )
    ]
