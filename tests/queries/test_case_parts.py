"""What there is on a case is found by one statement, and a page asks for nothing else."""

import pytest
import sqlalchemy as sa

from review import db
from review.actions.cases import claim_case, release_claim
from review.actions.claiming import Claim
from review.actions.decisions import save_draft
from review.actions.escalations import escalate_case
from review.actions.looks import look_without_evidence
from review.actions.notes import write_note
from review.actions.questions import ask_sender
from review.domain.permissions import Actor
from review.queries.case_parts import CaseParts, parts_of_case
from tests.conftest import Desk
from tests.factories import make_account, make_case, make_sender, receive, sender_actor

NOTHING = CaseParts(*(False for _part in CaseParts._fields))
URL = "https://video.example/watch/parts"


def _draft(claim: Claim, person: Actor) -> None:
    save_draft(claim.case_id, {"rationale": "Hm."}, claim_generation=claim.claim_generation, actor=person)


def _look(claim: Claim, person: Actor) -> None:
    look_without_evidence(claim.case_id, precedents=(), actor=person)


def _advice(claim: Claim, person: Actor) -> None:
    escalate_case(
        claim.case_id, "May we?", claim_generation=claim.claim_generation, version=claim.version, actor=person
    )


def _asked(claim: Claim, person: Actor) -> None:
    ask_sender(
        claim.case_id, "Where?", claim_generation=claim.claim_generation, version=claim.version, actor=person
    )


def _notes(claim: Claim, person: Actor) -> None:
    write_note(claim.case_id, "Seen before.", claim_generation=claim.claim_generation, actor=person)


PARTS = {"draft": _draft, "look": _look, "advice": _advice, "asked": _asked, "notes": _notes}


@pytest.mark.parametrize("part", PARTS)
def test_each_part_is_told_for_itself(desk: Desk, part: str) -> None:
    person, other = make_account(), make_account()
    claim = claim_case(make_case(), actor=person)
    desk.session.rollback()
    assert parts_of_case(desk.session, claim.case_id, account_id=person.account_id) == NOTHING
    desk.session.rollback()
    PARTS[part](claim, person)
    found = parts_of_case(desk.session, claim.case_id, account_id=person.account_id)
    assert found == NOTHING._replace(**{part: True})
    theirs = parts_of_case(desk.session, claim.case_id, account_id=other.account_id)
    assert theirs == (NOTHING if part in ("draft", "look") else found), "drafts and looks are one's own"


def _case_of(url: str, kind: str) -> str:
    statement = sa.text("SELECT id FROM cases WHERE intake_kind = :kind AND id IN (SELECT case_id FROM items")
    statement = sa.text(statement.text + " WHERE canonical_url = :url)")
    found = str(db.session().execute(statement, {"kind": kind, "url": url}).scalar_one())
    db.session().rollback()
    return found


def test_other_cases_are_told_at_the_location_and_of_the_referral(desk: Desk) -> None:
    person, sender = make_account(), sender_actor(make_sender())
    receive(sender, URL)
    case_id = _case_of(URL, "referral")
    assert parts_of_case(desk.session, case_id, account_id=person.account_id) == NOTHING
    desk.session.rollback()
    receive(sender, URL + "/2", URL)
    found = parts_of_case(desk.session, case_id, account_id=person.account_id)
    assert found == NOTHING._replace(beside=True)


def test_a_case_given_back_keeps_the_draft(desk: Desk) -> None:
    person = make_account()
    claim = claim_case(make_case(), actor=person)
    _draft(claim, person)
    release_claim(claim.case_id, claim_generation=claim.claim_generation, actor=person)
    assert parts_of_case(desk.session, claim.case_id, account_id=person.account_id).draft
