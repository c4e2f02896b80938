"""The contract of http.md for senders: refer, follow, withdraw."""

import json
from base64 import urlsafe_b64decode
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from review.domain.permissions import Scope
from review.models import Case, Item, Referral
from review.queries.referrals import original_of
from tests.conftest import Desk
from tests.domain.referral_bodies import order_body
from tests.factories import make_key, make_sender, referral_body
from tests.threads import together
from tests.trails import decide_all

URL = "https://video.example/watch/1"
ADDRESS = "/api/v1/referrals"


class Program:
    """A sender's program with its key."""

    def __init__(self, client: FlaskClient, key: str) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {key}"}

    def refer(self, body: bytes | None = None, **headers: str) -> Any:
        """Post a body as JSON; header names with _ for -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(
            ADDRESS,
            data=body if body is not None else referral_body(None, URL),
            headers={"Content-Type": "application/json"} | self.headers | named,
        )

    def get(self, address: str, **headers: str) -> Any:
        """Read an address."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(address, headers=self.headers | named)

    def post(self, address: str) -> Any:
        """Post without a body."""
        return self.client.post(address, headers=self.headers)


@pytest.fixture
def program(desk: Desk) -> Program:
    """A program of a new sender."""
    return Program(desk.client(), make_key(make_sender()))


def test_a_new_referral_is_answered_as_the_contract_says(program: Program) -> None:
    answer = program.refer(referral_body("REF ü", URL, "hxxps://video[.]example/b#x", "ftp://video.example/"))
    assert (answer.status_code, answer.mimetype) == (201, "application/json")
    body = answer.json
    assert answer.headers["Location"] == f"{ADDRESS}/{body['id']}" == body["links"]["self"]
    assert body["reference"] == "REF ü"
    assert body["status"] == "in_review"
    assert body["items"][1] == {
        "id": body["items"][1]["id"],
        "url": "hxxps://video[.]example/b#x",
        "canonical_url": "https://video.example/b",
        "status": "in_review",
        "outcome": None,
        "question": None,
    }
    assert body["refused_items"][0]["errors"][0] | {"detail": ""} == {
        "pointer": "/items/2/url",
        "code": "url_scheme",
        "detail": "",
    }
    assert program.get(body["links"]["self"]).data == answer.data


@pytest.mark.parametrize(
    "items",
    [
        [{"url": URL}],
        [
            {"url": URL, "content_type": "video"},
            {"url": "https://video.example/é?b=2&a=1#x", "language": "ar"},
        ],
        [{"url": "hXXps[:]//video[.]example/watch/1"}, {"url": "http://VIDEO.example:80/%31"}],
        [
            {"url": "https://elsewhere.example/"},
            {"url": URL},
            {"url": "http://video.example/watch/1?utm_source=x"},
            {"url": ' "\\/\u2028\u007f\u0001 \U0001f600' + "x" * 3_000},
            {"url": ""},
        ],
        [{"url": f"https://video.example/{number}"} for number in range(40)],
    ],
    ids=["one", "several", "defanged", "refused", "many"],
)
@pytest.mark.parametrize("key", [None, "key~1"])
def test_a_post_answers_what_the_next_get_says(
    desk: Desk, program: Program, items: list[dict[str, str]], key: str | None
) -> None:
    earlier = Program(desk.client(), make_key(make_sender()))
    assert earlier.refer(referral_body("EARLIER", URL)).status_code == 201
    body = referral_body('Akte "ü" \\', items=items, reason="\tWhy:\n\U0001f600")
    answer = program.refer(body, **{} if key is None else {"Idempotency_Key": key})
    assert answer.status_code == 201
    address = answer.headers["Location"]
    read = program.get(address)
    assert read.data == answer.data
    of_one_kind = dict.fromkeys(("Location", "ETag", "Date"), "")
    assert dict(answer.headers) | of_one_kind == dict(read.headers) | of_one_kind
    assert program.get(f"{ADDRESS}?reference=Akte%20%22%C3%BC%22%20%5C").json["referrals"] == [answer.json]
    again = program.refer(body)
    assert (again.status_code, again.data) == (200, answer.data)


