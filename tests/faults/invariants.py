"""What must hold after every fault: I1 to I8 of the targets, the database's own check, and verify.

Each is a function that gives sentences about what is wrong, none when all is well; test_invariants breaks a
database for each of them. All read one snapshot, so that they hold while the desk works.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import db
from review.domain import merkle
from review.domain.signed_note import Checkpoint, verify
from review.domain.states import LIVE, ItemStatus
from review.formats import key_files, original
from review.models import (
    Account,
    Answer,
    Case,
    Decision,
    Evidence,
    Item,
    Leaf,
    Opening,
    PendingEvent,
    Referral,
    Review,
    StoredAnswer,
    StoredCheckpoint,
    TreeHead,
)
from review.models.evidence_files import evidence_path, read_evidence
from review.queries.trail import verify_trail
from tests.faults.half_written import mismatches
from tests.faults.journal import ACKNOWLEDGED, Attempt
from tests.faults.trail_events import Event, Events, once_each


@dataclass
class Scene:
    """One moment of one desk: a snapshot, its events, its files, and what clients were told until then."""

    reader: Session
    data_dir: Path
    attempts: list[Attempt]
    checkpoint_file: str | None
    events: Events

    def told(self, what: str) -> list[Attempt]:
        """Acknowledged attempts of this kind."""
        return [one for one in self.attempts if one.what == what and one.outcome == ACKNOWLEDGED]


def database_is_whole(scene: Scene) -> list[str]:
    """The database's own check of its pages, indexes and references."""
    reader = scene.reader
    if db.is_sqlite(reader):
        said = list(reader.scalars(sa.text("PRAGMA integrity_check")))
        broken = reader.execute(sa.text("PRAGMA foreign_key_check")).all()
        return [line for line in said if line != "ok"] + [f"foreign key: {tuple(row)}" for row in broken]
    heaps = sa.text(
        "SELECT c.relname || ': ' || h.msg FROM pg_class c CROSS JOIN LATERAL verify_heapam(c.oid) h"
        " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
    )
    indexes = sa.text(
        "SELECT bt_index_check(c.oid, true) FROM pg_class c JOIN pg_am a ON a.oid = c.relam"
        " WHERE c.relkind = 'i' AND a.amname = 'btree' AND c.relnamespace = 'public'::regnamespace"
    )
    try:
        with reader.begin_nested():
            reader.execute(indexes).all()
    except sa.exc.DBAPIError as error:
        return [f"index: {error.orig}"]
    return list(reader.scalars(heaps))


def trail_verifies(scene: Scene) -> list[str]:
    """What `flask trail verify` says of this snapshot."""
    vkey = key_files.read_vkey(scene.data_dir)
    finding = verify_trail(scene.reader, vkey=vkey, checkpoint_file=scene.checkpoint_file)
    return [] if finding.intact else [f"{finding.sentence} {finding.detail}"]


def submissions_are_kept(scene: Scene) -> list[str]:
    """I1: every submission that was answered 2xx is there, and its original rebuilds byte for byte."""
    reader, wrong = scene.reader, []
    rows = {
        row.id: row
        for row in reader.execute(sa.select(Referral.id, Referral.received_body, Referral.splices))
    }
    for attempt in scene.told("submit"):
        row, body = rows.get(attempt.told["id"]), attempt.details["body"].encode()
        if row is None:
            wrong.append(f"I1: {attempt.told['id']} was acknowledged and is lost")
            continue
        try:
            kept = original.rebuild(
                row.received_body,
                original.read_splices(row.splices),
                lambda digest: read_evidence(scene.data_dir, digest),
            )
        except (FileNotFoundError, original.OriginalNotRebuilt) as error:
            wrong.append(f"I1: {row.id} does not rebuild: {error}")
            continue
        if sha256(kept).digest() != sha256(body).digest():
            wrong.append(f"I1: {row.id} is not what was sent")
    for row in reader.execute(sa.select(Evidence.sha256, Evidence.length).distinct()):
        path = evidence_path(scene.data_dir, row.sha256)
        if not path.exists() or sha256(path.read_bytes()).hexdigest() != row.sha256:
            wrong.append(f"I1: the evidence {row.sha256} is missing or torn")
    return wrong


def claims_have_one_holder(scene: Scene) -> list[str]:
    """I2: each live location has one case, and on the trail each case had at most one holder at any time."""
    reader, wrong = scene.reader, []
    holders = {row.id: row.trail_id for row in reader.execute(sa.select(Account.id, Account.trail_id))}
    chains: dict[str, list[Event]] = {}
    for event in scene.events.all:
        if event.type.startswith("case.") and event.version is not None:
            chains.setdefault(event.object_id, []).append(event)
    for case in reader.execute(sa.select(Case.id, Case.claimed_by, Case.claim_generation, Case.state)):
        holder, generation, problem = _replay(chains.get(case.id, []))
        wrong += [f"I2: {case.id}: {problem}"] * bool(problem)
        if (holders.get(case.claimed_by), case.claim_generation) != (holder, generation):
            wrong.append(
                f"I2: {case.id} is held by {holders.get(case.claimed_by)} ({case.claim_generation}),"
                f" its trail says {holder} ({generation})"
            )
    live = Case.state.in_(LIVE)
    twins = reader.execute(
        sa.select(Case.match_digest)
        .where(live)
        .group_by(Case.match_digest, Case.intake_kind)
        .having(sa.func.count() > 1)
    )
    return wrong + [f"I2: {row.match_digest} has more than one live case" for row in twins]


