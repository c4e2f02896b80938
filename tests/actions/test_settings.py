"""Changing a setting while the desk runs: checked, on the trail, never over somebody else's change."""

import threading
from base64 import b64decode

import pytest
import sqlalchemy as sa

from review import db
from review.actions.settings import change_setting
from review.domain.permissions import Role
from review.errors import InvalidInput, NotFound, NotPermitted, StaleVersion
from review.models import Opening
from review.queries.settings import chosen_texts, setting_in_use
from tests.conftest import Desk
from tests.factories import make_account, make_sender

CLAIM = "REVIEW_CLAIM_SECONDS"


def _told(desk: Desk) -> list[dict[str, str]]:
    """The committed values of each change, in order."""
    rows = desk.session.scalars(
        sa.select(Opening.fields).where(Opening.event_type == "setting.changed").order_by(Opening.recorded_at)
    )
    return [{name: b64decode(value).decode() for name, (_key, value) in fields.items()} for fields in rows]


def test_a_change_counts_and_is_on_the_trail_with_old_and_new_value(desk: Desk) -> None:
    admin = make_account(Role.ADMIN)
    change_setting(CLAIM, " 1200 ", version=0, environment=desk.settings, actor=admin)
    assert chosen_texts(desk.session) == ((CLAIM, "1200"),)
    change_setting(CLAIM, None, version=1, environment=desk.settings, actor=admin)
    assert chosen_texts(desk.session) == ()
    before = str(desk.settings.claim_seconds)
    assert _told(desk) == [{"previous": before, "value": "1200"}, {"previous": "1200", "value": before}]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_nobody_but_an_administrator_changes_a_setting(desk: Desk, role: Role) -> None:
    person = make_account(role, sender_id=make_sender() if role is Role.SENDER else None)
    with pytest.raises(NotPermitted):
        change_setting(CLAIM, "60", version=0, environment=desk.settings, actor=person)
    assert chosen_texts(desk.session) == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (CLAIM, ""),
        (CLAIM, "4"),
        (CLAIM, "86401"),
        (CLAIM, "-1"),
        (CLAIM, "1e3"),
        (CLAIM, "\u0666\u0660"),
        ("REVIEW_HOSTS", ""),
        ("REVIEW_HOSTS", "https://video.example/"),
        ("REVIEW_HOSTS", "video.example, *"),
    ],
)
def test_what_would_stop_the_start_is_refused_by_name(desk: Desk, name: str, text: str) -> None:
    with pytest.raises(InvalidInput, match=name):
        change_setting(name, text, version=0, environment=desk.settings, actor=make_account(Role.ADMIN))
    assert chosen_texts(desk.session) == ()


@pytest.mark.parametrize("name", ["REVIEW_SECRET_KEY", "REVIEW_DATABASE_URL", "PATH", ""])
def test_what_only_the_environment_sets_is_not_found(desk: Desk, name: str) -> None:
    with pytest.raises(NotFound):
        change_setting(name, "x", version=0, environment=desk.settings, actor=make_account(Role.ADMIN))


def test_a_stale_form_changes_nothing(desk: Desk) -> None:
    admin = make_account(Role.ADMIN)
    change_setting(CLAIM, "1200", version=0, environment=desk.settings, actor=admin)
    for version in (0, 2):
        with pytest.raises(StaleVersion):
            change_setting(CLAIM, "60", version=version, environment=desk.settings, actor=admin)
    found = setting_in_use(desk.session, CLAIM, environment=desk.settings)
    assert found is not None
    assert (found.text, found.version) == ("1200", 1)


def test_the_value_that_counts_already_is_no_change(desk: Desk) -> None:
    admin = make_account(Role.ADMIN)
    change_setting(CLAIM, "1200", version=0, environment=desk.settings, actor=admin)
    with pytest.raises(InvalidInput, match="already"):
        change_setting(CLAIM, "1200", version=1, environment=desk.settings, actor=admin)
    assert len(_told(desk)) == 1


def test_of_two_administrators_at_once_one_wins(desk: Desk) -> None:
    admin, start = make_account(Role.ADMIN), threading.Barrier(2)
    outcomes: list[str] = []

    def change(text: str) -> None:
        with desk.app.app_context():
            start.wait()
            try:
                change_setting(CLAIM, text, version=0, environment=desk.settings, actor=admin)
                outcomes.append("changed")
            except StaleVersion:
                outcomes.append("stale")
            finally:
                db.session().close()

    threads = [threading.Thread(target=change, args=(text,)) for text in ("1200", "1300")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["changed", "stale"]
    assert len(_told(desk)) == 1
