"""A desk in the middle of its day: two senders at the same locations, and everybody signed in."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient

from review import clock, db, previews
from review.actions import (
    accounts,
    cases,
    decisions,
    dispatching,
    escalations,
    leaving,
    looks,
    notes,
    questions,
    record_evidence,
    senders,
    snippets,
    verifying,
)
from review.actions import evidence as evidence_actions
from review.domain.decisions import ReviewInput
from review.domain.ids import new_id
from review.domain.media import Stage as Stages
from review.domain.permissions import OPERATOR, SERVICE, Actor, Role, Scope
from review.models import Account, ClauseVersion, FlaggerStatus, Passkey, Sender
from review.queries.precedents import first_precedents
from tests.conftest import Desk
from tests.draws import DRAWN
from tests.factories import make_account, make_clause, make_sender, make_sign_in
from tests.trails import settle
from tests.web.walls import brought, told
from tests.web.walls.marks import Mark

STAFF: Mapping[str, Role] = {
    "author": Role.MODERATOR, "holder": Role.MODERATOR, "colleague": Role.MODERATOR, "lead": Role.LEAD,
    "legal": Role.LEGAL, "admin": Role.ADMIN, "second": Role.MODERATOR, "compared": Role.MODERATOR,
    "resolver": Role.LEAD,
}  # fmt: skip
"""The author recorded a review and asked legal, the holder holds what came back, the colleague neither.

The second holds a second review, the case of the one compared is decided after two, the resolver holds one in
dispute; the first review of all three is the author's."""

READY_SENT = f"{Mark.READY_SENT}: it praises a listed organisation."
Ids = dict[str, list[str]]
"""Ids by the name that they have in the addresses, such as ``referral_id``."""


@dataclass
class Stage:
    """The desk, its people by what they do, and the ids of what belongs to whom."""

    desk: Desk
    clients: dict[str, FlaskClient] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    ids: dict[str, Ids] = field(default_factory=lambda: {"own": {}, "other": {}, "house": {}})
    cases: dict[str, str] = field(default_factory=dict)

    def note(self, whose: str, name: str, *ids: str | None) -> None:
        """Remember ids."""
        known = self.ids[whose].setdefault(name, [])
        known += [one for one in ids if one is not None and one not in known]


def build(desk: Desk) -> Stage:
    """Everything that the walls stand between, made by the program's own actions."""
    stage = Stage(desk)
    _enter_senders(stage)
    told.add_endpoints(desk, stage.actors)
    _enter_staff(stage)
    version = make_clause()
    _make_ready(stage, version)
    _decide(stage, version)
    _decide_before(stage, make_clause(Mark.PRECEDENT))
    stage.note("house", "clause_id", *desk.session.scalars(sa.text("SELECT clause_id FROM clause_versions")))
    _review_again(stage, version)
    _escalate(stage)
    _leave_open(stage)
    _batches(stage)
    brought.add_files(desk, stage.ids, stage.note)
    told.note_messages(desk, stage.ids, stage.note)
    stage.note("house", "decision_id", *desk.session.scalars(sa.text("SELECT id FROM decisions")))
    stage.note("house", "restriction_id", *desk.session.scalars(sa.text("SELECT id FROM restrictions")))
    stage.note("house", "sample_id", new_id("Y"))  # of none: what a judge sees has its own column
    settle(desk.settings.data_dir)
    stage.note("house", "run_id", verifying.request_verification(actor=stage.actors["legal"]))
    stage.note("house", "export_id", brought.ask_export(desk, stage.actors["legal"]))
    return stage