def test_the_same_again_is_200_and_other_content_409(program: Program) -> None:
    first = program.refer(referral_body("REF", URL))
    again = program.refer(b"  " + referral_body("REF", URL, category=None))
    assert (again.status_code, again.data) == (200, first.data)
    assert again.headers["Location"] == first.headers["Location"]
    other = program.refer(referral_body("REF", URL, category="STATEMENT_CATEGORY_VIOLENCE"))
    assert (other.status_code, other.mimetype) == (409, "application/problem+json")
    assert other.json["type"] == "/errors/reference_conflict"
    assert other.json["id"] == first.json["id"]


def test_an_idempotency_key_replays_status_bytes_and_location(program: Program) -> None:
    body = referral_body("REF", URL)
    first = program.refer(body, Idempotency_Key="key~1")
    assert "Idempotent-Replayed" not in first.headers
    program.post(f"{first.json['links']['self']}/withdraw")
    again = program.refer(body, Idempotency_Key="key~1")
    assert (again.status_code, again.data) == (201, first.data)
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotent-Replayed"] == "true"
    other = program.refer(referral_body("OTHER", URL), Idempotency_Key="key~1")
    assert (other.status_code, other.json["type"]) == (422, "/errors/idempotency_key_reused")


def test_a_422_uses_up_neither_reference_nor_key(program: Program) -> None:
    refused = program.refer(referral_body("REF", "https://elsewhere.example/"), Idempotency_Key="k")
    assert refused.status_code == 422
    assert program.refer(referral_body("REF", URL), Idempotency_Key="k").status_code == 201


def test_many_at_once_with_one_key_are_created_replayed_or_told_to_wait(desk: Desk) -> None:
    key, body = make_key(make_sender()), referral_body("REF", URL)

    def send() -> tuple[int, bytes]:
        answer = Program(desk.client(), key).refer(body, Idempotency_Key="k")
        return answer.status_code, answer.data if answer.status_code == 201 else b""

    results = together(desk.app, [send] * 6)
    assert all(isinstance(result, tuple) and result[0] in (201, 409) for result in results), results
    assert len({result for result in results if isinstance(result, tuple) and result[0] == 201}) == 1
    assert len(desk.session.scalars(sa.select(Referral.id)).all()) == 1


def test_one_thing_carries_a_tag_that_moves_with_it(program: Program) -> None:
    address = program.refer().json["links"]["self"]
    first = program.get(address)
    assert first.headers["ETag"].startswith('"')
    for tag in (first.headers["ETag"], "*", f'"x", W/{first.headers["ETag"]}'):
        same = program.get(address, If_None_Match=tag)
        assert (same.status_code, same.data) == (304, b"")
    withdrawn = program.post(f"{address}/withdraw")
    assert (withdrawn.status_code, withdrawn.json["status"]) == (200, "withdrawn")
    second = program.get(address, If_None_Match=first.headers["ETag"])
    assert second.status_code == 200
    assert second.data == withdrawn.data
    assert program.client.head(address, headers=program.headers).data == b""


def test_a_stranger_joining_the_case_moves_nothing_here(desk: Desk, program: Program) -> None:
    address = program.refer().json["links"]["self"]
    before = program.get(address)
    assert Program(desk.client(), make_key(make_sender())).refer().status_code == 201
    assert program.get(address).headers["ETag"] == before.headers["ETag"]


def test_withdrawing_twice_is_the_same_and_after_the_answer_409(desk: Desk, program: Program) -> None:
    body = program.refer(referral_body(None, URL, "https://video.example/2")).json
    item = body["items"][0]["id"]
    first = program.post(f"/api/v1/items/{item}/withdraw")
    assert (first.status_code, first.json["status"]) == (200, "withdrawn")
    assert program.post(f"/api/v1/items/{item}/withdraw").data == first.data
    decide_all()
    for address in (f"/api/v1/items/{body['items'][1]['id']}/withdraw", f"{body['links']['self']}/withdraw"):
        refused = program.post(address)
        assert (refused.status_code, refused.json["type"]) == (409, "/errors/not_withdrawable")
    assert len(desk.session.scalars(sa.select(Case.id)).all()) == 2


