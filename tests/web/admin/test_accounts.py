"""The administrator's account pages through HTTP: who sees names, what a form refuses, what a link opens."""

import re

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from review import db
from review.actions import accounts
from review.domain.permissions import GRANTS, OPERATOR, Actor, Role
from review.models import Account, OneTimeLink, Opening, SignIn
from tests.conftest import Desk
from tests.factories import make_account, make_accounts, make_sender, make_sign_in

PASSWORD = "harbour lantern seventeen"
HOSTILE = "<script>alert(1)</script> نص عن الطقس " + "w" * 150


def token_on(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found is not None, page
    return found[1]


def post(client: FlaskClient, address: str, **fields: str) -> TestResponse:
    """Send a form with the token of a page that the same browser has open."""
    token = token_on(client.get("/admin/accounts/new").text)
    return client.post(address, data={"csrf_token": token, **fields})


def id_of(actor: Actor) -> str:
    assert actor.account_id is not None
    return actor.account_id


@pytest.fixture
def admin(desk: Desk) -> tuple[FlaskClient, Actor]:
    """A signed-in administrator."""
    client = desk.client()
    return client, make_sign_in(client, Role.ADMIN)


def rename(actor: Actor, name: str) -> None:
    with db.transaction() as writer:
        writer.execute(sa.update(Account).where(Account.id == actor.account_id).values(name=name))


def row_of(page: str, words: str) -> str:
    """The line of the list that holds these words."""
    rows: list[str] = re.findall(r"<tr role=\"row\">.*?</tr>", page, re.DOTALL)
    return next(row for row in rows if words in row)


def names_on(page: str) -> list[str]:
    return re.findall(
        r'rowheader" data-column="Name"><a [^>]+><bdi class="foreign-words">([^<]+)</bdi>', page
    )


def test_the_list_names_people_with_role_organisation_and_state(
    desk: Desk, admin: tuple[FlaskClient, Actor]
) -> None:
    client, own = admin
    sender_id = make_sender("Harbour Watch")
    invited = accounts.invite_account(
        "officer@unit.example", role=Role.SENDER, name="Ada Officer", sender_id=sender_id, actor=own
    )
    settled = accounts.create_account(
        "mo@desk.example", role=Role.MODERATOR, name="Mo", sender_id=None, password=PASSWORD, actor=OPERATOR
    )
    closed = make_account(Role.LEAD)
    accounts.close_account(id_of(closed), actor=own)
    page = client.get("/admin/accounts").text
    for words in (invited.pseudonym, "officer@unit.example", "Harbour Watch", "Invited", "Never"):
        assert words in row_of(page, "Ada Officer"), words
    assert "Open" in row_of(page, settled.pseudonym)
    assert "Closed" in row_of(page, id_of(closed))
    assert "(you)" in row_of(page, id_of(own))
    assert "4 accounts" in page


def test_the_list_is_narrowed_by_role_state_and_organisation(
    desk: Desk, admin: tuple[FlaskClient, Actor]
) -> None:
    client, own = admin
    sender_ids = [make_sender(), make_sender()]
    for place, sender_id in enumerate(sender_ids):
        rename(make_account(Role.SENDER, sender_id=sender_id), f"Officer {place}")
    lead = make_account(Role.LEAD)
    rename(lead, "Lena Lead")
    rename(make_account(Role.LEGAL), "Lea Legal")
    accounts.close_account(id_of(lead), actor=own)

    def found(query: str) -> list[str]:
        return names_on(client.get(f"/admin/accounts?{query}").text)

    assert found("role=legal") == ["Lea Legal"]
    assert found("state=closed") == ["Lena Lead"]
    assert found(f"sender={sender_ids[1]}") == ["Officer 1"]
    assert found(f"role=sender&state=invited&sender={sender_ids[0]}") == ["Officer 0"]
    assert found("role=legal&state=closed") == []
    assert "Nobody fits" in client.get("/admin/accounts?role=legal&state=closed").text


@pytest.mark.parametrize(
    "query",
    ["role=king", "state=%00", "sender=S-0000", "after=nonsense", "role=&state=&sender=&after=", "page=2"],
)
def test_what_the_filters_do_not_offer_narrows_nothing(
    desk: Desk, admin: tuple[FlaskClient, Actor], query: str
) -> None:
    client, _own = admin
    page = client.get(f"/admin/accounts?{query}")
    assert page.status_code == 200
    assert "1 account" in page.text


def test_a_long_list_goes_on_without_a_gap_and_keeps_its_filters(
    desk: Desk, admin: tuple[FlaskClient, Actor]
) -> None:
    client, _own = admin
    people = make_accounts(120)
    with db.transaction() as writer:  # equal names: the ids decide
        writer.execute(sa.update(Account).where(Account.role == "moderator").values(name="Same Name"))
    address: str | None = "/admin/accounts?role=moderator"
    seen: list[str] = []
    pages = 0
    while address:
        page = client.get(address).text
        pages += 1
        seen += re.findall(r'href="/admin/accounts/(A-[^"/]+)"', page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        address = following[1].replace("&amp;", "&") if following else None
        assert "120 accounts" in page
    assert pages == 3
    assert sorted(seen) == sorted(person.account_id or "" for person in people)
    assert client.get("/admin/accounts?after=A-0000-0000-0000").status_code == 200


def test_an_invitation_shows_its_link_once_and_the_link_works(
    desk: Desk, admin: tuple[FlaskClient, Actor]
) -> None:
    client, own = admin
    answer = post(
        client, "/admin/accounts/new", name="Jane Doe", email="jane@desk.example", role="legal", sender=""
    )
    assert answer.status_code == 303
    assert answer.location.endswith("/link")
    page = client.get(answer.location)
    found = re.search(r"http://localhost(/sign-in/link/[\w-]{43})", page.text)
    assert found is not None
    for words in ("Jane Doe", "jane@desk.example", "Good until", "in 23 h 59 min"):
        assert words in page.text, words
    assert page.headers["Cache-Control"] == "no-store"
    again = client.get(answer.location)
    assert again.status_code == 303
    assert found[1] not in client.get(again.location).text
    person = desk.client()
    token = token_on(person.get(found[1]).text)
    fields = {"csrf_token": token, "password": PASSWORD, "repeated": PASSWORD}
    assert person.post(found[1], data=fields).status_code == 303
    event = desk.session.scalars(sa.select(Opening).where(Opening.event_type == "account.invited")).one()
    assert own.id.encode() in event.envelope
    account_page = client.get(again.location).text
    assert "None is out" in account_page


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"name": ""}, 422, "Type the person&#39;s name."),
        ({"name": "x" * 201}, 422, "Use at most 200 characters."),
        ({"name": "a\u202eb"}, 422, "printable characters"),
        ({"email": "nobody"}, 422, "This is not an e-mail address"),
        ({"email": "x" * 255 + "@desk.example"}, 422, "Use at most 254 characters."),
        ({"email": "TAKEN@desk.example"}, 409, "There is an account with this e-mail address already"),
        ({"role": ""}, 422, "Role"),
        ({"role": "king"}, 422, "Role"),
        ({"role": "sender"}, 422, "Choose the organisation"),
        ({"sender": "HERE"}, 422, "Only a sender belongs to an organisation"),
        ({"sender": "S-unknown"}, 422, "Organisation"),
    ],
)
def test_a_refused_invitation_says_what_is_wrong_and_keeps_what_was_typed(
    desk: Desk, admin: tuple[FlaskClient, Actor], fields: dict[str, str], status: int, words: str
) -> None:
    client, own = admin
    accounts.invite_account("taken@desk.example", role=Role.LEAD, name="T", sender_id=None, actor=own)
    sender_id = make_sender()
    typed = {"name": "Jane Doe", "email": "jane@desk.example", "role": "lead", "sender": ""} | fields
    if typed["sender"] == "HERE":
        typed["sender"] = sender_id
    answer = post(client, "/admin/accounts/new", **typed)
    assert answer.status_code == status
    assert "Error:" in answer.text.partition("</title>")[0]
    assert words in answer.text
    kept = "Jane Doe" if "name" not in fields else "jane@desk.example"
    assert f'value="{kept}"' in answer.text
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(OneTimeLink)) == 1


