"""Moderators find live cases and their own reviews; nothing tells them who sent what."""

import pytest
import sqlalchemy as sa

from review import db
from review.domain.permissions import Role
from review.models import Opening
from tests.conftest import Desk
from tests.factories import make_key, make_sender, make_sign_in
from tests.trails import decide_all, refer

URL = "https://video.example/watch/77"


def case_of(desk: Desk, referral_id: str) -> str:
    statement = sa.text("SELECT case_id FROM items WHERE referral_id = :id")
    return str(desk.session.scalar(statement, {"id": referral_id}))


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.LEAD])
def test_a_live_case_is_found_by_ids_url_and_digest_only(desk: Desk, role: Role) -> None:
    client = desk.client()
    referral = refer(client, make_key(make_sender("CANARY UNIT")), URL, reference="CANARY/7")
    case_id = case_of(desk, referral["id"])
    digest = desk.session.scalar(sa.text("SELECT body_sha256 FROM referrals"))
    make_sign_in(client, role)
    assert 'role="search"' in client.get("/search").text
    for pasted in (
        case_id,
        referral["id"],
        referral["items"][0]["id"],
        "hxxps://video[.]example/watch/77",
        digest,
    ):
        page = client.get("/search", query_string={"q": pasted}).text
        assert f'href="/cases/{case_id}"' in page, pasted
        assert "CANARY" not in page
        assert "propaganda" not in page
    for pasted in ("CANARY/7", "CANARY UNIT", "video.example", "propaganda"):
        page = client.get("/search", query_string={"q": pasted}).text
        assert case_id not in page, pasted
        assert "no id of ours" in page
    events = desk.session.scalars(sa.select(Opening.event_type)).all()
    assert events.count("records.listed") == 9


def test_a_case_that_a_colleague_decided_is_not_found(desk: Desk) -> None:
    client = desk.client()
    referral = refer(client, make_key(make_sender()), URL)
    (case_id,) = decide_all()
    make_sign_in(client, Role.MODERATOR)
    page = client.get("/search", query_string={"q": referral["id"]}).text
    assert case_id not in page
    assert "No live case" in page


def test_ones_own_decided_case_is_found(desk: Desk) -> None:
    client = desk.client()
    referral = refer(client, make_key(make_sender()), URL)
    (case_id,) = decide_all()
    author = make_sign_in(client, Role.MODERATOR)
    with_author = sa.text(
        "UPDATE sign_ins SET account_id = (SELECT account_id FROM reviews) WHERE account_id = :id"
    )
    with db.transaction() as writer:
        writer.execute(with_author, {"id": author.account_id})
    assert case_id in client.get("/search", query_string={"q": referral["id"]}).text


@pytest.mark.parametrize("role", [Role.LEGAL, Role.ADMIN, Role.SENDER])
def test_only_people_who_decide_search_here(desk: Desk, role: Role) -> None:
    client = desk.client()
    make_sign_in(client, role)
    assert client.get("/search").status_code == 403


def test_an_empty_search_says_what_can_be_searched_and_a_foreign_one_whose_it_is(desk: Desk) -> None:
    client = desk.client()
    make_sign_in(client, Role.MODERATOR)
    assert "Nothing was typed." not in client.get("/search").text
    for blank in ("", "  "):
        page = client.get("/search", query_string={"q": blank}).text
        assert "Nothing was typed." in page
        assert "a SHA-256 digest." in page.split("Nothing was typed.")[1]
    for foreign in ("CANARY/7", "video.example", "S-7K3M-9QXD-2FWT"):
        page = client.get("/search", query_string={"q": foreign}).text
        assert "legal&#39;s to search" in page or "legal's to search" in page
        assert "Paste an id such as C-7K3M-9QXD-2FWT or the whole URL." in page
    events = desk.session.scalars(sa.select(Opening.event_type)).all()
    assert events.count("records.listed") == 3
