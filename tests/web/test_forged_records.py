"""The record of a case whose rows were changed behind the program: changes are flagged, the truth shown."""

import pytest
import sqlalchemy as sa

from review import db
from review.domain.permissions import Role
from tests.conftest import Desk
from tests.factories import make_key, make_sender, make_sign_in
from tests.guards import unguarded
from tests.trails import decide_all, refer, settle

FORGERIES = {
    "UPDATE reviews SET rationale = 'FORGED'": ("rationale", "nothing praises one"),
    "UPDATE reviews SET statement = 'FORGED'": ("statement", "We have compared the item"),
    "UPDATE reviews SET outcome = 'accepted'": ("outcome", "Declined"),
    "UPDATE referrals SET reference = 'FORGED'": ("reference", "HW-2026/1"),
    "UPDATE referrals SET reason = 'FORGED'": ("reason", "Branded propaganda video"),
    "UPDATE items SET url_as_sent = 'https://video.example/FORGED'": ("url as sent", "watch/77"),
    "UPDATE decisions SET outcome = 'accepted'": ("outcome", "Declined"),
    "UPDATE cases SET state = 'open'": ("state", "Decided"),
}


def forge(statement: str) -> None:
    with unguarded(), db.transaction() as writer:
        writer.execute(sa.text(statement))


def decided_case(desk: Desk) -> str:
    refer(
        desk.client(),
        make_key(make_sender("Harbour Watch")),
        "https://video.example/watch/77",
        reference="HW-2026/1",
    )
    (case_id,) = decide_all()
    settle(desk.settings.data_dir)
    return case_id


def page_of(desk: Desk, case_id: str) -> str:
    client = desk.client()
    make_sign_in(client, Role.LEGAL)
    answer = client.get(f"/records/{case_id}")
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("statement", FORGERIES)
def test_a_forged_value_is_flagged_and_the_told_one_is_shown(desk: Desk, statement: str) -> None:
    case_id = decided_case(desk)
    assert "not what the trail tells" not in page_of(desk, case_id)
    forge(statement)
    text = page_of(desk, case_id)
    column, truth = FORGERIES[statement]
    alarm, body = text.split("<h2>Summary</h2>")
    assert f"the {column} stored differs" in alarm
    assert "FORGED" not in body
    assert truth in body.replace("[.]", ".")


@pytest.mark.parametrize("value", ["forged answer", None])
def test_an_answer_of_the_wrong_type_or_gone_is_flagged_and_shown_as_told(
    desk: Desk, value: str | None
) -> None:
    case_id = decided_case(desk)
    if value is None:
        forge("DELETE FROM answers")
    elif desk.database == "sqlite":
        forge("UPDATE answers SET body = 'forged answer'")
    else:
        forge(r"UPDATE answers SET body = '\xff00'")
    alarm, body = page_of(desk, case_id).split("<h2>Summary</h2>")
    assert "The answer I-" in alarm
    assert "We have compared the item" in body
    assert "forged answer" not in body


def test_a_review_that_was_removed_or_made_up_is_flagged(desk: Desk) -> None:
    case_id = decided_case(desk)
    forge(
        "INSERT INTO reviews SELECT 'V-MADE-UP', case_id, 'second', account_id, outcome, ground,"
        " decline_reason, law, 'made up', statement, visibility, account_measure, territory, context,"
        " over_broad, case_version, claim_generation, recorded_at, undo_until, undone_at, dispatched_at,"
        " letter FROM reviews"
    )
    assert "but no event on the trail tells of it" in page_of(desk, case_id)
    forge("DELETE FROM reviews")
    alarm, body = page_of(desk, case_id).split("<h2>Summary</h2>")
    assert "but its row is gone" in alarm
    assert "nothing praises one" in body


def test_an_entry_that_was_changed_itself_is_named(desk: Desk) -> None:
    case_id = decided_case(desk)
    forge("UPDATE openings SET salt = envelope WHERE event_type = 'case.decided'")
    assert "does not match its fingerprint" in page_of(desk, case_id)