def _enter_senders(stage: Stage) -> None:
    for whose, name in (("own", "Harbour Watch"), ("other", f"{Mark.OTHER_SENDER} Unit")):
        sender_id = make_sender(name, kind="trusted_flagger")
        client = stage.clients[whose] = stage.desk.client()
        officer = stage.actors[whose] = make_sign_in(client, Role.SENDER, sender_id=sender_id)
        label = Mark.OTHER_KEY_LABEL if whose == "other" else "Gate"
        scopes = (Scope.REFER, Scope.READ, Scope.MANAGE)
        issued = senders.issue_key(sender_id, scopes=scopes, expires_at=None, label=label, actor=OPERATOR)
        stage.keys[whose] = issued.key
        stage.note(whose, "sender_id", sender_id)
        stage.note(whose, "key_id", issued.key_id)
        stage.note(whose, "account_id", officer.account_id)
        stage.note(whose, "passkey_id", _passkey(officer))
        stage.note(whose, "award", _award(sender_id))
    contact = {
        "name": f"{Mark.OTHER_CONTACT} Jane", "email": f"{Mark.OTHER_CONTACT}@unit.example",
        "phone": "", "purpose": "daily",
    }  # fmt: skip
    with db.transaction() as writer:
        writer.execute(
            sa.update(Sender)
            .where(Sender.id == stage.ids["other"]["sender_id"][0])
            .values(contacts=[contact], identity_note=f"{Mark.OTHER_IDENTITY} by telephone")
        )
    stage.actors["other"] = _rename(stage.actors["other"], suffix="x", mark=Mark.OTHER_OFFICER)


def _passkey(person: Actor) -> str:
    row = Passkey(
        id=new_id("P"), account_id=person.account_id, credential_id=person.id.encode(), public_key=b"key",
        sign_count=0, host="localhost", label="Phone", enrolled_at=clock.now(),
    )  # fmt: skip
    with db.transaction() as writer:
        writer.add(row)
    return row.id


def _award(sender_id: str) -> str:
    row = FlaggerStatus(sender_id=sender_id, coordinator="Coordinator", valid_from=date(2025, 1, 1))
    with db.transaction() as writer:
        writer.add(row)
    return str(row.id)


def _enter_staff(stage: Stage) -> None:
    for name, role in STAFF.items():
        client = stage.clients[name] = stage.desk.client()
        actor = stage.actors[name] = _rename(make_sign_in(client, role), suffix=name)
        stage.note("house", "account_id", actor.account_id)
    stage.clients["public"] = stage.desk.client()
    for name in ("disputer", "asker"):  # who asked reads the question while it waits; nobody else is to
        stage.actors[name] = _rename(make_account(), suffix=name)
    link = accounts.issue_reset(stage.actors["colleague"].account_id or "", actor=OPERATOR)
    stage.note("house", "token", link)


def _rename(actor: Actor, *, suffix: str, mark: str | None = None) -> Actor:
    """Give a person marked names; the same person as actor."""
    marks = [mark] * 4 if mark else [Mark.STAFF_NAME, Mark.STAFF_EMAIL, Mark.PSEUDONYM, Mark.TRAIL_NAME]
    name, email, pseudonym, trail_id = (f"{one}-{suffix}" for one in marks)
    values = {"name": name, "email": f"{email}@desk.example", "pseudonym": pseudonym, "trail_id": trail_id}
    with db.transaction() as writer:
        writer.execute(sa.update(Account).where(Account.id == actor.account_id).values(values))
    return replace(actor, id=trail_id)


