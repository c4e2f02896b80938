"""The evidence bundle on the record of a case: recorded, downloaded, checked with the file served here."""

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from review import ledger, verifier
from review.domain.permissions import Role
from review.errors import TrailBroken
from review.models import Opening
from tests.bundles import judged
from tests.conftest import Desk
from tests.factories import make_key, make_sender, make_sign_in
from tests.trails import decide_all, refer, settle


def token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def asked(client: FlaskClient, case_id: str) -> TestResponse:
    page = client.get(f"/records/{case_id}").text
    assert f'action="/records/{case_id}/bundle"' in page
    return client.post(f"/records/{case_id}/bundle", data={"csrf_token": token(page)})


def exports(desk: Desk) -> list[str]:
    return list(desk.session.scalars(sa.select(Opening.object_id).where(Opening.event_type == "export.made")))


def test_legal_downloads_a_bundle_that_verifies_with_the_file_from_here(desk: Desk, tmp_path: Path) -> None:
    client = desk.client()
    refer(client, make_key(make_sender()), "https://video.example/1")
    (case_id,) = decide_all()
    settle(desk.settings.data_dir)
    make_sign_in(client, Role.LEGAL)
    answer = asked(client, case_id)
    assert (answer.status_code, answer.mimetype) == (200, "application/jsonl")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{case_id}.jsonl"'
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert exports(desk) == [case_id]
    assert "Export made" in client.get(f"/records/{case_id}").text
    stranger = desk.client()
    key = stranger.get("/log/key").text
    assert judged(tmp_path, key, answer.data)[0] == 0
    source = stranger.get("/verifier.py")
    assert (source.status_code, source.mimetype) == (200, "text/plain")
    assert source.data == Path(verifier.__file__).read_bytes()


def test_a_bundle_is_refused_while_no_checkpoint_covers_its_case(desk: Desk) -> None:
    client = desk.client()
    refer(client, make_key(make_sender()), "https://video.example/1")
    (case_id,) = decide_all()
    make_sign_in(client, Role.LEGAL)
    answer = asked(client, case_id)
    assert answer.status_code == 503
    assert "No checkpoint covers this case yet" in answer.text
    assert exports(desk) == []


def test_only_readers_of_records_get_a_bundle_and_only_of_a_case(desk: Desk) -> None:
    client = desk.client()
    refer(client, make_key(make_sender()), "https://video.example/1")
    (case_id,) = decide_all()
    settle(desk.settings.data_dir)
    make_sign_in(client, Role.LEGAL)
    typed = {"csrf_token": token(client.get(f"/records/{case_id}").text)}
    assert client.post("/records/nonsense/bundle", data=typed).status_code == 404
    assert client.post("/records/C-0000-0000-0000/bundle", data=typed).status_code == 404
    assert client.get(f"/records/{case_id}/bundle").status_code == 405
    for role in (Role.MODERATOR, Role.LEAD, Role.ADMIN, Role.SENDER):
        other = desk.client()
        make_sign_in(other, role)
        assert other.post(f"/records/{case_id}/bundle").status_code in (400, 403, 404)
    assert exports(desk) == []


def test_nothing_is_given_out_when_the_export_cannot_be_recorded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = desk.client()
    refer(client, make_key(make_sender()), "https://video.example/1")
    (case_id,) = decide_all()
    settle(desk.settings.data_dir)
    make_sign_in(client, Role.LEGAL)
    typed = {"csrf_token": token(client.get(f"/records/{case_id}").text)}

    def fail(*_arguments: object, **_named: object) -> None:
        raise TrailBroken("The trail refuses.")

    monkeypatch.setattr(ledger, "record_many", fail)
    answer = client.post(f"/records/{case_id}/bundle", data=typed)
    assert answer.status_code >= 500
    assert b"envelope" not in answer.data
