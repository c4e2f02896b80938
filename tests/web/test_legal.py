"""Legal pages: records and the trail, each reading on the trail before it is shown."""

import pytest
import sqlalchemy as sa

from review import ledger
from review.domain.permissions import Role
from review.errors import TrailBroken
from review.models import Opening
from tests.conftest import Desk
from tests.factories import make_account, make_key, make_sender, make_sign_in
from tests.trails import decide_all, refer, settle


def events(desk: Desk, name: str) -> int:
    return desk.session.scalar(sa.select(sa.func.count()).where(Opening.event_type == name)) or 0


def test_the_record_shows_all_there_is_and_its_opening_is_an_event(desk: Desk) -> None:
    client = desk.client()
    key = make_key(make_sender("Harbour Watch"))
    referral = refer(client, key, "https://video.example/watch/77?a=<b>", reference="HW-2026/1")
    (case_id,) = decide_all(outcome="accepted")
    settle(desk.settings.data_dir)
    make_sign_in(client, Role.LEGAL)
    page = client.get(f"/records/{case_id}")
    assert page.status_code == 200
    for words in (
        "Harbour Watch",
        "HW-2026/1",
        "hxxps://video[.]example/watch/77",
        "No praise of listed organisations.",
        "nothing praises one",
        "We have compared the item",
        "Referral received",
        "Case claimed",
        "Review recorded",
        "Case decided",
        "Sender answered",
        "position 0 in the trail",
        'id="entry-1"',
        referral["items"][0]["id"],
    ):
        assert words in page.text, words
    assert "https://video.example" not in page.text.split("verbatim")[0]
    assert events(desk, "record.opened") == 1
    assert client.get(f"/records/{case_id.lower()}").status_code == 303
    assert client.get("/records/C-0000-0000-0000").status_code == 404
    assert client.get("/records/nonsense").status_code == 404


def test_nothing_is_shown_when_the_reading_cannot_be_recorded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = desk.client()
    refer(client, make_key(make_sender()), "https://video.example/hidden")
    (case_id,) = decide_all()
    make_sign_in(client, Role.LEGAL)

    def fail(*_arguments: object, **_named: object) -> None:
        raise TrailBroken("The trail cannot be written.")

    monkeypatch.setattr(ledger, "record", fail)
    for address in (f"/records/{case_id}", "/records"):
        page = client.get(address)
        assert page.status_code == 500
        assert case_id not in page.text


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.LEGAL])
def test_only_legal_reads_records_and_verifies(desk: Desk, role: Role) -> None:
    client = desk.client()
    make_account()
    make_sign_in(client, role)
    for address in ("/records", "/records/C-0000-0000-0000", "/trail", "/trail/runs/T-0000-0000-0000"):
        assert client.get(address).status_code == 403
    assert (events(desk, "records.listed"), events(desk, "record.opened")) == (0, 0)