def refer(stage: Stage, whose: str, place: str, **members: Any) -> str:
    """A referral of that sender about a place through the API; the case that its item joined."""
    own = whose == "own"
    evidence = Mark.OWN_EVIDENCE if own else Mark.OTHER_EVIDENCE
    name = Mark.OWN_EVIDENCE_NAME if own else Mark.OTHER_EVIDENCE_NAME
    piece = {"name": f"{name}.txt", "media_type": "text/plain"}
    content = base64.b64encode(f"{evidence} seen at {place}".encode()).decode()
    body: dict[str, Any] = {
        "reference": f"{Mark.OWN_REFERENCE if own else Mark.OTHER_REFERENCE} {new_id('R')}",
        "reason": f"{Mark.OWN_REASON if own else Mark.OTHER_REASON}: praise of a listed organisation.",
        "issuing_authority": "Duty desk of Ghent" if own else f"{Mark.OTHER_AUTHORITY} office",
        "items": [{"url": f"https://video.example/{place}", "evidence": [piece | {"content": content}]}],
    }
    if not own:
        mail = f"{Mark.OTHER_CONTACT}@unit.example"
        body["legal_basis"] = f"{Mark.OTHER_LAW} 6"
        body["contact"] = {"name": f"{Mark.OTHER_CONTACT} Jane", "email": mail}
    body |= members
    answer = stage.desk.client().post("/api/v1/referrals", json=body, headers=bearer(stage.keys[whose]))
    assert answer.status_code == 201, answer.text
    told = answer.get_json()
    stage.note(whose, "referral_id", told["id"])
    stage.note(whose, "item_id", told["items"][0]["id"])
    case_id = str(
        stage.desk.session.scalar(sa.text("SELECT case_id FROM items WHERE id = :id"), told["items"][0])
    )
    stage.note("house", "case_id", case_id)
    return case_id


def bearer(key: str) -> dict[str, str]:
    """The header that a key is sent in."""
    return {"Authorization": f"Bearer {key}"}


def review_of(rationale: str, statement: str, version: str) -> ReviewInput:
    """An accepting review with these texts."""
    return ReviewInput(
        outcome="accepted", ground="terms", clauses=(version,), visibility="removed",
        rationale=f"{rationale}: it praises a listed organisation by name.",
        statement=f"{statement}: it breaks our terms.",
    )  # fmt: skip


def _record(stage: Stage, case_id: str, review: ReviewInput, *, by: str = "author") -> decisions.Recorded:
    author = stage.actors[by]
    claim = cases.claim_case(case_id, actor=author)
    return decisions.record_review(
        case_id, review, claim_generation=claim.claim_generation, version=claim.version, actor=author
    )


def _decide(stage: Stage, version: str) -> None:
    """One case that is decided and answered to both senders, and one whose review can still be undone."""
    for place in ("watch/1", "watch/2"):
        case_id = refer(stage, "own", place)
        assert refer(stage, "other", place) == case_id
        stage.cases["decided" if place == "watch/1" else "pending"] = case_id
    first = review_of(Mark.RATIONALE, Mark.STATEMENT, version)
    # the one ready-made text that a sender gets is the one that the reviewer left in the statement
    first = replace(first, statement=f"{first.statement}\n\n{READY_SENT}")
    _dispatch(_record(stage, stage.cases["decided"], first))
    pending = review_of(Mark.PENDING_RATIONALE, Mark.PENDING_STATEMENT, version)
    _record(stage, stage.cases["pending"], pending)


def _dispatch(recorded: decisions.Recorded) -> None:
    with time_machine.travel(recorded.undo_until + timedelta(seconds=1), tick=False):
        assert dispatching.dispatch_review(recorded.review_id, actor=SERVICE) is not None


def _make_ready(stage: Stage, version: str) -> None:
    """Ready-made texts for both fields of the clause."""
    clause_id = stage.desk.session.get_one(ClauseVersion, version).clause_id
    for kind, text in (("rationale", f"{Mark.READY_MADE}: praise by name."), ("statement", READY_SENT)):
        snippets.write_snippet(
            clause_id, language="en", kind=kind, text=text, version=0, actor=stage.actors["admin"]
        )


def _decide_before(stage: Stage, version: str) -> None:
    """A decision that went to the other sender alone, about a location that both name later."""
    case_id = stage.cases["before"] = refer(stage, "other", "watch/3")
    _dispatch(_record(stage, case_id, review_of("It is plain", "It is plain", version)))


