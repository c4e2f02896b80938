"""Evidence shown to readers of a record: on the trail before, without a claim, and unnoticed by reviewers."""

from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa
import time_machine

from review import db
from review.actions.cases import claim_case
from review.actions.evidence import hide_evidence, reveal_evidence
from review.actions.looks import look_without_evidence
from review.actions.record_evidence import hide_in_record, reveal_in_record
from review.domain.media import SHOWN_IN_RECORD, Stage
from review.domain.permissions import Actor, Role
from review.domain.states import CaseState
from review.errors import NotFound, NotPermitted
from review.models import Account, Case, Evidence, FirstLook, Item, Reveal
from review.queries import evidence
from review.queries.evidence import shown_in_record
from review.queries.looks import look_behind
from tests.actions.races import at_once
from tests.actions.test_cases import NOW
from tests.actions.test_evidence import SMALL, events, told
from tests.conftest import Desk
from tests.factories import make_account, make_case, make_sender, receive, sender_actor
from tests.pieces import add_evidence, first_item
from tests.stored import contents
from tests.trails import settle


def reveal(case_id: str, evidence_id: str, actor: Actor, stage: Stage = Stage.SMALL) -> str:
    return reveal_in_record(case_id, evidence_id, stage=stage, size=SMALL, actor=actor)


def live(desk: Desk) -> list[str]:
    return list(desk.session.scalars(sa.select(Reveal.id).where(Reveal.hidden_at.is_(None))))


def test_a_reveal_in_the_record_says_who_was_shown_what_and_how_large(desk: Desk) -> None:
    reader, case_id = make_account(Role.LEGAL), make_case()
    evidence_id = add_evidence(case_id)
    reveal_id = reveal(case_id, evidence_id, reader)
    envelope, fields = told(desk, "record.evidence_revealed")
    assert envelope["actor"] == {"kind": "account", "id": reader.id}
    assert envelope["meta"] == {"stage": "small", "width": 160, "height": 120, "bytes": 1_200}
    digest = desk.session.get_one(Evidence, evidence_id).sha256
    assert fields == {
        "reveal": reveal_id, "item": first_item(case_id), "evidence": evidence_id, "sha256": digest,
    }  # fmt: skip
    assert "version" not in envelope["obj"], "a read leaves the chain of the case alone"
    row = desk.session.get_one(Reveal, reveal_id)
    assert (row.claim_generation, row.stage, row.hidden_at) == (None, "small", None)


@pytest.mark.parametrize("state", list(CaseState))
def test_it_works_in_every_state_and_touches_nothing_else(desk: Desk, state: CaseState) -> None:
    reader, case_id = make_account(Role.LEGAL), make_case()
    evidence_id = add_evidence(case_id)
    with db.transaction() as writer:
        writer.execute(sa.update(Case).where(Case.id == case_id).values(state=state.value))
        writer.execute(sa.update(Item).where(Item.case_id == case_id).values(status="withdrawn"))
    before = contents(desk)
    reveal(case_id, evidence_id, reader)
    after = contents(desk)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"reveals", "openings", "pending_events"}


def test_every_stage_ends_the_one_before_and_hiding_ends_all(desk: Desk) -> None:
    reader, other, case_id = make_account(Role.LEGAL), make_account(Role.LEGAL), make_case()
    first, second = add_evidence(case_id), add_evidence(case_id)
    ids = [reveal(case_id, first, reader, stage) for stage in (Stage.SMALL, Stage.GREY, Stage.COLOUR)]
    assert live(desk) == ids[2:]
    kept, last = reveal(case_id, first, other), reveal(case_id, second, reader)
    hide_in_record(case_id, ids[2], actor=reader)
    assert told(desk, "record.evidence_hidden")[1] == {"reveals": f'["{ids[2]}"]'}
    hide_in_record(case_id, kept, actor=reader)  # somebody else's: nothing ends, no event
    hide_in_record(case_id, None, actor=reader)
    hide_in_record(case_id, None, actor=reader)
    assert live(desk) == [kept]
    assert events(desk, case_id).count("record.evidence_hidden") == 2
    assert desk.session.get_one(Reveal, last).hidden_at is not None