def test_a_hostile_name_is_text_everywhere(desk: Desk, admin: tuple[FlaskClient, Actor]) -> None:
    client, _own = admin
    answer = post(
        client, "/admin/accounts/new", name=HOSTILE, email="jane@desk.example", role="lead", sender=""
    )
    account = answer.location.removesuffix("/link")
    for address in (answer.location, "/admin/accounts", account, f"{account}/close"):
        page = client.get(address).text
        assert "<script>" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_another_role_ends_sign_ins_and_the_page_says_so(
    desk: Desk, admin: tuple[FlaskClient, Actor]
) -> None:
    client, _own = admin
    other = desk.client()
    person = make_sign_in(other, Role.MODERATOR)
    assert other.get("/queue").status_code == 200
    address = f"/admin/accounts/{person.account_id}"
    answer = post(client, f"{address}/role", role="legal")
    assert (answer.status_code, answer.location) == (303, address)
    page = client.get(address).text
    assert "is Legal now. All sign-ins have ended." in page
    assert other.get("/queue").status_code == 303
    refused = post(client, f"{address}/role", role="legal")
    assert refused.status_code == 422
    for role in ("sender", "king", ""):
        assert post(client, f"{address}/role", role=role).status_code == 422, role


def test_an_officer_keeps_the_role_and_others_never_get_it(
    desk: Desk, admin: tuple[FlaskClient, Actor]
) -> None:
    client, _own = admin
    officer = make_account(Role.SENDER, sender_id=make_sender())
    address = f"/admin/accounts/{officer.account_id}"
    assert "/role" not in client.get(address).text
    refused = post(client, f"{address}/role", role="legal")
    assert refused.status_code == 422
    assert "stays one" in refused.text