def _review_again(stage: Stage, version: str) -> None:
    """Three cases that the author reviewed first, each further on than the one before."""
    first = review_of(Mark.RATIONALE, Mark.STATEMENT, version)
    for name in ("second", "compared", "resolver"):
        case_id = stage.cases[name] = refer(stage, "own", f"{Mark.OWN_PLACE}/{name}")
        assert refer(stage, "other", f"{Mark.OWN_PLACE}/{name}") == case_id
        if name == "second":
            _ask_legal(stage, case_id)
            escalations.advise_case(case_id, f"{Mark.ADVICE}: it is not.", actor=stage.actors["legal"])
        _send_on(_record(stage, case_id, first))
        if name == "compared":
            _send_on(_record(stage, case_id, first, by=name))
        if name == "resolver":
            other = ReviewInput(
                "declined", decline_reason="no_breach", rationale="No.", statement="No breach."
            )
            _send_on(_record(stage, case_id, other, by="disputer"))
    for name in ("second", "resolver"):
        cases.claim_case(stage.cases[name], actor=stage.actors[name])
        _look_at(stage.cases[name], stage.actors[name])


def _look_at(case_id: str, holder: Actor) -> None:
    """The first look of the holder, who from then on sees the sender and earlier decisions."""
    found = first_precedents(db.session(), case_id, account_id=holder.account_id)
    looks.look_without_evidence(case_id, precedents=found, actor=holder)


def _send_on(recorded: decisions.Recorded) -> None:
    with time_machine.travel(recorded.undo_until + timedelta(seconds=1), tick=False):
        dispatching.dispatch_review(recorded.review_id, actor=SERVICE, lot=DRAWN)


def _claimed(case_id: str, asker: Actor) -> dict[str, Any]:
    """That this person holds the case now, as actions want to hear it."""
    claim = cases.claim_case(case_id, actor=asker)
    return {"claim_generation": claim.claim_generation, "version": claim.version, "actor": asker}


def _ask_legal(stage: Stage, case_id: str) -> None:
    claimed = _claimed(case_id, stage.actors["asker"])
    escalations.escalate_case(case_id, f"{Mark.NOTE}: is this satire?", **claimed)


def _escalate(stage: Stage) -> None:
    """A case at the location decided before that came back from legal and is held, and one still there."""
    held = stage.cases["held"] = refer(stage, "own", "watch/3")
    assert refer(stage, "other", "watch/3") == held
    notes.write_note(held, f"{Mark.EARLY_NOTE}: seen in autumn.", actor=stage.actors["lead"])
    _ask_legal(stage, held)
    escalations.advise_case(held, f"{Mark.ADVICE}: it is not.", actor=stage.actors["legal"])
    _ask_both(stage, held)
    holder = stage.actors["holder"]
    claim = cases.claim_case(held, actor=holder)
    _look_at(held, holder)
    typed = {"outcome": "declined", "rationale": f"{Mark.DRAFT} so far"}
    decisions.save_draft(held, typed, claim_generation=claim.claim_generation, actor=holder)
    note = f"{Mark.HOLDER_NOTE} for @{Mark.PSEUDONYM}-colleague and @{Mark.PSEUDONYM}-lead"
    notes.write_note(held, note, pinned=True, claim_generation=claim.claim_generation, actor=holder)
    _reveal_all(stage, held)
    stage.cases["escalated"] = refer(stage, "other", f"{Mark.OTHER_PLACE}/1")
    _ask_legal(stage, stage.cases["escalated"])


def _ask_both(stage: Stage, case_id: str) -> None:
    """Each sender of a case was asked, one after the other, and both answered."""
    asked = {"own": (Mark.OWN_QUESTION, Mark.OWN_ANSWER), "other": (Mark.OTHER_QUESTION, Mark.OTHER_ANSWER)}
    for whose, (question, answer) in asked.items():
        referral_id = _ask(stage, case_id, whose, f"{question}: at which minute?")
        questions.give_answer(referral_id, f"{answer}: at minute 3", actor=stage.actors[whose])


