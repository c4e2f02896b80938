"""The platform reports: in place or failed, once; who else asks, and what cannot be, is refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from review import clock
from review.actions import senders
from review.actions.restrictions import report_implemented
from review.clock import rfc3339
from review.domain.permissions import OPERATOR
from review.errors import RestrictionConflict
from review.models import Opening, Restriction
from review.queries.restrictions import RestrictionShown
from tests.conftest import Desk
from tests.endpoints import managing
from tests.factories import make_key, make_sender
from tests.platforms import PLATFORM, decide, restriction_of
from tests.threads import together
from tests.web.api.described import problems_of


class Platform:
    """The program of the platform."""

    def __init__(self, desk: Desk) -> None:
        key = senders.issue_platform_key(expires_at=None, actor=OPERATOR).key
        self._desk, self._headers = desk, {"Authorization": f"Bearer {key}"}

    def report(self, restriction_id: str, what: str, **body: Any) -> TestResponse:
        """Send one report."""
        address = f"/api/v1/restrictions/{restriction_id}/{what}"
        return self._desk.client().post(address, json=body, headers=self._headers)


@pytest.fixture
def asked(desk: Desk) -> Restriction:
    """A restriction that was asked for."""
    return restriction_of(desk, decide(desk, managing(make_sender())))


def _events(desk: Desk) -> list[str]:
    wanted = sa.select(Opening.event_type).where(Opening.object_kind == "restriction")
    return list(desk.session.scalars(wanted.order_by(Opening.object_version)))


def test_it_is_in_place_once_however_often_it_is_said(desk: Desk, asked: Restriction) -> None:
    platform, at = Platform(desk), rfc3339(clock.now())
    answers = [platform.report(asked.id, "implemented", at=at) for _time in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    shown = answers[0].get_json()
    assert answers[1].get_json() == shown
    assert (shown["state"], shown["implemented_at"], shown["failed_at"]) == ("implemented", at, None)
    document = desk.client().get("/api/v1/openapi.json").get_json()
    assert problems_of(document, {"$ref": "#/components/schemas/RestrictionReport"}, shown) == []
    assert _events(desk) == ["restriction.implemented"]


def test_a_failure_stands_once_with_its_reason(desk: Desk, asked: Restriction) -> None:
    platform = Platform(desk)
    answers = [platform.report(asked.id, "failed", reason=" Not our page. ") for _time in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[1].get_json()["reason"] == "Not our page."
    assert _events(desk) == ["restriction.failed"]


def test_another_report_is_a_conflict_and_the_first_stands(desk: Desk, asked: Restriction) -> None:
    platform, now = Platform(desk), clock.now()
    assert platform.report(asked.id, "implemented", at=rfc3339(now)).status_code == 200
    others: list[tuple[str, dict[str, str]]] = [
        ("implemented", {"at": rfc3339(now + timedelta(seconds=1))}),
        ("failed", {"reason": "Too late."}),
    ]
    for what, body in others:
        refused = platform.report(asked.id, what, **body)
        assert (refused.status_code, refused.get_json()["type"]) == (409, "/errors/restriction_conflict")
        assert rfc3339(now) in refused.get_json()["detail"]
    other = restriction_of(desk, decide(desk, managing(make_sender()), "https://video.example/2"))
    assert platform.report(other.id, "failed", reason="No.").status_code == 200
    assert platform.report(other.id, "failed", reason="Another.").status_code == 409
    assert platform.report(other.id, "implemented", at=rfc3339(now)).status_code == 409
    assert len(_events(desk)) == 2


def test_of_reports_at_once_one_stands(desk: Desk, asked: Restriction) -> None:
    now = clock.now()

    def reporting(second: int) -> Callable[[], RestrictionShown]:
        at = now + timedelta(seconds=second)
        return lambda: report_implemented(asked.id, at, actor=PLATFORM)

    reported = together(desk.app, [reporting(second) for second in range(4)])
    assert [isinstance(one, RestrictionConflict) for one in reported].count(False) == 1
    stands = [one for one in reported if isinstance(one, RestrictionShown)]
    assert [one.implemented_at for one in stands] == [
        desk.session.get_one(Restriction, asked.id).implemented_at
    ]
    assert _events(desk) == ["restriction.implemented"]


@pytest.mark.parametrize(
    ("what", "body", "pointer"),
    [
        ("implemented", {}, "/at"),
        ("implemented", {"at": "yesterday"}, "/at"),
        ("implemented", {"at": 5}, "/at"),
        ("implemented", {"at": "1999-01-01T00:00:00Z"}, "/at"),
        ("implemented", {"at": "2999-01-01T00:00:00Z"}, "/at"),
        ("implemented", {"at": "2026-01-01T00:00:00Z", "by": "me"}, "/by"),
        ("failed", {}, "/reason"),
        ("failed", {"reason": " \n "}, "/reason"),
        ("failed", {"reason": "x" * 1_001}, "/reason"),
        ("failed", {"reason": "\u0007"}, "/reason"),
    ],
)
def test_what_cannot_be_is_named_with_its_remedy(
    desk: Desk, asked: Restriction, what: str, body: dict[str, Any], pointer: str
) -> None:
    refused = Platform(desk).report(asked.id, what, **body)
    assert refused.status_code == 422
    assert pointer in {error["pointer"] for error in refused.get_json()["errors"]}
    assert _events(desk) == []


def test_who_is_not_the_platform_and_what_does_not_exist(desk: Desk, asked: Restriction) -> None:
    platform, at = Platform(desk), rfc3339(clock.now())
    for wanted in ("M-0000-0000-0000", "M-1", asked.decision_id):
        assert platform.report(wanted, "implemented", at=at).status_code == 404
        assert platform.report(wanted, "failed", reason="No.").status_code == 404
    headers = {"Authorization": f"Bearer {make_key(make_sender())}"}
    address = f"/api/v1/restrictions/{asked.id}/implemented"
    assert desk.client().post(address, json={"at": at}, headers=headers).status_code == 403
    assert desk.client().post(address, json={"at": at}).status_code == 401
    assert _events(desk) == []