def test_an_answer_says_what_was_decided_and_nothing_of_the_house(program: Program) -> None:
    address = program.refer().json["links"]["self"]
    decide_all(outcome="accepted")
    body = program.get(address).json
    item = body["items"][0]
    assert (body["status"], item["status"], item["outcome"]) == ("decided", "decided", "accepted")
    assert set(item) == {
        "id", "url", "canonical_url", "status", "outcome", "question", "ground", "clauses", "statement",
        "restriction", "decided_at", "implemented_at", "complaint_until",
    }  # fmt: skip
    assert item["clauses"][0].keys() == {"number", "version", "title", "text"}
    assert body["updated_at"] == item["decided_at"]


def test_a_cursor_tells_nothing_and_serves_its_own_sender_only(desk: Desk, program: Program) -> None:
    body = program.refer().json
    program.refer()
    cursor = program.get(f"{ADDRESS}?limit=1").json["next"]
    assert body["id"].encode() not in urlsafe_b64decode(cursor + "==")
    assert len(program.get(f"{ADDRESS}?cursor={cursor}").json["referrals"]) == 1
    stranger = Program(desk.client(), make_key(make_sender()))
    refused = stranger.get(f"{ADDRESS}?cursor={cursor}")
    assert (refused.status_code, refused.json["errors"][0]["code"]) == (422, "cursor_not_valid")