def _replay(chain: list[Event]) -> tuple[str | None, int, str]:
    """Holder and generation after these events of one case, and the first step that could not be."""
    holder: str | None = None
    generation = 0
    for event in chain:
        told = event.meta.get("generation", generation)
        kind = event.type.removeprefix("case.")
        if kind == "claimed":
            if holder is not None or told != generation + 1:
                return holder, generation, f"{event.actor} claimed {told} while {holder} held {generation}"
            holder, generation = event.actor, told
        elif kind == "assigned":
            if holder is not None or told != generation + 1:
                return holder, generation, f"it was assigned ({told}) while {holder} held {generation}"
            holder, generation = event.text("holder"), told
        elif kind in ("claim_renewed", "released", "review_recorded"):
            if (event.actor, told) != (holder, generation):
                return (
                    holder,
                    generation,
                    f"{kind} by {event.actor} ({told}) while {holder} held {generation}",
                )
            holder = holder if kind == "claim_renewed" else None
        elif kind == "claim_expired":
            if holder is None or told != generation or event.text("holder") != holder:
                return holder, generation, f"the claim {told} expired while {holder} held {generation}"
            holder = None
        elif kind == "withdrawn":
            holder, generation = None, generation + 1
        elif kind == "decided" and holder is not None:
            return holder, generation, f"it was decided while {holder} held it"
    return holder, generation, ""


def decided_once(scene: Scene) -> list[str]:
    """I3: at most one decision for each version of a case, and one standing review for each round."""
    reader = scene.reader
    decisions = reader.execute(
        sa.select(Decision.case_id, Review.case_version)
        .join(Review, Review.id == Decision.review_id)
        .group_by(Decision.case_id, Review.case_version)
        .having(sa.func.count() > 1)
    )
    reviews = reader.execute(
        sa.select(Review.case_id, Review.round)
        .where(Review.undone_at.is_(None))
        .group_by(Review.case_id, Review.round)
        .having(sa.func.count() > 1)
    )
    return [f"I3: {row.case_id} was decided twice at version {row.case_version}" for row in decisions] + [
        f"I3: {row.case_id} has two standing reviews in round {row.round}" for row in reviews
    ]


def changes_match_events(scene: Scene) -> list[str]:
    """I4: each change of state has exactly one event, and each event its change; nothing is half-written."""
    return [f"I4: {sentence}" for sentence in mismatches(scene.reader, scene.events)]


def positions_have_no_gap(scene: Scene) -> list[str]:
    """I5: positions run from 0 to n-1, and each event either has one or waits for one."""
    reader = scene.reader
    positions = list(reader.scalars(sa.select(Leaf.position).order_by(Leaf.position)))
    wrong = []
    if positions != list(range(len(positions))):
        wrong.append(f"I5: {len(positions)} positions up to {positions[-1]}")
    size = reader.scalar(sa.select(sa.func.max(TreeHead.size))) or 0
    if size != len(positions):
        wrong.append(f"I5: the head says {size}, there are {len(positions)} entries")
    placed = Counter(reader.scalars(sa.select(Leaf.eid))) + Counter(
        reader.scalars(sa.select(PendingEvent.eid))
    )
    return wrong + [
        f"I5: {line}" for line in once_each(placed, reader.scalars(sa.select(Opening.eid)), what="event")
    ]


def checkpoints_agree(scene: Scene) -> list[str]:
    """I6: every checkpoint ever stored, filed or shown to a client is of one and the same growing tree."""
    vkey = key_files.read_vkey(scene.data_dir)
    notes = set(scene.reader.scalars(sa.select(StoredCheckpoint.note)))
    notes |= {attempt.details["note"] for attempt in scene.told("checkpoint")}
    notes |= {note for note in (scene.checkpoint_file,) if note is not None}
    seen = [verify(note, vkey) for note in notes]
    leaves = list(scene.reader.scalars(sa.select(Leaf.leaf_hash).order_by(Leaf.position)))
    return [problem for one in seen if (problem := _disagreement(one, leaves))]


def _disagreement(checkpoint: Checkpoint, leaves: list[bytes]) -> str:
    if checkpoint.size > len(leaves):
        return f"I6: a checkpoint of {checkpoint.size} was shown, there are {len(leaves)} entries"
    if merkle.root_of(leaves[: checkpoint.size]) != checkpoint.root:
        return f"I6: the checkpoint of {checkpoint.size} is of another tree"
    return ""


