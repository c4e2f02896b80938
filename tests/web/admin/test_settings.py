"""The settings pages: an administrator changes what may change, and it counts everywhere within seconds."""

import re

import pytest
from flask.testing import FlaskClient

from app import create_app
from review import db
from review.config import CHANGEABLE
from review.domain.permissions import Role
from review.setting_table import SETTINGS
from review.web import running
from tests.conftest import Desk
from tests.factories import make_key, make_sender, make_sign_in, referral_body

CLAIM = "/admin/settings/REVIEW_CLAIM_SECONDS"


def _fields(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="(csrf_token|version)"[^>]*value="([^"]*)"', page))


def _change(client: FlaskClient, address: str, value: str, **more: str) -> int:
    fields = _fields(client.get(address).text)
    return client.post(address, data=fields | {"value": value} | more).status_code


def test_a_change_shows_on_the_page_and_counts(desk: Desk) -> None:
    client = desk.client()
    make_sign_in(client, Role.ADMIN)
    assert _change(client, CLAIM, "1200") == 303
    page = client.get("/admin/settings").text
    assert "Length of a claim, in seconds is changed" in page
    assert "1200" in page
    assert "Chosen here" in page
    assert desk.app.config["REVIEW_SETTINGS"].claim_seconds == 1200
    assert _change(client, CLAIM, "", then="environment") == 303
    assert desk.app.config["REVIEW_SETTINGS"].claim_seconds == desk.settings.claim_seconds


def test_another_process_takes_the_change_when_it_looks_again(desk: Desk) -> None:
    other = create_app(desk.settings)
    client = desk.client()
    make_sign_in(client, Role.ADMIN)
    _change(client, CLAIM, "1200")
    with other.app_context():
        running.refresh(at_once=True)
        assert other.config["REVIEW_SETTINGS"].claim_seconds == 1200
        db.session().close()
        db.extension.engine.dispose()


def test_a_host_added_here_is_ours_at_once(desk: Desk) -> None:
    client, program = desk.client(), desk.client()
    make_sign_in(client, Role.ADMIN)
    key = make_key(make_sender())
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    body = referral_body("HOST-1", "https://new.example/1")
    assert program.post("/api/v1/referrals", data=body, headers=headers).status_code == 422
    assert _change(client, "/admin/settings/REVIEW_HOSTS", "video.example, .new.example") == 303
    assert program.post("/api/v1/referrals", data=body, headers=headers).status_code == 201


@pytest.mark.parametrize("value", ["", "0", "86401", "soon", "<script>alert(1)</script>", "1" * 500])
def test_a_bad_value_is_refused_with_the_remedy_and_kept_in_the_form(desk: Desk, value: str) -> None:
    client = desk.client()
    make_sign_in(client, Role.ADMIN)
    fields = _fields(client.get(CLAIM).text)
    answer = client.post(CLAIM, data=fields | {"value": value})
    assert answer.status_code == 422
    assert (
        "Length of a claim, in seconds (REVIEW_CLAIM_SECONDS) must be a whole number from 5 to 86400."
        in answer.text
    )
    assert "<script>alert" not in answer.text
    assert desk.app.config["REVIEW_SETTINGS"].claim_seconds == desk.settings.claim_seconds


def test_a_stale_form_is_refused_and_shows_what_counts_now(desk: Desk) -> None:
    client = desk.client()
    make_sign_in(client, Role.ADMIN)
    old = _fields(client.get(CLAIM).text)
    _change(client, CLAIM, "1200")
    answer = client.post(CLAIM, data=old | {"value": "60"})
    assert answer.status_code == 409
    assert "1200" in answer.text
    assert 'value="60"' in answer.text, "what was typed is kept"
    assert client.post(CLAIM, data=_fields(answer.text) | {"value": "60"}).status_code == 303


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 40])
def test_a_form_without_its_version_is_refused(desk: Desk, version: str) -> None:
    client = desk.client()
    make_sign_in(client, Role.ADMIN)
    fields = _fields(client.get(CLAIM).text) | {"version": version}
    assert client.post(CLAIM, data=fields | {"value": "60"}).status_code == 422


def test_secrets_are_named_and_never_shown(desk: Desk) -> None:
    client = desk.client()
    make_sign_in(client, Role.ADMIN)
    page = client.get("/admin/settings").text
    assert all(setting.name in page for setting in SETTINGS)
    assert desk.settings.secret_key not in page
    assert client.get("/admin/settings/REVIEW_SECRET_KEY").status_code == 404


def test_a_target_tells_when_something_received_now_is_due(desk: Desk) -> None:
    client = desk.client()
    make_sign_in(client, Role.ADMIN)
    assert "Received now, it is due" in client.get("/admin/settings/REVIEW_TARGET_SECONDS").text
    assert "Received now, it is due" not in client.get(CLAIM).text


def test_every_changeable_setting_has_a_page(desk: Desk) -> None:
    client = desk.client()
    make_sign_in(client, Role.ADMIN)
    for name in CHANGEABLE:
        page = client.get(f"/admin/settings/{name}")
        assert page.status_code == 200, name
        assert "from 0 to 0" not in page.text, name
