"""Many referrals at once: each line stored or refused, sent again without doubles, seen by its sender."""

import gzip
import io
import json
from collections.abc import Iterable
from functools import partial
from hashlib import sha256
from typing import Any

import pytest
import sqlalchemy as sa

from review import uploads
from review.domain.commitments import parse_envelope
from review.domain.permissions import Scope
from review.formats.key_files import read_vkey
from review.formats.ndjson import LONGEST_LINE
from review.formats.receipts import check_receipt
from review.models import Batch, BatchLine, Case, Item, Opening, Referral
from review.queries.referrals import original_of
from tests.conftest import Desk
from tests.factories import make_key, make_sender, referral_body
from tests.threads import together
from tests.trails import ask_next, decide_all, settle

BATCH = "/api/v1/referrals/batch"


class Sender:
    """A sender's program that uploads batches."""

    def __init__(self, desk: Desk, *scopes: Scope) -> None:
        self.desk = desk
        self.id = make_sender()
        self.client = desk.client()
        self.headers = {"Authorization": f"Bearer {make_key(self.id, *scopes)}"}

    def upload(self, body: bytes | Iterable[bytes], **headers: str) -> Any:
        """Send lines; header names with _ for -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else b"".join(line + b"\n" for line in body)
        return self.client.post(
            BATCH, data=content, headers={"Content-Type": "application/x-ndjson"} | self.headers | named
        )

    def get(self, address: str) -> Any:
        """Read an address."""
        return self.client.get(address, headers=self.headers)

    def results(self, batch_id: str) -> list[dict[str, Any]]:
        """All lines of the results."""
        answer = self.get(f"/api/v1/batches/{batch_id}/results")
        assert answer.mimetype == "application/x-ndjson"
        return [json.loads(line) for line in answer.data.splitlines()]


@pytest.fixture
def sender(desk: Desk) -> Sender:
    """A program of a new sender."""
    return Sender(desk)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of three lines, so that few lines make several transactions."""
    monkeypatch.setattr(uploads, "CHUNK_LINES", 3)


def line(reference: str, *urls: str, **members: Any) -> bytes:
    return referral_body(reference, *(urls or (f"https://video.example/{reference}",)), **members)


def count(desk: Desk, table: Any) -> int:
    return desk.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_each_line_is_stored_or_refused(desk: Desk, sender: Sender) -> None:
    lines = [
        line("A"),
        b"{",
        line("B", "https://elsewhere.example/"),
        b"",
        line("A", reason="Other content"),
        line("C", "https://video.example/A", "ftp://video.example/"),
        line("A"),
        b'{"intake_kind": "removal_order"}',
        b"x" * (LONGEST_LINE + 1),
    ]
    answer = sender.upload(lines)
    body = answer.json
    assert answer.status_code == 200
    counts = {name: body[name] for name in ("lines", "received", "repeated", "refused", "decided")}
    assert counts == {"lines": 8, "received": 2, "repeated": 1, "refused": 5, "decided": 0}
    refusals = [(entry["line"], entry["reference"], entry["errors"][0]["code"]) for entry in body["refusals"]]
    assert refusals == [
        (2, None, "not_strict_json"),
        (3, "B", "not_our_host"),
        (5, "A", "reference_conflict"),
        (8, None, "kind_not_enabled"),
        (9, None, "line_too_long"),
    ]
    assert body["seconds"] >= 0
    assert sender.get(body["links"]["self"]).json == {k: v for k, v in body.items() if k != "refusals"}
    results = sender.results(body["id"])
    assert [entry["line"] for entry in results] == [1, 2, 3, 5, 6, 7, 8, 9]
    assert results[0]["id"] == results[5]["id"]
    assert (results[0]["result"], results[5]["result"]) == ("received", "repeated")
    assert results[0]["status"] == "in_review"
    assert (count(desk, Referral), count(desk, Item), count(desk, Case)) == (2, 2, 1)


def test_a_line_is_the_original_and_has_its_own_event(desk: Desk, sender: Sender) -> None:
    lines = [line(f"R{number}") for number in range(7)]
    body = sender.upload(lines).json
    ids = [entry["id"] for entry in sender.results(body["id"])]
    originals = [original_of(desk.session, found, data_dir=desk.settings.data_dir) for found in ids]
    assert originals == lines
    events = desk.session.execute(
        sa.select(Opening.event_type, Opening.object_id).order_by(Opening.recorded_at)
    ).all()
    assert sorted(found for kind, found in events if kind == "referral.received") == sorted(ids)
    assert [tuple(event) for event in events if event[0].startswith("batch")] == [
        ("batch.completed", body["id"])
    ]
    opening = desk.session.scalars(sa.select(Opening).where(Opening.object_id == body["id"])).one()
    assert parse_envelope(opening.envelope)["meta"] == {
        "lines": 7, "received": 7, "repeated": 0, "refused": 0, "transmitted_via": "api",
    }  # fmt: skip