def test_what_is_shown_goes_away_by_itself(desk: Desk) -> None:
    reader, case_id = make_account(Role.LEGAL), make_case()
    with time_machine.travel(NOW, tick=False):
        reveal_id = reveal(case_id, add_evidence(case_id), reader)
    for later, there in ((SHOWN_IN_RECORD - timedelta(seconds=1), True), (SHOWN_IN_RECORD, False)):
        now, account_id = NOW + later, reader.account_id
        shown = shown_in_record(desk.session, case_id, account_id=account_id, now=now)
        assert [one.id for one in shown] == ([reveal_id] if there else [])
        medium = evidence.medium_in_record(desk.session, reveal_id, account_id=account_id, now=now)
        assert (medium is not None) == there


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.LEGAL, Role.SENDER)])
def test_only_legal_may(desk: Desk, role: Role) -> None:
    person, case_id = make_account(role), make_case()
    evidence_id = add_evidence(case_id)
    with pytest.raises(NotPermitted):
        reveal(case_id, evidence_id, person)
    with pytest.raises(NotPermitted):
        hide_in_record(case_id, None, actor=person)
    assert events(desk, case_id) == []


def test_evidence_of_another_case_is_not_there(desk: Desk) -> None:
    reader, case_id = make_account(Role.LEGAL), make_case()
    elsewhere = add_evidence(make_case())
    for act in (
        partial(reveal, case_id, elsewhere, reader),
        partial(reveal, case_id, "E-0000-0000-0000", reader),
        partial(hide_in_record, "C-0000-0000-0000", None, actor=reader),
    ):
        with pytest.raises(NotFound):
            act()
    assert live(desk) == []


def test_of_a_double_click_one_reveal_is_left(desk: Desk) -> None:
    reader, case_id = make_account(Role.LEGAL), make_case()
    evidence_id = add_evidence(case_id)
    calls: list[Callable[[], str]] = [partial(reveal, case_id, evidence_id, reader) for _half in range(6)]
    assert len(set(at_once(desk.app, calls))) == 6
    assert len(live(desk)) == 1
    assert events(desk, case_id) == ["record.evidence_revealed"] * 6


def test_it_is_no_look_of_a_reviewer_not_even_of_one_who_was_legal_before(desk: Desk) -> None:
    reader, case_id = make_account(Role.LEGAL), make_case()
    evidence_id = add_evidence(case_id)
    reveal_id = reveal(case_id, evidence_id, reader)
    assert desk.session.scalars(sa.select(FirstLook)).all() == []
    with db.transaction() as writer:
        account = sa.update(Account).where(Account.id == reader.account_id)
        writer.execute(account.values(role=Role.MODERATOR.value))
    moderator = Actor("account", reader.id, account_id=reader.account_id, role=Role.MODERATOR)
    generation = claim_case(case_id, actor=moderator).claim_generation
    session, account_id = desk.session, reader.account_id
    assert not evidence.has_looked(session, case_id, account_id)
    as_reader = desk.session.scalars(sa.select(Reveal.id).order_by(Reveal.revealed_at).limit(1)).one()
    seen = evidence.shown_to(
        session, case_id, account_id=account_id, claim_generation=generation, since=as_reader
    )
    assert seen == []
    look_without_evidence(case_id, precedents=[], actor=moderator)
    assert look_behind(desk.session, case_id, account_id=account_id).look == "without"
    held = reveal_evidence(case_id, evidence_id, stage=Stage.GREY, size=SMALL, actor=moderator)
    assert look_behind(desk.session, case_id, account_id=account_id).look == "revealed"
    hide_in_record(case_id, held, actor=reader)
    assert held in live(desk), "a reader's button drops nothing that a claim shows"
    hide_evidence(case_id, None, actor=moderator)
    assert reveal_id not in live(desk)


def test_the_trail_verifies_with_it(desk: Desk) -> None:
    content = b64encode(b"what was seen").decode()
    piece = {"name": "seen.txt", "media_type": "text/plain", "content": content}
    receive(sender_actor(make_sender()), items=[{"url": "https://video.example/1", "evidence": [piece]}])
    case_id, evidence_id = desk.session.execute(
        sa.select(Item.case_id, Evidence.id).join(Evidence, Evidence.item_id == Item.id)
    ).one()
    reader = make_account(Role.LEGAL)
    hide_in_record(case_id, reveal(case_id, evidence_id, reader, Stage.TEXT), actor=reader)
    settle(desk.settings.data_dir)
    result = desk.app.test_cli_runner().invoke(args=["trail", "verify"])
    assert (result.exit_code, "unbroken" in result.output) == (0, True), result.output