def test_sign_ins_end_and_another_pseudonym_is_drawn(desk: Desk, admin: tuple[FlaskClient, Actor]) -> None:
    client, _own = admin
    other = desk.client()
    person = make_sign_in(other, Role.LEAD)
    address = f"/admin/accounts/{person.account_id}"
    assert "in 1 browser" in client.get(address).text
    before = desk.session.scalar(sa.select(Account.pseudonym).where(Account.id == person.account_id))
    assert post(client, f"{address}/pseudonym").status_code == 303
    after = desk.session.scalar(sa.select(Account.pseudonym).where(Account.id == person.account_id))
    assert f"{before} is called {after} now." in client.get(address).text
    assert str(after) in other.get("/queue").text
    assert post(client, f"{address}/end-sign-ins").status_code == 303
    assert other.get("/queue").status_code == 303


def test_a_new_link_replaces_the_one_before(desk: Desk, admin: tuple[FlaskClient, Actor]) -> None:
    client, own = admin
    made = accounts.invite_account(
        "jane@desk.example", role=Role.LEAD, name="Jane", sender_id=None, actor=own
    )
    address = f"/admin/accounts/{made.account_id}"
    assert "One is out, good until" in client.get(address).text
    answer = post(client, f"{address}/link")
    page = client.get(answer.location).text
    assert made.token not in page
    assert "/sign-in/link/" in page
    assert desk.client().get(f"/sign-in/link/{made.token}").status_code == 404


def test_a_link_that_was_used_before_it_was_shown_is_not_shown(
    desk: Desk, admin: tuple[FlaskClient, Actor]
) -> None:
    client, own = admin
    made = accounts.invite_account(
        "jane@desk.example", role=Role.LEAD, name="Jane", sender_id=None, actor=own
    )
    answer = post(client, f"/admin/accounts/{made.account_id}/link")
    accounts.issue_reset(made.account_id, actor=own)
    assert client.get(answer.location).status_code == 303


def test_closing_asks_first_and_then_ends_everything(desk: Desk, admin: tuple[FlaskClient, Actor]) -> None:
    client, _own = admin
    other = desk.client()
    person = make_sign_in(other, Role.MODERATOR)
    address = f"/admin/accounts/{person.account_id}"
    question = client.get(f"{address}/close").text
    assert "This cannot be taken back" in question
    assert other.get("/queue").status_code == 200
    answer = post(client, f"{address}/close")
    assert (answer.status_code, answer.location) == (303, address)
    page = client.get(address).text
    assert "is closed." in page
    assert "<form" not in page.partition("<main")[2].partition("</main>")[0]
    assert other.get("/queue").status_code == 303
    assert "closed already" in client.get(f"{address}/close").text
    for change in ("close", "role", "link", "end-sign-ins", "pseudonym"):
        assert post(client, f"{address}/{change}", role="lead").status_code == 409, change


