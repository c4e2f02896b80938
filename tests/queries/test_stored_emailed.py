"""E-mails changed behind the program: verify is green after both ways to end, and names each change."""

from typing import Any

import pytest
import sqlalchemy as sa

from review import db
from review.actions.emailed import refuse_email
from review.domain.permissions import Role
from review.formats import key_files
from review.models import Base, EmailedReferral, Referral
from review.queries.trail import Finding, verify_trail
from tests.conftest import Desk
from tests.emails import arrive, confirm, message
from tests.factories import make_account, make_sender
from tests.guards import unguarded
from tests.trails import settle

JSON = b'{"reason": "another", "category": null}'
DEEP = b"[" * 100_000


def lived_in_mailbox(desk: Desk) -> dict[str, str]:
    """Messages of each state, some that look like JSON; ids of a confirmed, a refused and a waiting one."""
    lead, sender_id = make_account(Role.LEAD), make_sender()
    found = {}
    for content in (JSON, DEEP, message()):
        found["confirmed"] = arrive(content)
        more: dict[str, Any] = {"contact_name": "Duty desk", "contact_email": "duty@unit.example"}
        found["referral"] = confirm(found["confirmed"], sender_id, actor=lead, **more).referral_id
    found["refused"], found["waiting"] = arrive(), arrive()
    refuse_email(found["refused"], "Advertisement.", actor=lead)
    settle(desk.settings.data_dir)
    return found


def verified(desk: Desk) -> Finding:
    folder = desk.settings.data_dir
    return verify_trail(
        desk.session, vkey=key_files.read_vkey(folder), checkpoint_file=key_files.read_note(folder)
    )


def test_what_came_by_email_is_what_the_trail_tells(desk: Desk) -> None:
    lived_in_mailbox(desk)
    assert verified(desk).intact, verified(desk)


CHANGES: list[tuple[str, type[Base], dict[str, Any], str]] = [
    ("waiting", EmailedReferral, {"message": b"Subject: another\n\n"}, "message"),
    ("waiting", EmailedReferral, {"text": "another"}, "facts"),
    ("waiting", EmailedReferral, {"from_header": "another@unit.example"}, "facts"),
    ("waiting", EmailedReferral, {"sha256": "0" * 64}, "sha256"),
    ("refused", EmailedReferral, {"refusal": "Another reason."}, "refusal"),
    ("confirmed", EmailedReferral, {"identity_way": "signed"}, "identity way"),
    ("confirmed", EmailedReferral, {"identity_words": "Nothing."}, "identity words"),
    ("referral", Referral, {"reason": "Another reason."}, "reason"),
    ("referral", Referral, {"issuing_authority": None}, "issuing authority"),
    ("referral", Referral, {"contact_email": "another@unit.example"}, "contact email"),
]


@pytest.mark.parametrize(
    ("which", "table", "values", "named"), CHANGES, ids=[f"{which} {named}" for which, _, _, named in CHANGES]
)
def test_each_change_behind_the_program_is_named(
    desk: Desk, which: str, table: type[Base], values: dict[str, Any], named: str
) -> None:
    found = lived_in_mailbox(desk)
    changed = sa.update(table).where(sa.column("id") == found[which]).values(**values)
    with unguarded(), db.transaction() as writer:
        writer.execute(changed.execution_options(synchronize_session=False))
    finding = verified(desk)
    assert not finding.intact
    assert f"the {named} stored differs" in finding.sentence, finding


def test_another_sender_and_another_state_are_named(desk: Desk) -> None:
    found = lived_in_mailbox(desk)
    other = make_sender()
    with unguarded(), db.transaction() as writer:
        writer.execute(sa.update(Referral).where(Referral.id == found["referral"]).values(sender_id=other))
    assert "the sender id stored differs" in verified(desk).sentence


def test_a_message_without_an_event_and_one_that_is_gone_are_named(desk: Desk) -> None:
    found = lived_in_mailbox(desk)
    with unguarded(), db.transaction() as writer:
        writer.execute(
            sa.update(EmailedReferral).where(EmailedReferral.id == found["waiting"]).values(id="M-X")
        )
    assert not verified(desk).intact
