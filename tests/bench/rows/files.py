"""Rows: the same referrals by form, as CSV and as XLSX, beside the way of the API, in one run."""

import json
import re
import time
from contextlib import closing
from datetime import UTC, datetime

import sqlalchemy as sa

from review.domain.ids import new_id
from review.models import Account, UploadedFile
from tests.bench.databases import Source
from tests.bench.loader import Connection
from tests.bench.machine import watched
from tests.bench.rows.batches import send, upload_of, wait_for_sequencer
from tests.bench.servers import Installed
from tests.bench.stage import Stage
from tests.bench.table import Row, Target
from tests.journeys.server import until
from tests.workbooks import workbook

MEMORY = Target(400, 300, most=True, unit=" MiB")
PAGES = "/sender/batches"
BOUNDARY = "bench-boundary"


def table_of(lines: int) -> list[list[str]]:
    """The referrals of a batch as rows of a table."""
    members = [json.loads(line) for line in upload_of(lines).splitlines()]
    rows = [["reference", "reason", "url", "content_type"]]
    for one in members:
        item = one["items"][0]
        rows.append([one["reference"], one["reason"], item["url"], item.get("content_type", "")])
    return rows


def _officer(desk: Installed, source: Source) -> tuple[str, str]:
    """Cookie and token of a person of the sender that the key belongs to."""
    engine = desk.engine()
    account = {
        "id": new_id("A"), "trail_id": new_id("P"), "pseudonym": "Officer", "email": "officer@unit.example",
        "name": "Officer", "role": "sender", "sender_id": source.filled.people["senders"][0],
        "created_at": datetime.now(UTC),
    }  # fmt: skip
    with engine.begin() as writer:
        writer.execute(sa.insert(Account), account)
    engine.dispose()
    (person,) = desk.sign_in([account["id"]])
    return person.cookie, person.token


def _form(token: str, name: str, content: bytes) -> bytes:
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n'
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def by_form(desk: Installed, officer: tuple[str, str], name: str, content: bytes) -> tuple[float, float, int]:
    """Seconds until a file is checked and then until it is sent, and the rows that were received."""
    cookie, token = officer
    engine = desk.engine()

    def state() -> str:
        with engine.connect() as reader:
            return str(reader.scalar(newest))

    newest = sa.select(UploadedFile.state).order_by(UploadedFile.created_at.desc()).limit(1)
    with closing(Connection(desk.port, cookie=cookie)) as connection:
        began = time.perf_counter()
        media_type = f"multipart/form-data; boundary={BOUNDARY}"
        status, _body = connection.send("POST", f"{PAGES}/new", _form(token, name, content), media_type)
        assert status == 303, status
        until(lambda: state() != "waiting", seconds=600)
    checked = time.perf_counter()
    assert state() == "checked", state()
    with closing(Connection(desk.port, cookie=cookie)) as connection:
        with engine.connect() as reader:
            file_id = reader.scalar(sa.select(UploadedFile.id).order_by(UploadedFile.created_at.desc()))
        status, _body = connection.send("POST", f"{PAGES}/{file_id}/send", f"csrf_token={token}".encode())
        assert status == 303, status
        until(lambda: state() == "sent", seconds=600)
        sent = time.perf_counter()
    with closing(Connection(desk.port, cookie=cookie)) as later:  # the first was left alone for too long
        _status, page = later.send("GET", f"{PAGES}/{file_id}")
    engine.dispose()
    received = re.search(rb"(\d+) rows received", page)
    return checked - began, sent - checked, int(received[1]) if received else 0


def rows_of(stage: Stage) -> list[Row]:
    """One empty desk takes the API's batch, then a CSV and an XLSX file of as many rows."""
    lines = stage.options.lines
    rows = []
    with stage.fresh_desk(0) as (desk, source):
        seconds, _answer = send(desk, source, upload_of(lines))
        wait_for_sequencer(desk)
        officer = _officer(desk, source)
        for name in ("a.csv", "a.xlsx"):
            table = table_of(lines)
            content = (
                "".join(",".join(row) + "\n" for row in table).encode()
                if name == "a.csv"
                else workbook(table)
            )
            with watched(desk.process.pid) as held:
                checking, sending, received = by_form(desk, officer, name, content)
            wait_for_sequencer(desk)
            whole = checking + sending
            rows.append(
                Row(
                    f"{lines} rows by form, {name[2:].upper()}",
                    stage.kind,
                    f"{whole:.2f} s, {lines / whole:.0f} rows/s",
                    reference=f"by API {seconds:.2f} s, {lines / seconds:.0f} lines/s",
                    ratio=whole / seconds,
                    note=f"checked in {checking:.2f} s, sent in {sending:.2f} s, {received} received",
                )
            )
            rows.append(
                Row(
                    f"{lines} rows by form, {name[2:].upper()}: peak memory",
                    stage.kind,
                    f"{held.once:.0f} MiB, shared pages counted once",
                    figure=held.once,
                    target=MEMORY,
                    reference=f"file of {len(content) / 2**20:.1f} MiB",
                )
            )
            stage.noise.measure()
    return rows