def test_nobody_changes_the_own_account_but_ends_the_own_sign_ins(
    desk: Desk, admin: tuple[FlaskClient, Actor]
) -> None:
    client, own = admin
    address = f"/admin/accounts/{own.account_id}"
    page = client.get(address).text
    for change in ("close", "role", "link"):
        assert f"{address}/{change}" not in page
        assert post(client, f"{address}/{change}", role="legal").status_code == 403, change
    closing = client.get(f"{address}/close").text.partition("<main")[2]
    assert "<form" not in closing.partition("</main>")[0]
    assert post(client, f"{address}/end-sign-ins").headers["Location"] == address
    assert client.get(address).headers["Location"] == "/sign-in"


def test_what_does_not_exist_is_not_found(desk: Desk, admin: tuple[FlaskClient, Actor]) -> None:
    client, _own = admin
    for account_id in ("A-0000-0000-0000", "nonsense", "%00", "A-" + "0" * 500):
        for page in ("", "/close", "/link"):
            assert client.get(f"/admin/accounts/{account_id}{page}").status_code == 404
        for change in ("close", "role", "link", "end-sign-ins", "pseudonym"):
            assert post(client, f"/admin/accounts/{account_id}/{change}").status_code == 404


def test_no_form_works_without_its_token(desk: Desk, admin: tuple[FlaskClient, Actor]) -> None:
    client, _own = admin
    person = make_account()
    before = desk.session.scalar(sa.select(sa.func.count()).select_from(Opening))
    for address in (
        "new",
        *(f"{person.account_id}/{name}" for name in ("close", "role", "link", "pseudonym")),
    ):
        for fields in ({}, {"csrf_token": "forged"}):
            assert client.post(f"/admin/accounts/{address}", data=fields).status_code == 403
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(Opening)) == before


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_an_administrator_sees_names(desk: Desk, role: Role) -> None:
    client = desk.client()
    make_sign_in(client, role)
    person = make_account()
    rename(person, "Canary Name")
    for address in ("", "/new", f"/{person.account_id}", f"/{person.account_id}/close"):
        answer = client.get(f"/admin/accounts{address}")
        assert answer.status_code == 403
        assert "Canary" not in answer.text
    assert client.get("/admin/permissions").status_code == 403


def test_the_matrix_shows_every_permission_with_its_holders(
    desk: Desk, admin: tuple[FlaskClient, Actor]
) -> None:
    client, _own = admin
    page = client.get("/admin/permissions").text
    lines = re.findall(r"<tr role=\"row\">.*?</tr>", page, re.DOTALL)[1:]
    needed = [grant for grant in GRANTS.values() if not grant.anyone]
    assert len(lines) == len(needed)
    for line, grant in zip(lines, needed, strict=True):
        assert grant.sentence.replace("'", "&#39;") in line
        assert line.count('<span class="unseen">Yes</span>') == len(grant.roles)


def test_the_innermost_place_is_the_current_one(desk: Desk, admin: tuple[FlaskClient, Actor]) -> None:
    client, own = admin
    for address, place in (
        ("/admin", "Health"),
        ("/admin/accounts", "Accounts"),
        (f"/admin/accounts/{own.account_id}", "Accounts"),
        ("/admin/permissions", "Permissions"),
    ):
        current = re.findall(r'aria-current="page">([^<]+)<', client.get(address).text)
        assert current == [place], address


def test_a_last_sign_in_is_the_newest_one(desk: Desk, admin: tuple[FlaskClient, Actor]) -> None:
    client, own = admin
    newest = desk.session.scalar(sa.select(sa.func.max(SignIn.created_at)))
    assert newest is not None
    assert f"{newest:%H:%M} UTC" in row_of(client.get("/admin/accounts").text, id_of(own))