def test_the_same_upload_again_adds_nothing(desk: Desk, sender: Sender) -> None:
    lines = [line(f"R{number}", "https://video.example/same") for number in range(8)]
    first, again = sender.upload(lines).json, sender.upload(b"\n".join(lines)).json
    assert (first["received"], again["received"], again["repeated"]) == (8, 0, 8)
    assert (count(desk, Referral), count(desk, Item), count(desk, Case)) == (8, 8, 1)
    case = desk.session.scalars(sa.select(Case)).one()
    assert case.items_live == 8
    assert {entry["id"] for entry in sender.results(first["id"])} == {
        entry["id"] for entry in sender.results(again["id"])
    }


def test_a_body_cut_short_leaves_whole_chunks_and_is_completed_by_the_next(
    desk: Desk, sender: Sender
) -> None:
    lines = [line(f"R{number}") for number in range(8)]
    whole = b"".join(entry + b"\n" for entry in lines)
    cut = sender.client.post(
        BATCH,
        input_stream=io.BytesIO(whole[: len(whole) - 20]),
        environ_overrides={"CONTENT_LENGTH": str(len(whole))},
        headers={"Content-Type": "application/x-ndjson"} | sender.headers,
    )
    assert cut.status_code == 400
    problem: Any = cut.json
    assert problem["last_line"] == "6"
    assert problem["batch"] in problem["detail"]
    assert count(desk, Referral) == 6
    unfinished = sender.get(f"/api/v1/batches/{problem['batch']}").json
    assert (unfinished["lines"], unfinished["completed_at"], unfinished["seconds"]) == (6, None, None)
    again = sender.upload(whole).json
    assert (again["received"], again["repeated"], again["refused"]) == (2, 6, 0)
    assert count(desk, Referral) == count(desk, Case) == 8


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
def test_packed_bodies_are_read(desk: Desk, sender: Sender, encoding: str) -> None:
    lines = [line(f"R{number}") for number in range(4)]
    packed = gzip.compress(b"\n".join(lines[:2]) + b"\n") + gzip.compress(b"\n".join(lines[2:]))
    assert sender.upload(packed, Content_Encoding=encoding).json["received"] == 4
    damaged = sender.upload(packed[:-3], Content_Encoding=encoding)
    assert (damaged.status_code, damaged.json["type"]) == (400, "/errors/bad_request")
    assert count(desk, Referral) == 4


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", {}, 422),
        (b"\n \r\n\n", {}, 422),
        (b"{}", {"Content_Type": "application/json"}, 415),
        (b"{}", {"Content_Type": ""}, 415),
        (b"{}", {"Content_Type": "application/x-ndjson; charset=latin-1"}, 415),
        (b"{}", {"Content_Encoding": "br"}, 415),
        (b"{}", {"Accept": "text/html"}, 406),
        (b"{}", {"Authorization": "Bearer nothing"}, 401),
    ],
)
def test_what_is_no_batch_stores_nothing(
    desk: Desk, sender: Sender, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = sender.upload(body, **headers)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert (count(desk, Batch), count(desk, Referral)) == (0, 0)


def test_limits_of_a_batch_name_it_and_keep_what_is_stored(
    desk: Desk, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_LINES", 4)
    lines = [line(f"R{number}") for number in range(6)]
    answer = sender.upload(lines)
    assert (answer.status_code, answer.json["last_line"]) == (413, "4")
    assert count(desk, Referral) == 4
    stored = sender.get(f"/api/v1/batches/{answer.json['batch']}").json
    assert (stored["lines"], stored["received"]) == (4, 4)
    assert stored["completed_at"] is not None
    monkeypatch.setattr(uploads, "MOST_LINES", 100_000)
    monkeypatch.setattr(uploads, "MOST_BYTES", 1000)
    answer = sender.upload(gzip.compress(b" " * 2000 + b"\n"), Content_Encoding="gzip")
    assert (answer.status_code, "batch" in answer.json) == (413, False)
    assert count(desk, Batch) == 1


def test_chunks_are_bounded_by_bytes_too(desk: Desk, sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "CHUNK_BYTES", 1)
    assert sender.upload([line(f"R{number}") for number in range(4)]).json["received"] == 4


def test_a_batch_and_its_results_are_the_senders_own(desk: Desk, sender: Sender) -> None:
    batch_id = sender.upload([line("R")]).json["id"]
    other = Sender(desk)
    missing = [
        other.get(address) for address in (f"/api/v1/batches/{batch_id}", "/api/v1/batches/B-0000-0000-0000")
    ]
    assert missing[0].status_code == 404
    assert missing[0].data == missing[1].data
    assert other.get(f"/api/v1/batches/{batch_id}/results").status_code == 404
    receipts = [other.get(f"/api/v1/batches/{one}/receipt") for one in (batch_id, "B-0000-0000-0000", "B-x")]
    assert {answer.status_code for answer in receipts} == {404}
    assert len({answer.data for answer in receipts}) == 1
    assert other.get("/api/v1/batches").json == {"batches": [], "next": None}
    assert other.get(f"/api/v1/referrals?batch={batch_id}").json["referrals"] == []
    reader = Sender(desk, Scope.READ)
    assert reader.upload([line("R")]).status_code == 403


def test_a_line_whose_item_waits_for_the_sender_says_so(desk: Desk, sender: Sender) -> None:
    batch_id = sender.upload([line("R1"), line("R2")]).json["id"]
    ask_next()
    results = sender.get(f"/api/v1/batches/{batch_id}/results").text.splitlines()
    assert sorted(json.loads(one)["status"] for one in results) == ["in_review", "waiting_sender"]


def test_a_complete_delivery_has_a_receipt_that_anybody_can_check(desk: Desk, sender: Sender) -> None:
    lines = [line("R1"), line("R2"), b"{}"]
    batch = sender.upload(lines).json
    waiting = sender.get(batch["links"]["receipt"])
    assert (waiting.status_code, waiting.headers["Retry-After"]) == (202, "2")
    settle(desk.settings.data_dir)
    answer = sender.get(batch["links"]["receipt"])
    assert (answer.status_code, answer.mimetype) == (200, "text/plain")
    known = sender.headers | {"If-None-Match": answer.headers["ETag"]}
    assert sender.client.get(batch["links"]["receipt"], headers=known).status_code == 304
    verdict = desk.client().post("/verify", json={"receipt": answer.text}).json
    assert verdict is not None
    assert verdict["genuine"] is True
    assert (verdict["event_type"], verdict["object_id"]) == ("batch.completed", batch["id"])
    assert verdict["values"] == {"body_sha256": sha256(b"".join(one + b"\n" for one in lines)).hexdigest()}
    assert verdict["closed"] == ["key"]
    proven = check_receipt(answer.data, read_vkey(desk.settings.data_dir))
    assert {name: proven.meta[name] for name in ("lines", "received", "repeated", "refused")} == {
        "lines": 3, "received": 2, "repeated": 0, "refused": 1,
    }  # fmt: skip


def test_batches_are_listed_newest_first_page_by_page(desk: Desk, sender: Sender) -> None:
    ids = [sender.upload([line(f"R{number}")]).json["id"] for number in range(3)]
    seen, address = [], "/api/v1/batches?limit=2"
    while True:
        page = sender.get(address).json
        seen += [batch["id"] for batch in page["batches"]]
        if page["next"] is None:
            break
        address = f"/api/v1/batches?limit=2&cursor={page['next']}"
    assert seen == ids[::-1]


def test_progress_counts_the_items_of_repeated_lines_too(desk: Desk, sender: Sender) -> None:
    sender.upload([line("R0"), line("R1", "https://video.example/1", "https://video.example/2")])
    decide_all()
    second = sender.upload(
        [line("R0"), line("R1", "https://video.example/1", "https://video.example/2"), line("R2")]
    )
    batch = sender.get(second.json["links"]["self"]).json
    assert (batch["repeated"], batch["received"]) == (2, 1)
    assert batch["decided"] == 3 == batch["accepted"] + batch["declined"]
    results = sender.results(batch["id"])
    assert [entry["status"] for entry in results] == ["decided", "decided", "in_review"]
    assert {entry["outcome"] for entry in results[:2]} <= {"accepted", "declined"}
    assert results[2]["outcome"] is None
    listed = sender.get(f"/api/v1/referrals?batch={batch['id']}").json["referrals"]
    assert {entry["reference"] for entry in listed} == {"R0", "R1", "R2"}


def test_the_same_batch_from_many_programs_at_once_is_stored_once(desk: Desk) -> None:
    sender = Sender(desk)
    lines = [line(f"R{number}", f"https://video.example/{number % 4}") for number in range(12)]

    def upload(order: int) -> Any:
        return sender.upload(lines[order:] + lines[:order])

    answers: list[Any] = together(desk.app, [partial(upload, order) for order in (0, 5, 7, 0)])
    assert [getattr(answer, "status_code", answer) for answer in answers] == [200] * 4
    assert sum(answer.json["received"] for answer in answers) == 12
    assert sum(answer.json["repeated"] for answer in answers) == 36
    assert (count(desk, Referral), count(desk, Item), count(desk, Case)) == (12, 12, 4)
    assert {case.items_live for case in desk.session.scalars(sa.select(Case))} == {3}
    assert count(desk, BatchLine) == 48