def decisions_are_answered(scene: Scene) -> list[str]:
    """I7: each decision has its items' answers, each decided item one; deliveries come with webhooks."""
    reader, wrong = scene.reader, []
    answers = Counter(reader.scalars(sa.select(Answer.item_id)))
    wrong += once_each(
        answers,
        reader.scalars(sa.select(Item.id).where(Item.status == ItemStatus.DECIDED)),
        what="I7: answer",
    )
    by_decision: dict[str, set[str]] = {}
    for row in reader.execute(sa.select(Answer.decision_id, Answer.item_id)):
        by_decision.setdefault(row.decision_id, set()).add(row.item_id)
    told = {event.text("decision"): set(event.json("items")) for event in scene.events.of("case.decided")}
    for decision in reader.scalars(sa.select(Decision.id)):
        if not by_decision.get(decision) or by_decision[decision] != told.get(decision):
            wrong.append(f"I7: {decision} has answers {by_decision.get(decision)}, told {told.get(decision)}")
    return wrong


def keys_made_one_referral(scene: Scene) -> list[str]:
    """I8: one referral for each (sender, idempotency key) and for each (sender, reference)."""
    reader, wrong = scene.reader, []
    by_key: dict[tuple[str, str], set[str]] = {}
    for attempt in scene.told("submit"):
        details, found = attempt.details, attempt.told["id"]
        if details["idempotency_key"] is not None:
            by_key.setdefault((details["key"], details["idempotency_key"]), set()).add(found)
        by_key.setdefault((details["key"], "reference " + details["reference"]), set()).add(found)
    wrong += [
        f"I8: {key} was answered with {sorted(ids)}" for (_who, key), ids in by_key.items() if len(ids) > 1
    ]
    twice = sa.select(Referral.reference).group_by(Referral.sender_id, Referral.reference)
    wrong += [f"I8: {name} was stored twice" for name in reader.scalars(twice.having(sa.func.count() > 1))]
    ids = {(row.sender_id, row.id) for row in reader.execute(sa.select(Referral.sender_id, Referral.id))}
    for row in reader.execute(
        sa.select(StoredAnswer.sender_id, StoredAnswer.idempotency_key, StoredAnswer.body)
    ):
        if (row.sender_id, json.loads(row.body)["id"]) not in ids:
            wrong.append(f"I8: the answer under {row.idempotency_key} names a referral that is not there")
    return wrong


def acknowledged_work_is_kept(scene: Scene) -> list[str]:
    """What people were told beyond I1: each claim, renewal, release, draft, record, undo, withdrawal."""
    reader, wrong, events = scene.reader, [], scene.events
    done = Counter((event.type, event.object_id, event.actor) for event in events.all)
    for what, kinds in _MODERATED.items():
        told = Counter((_case_of(attempt), attempt.details["moderator"]) for attempt in scene.told(what))
        for (case, moderator), count in told.items():
            found = sum(done[kind, case, moderator] for kind in kinds)
            if found < count:
                wrong.append(f"{what} of {case} by {moderator}: {count} acknowledged, {found} on the trail")
    held = {
        (event.object_id, event.actor, str(event.meta["generation"])) for event in events.of("case.claimed")
    }
    for attempt in scene.told("hold"):
        claim = (_case_of(attempt), attempt.details["moderator"], attempt.details["claim_generation"])
        wrong += [f"the claim {claim} was shown and is lost"] * (claim not in held)
    rationales = set(reader.scalars(sa.select(Review.rationale)))
    for attempt in scene.told("review"):
        if attempt.details["rationale"] not in rationales:
            wrong.append(f"the review of {_case_of(attempt)} was acknowledged and is lost")
    withdrawn = set(reader.scalars(sa.select(Item.referral_id).where(Item.status == ItemStatus.WITHDRAWN)))
    lost = [one for one in scene.told("withdraw") if one.details["referral"] not in withdrawn]
    return wrong + [f"the withdrawal of {one.details['referral']} is lost" for one in lost]


_MODERATED = {
    "release": ("case.released",),
    "renew": ("case.claim_renewed",),
    "draft": ("case.draft_saved",),
    "review": ("case.review_recorded",),
    "undo": ("case.review_undone",),
}


def _case_of(attempt: Attempt) -> str:
    return str(attempt.details["path"]).split("/")[2]


INVARIANTS: tuple[Callable[[Scene], list[str]], ...] = (
    database_is_whole,
    trail_verifies,
    submissions_are_kept,
    claims_have_one_holder,
    decided_once,
    changes_match_events,
    positions_have_no_gap,
    checkpoints_agree,
    decisions_are_answered,
    keys_made_one_referral,
    acknowledged_work_is_kept,
)


def violations(scene: Scene) -> list[str]:
    """Everything that is wrong at this moment, by all invariants."""
    return [sentence for invariant in INVARIANTS for sentence in invariant(scene)]
