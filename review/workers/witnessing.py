"""Asks the witnesses of the policy to cosign the newest checkpoint, in threads without the database.

In rounds: all are asked for the same checkpoint, so that their cosignatures stand together; one that does
not answer ends with its time limit and is left out for a while.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_network

import structlog
from flask import Flask

from review import clock, db, ledger
from review.actions.witnesses import Said, record_cosignatures
from review.domain import merkle
from review.domain.cosignatures import cosignature_of
from review.domain.permissions import SERVICE
from review.domain.signed_note import parse_checkpoint
from review.domain.witness_policy import PolicyWitness, WitnessPolicy
from review.domain.witness_requests import WitnessFailure, read_size, write_request
from review.errors import TrailBroken
from review.queries.checkpoints import StoredNote, newest_checkpoint
from review.queries.witnesses import cosigned_sizes
from review.webhooks import Answer, ask

LIMIT_SECONDS = 5.0
PAUSE_SECONDS = 30
"""How long a witness that failed is left out."""
MOST_AT_ONCE = 32
LONGEST_ANSWER = 16_384
EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))
"""Whoever runs the desk names the witnesses: they may well stand inside."""

log = structlog.get_logger()


@dataclass
class _Rounds:
    """The round under way in one process, and what is known of the witnesses, by their keys."""

    threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="witness")
    )
    checkpoint: StoredNote | None = None
    under_way: "dict[str, Future[Answer]]" = field(default_factory=dict)
    vkeys: dict[str, str] = field(default_factory=dict)
    told_sizes: dict[str, int] = field(default_factory=dict)
    left_out_until: dict[str, datetime] = field(default_factory=dict)


_rounds: dict[int, _Rounds] = {}


def run_once(app: Flask) -> bool:
    """One look at what waits for cosignatures; nobody is waited for."""
    ask_witnesses(app)
    return False


def ask_witnesses(app: Flask) -> None:
    """Record the round that ended, begin another where a checkpoint waits for cosignatures; never waits."""
    policy: WitnessPolicy | None = app.config["REVIEW_WITNESSES"]
    asked = [one for one in policy.witnesses if one.url] if policy is not None else []
    if not asked:
        return
    rounds = _rounds.setdefault(id(app), _Rounds())
    if not all(future.done() for future in rounds.under_way.values()):
        return
    _record(rounds)
    _begin(rounds, asked)


def finish(app: Flask) -> None:
    """Wait for the round under way, which its time limit ends, and record it."""
    rounds = _rounds.pop(id(app), None)
    if rounds is None:
        return
    wait(rounds.under_way.values())
    _record(rounds)
    rounds.threads.shutdown()


def _begin(rounds: _Rounds, asked: Sequence[PolicyWitness]) -> None:
    now, reader = clock.now(), db.session()
    newest = newest_checkpoint(reader)
    if newest is not None:
        sizes = cosigned_sizes(reader, [one.key for one in asked])
        due = [
            one
            for one in asked
            if sizes.get(one.key, 0) < newest.size and rounds.left_out_until.get(one.key, now) <= now
        ]
        requests = {one: _request(rounds, one, newest, sizes) for one in due}
        rounds.checkpoint = newest
        for one, body in requests.items():
            rounds.vkeys[one.key] = one.vkey
            rounds.under_way[one.key] = rounds.threads.submit(_post, one.url, body)
    reader.rollback()  # nothing is held while others work


def _request(rounds: _Rounds, witness: PolicyWitness, newest: StoredNote, sizes: Mapping[str, int]) -> bytes:
    old = rounds.told_sizes.get(witness.key, sizes.get(witness.key, 0))
    old = old if old <= newest.size else 0  # it will say again how far ahead it is
    path = merkle.consistency_path(old, newest.size, ledger.tree_reader(db.session(), newest.size))
    return write_request(old, path=path, checkpoint_text=newest.note)


def _post(url: str, body: bytes) -> Answer:
    return ask(
        f"{url}/add-checkpoint",
        body,
        headers={"content-type": "text/plain; charset=utf-8"},
        networks=EVERYWHERE,
        limit_seconds=LIMIT_SECONDS,
        wanted=lambda _status: LONGEST_ANSWER,
    )


def _record(rounds: _Rounds) -> None:
    if rounds.checkpoint is None:
        return
    note, size = rounds.checkpoint.note, rounds.checkpoint.size
    said = [_heard(rounds, key, future, note=note) for key, future in rounds.under_way.items()]
    heard = [one for one in said if one is not None]
    if heard:
        record_cosignatures(size, heard, actor=SERVICE)
    for one in heard:
        rounds.told_sizes.pop(one.witness, None)
        if one.failure is not None:
            log.warning("witness_failed", witness=one.witness, failure=one.failure.value)
            rounds.left_out_until[one.witness] = clock.now() + timedelta(seconds=PAUSE_SECONDS)
    rounds.under_way.clear()


def _heard(rounds: _Rounds, key: str, future: "Future[Answer]", *, note: str) -> Said | None:
    """What a witness said; None where it only named the size from which to prove, and is asked again."""
    try:
        answer = future.result()
    except Exception:  # an error of the program: the witness is asked again later
        log.exception("witness_not_asked", witness=key)
        return Said(key, failure=WitnessFailure.NO_ANSWER)
    if answer.status == 200:
        return _cosigned(key, rounds.vkeys[key], note=note, body=answer.body)
    if answer.status == 409 and (size := read_size(answer.body)) is not None:
        newest = newest_checkpoint(db.session())
        if newest is None or size > newest.size:
            return Said(key, failure=WitnessFailure.AHEAD)
        if key in rounds.told_sizes:
            return Said(key, failure=WitnessFailure.MOVED)
        rounds.told_sizes[key] = size
        return None
    return Said(key, failure=_failure(answer.status))


def _cosigned(key: str, vkey: str, *, note: str, body: bytes) -> Said:
    try:
        found = cosignature_of(parse_checkpoint(note + body.decode()), vkey)
    except (TrailBroken, UnicodeDecodeError):
        found = None
    if found is None:
        return Said(key, failure=WitnessFailure.NOT_COSIGNED)
    line, cosigned_at = found
    return Said(key, line=line, cosigned_at=cosigned_at)


def _failure(status: int | None) -> WitnessFailure:
    if status is None:
        return WitnessFailure.NO_ANSWER
    known = {
        403: WitnessFailure.NOT_TRUSTED,
        404: WitnessFailure.UNKNOWN_LOG,
        409: WitnessFailure.OTHER_HISTORY,
        422: WitnessFailure.OTHER_HISTORY,
    }
    return known.get(status, WitnessFailure.REFUSED)
