"""What a recorded review leads to, by the rules and on the desk: rounds, decisions, the start again."""

from datetime import datetime

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from review import clock
from review.actions import decisions, dispatching
from review.domain.decisions import ReviewInput
from review.domain.permissions import SERVICE
from review.models import Case as StoredCase
from tests.draws import DRAWN, NOT_DRAWN
from tests.model.pair import Pair
from tests.model.rules import UNDO_WINDOW, Case, Review, Rules, refuse

LEAST_LEAP, MOST_LEAP = 100_000_000, 200_000_000
LEAPS_BELOW = 1_000_000_000
ROUNDS = ("first", "second", "resolving")


def dispatch(rules: Rules, number: int, now: datetime, *, drawn: bool = False) -> str:
    """Move a review on whose undo window is over; what it came to: dropped, second, differ or decided."""
    if not rules.is_due(number, now):
        refuse("not_dispatchable")
    review = rules.reviews[number]
    case = rules.cases[review.case]
    reviews = [one for one in rules.reviews if one.case == review.case and not one.undone]
    first = reviews[0]
    assert tuple(one.round for one in reviews) == ROUNDS[: len(reviews)]
    asked = [item for item in rules.items if (item.case, item.status) == (review.case, "in_review")]
    case.pending = None
    if all(item.joined > first.version for item in asked):
        for one in reviews:
            one.undone = True
        case.state = "open"
        case.version += 1
        case.events.append("case.review_dropped")
        return "dropped"
    review.dispatched = True
    if review is first and (review.asks or drawn):
        case.state, case.leaps = "second_review", True
        case.events.append("case.second_review_due")
        return "second"
    if review.round == "second" and review.outcome != first.outcome:
        first.lettered = review.lettered = True
        case.state, case.leaps = "resolving", True
        case.events.append("case.reviews_differ")
        return "differ"
    decide(rules, review.case, first if review.round == "second" else review, first.version, now)
    return "decided"


def decide(rules: Rules, number: int, decisive: Review, covered: int, now: datetime) -> None:
    """Answer what joined by version ``covered``; what joined later goes to a case of its own."""
    case = rules.cases[number]
    decisive.decides, case.state = True, "decided"
    case.events.append("case.decided")
    late = []
    for item in rules.items:
        if (item.case, item.status) != (number, "in_review"):
            continue
        if item.joined > covered:
            late.append(item)
            continue
        item.status, item.outcome = "decided", decisive.outcome
        item.events.append("item.answered")
    if late:
        moved = Case(case.location, case.kind, case.rank, case.due, opened=now, version=1)
        moved.events.append("case.opened")
        place = rules.open(moved)
        for item in late:
            item.case, item.joined = place, 1


