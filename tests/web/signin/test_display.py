"""Everybody chooses how pages look, before and after signing in; nothing else hangs on that choice."""

import re

import pytest
from flask.testing import FlaskClient

from review.domain.appearance import read_appearance
from review.domain.permissions import Role
from review.web.appearance import COOKIE
from tests.conftest import Desk
from tests.factories import make_sign_in

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
CHOICE = {
    "theme": "dark",
    "density": "compact",
    "text_size": "115",
    "language": "ar",
    "zone": "Europe/Brussels",
}


def choose(client: FlaskClient, page: str = "/display", **fields: str) -> "tuple[int, str]":
    """Send the form that stands on a page; status and where it leads."""
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(page).text)
    assert token is not None
    answer = client.post("/display", data={"csrf_token": token[1], **CHOICE, **fields})
    return answer.status_code, answer.headers.get("Location", "")


def test_the_sign_in_page_has_the_menu_and_the_next_paint_is_right(desk: Desk) -> None:
    client = desk.client()
    page = client.get("/sign-in").text
    assert '<details class="display-menu">' in page
    assert 'data-theme="system" data-density="comfortable" data-text="100"' in page
    assert choose(client, "/sign-in", back="/sign-in") == (303, "/sign-in")
    page = client.get("/sign-in").text
    assert 'lang="ar" dir="rtl" data-theme="dark" data-density="compact" data-text="115"' in page
    assert "style=" not in page


def test_the_cookie_is_small_strict_and_out_of_reach_of_scripts(desk: Desk) -> None:
    client = desk.client()
    choose(client)
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert cookie.path == "/"
    assert len(cookie.value) <= 400
    kept = read_appearance(cookie.value)
    assert kept is not None
    assert kept.zone.key == "Europe/Brussels"


@pytest.mark.parametrize(
    "wrong",
    [
        {"theme": "red"},
        {"zone": "../etc/passwd"},
        {"language": ""},
        {"text_size": "900"},
        {"density": "\x00"},
    ],
)
def test_what_is_not_on_offer_is_refused_and_not_kept(desk: Desk, wrong: dict[str, str]) -> None:
    client = desk.client()
    assert choose(client, **wrong)[0] == 422
    assert client.get_cookie(COOKIE) is None


@pytest.mark.parametrize(
    ("back", "leads"),
    [
        ("/records?q=R-1", "/records?q=R-1"),
        ("/queue", "/queue"),
        ("/cases/C-SAGD-C14X-7VK1/review", "/cases/C-SAGD-C14X-7VK1"),
        ("/queue/next", "/queue"),
        ("/nothing/here/at/all", "/"),
        ("//elsewhere.example/", "/"),
        ("/\\elsewhere.example/", "/"),
        ("https://elsewhere.example/", "/"),
        ("/queue\r\nSet-Cookie: a=b", "/"),
        ("/queue?" + "a" * 3_000, "/"),
        ("", "/"),
    ],
)
def test_the_choice_leads_back_to_a_page_of_this_desk(desk: Desk, back: str, leads: str) -> None:
    assert choose(desk.client(), back=back) == (303, leads)


def test_the_choice_outlives_the_sign_out(desk: Desk) -> None:
    client = desk.client()
    choose(client)
    make_sign_in(client, Role.LEGAL)
    page = client.get("/records").text
    assert 'data-theme="dark"' in page
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token is not None
    answer = client.post("/sign-out", data={"csrf_token": token[1]})
    assert "cookies" not in answer.headers["Clear-Site-Data"]
    assert client.get_cookie(COOKIE) is not None


def test_the_page_of_all_choices_has_every_zone_and_needs_no_account(desk: Desk) -> None:
    page = desk.client().get("/display?back=/errors/").text
    assert page.count("<option") > 400
    assert 'href="/errors/"' in page
    assert desk.client().get("/accessibility").status_code == 200


def test_pages_nobody_is_signed_in_on_set_no_cookie(desk: Desk) -> None:
    for address in ("/accessibility", "/errors/", "/api/v1/docs"):
        assert "Set-Cookie" not in desk.client().get(address).headers
