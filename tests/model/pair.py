"""The desk and its model side by side: each operation is done in both, refused alike, and leaves the same."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, TypeVar
from unittest import mock

import sqlalchemy as sa
import time_machine
from hypothesis.stateful import RuleBasedStateMachine, invariant
from sqlalchemy import event
from sqlalchemy.orm import Session

from app import create_app
from review import clock, db
from review.actions import trail
from review.config import Settings
from review.domain.permissions import Role
from review.errors import ReviewError
from review.models import Case, FlaggerStatus, Review
from review.queries.trail import verify_trail
from tests.factories import make_account, make_clause, make_sender, sender_actor
from tests.model.rules import MOST_CLAIMS, Refused, Rules
from tests.model.view import Names, expected, stored

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
FLAGGER = 2
"""The number of the sender that is a trusted flagger."""
LEAD = 2
"""The number of the person who resolves what differs."""
Wanted = TypeVar("Wanted")
Given = TypeVar("Given")


class Interrupted(BaseException):
    """The program died at the last moment before a commit."""


@dataclass(frozen=True)
class Place:
    """A fresh, empty database, and how to take it away again."""

    settings: Settings
    remove: Callable[[], None]


@contextmanager
def dead_before_commit() -> Iterator[None]:
    """Nothing that is begun in here is committed."""

    session, engine = db.session(), db.extension.engine

    def die(_connection: sa.Connection) -> None:
        if session.info.get(db._WRITES):
            raise Interrupted

    event.listen(engine, "commit", die)
    try:
        yield
    finally:
        event.remove(engine, "commit", die)


class Pair(RuleBasedStateMachine):
    """One desk; a subclass names the kind of database with ``new_place`` and counts what was seen."""

    new_place: ClassVar[Callable[[], Place]]
    seen: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.model, self.names = Rules(flaggers=(FLAGGER,), leads=(LEAD,)), Names()
        self.place = type(self).new_place()
        self.dying = False
        # ids break ties in the queue: a story told again goes the same way
        self.chance = mock.patch("secrets.randbits", random.Random(0).getrandbits)
        self.chance.start()
        self.travel = time_machine.travel(START, tick=False)
        self.clock = self.travel.start()
        self.start()
        self.people = [make_account(), make_account(), make_account(Role.LEAD)]
        self.names.people = [str(person.account_id) for person in self.people]
        self.names.senders = [make_sender() for _sender in range(3)]
        self.senders = [sender_actor(sender_id) for sender_id in self.names.senders]
        self.clause = make_clause()
        with db.transaction() as writer:
            writer.add(
                FlaggerStatus(
                    sender_id=self.names.senders[FLAGGER], coordinator="BIPT", valid_from=START.date()
                )
            )

    def start(self) -> None:
        """A new program on the same database."""
        self.app = create_app(self.place.settings)
        self.context = self.app.app_context()
        self.context.push()

    def stop(self) -> None:
        """Every connection closed, nothing of the program kept."""
        db.session().close()
        db.extension.engine.dispose()
        self.context.pop()

    def teardown(self) -> None:
        """The trail of the whole story adds up; then everything goes."""
        try:
            while trail.sequence_events() is not None:
                pass
            assert verify_trail(self.reader(), vkey=None).intact
        finally:
            self.stop()
            self.travel.stop()
            self.chance.stop()
            self.place.remove()

    def reader(self) -> Session:
        """A session that sees what is committed now."""
        reader = db.session()
        reader.rollback()
        reader.expire_all()
        return reader

    # both at once

    def both(
        self, name: str, wanted: Callable[[], Wanted], act: Callable[[], Given]
    ) -> tuple[Wanted, Given] | None:
        """Do it in the model and in the program; what each gave, or None where both refuse alike."""
        self.seen["operations"] += 1
        if self.dying:
            self._die_in(name, act)
        try:
            hope: Wanted | Refused = wanted()
        except Refused as refusal:
            hope = refusal
        try:
            given: Given | ReviewError = act()
        except ReviewError as error:
            given = error
        if isinstance(hope, Refused):
            assert isinstance(given, ReviewError), f"{name}: {given!r} instead of {hope.code}"
            assert given.code == hope.code, f"{name}: {given.code} instead of {hope.code}"
            self.seen[f"{name}: {hope.code}"] += 1
            return None
        assert not isinstance(given, ReviewError), f"{name}: refused with {given!r} instead of {hope!r}"
        self.seen[name] += 1
        return hope, given

    def _die_in(self, name: str, act: Callable[[], object]) -> None:
        """The same operation, cut off before it commits: nothing of it stays; the program starts anew."""
        self.dying = False
        try:
            with dead_before_commit():
                act()
        except Interrupted:
            self.seen["died"] += 1
        except ReviewError:
            self.seen["died, refused before"] += 1
        self.the_database_is_what_the_rules_say()
        self.stop()
        self.start()

    @invariant()
    def the_database_is_what_the_rules_say(self) -> None:
        """Cases, items, referrals, reviews, answers, drafts, and one event for each change."""
        reader = self.reader()
        assert expected(self.model).differences(stored(reader, self.names)) == []

    @invariant()
    def what_must_hold_whatever_the_rules_say(self) -> None:
        """One live case a location and kind; five claims a person beside undone ones; nobody judges twice."""
        reader, now = self.reader(), clock.now()
        live = sa.select(Case.match_digest, Case.intake_kind).where(
            Case.state.not_in(["decided", "withdrawn"])
        )
        keys = reader.execute(live).all()
        assert len(keys) == len(set(keys))
        for person in range(len(self.people)):
            held = [number for number in self.model.held(person, now) if not self.model.cases[number].by_undo]
            assert len(held) <= MOST_CLAIMS
        again = (
            sa.select(Case.id)
            .join(Review, sa.and_(Review.case_id == Case.id, Review.account_id == Case.claimed_by))
            .where(Review.undone_at.is_(None))
        )
        assert reader.scalars(again).all() == []
        reader.rollback()
