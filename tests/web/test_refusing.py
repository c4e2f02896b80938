"""A refusal is on the trail, of whom and what; the answer stays as it ever was, and nothing else happens."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from review.domain.permissions import Role, Scope
from review.errors import StorageFull
from review.web import guard, refusing
from tests.answers import plain
from tests.conftest import Desk
from tests.factories import make_case, make_key, make_sender, make_sign_in
from tests.stored import REFUSED, contents, opened_fields, without_refusals


def signed_in(desk: Desk, role: Role) -> FlaskClient:
    """A client of somebody in this role."""
    client = desk.client()
    make_sign_in(client, role)
    return client


def test_a_person_who_is_refused_a_page_is_on_the_trail(desk: Desk) -> None:
    client, case_id = signed_in(desk, Role.ADMIN), make_case()
    before = contents(desk)
    for _time in range(3):
        assert client.get(f"/cases/{case_id}").status_code == 403
    assert client.get("/trail").status_code == 403
    told = opened_fields(desk, REFUSED)
    assert sorted(one["route"] for one in told) == ["legal_trail.page", "moderator_cases.page"]
    (seen,) = [one for one in told if one.get("object")]
    permission = guard.permission_of(desk.app, "moderator_cases.page")
    assert permission is not None
    assert seen == {"permission": permission.value, "route": "moderator_cases.page", "object": case_id}
    assert without_refusals(desk, contents(desk)) == without_refusals(desk, before)


def test_a_key_without_the_scope_is_on_the_trail(desk: Desk) -> None:
    key = make_key(make_sender(), Scope.READ)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    for _time in range(3):
        answer = desk.client().post("/api/v1/referrals", data="{}", headers=headers)
        assert (answer.status_code, answer.get_json()["type"]) == (403, "/errors/scope_too_small")
    (told,) = opened_fields(desk, REFUSED)
    assert told["route"].startswith("api_")
    assert told["key"].startswith("K-")


def test_nobody_who_is_unknown_is_on_the_trail(desk: Desk) -> None:
    before = contents(desk)
    for key in ("wrong", ""):
        headers = {"Authorization": f"Bearer {key}"}
        assert desk.client().get("/api/v1/referrals", headers=headers).status_code == 401
    assert desk.client().get("/queue").status_code == 303
    assert desk.client().post("/queue/next").status_code in (401, 403)
    assert contents(desk) == before


def test_what_is_missing_is_no_refusal(desk: Desk) -> None:
    key = make_key(make_sender())
    headers = {"Authorization": f"Bearer {key}"}
    before = contents(desk)
    assert desk.client().get("/api/v1/referrals/R-0000-0000-0000", headers=headers).status_code == 404
    assert contents(desk) == before


@pytest.mark.parametrize(
    "trouble",
    [StorageFull(), OperationalError("INSERT", {}, Exception("disk I/O error"))],
    ids=["full", "io"],
)
def test_the_answer_is_the_same_where_the_trail_does_not_take_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    client = signed_in(desk, Role.ADMIN)
    client.get("/queue")
    usual = client.get("/queue")

    def fail(*_arguments: object, **_named: object) -> bool:
        raise trouble

    monkeypatch.setattr(refusing, "record_refusal", fail)
    again = client.get("/queue")
    assert (usual.status_code, again.status_code) == (403, 403)
    assert dict(usual.headers).keys() == dict(again.headers).keys()
    assert plain(usual.text) == plain(again.text)