class Rounds(Pair):
    """What judges and the loop that dispatches may try; a machine that claims cases mixes it in."""

    def _claim_this(self, person: int, number: int) -> bool:
        raise NotImplementedError

    def run_loop(self, loop: str) -> None:
        """One turn of one of the desk's loops."""
        raise NotImplementedError

    def _waiting(self) -> list[int]:
        """The cases that wait for a second or third review, held or not."""
        later = ("second_review", "resolving")
        return [
            number
            for number, case in enumerate(self.model.cases)
            if case.state in later and case.pending is None
        ]

    def _record(
        self, number: int, person: int, generation: int, version: int, outcome: str, *, asks: bool
    ) -> bool:
        """Somebody judges from a form of this generation and version; whether it was recorded."""
        now = clock.now()
        done = self.both(
            "record",
            lambda: self.model.record(number, person, generation, version, outcome, now, asks=asks),
            lambda: decisions.record_review(
                self.names.cases[number],
                self._review(outcome, asks=asks),
                claim_generation=generation,
                version=version,
                actor=self.people[person],
            ),
        )
        if done is None:
            return False
        (recorded_as, until), recorded = done
        assert recorded.undo_until == until
        self.names.reviews.append(recorded.review_id)
        self.seen[f"record, {self.model.reviews[recorded_as].round}"] += 1
        return True

    def _review(self, outcome: str, *, asks: bool) -> ReviewInput:
        accepted = outcome == "accepted"
        return ReviewInput(
            outcome,
            ground="terms" if accepted else None,
            clauses=(self.clause,) if accepted else (),
            visibility="removed" if accepted else None,
            decline_reason=None if accepted else "no_breach",
            context="journalism" if asks else "none",
            rationale="Compared with each of our clauses.",
            statement="We looked at it.",
        )

    @precondition(lambda self: bool(self._waiting()))
    @rule(
        number=st.integers(0, 10_000),
        person=st.integers(0, 2),
        agrees=st.booleans(),
        then=st.sampled_from(["nothing", "dispatch", "dispatch"]),
    )
    def judge_again(self, number: int, person: int, agrees: bool, then: str) -> None:
        """Somebody takes a case that others have judged and judges it too, as the first did or not."""
        waiting = self._waiting()
        place = waiting[number % len(waiting)]
        case = self.model.cases[place]
        able = [one for one in range(3) if case.held_by(one, clock.now())]
        able += [one for one in range(3) if self.model.offered(place, one, clock.now())]
        if able and not agrees:
            person = able[number % len(able)]
        if not self._claim_this(able[person % len(able)] if able else person, place):
            return
        person = able[person % len(able)]
        first = next(one for one in self.model.reviews if one.case == place and not one.undone)
        other = {"accepted": "declined", "declined": "accepted"}[first.outcome]
        outcome = first.outcome if agrees else other
        recorded = self._record(place, person, case.generation, case.version, outcome, asks=False)
        if recorded and then == "dispatch":
            self.clock.shift(UNDO_WINDOW)
            self.run_loop("dispatch")

    @rule(
        person=st.integers(0, 2), number=st.integers(0, 10_000), right=st.sampled_from([True] * 5 + [False])
    )
    def undo(self, person: int, number: int, right: bool) -> None:
        """Somebody takes a review back: mostly one's own that waits."""
        own = [
            review.case
            for place, review in enumerate(self.model.reviews)
            if review.person == person and self.model.cases[review.case].pending == place
        ]
        number = own[number % len(own)] if own and right else number % len(self.model.cases)
        done = self.both(
            "undo",
            lambda: self.model.undo(number, person, clock.now()),
            lambda: decisions.undo_review(self.names.cases[number], actor=self.people[person]).generation,
        )
        assert done is None or done[0] == done[1]
        if done is not None:
            self.seen[f"undo in {self.model.cases[number].state}"] += 1

    def _dispatch_all(self) -> int:
        due = self.model.due(clock.now())
        for review in due:
            self._dispatch(review)
        return len(due)

    def _dispatch(self, review: int, *, drawn: bool = False) -> bool:
        known = len(self.model.cases)
        came_to = dispatch(self.model, review, clock.now(), drawn=drawn)
        self.seen[{"decided": "dispatched"}.get(came_to, came_to)] += 1
        self.seen[f"{came_to} by {self.model.reviews[review].round}"] += 1
        self.seen["moved on"] += len(self.model.cases) - known
        return came_to == "decided"

    @precondition(lambda self: self.model.reviews)
    @rule(number=st.integers(0, 10_000), drawn=st.booleans())
    def dispatch_this(self, number: int, drawn: bool) -> None:
        """A loop tries a certain review, due or not; the draw may want a second one."""
        number %= len(self.model.reviews)
        lot = DRAWN if drawn else NOT_DRAWN
        done = self.both(
            "dispatch",
            lambda: self._dispatch(number, drawn=drawn),
            lambda: dispatching.dispatch_review(self.names.reviews[number], actor=SERVICE, lot=lot),
        )
        assert done is None or done[0] == (done[1] is not None)
        self.learn()

    def learn(self) -> None:
        """Find out what the rules do not say: ids of what is new, and how far numbers leapt."""
        reader = self.reader()
        self.names.learn(reader, self.model)
        for number, case in enumerate(self.model.cases):
            if not case.leaps:
                continue
            case.leaps = False
            stored = reader.get_one(StoredCase, self.names.cases[number])
            leap, further = stored.version - case.version, stored.claim_generation - case.generation
            if case.version < LEAPS_BELOW:
                assert LEAST_LEAP <= leap < MOST_LEAP
                assert LEAST_LEAP <= further < MOST_LEAP
                assert leap != further, "one number tells the other"
            else:
                assert (leap, further) == (1, 1)
            case.version, case.generation = stored.version, stored.claim_generation
