"""The pages of exports: asked for with a reason, watched without script, fetched as a file nobody keeps."""

import re

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from review.actions.export_jobs import fail_export, take_export
from review.domain.permissions import SERVICE, Role
from review.models import Case, Export, Opening
from review.models.export_files import export_path
from review.workers import exporting
from tests.conftest import Desk
from tests.factories import make_sender, make_sign_in, receive, sender_actor
from tests.faults.load import hidden_fields

GOES_ON = 'data-going-on="2"'
WHY = "Asked for by the court of Example."


def _signed_in(desk: Desk, role: Role = Role.LEGAL) -> FlaskClient:
    client = desk.client()
    make_sign_in(client, role)
    return client


def _ask(client: FlaskClient, **fields: str) -> str:
    token = hidden_fields(client.get("/exports").text)["csrf_token"]
    given = {"csrf_token": token, "form": "csv", "reason": WHY} | fields
    answer = client.post("/exports", data=given)
    assert answer.status_code == 303, answer.text
    return answer.location


def _work(desk: Desk) -> None:
    while exporting.run_once(desk.app):
        pass


def test_it_is_asked_for_watched_and_fetched(desk: Desk) -> None:
    sender = make_sender("Harbour Watch")
    receive(sender_actor(sender), "https://video.example/1")
    client = _signed_in(desk)
    assert "Nothing was exported yet." in client.get("/exports").text
    page = _ask(client, sender=sender, kind="referral", state="open")
    waiting = client.get(page)
    assert GOES_ON in waiting.text
    assert "0 of 1 cases written" in waiting.text
    assert ">Referral<" in waiting.text
    assert ">Open<" in waiting.text
    assert 'max="1" value="0"' in waiting.text
    _work(desk)
    ready = client.get(page)
    assert GOES_ON not in ready.text
    assert WHY in ready.text
    digest = desk.session.scalar(sa.select(Export.sha256))
    assert str(digest) in ready.text
    assert WHY in client.get("/exports").text
    token = hidden_fields(ready.text)["csrf_token"]
    before = desk.session.scalar(sa.select(sa.func.count()).select_from(Opening))
    lease = desk.session.scalar(sa.select(Export.lease))
    file = client.post(f"{page}/file", data={"csrf_token": token})
    assert file.headers["Cache-Control"] == "no-store"
    assert re.fullmatch(r'attachment; filename="O-[-0-9A-Z]+\.csv"', file.headers["Content-Disposition"])
    assert file.data == export_path(desk.settings.data_dir, page.rpartition("/")[2], str(lease)).read_bytes()
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(Opening)) == (before or 0) + 1


def test_what_is_wrong_is_said_and_nothing_typed_is_lost(desk: Desk) -> None:
    receive(sender_actor(make_sender()), "https://video.example/1")
    client = _signed_in(desk)
    token = hidden_fields(client.get("/exports").text)["csrf_token"]
    for fields, said in (
        ({"reason": "no"}, "Say in"),
        ({"reason": "For the court\x1b[2J"}, "Remove the control characters."),
        ({"reason": WHY, "case_id": "what"}, "no id of a case"),
        ({"reason": WHY, "state": "escalated"}, "No case is left"),
        ({"reason": WHY, "since": "2026-02-02", "until": "2026-02-01"}, "before the start"),
    ):
        answer = client.post("/exports", data={"csrf_token": token, "form": "csv"} | fields)
        assert answer.status_code == 422, said
        assert said in answer.text
        assert fields["reason"].partition("\x1b")[0] in answer.text
    assert desk.session.scalar(sa.select(Export.id)) is None


@pytest.mark.parametrize("days", [{"until": "9999-12-31"}, {"since": "0001-01-01"}])
def test_days_at_the_ends_of_the_calendar_narrow_nothing(desk: Desk, days: dict[str, str]) -> None:
    receive(sender_actor(make_sender()), "https://video.example/1")
    _ask(_signed_in(desk), **days)
    assert desk.session.scalar(sa.select(Export.cases)) == 1


def test_what_no_database_takes_is_left_out_of_the_reason(desk: Desk) -> None:
    receive(sender_actor(make_sender()), "https://video.example/1")
    _ask(_signed_in(desk), reason="For\x00 the\r\ncourt.")
    assert desk.session.scalar(sa.select(Export.reason)) == "For the\ncourt."


def test_it_is_cancelled_and_a_failure_is_told(desk: Desk) -> None:
    receive(sender_actor(make_sender()), "https://video.example/1")
    client = _signed_in(desk)
    page = _ask(client)
    token = hidden_fields(client.get(page).text)["csrf_token"]
    assert client.post(f"{page}/cancel", data={"csrf_token": token}).status_code == 303
    assert "It was cancelled" in client.get(page).text
    assert "has ended meanwhile" in client.post(
        f"{page}/cancel", data={"csrf_token": token}, follow_redirects=True
    ).get_data(as_text=True)
    failed = _ask(client, case_id=str(desk.session.scalar(sa.select(Case.id))))
    desk.session.rollback()  # what the loop reads begins anew
    job = take_export(actor=SERVICE)
    assert job is not None
    fail_export(job, "The disk is full.", actor=SERVICE)
    assert "The disk is full." in client.get(failed).text


def test_a_search_that_was_narrowed_leads_to_the_same_choice(desk: Desk) -> None:
    receive(sender_actor(make_sender()), "https://video.example/1")
    client = _signed_in(desk)
    listing = client.get("/records?state=open").text
    address = re.search(r'href="(/exports\?state=open)"', listing)
    assert address is not None
    assert re.search(
        r'<option [^>]*selected[^>]*value="open"|value="open"[^>]*selected', client.get(address[1]).text
    )


def test_nobody_else_sees_or_gets_it(desk: Desk) -> None:
    receive(sender_actor(make_sender()), "https://video.example/1")
    page = _ask(_signed_in(desk))
    _work(desk)
    for role in (Role.MODERATOR, Role.LEAD, Role.ADMIN, Role.SENDER):
        client = _signed_in(desk, role)
        assert client.get("/exports").status_code == 403
        assert client.get(page).status_code == 403
    assert _signed_in(desk).get("/exports/O-0000-0000-0000").status_code == 404
