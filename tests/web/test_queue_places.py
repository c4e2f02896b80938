"""Addresses of the queue that are not ours end in one clear refusal, never in a 5xx."""

import json
from base64 import urlsafe_b64encode

import pytest

from review.domain.permissions import Role
from tests.conftest import Desk
from tests.factories import make_sign_in

TIME = "2026-11-23T10:00:00+00:00"
CASE = "C-7K3M-9QXD-2FWT"


@pytest.mark.parametrize(
    "place",
    [
        [float("inf"), TIME, TIME, CASE],
        [2, "0001-01-01T00:00:00+23:59", TIME, CASE],
        [2, TIME, "9999-12-31T23:59:59-23:59", CASE],
        [2, TIME, TIME, "\ud800"],
        [2, TIME, TIME, "C-\u0000"],
        [2, "2026-11-23T10:00:00", TIME, CASE],
        [[], {}, None, CASE],
        {"rank": 2},
        7,
    ],
)
def test_a_made_up_place_is_422(desk: Desk, place: object) -> None:
    client = desk.client()
    make_sign_in(client, Role.MODERATOR)
    after = urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")
    assert client.get("/queue", query_string={"after": after}).status_code == 422


def test_a_made_up_verification_is_404(desk: Desk) -> None:
    client = desk.client()
    make_sign_in(client, Role.LEGAL)
    assert client.get("/trail/runs/%00").status_code == 404
    assert client.get("/trail/runs/T-0000-0000-0000").status_code == 404