def _ask(stage: Stage, case_id: str, whose: str, question: str) -> str:
    """Ask that sender about its item of a case; the referral that is asked about."""
    own = sa.text(
        "SELECT items.id, referral_id FROM items JOIN referrals ON referrals.id = referral_id"
        " WHERE case_id = :case_id AND sender_id = :sender_id"
    )
    values = {"case_id": case_id, "sender_id": stage.ids[whose]["sender_id"][0]}
    item_id, referral_id = stage.desk.session.execute(own, values).one()
    claimed = _claimed(case_id, stage.actors["asker"])
    questions.ask_sender(case_id, question, item_id=item_id, **claimed)
    return str(referral_id)


def _reveal_all(stage: Stage, case_id: str) -> None:
    """Let the holder and legal be shown all that came along; the addresses are there for everybody to try."""
    of_case = sa.text(
        "SELECT evidence.id, evidence.sha256 FROM evidence JOIN items ON items.id = item_id"
        " WHERE case_id = :case_id"
    )
    for evidence_id, digest in stage.desk.session.execute(of_case, {"case_id": case_id}).all():
        ready = previews.prepared(digest, None, stage=Stages.TEXT, data_dir=stage.desk.settings.data_dir)
        assert ready is not None
        reveal_id = evidence_actions.reveal_evidence(
            case_id, evidence_id, stage=ready.stage, size=ready.size, actor=stage.actors["holder"]
        )
        read_id = record_evidence.reveal_in_record(
            case_id, evidence_id, stage=ready.stage, size=ready.size, actor=stage.actors["legal"]
        )
        stage.note("house", "reveal_id", reveal_id, read_id)


def _leave_open(stage: Stage) -> None:
    stage.cases["own open"] = refer(stage, "own", f"{Mark.OWN_PLACE}/1")
    asked = stage.cases["asked"] = refer(stage, "own", f"{Mark.OWN_PLACE}/4")
    assert refer(stage, "other", f"{Mark.OWN_PLACE}/4") == asked
    _ask(stage, asked, "own", f"{Mark.OWN_WAITING}: in which language?")
    stage.cases["other open"] = refer(stage, "other", f"{Mark.OTHER_PLACE}/2")
    _leave(stage)
    third = refer(stage, "own", f"{Mark.OWN_PLACE}/3", issuing_authority=f"{Mark.UNSEEN_AUTHORITY} office")
    cases.claim_case(third, actor=stage.actors["holder"])
    stage.cases["own held"] = third


def _leave(stage: Stage) -> None:
    """One case that the holder has set aside, and one that the author has passed on."""
    later = clock.now() + timedelta(hours=1)
    for place, name in ((6, "holder"), (5, "author")):
        case_id, person = refer(stage, "own", f"{Mark.OWN_PLACE}/{place}"), stage.actors[name]
        generation = cases.claim_case(case_id, actor=person).claim_generation
        if name == "holder":
            leaving.set_aside_case(case_id, later, claim_generation=generation, actor=person)
        else:
            leaving.pass_case(case_id, "personal_impact", claim_generation=generation, actor=person)


def _batches(stage: Stage) -> None:
    for whose in ("own", "other"):
        word = Mark.OTHER_BATCH if whose == "other" else "batch"
        lines = [
            {"reference": f"{word} 1", "reason": f"{word} one", "items": [{"url": f"https://video.example/{word}"}]},
            {"reference": f"{word} 2", "reason": f"{word} two", "items": [{"url": "https://elsewhere.example/"}]},
        ]  # fmt: skip
        answer = stage.desk.client().post(
            "/api/v1/referrals/batch",
            data="".join(json.dumps(line) + "\n" for line in lines),
            headers=bearer(stage.keys[whose]) | {"Content-Type": "application/x-ndjson"},
        )
        assert answer.status_code == 200, answer.text
        stage.note(whose, "batch_id", answer.get_json()["id"])