def test_the_list_pages_filters_and_never_misses_a_change(program: Program) -> None:
    bodies = [program.refer(referral_body(f"REF-{number}", URL)).json for number in range(5)]
    seen, cursor = [], ""
    while True:
        page = program.get(f"{ADDRESS}?limit=2{cursor}").json
        assert set(page) == {"referrals", "next"}
        seen += page["referrals"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == bodies
    assert program.get(f"{ADDRESS}?reference=REF-3").json["referrals"] == [bodies[3]]
    assert program.get(f"{ADDRESS}?reference=REF").json == {"referrals": [], "next": None}
    program.post(f"{bodies[0]['links']['self']}/withdraw")
    assert [entry["id"] for entry in program.get(ADDRESS).json["referrals"]][-1] == bodies[0]["id"]
    assert len(program.get(f"{ADDRESS}?status=withdrawn").json["referrals"]) == 1
    assert len(program.get(f"{ADDRESS}?status=received").json["referrals"]) == 0
    since = bodies[4]["updated_at"]
    newer = program.get(f"{ADDRESS}?updated_since={since}").json["referrals"]
    assert [entry["id"] for entry in newer] == [bodies[4]["id"], bodies[0]["id"]]
    offset = since.replace("Z", "+00:00")
    assert program.get(f"{ADDRESS}?updated_since={offset}").json["referrals"] == newer


def test_what_is_not_mine_answers_byte_for_byte_like_what_does_not_exist(
    desk: Desk, program: Program
) -> None:
    stranger = Program(desk.client(), make_key(make_sender()))
    body = stranger.refer().json
    foreign, item = body["id"], body["items"][0]["id"]
    missing = program.get(f"{ADDRESS}/R-0000-0000-0000")
    assert missing.status_code == 404
    for address in (f"{ADDRESS}/{foreign}", f"{ADDRESS}/{item}", f"{ADDRESS}/x", "/api/v1/nothing", "/api/"):
        answer = program.get(address)
        assert (answer.status_code, answer.data) == (404, missing.data), address
        assert dict(answer.headers) == dict(missing.headers), address
    for address in (
        f"{ADDRESS}/{foreign}/withdraw",
        f"/api/v1/items/{item}/withdraw",
        "/api/v1/items/I-0000-0000-0000/withdraw",
        "/api/v1/items/%00/withdraw",
    ):
        answer = program.post(address)
        assert (answer.status_code, answer.data) == (404, missing.data), address
    assert program.get(ADDRESS).json == {"referrals": [], "next": None}


def test_an_id_is_found_however_it_was_copied(program: Program) -> None:
    body = program.refer()
    written = body.json["id"].lower().replace("-", "")
    assert program.get(f"{ADDRESS}/{written[:1]}-{written[1:]}").data == body.data


def test_each_scope_opens_only_its_own(desk: Desk) -> None:
    sender = make_sender()
    reads = Program(desk.client(), make_key(sender, Scope.READ))
    refers = Program(desk.client(), make_key(sender, Scope.REFER))
    address = refers.refer().json["links"]["self"]
    assert reads.refer().status_code == 403
    assert reads.post(f"{address}/withdraw").status_code == 403
    assert refers.get(address).status_code == 403
    assert reads.get(address).status_code == 200
    assert Program(desk.client(), make_key(sender, Scope.PLATFORM)).get(ADDRESS).status_code == 403


def test_the_real_referrals_arrive_one_by_one_and_share_the_repeated_location(
    desk: Desk, program: Program, public_data: Path
) -> None:
    lines = (public_data / "notices" / "real-referrals.ndjson").read_bytes().splitlines()
    bodies = []
    for line in lines:
        answer = program.refer(line)
        assert answer.status_code == 201
        assert original_of(desk.session, answer.json["id"], data_dir=desk.settings.data_dir) == line
        bodies.append(answer.json)
    assert [len(body["items"]) for body in bodies] == [1, 2, 2]
    assert bodies[0]["items"][0]["canonical_url"] == json.loads(lines[0])["items"][0]["url"].replace(
        "[:]", ":"
    ).replace("[.]", ".")
    shared = [desk.session.get_one(Item, body["items"][0]["id"]).case_id for body in bodies[1:]]
    assert shared[0] == shared[1]
    assert desk.session.get_one(Case, shared[0]).items_live == 2
    assert len(desk.session.scalars(sa.select(Case.id)).all()) == 4


@pytest.fixture
def authority(desk: Desk) -> Program:
    """A program of a competent authority, which may order removals."""
    return Program(desk.client(), make_key(make_sender(kind="competent_authority")))


def order(reference: str = "ORDER-1", **members: Any) -> bytes:
    return referral_body(reference, URL, intake_kind="removal_order", order=order_body(**members))


def test_a_removal_order_is_stored_and_due_in_an_hour(desk: Desk, authority: Program) -> None:
    answer = authority.refer(order(no_disclosure=True))
    assert answer.status_code == 201
    found = answer.json
    received = datetime.fromisoformat(found["received_at"])
    assert datetime.fromisoformat(found["due_at"]) == received + timedelta(hours=1)
    assert "order" not in found
    kept = desk.session.get_one(Referral, found["id"])
    assert json.loads(kept.removal_order or "") == order_body(no_disclosure=True)
    case = desk.session.scalars(sa.select(Case)).one()
    assert (case.intake_kind, case.rank, case.due_at) == ("removal_order", 1, received + timedelta(hours=1))
    assert authority.refer(order(no_disclosure=True)).status_code == 200
    assert authority.refer(order()).status_code == 409


@pytest.mark.parametrize("kind", ["iru", "trusted_flagger", "civil_society", "other"])
def test_who_may_not_order_is_told_so(desk: Desk, kind: str) -> None:
    program = Program(desk.client(), make_key(make_sender(kind=kind)))
    answer = program.refer(order())
    assert (answer.status_code, answer.json["type"]) == (422, "/errors/kind_not_enabled")
    assert "competent authorities" in answer.json["detail"]
    assert desk.session.scalars(sa.select(Referral.id)).all() == []


def test_an_order_is_due_in_an_hour_whatever_our_targets_are(desk: Desk, authority: Program) -> None:
    settings = replace(desk.settings, target_threat_seconds=86_400)
    for members in ({}, {"urgency": "threat_to_life"}):
        body = json.loads(order(f"ORDER {members}")) | members | {"items": [{"url": f"{URL}/{len(members)}"}]}
        desk.app.config["REVIEW_SETTINGS"] = settings
        found = authority.refer(json.dumps(body).encode()).json
        case = desk.session.scalars(
            sa.select(Case).join(Item, Item.case_id == Case.id).where(Item.referral_id == found["id"])
        ).one()
        assert case.due_at == datetime.fromisoformat(found["due_at"])
