"""What legal staff typed is on the page of a refusal that has nothing to do with it, with the way back."""

import html
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from review import db
from review.actions import complaints, export_jobs
from review.domain.permissions import Role
from review.errors import DatabaseBusy, ReviewError, StorageFull
from review.models import SignIn
from tests.conftest import Desk
from tests.factories import make_case, make_sign_in
from tests.web.moderator.test_pages import field

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

RECORD = "C-7K3M-9QXD-2FWT"
TYPED = "Long reasons <b>& more</b> of mine."
FORMS = [
    ("/cases/C-1/advice", "advice", "/records/C-1"),
    ("/records/C-1/complaint", "reasons", "/records/C-1"),
    ("/records/C-1/complaint", "contact", "/records/C-1"),
    ("/records/C-1/note", "note", "/records/C-1"),
    ("/records/C-1/reviewers/D-1", "reason", "/records/C-1/reviewers/D-1"),
    ("/holds", "reason", f"/holds/new?record={RECORD}"),
    ("/holds/H-1/release", "reason", "/holds/H-1"),
    ("/erasures", "reason", f"/erasures/new?record={RECORD}"),
    ("/erasures/execute", "reason", "/erasures"),
    ("/erasures/X-1/execute", "reason", "/erasures/X-1"),
    ("/erasures/X-1/refuse", "reason", "/erasures/X-1"),
    ("/retention", "reason", "/retention"),
    ("/exports", "reason", "/exports"),
    ("/restrictions/R-1/failed", "reason", "/restrictions/R-1"),
    ("/quality/samples/Q-1/D-1", "remark", "/quality/samples/Q-1/D-1"),
]


@pytest.mark.parametrize(("address", "name", "page"), FORMS)
def test_words_stay_though_the_form_has_expired_or_the_sign_in_has_ended(
    desk: Desk, address: str, name: str, page: str
) -> None:
    client = desk.client()
    make_sign_in(client, Role.LEAD if address.startswith(("/restrictions", "/quality")) else Role.LEGAL)
    sent = {name: TYPED, "record": RECORD, "csrf_token": "DEAD-TOKEN", "password": "SECRET-PASSWORD"}
    refused = client.post(address, data=sent)
    assert refused.status_code == 403
    assert f'href="{page}">Open the form again' in refused.text
    with db.transaction() as writer:
        writer.execute(sa.delete(SignIn))
    ended = client.post(address, data=sent)
    assert ended.status_code == 401
    back = quote(page, safe="/?")
    assert f'href="/sign-in?next={back}">Sign in again and come back to the form' in ended.text
    for answer in (refused, ended):
        assert html.escape(TYPED) in answer.text
        assert "DEAD-TOKEN" not in answer.text
        assert "SECRET-PASSWORD" not in answer.text


def test_without_a_record_the_way_leads_to_the_list_of_requests(desk: Desk) -> None:
    client = desk.client()
    make_sign_in(client, Role.LEGAL)
    for address, page in (("/holds", "/holds/new"), ("/erasures", "/erasures")):
        answer = client.post(address, data={"reason": TYPED, "record": "nothing"})
        assert f'href="{page}">Open the form again' in answer.text


@pytest.mark.parametrize("refusal", [DatabaseBusy(), StorageFull()])
def test_words_stay_though_nothing_can_be_stored(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, refusal: ReviewError
) -> None:
    def refuse(*_arguments: object, **_named: object) -> None:
        raise refusal

    monkeypatch.setattr(complaints, "register_complaint", refuse)
    monkeypatch.setattr(export_jobs, "request_export", refuse)
    case_id, client = make_case(), desk.client()
    make_sign_in(client, Role.LEGAL)
    token = field(client.get(f"/records/{case_id}").text, "csrf_token")
    sent = {"csrf_token": token, "reasons": "w" * 10_000, "reason": TYPED, "form": "csv"}
    answer = client.post(f"/records/{case_id}/complaint", data=sent)
    assert answer.status_code in (503, 507)
    assert "w" * 10_000 in answer.text
    answer = client.post("/exports", data=sent)
    assert answer.status_code in (503, 507)
    assert html.escape(TYPED) in answer.text
