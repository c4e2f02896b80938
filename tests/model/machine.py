"""Any operations in any order, on the desk and on its model at once.

Some arguments are drawn so that they fit what is there, most of the time: who only knocks on closed doors
does not get far into the house.
"""

import json
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from review import clock
from review.actions import cases, decisions, trail, withdrawals
from review.actions.referrals import Received, receive_referral
from review.domain.permissions import SERVICE
from review.workers.dispatching import dispatch_due
from tests.factories import make_intake
from tests.model.asking import Asking
from tests.model.pair import FLAGGER, Pair
from tests.model.rounds import Rounds
from tests.model.rules import MOST_CLAIMS, UNDO_WINDOW, Content

SPELLINGS = (
    "https://video.example/watch/{}",
    "http://video.example/watch/{}?utm_source=mail",
    "hxxps://VIDEO[.]example/watch/{}#t=10",
)

people = st.sampled_from([0, 0, 0, 1, 1, 2])
senders = st.sampled_from([0, 1, FLAGGER])
any_number = st.integers(0, 10_000)
usually_right = st.sampled_from([True] * 5 + [False])
spelled = st.tuples(st.integers(0, 5), st.integers(0, len(SPELLINGS) - 1))
kinds = st.sampled_from(["referral", "referral", "referral", "notice"])
urgencies = st.sampled_from(["normal", "normal", "normal", "threat_to_life"])


def contents(*, least: int, most: int) -> st.SearchStrategy[Content]:
    """Referrals of so many locations."""
    several = st.lists(spelled, min_size=least, max_size=most, unique_by=lambda location: location[0])
    wordings = st.sampled_from(["Praise of a listed organisation.", "A branded video."])
    return st.builds(Content, kinds, urgencies, wordings, several.map(tuple))


moments = st.sampled_from(
    [
        timedelta(milliseconds=1),
        timedelta(seconds=5),
        timedelta(seconds=59, milliseconds=999),
        timedelta(seconds=60),
        timedelta(seconds=60),
        timedelta(minutes=5),
        timedelta(minutes=15),
        timedelta(hours=2),
    ]
)
edges = st.sampled_from([timedelta(microseconds=-1), timedelta(0), timedelta(microseconds=1)])


def body_of(reference: str, content: Content) -> bytes:
    """The JSON that the sender posts."""
    return json.dumps(
        {
            "reference": reference,
            "intake_kind": content.kind,
            "urgency": content.urgency,
            "reason": content.wording,
            "good_faith": True,
            "contact": {"name": "Duty desk", "email": "desk@example.org"},
            "items": [
                {"url": SPELLINGS[spelling].format(location)} for location, spelling in content.locations
            ],
        }
    ).encode()


class DeskMachine(Asking, Rounds, Pair):
    """What people, senders and loops may try."""

    # what arrives

    @initialize(content=contents(least=3, most=6))
    def something_is_there(self, content: Content) -> None:
        """No empty desks."""
        self._submit(0, "R-0", content)

    @rule(sender=senders, reference=st.integers(0, 5), content=contents(least=1, most=3))
    def submit(self, sender: int, reference: int, content: Content) -> None:
        """A referral that may fold into live cases; its reference may have been used."""
        self._submit(sender, f"R-{reference}", content)

    @rule(number=any_number, same=usually_right, wording=st.text(max_size=5))
    def submit_again(self, number: int, same: bool, wording: str) -> None:
        """A referral that was sent before; sometimes with other words."""
        sent = self.model.referrals[number % len(self.model.referrals)]
        content = sent.content
        if not same:
            changed = f"Changed {len(wording)}"
            content = Content(content.kind, content.urgency, changed, content.locations)
        self._submit(sent.sender, sent.reference, content)

    @rule(number=any_number, sender=senders, reference=st.integers(0, 5), spelling=st.integers(0, 2))
    def submit_what_is_worked_on(self, number: int, sender: int, reference: int, spelling: int) -> None:
        """A sender names the location of a case that somebody holds or has judged, spelled its own way."""
        busy = [case for case in self.model.cases if case.pending is not None or case.holder is not None]
        if busy:
            case = busy[number % len(busy)]
            content = Content(case.kind, "normal", "We saw it too.", ((case.location, spelling),))
            self._submit(sender, f"R-{reference}", content)

    def _submit(self, sender: int, reference: str, content: Content) -> None:
        body = body_of(reference, content)

        def act() -> Received:
            return receive_referral(
                make_intake(body), body=body, actor=self.senders[sender], settings=self.place.settings
            )

        done = self.both("submit", lambda: self.model.submit(sender, reference, content, clock.now()), act)
        if done is None:
            return
        (number, new), received = done
        self.names.learn(self.reader(), self.model)
        assert received.status == (201 if new else 200)
        assert received.referral_id == self.names.referrals[number]
        self.seen["submit, new" if new else "submit, again"] += 1

    # claims

    @rule(person=people, greedy=st.booleans())
    def claim_next(self, person: int, greedy: bool) -> None:
        """The first of the queue that this person has not reviewed; or as many as one may have."""
        for _claim in range(1 + greedy * MOST_CLAIMS):
            if not self._claim_next(person):
                return

    def _claim_next(self, person: int) -> bool:
        first = self.both(
            "next",
            lambda: self.model.first_in_queue(person, clock.now()),
            lambda: cases.claim_next(actor=self.people[person]),
        )
        if first is None:
            return False
        offered, claim = first
        if claim is None:
            assert not offered, f"nothing given although {offered} wait"
            return False
        number = self.names.cases.index(claim.case_id)
        assert number in offered, f"case {number} instead of one of {offered}"
        assert self.model.claim(number, person, clock.now()) == (claim.claim_generation, claim.version)
        return True

    @rule(person=people, number=any_number)
    def claim_this(self, person: int, number: int) -> None:
        """A certain case, whoever has it."""
        self._claim_this(person, number % len(self.model.cases))

    def _claim_this(self, person: int, number: int) -> bool:
        done = self.both(
            "claim",
            lambda: self.model.claim(number, person, clock.now()),
            lambda: cases.claim_case(self.names.cases[number], actor=self.people[person]),
        )
        if done is not None:
            assert done[0] == (done[1].claim_generation, done[1].version)
        return done is not None

    def _held(self, person: int, number: int, *, right: bool) -> tuple[int, int]:
        """A case that this person holds and its generation; when not right any case, any generation."""
        held = self.model.held(person, clock.now())
        if held and right:
            chosen = held[number % len(held)]
            return chosen, self.model.cases[chosen].generation
        chosen = number % len(self.model.cases)
        return chosen, max(0, self.model.cases[chosen].generation + number % 3 - 1)

    @rule(
        person=people,
        number=any_number,
        right=usually_right,
        use=st.sampled_from(["renew", "release", "draft"]),
    )
    def use_claim(self, person: int, number: int, right: bool, use: str) -> None:
        """The holder wants more time, gives the case back, or types."""
        number, generation = self._held(person, number, right=right)
        arguments = (number, person, generation, clock.now())
        case_id, actor = self.names.cases[number], self.people[person]
        if use == "renew":
            done = self.both(
                use,
                lambda: self.model.renew(*arguments),
                lambda: cases.renew_claim(case_id, claim_generation=generation, actor=actor),
            )
            assert done is None or done[0] == done[1]
        elif use == "release":
            self.both(
                use,
                lambda: self.model.release(*arguments),
                lambda: cases.release_claim(case_id, claim_generation=generation, actor=actor),
            )
        else:
            fields = {"rationale": "So far."}
            self.both(
                use,
                lambda: self.model.save_draft(*arguments),
                lambda: decisions.save_draft(case_id, fields, claim_generation=generation, actor=actor),
            )

    # judging

    @rule(
        person=people,
        number=any_number,
        right=usually_right,
        fresh=st.sampled_from([True, True, False]),
        outcome=st.sampled_from(["accepted", "declined"]),
        asks=st.booleans(),
        then=st.sampled_from(["nothing", "dispatch"]),
    )
    def record(
        self, person: int, number: int, right: bool, fresh: bool, outcome: str, asks: bool, then: str
    ) -> None:
        """The holder judges, from a form that may be older than the case; who has nothing takes the next."""
        if right and not self.model.held(person, clock.now()):
            self._claim_next(person)
        number, generation = self._held(person, number, right=right)
        version = self.model.cases[number].version - (0 if fresh else 1)
        recorded = self._record(number, person, generation, version, outcome, asks=asks)
        if recorded and then == "dispatch":
            self.clock.shift(UNDO_WINDOW)
            self.run_loop("dispatch")

    # taking back

    @rule(number=any_number, right=usually_right, sender=senders)
    def withdraw_item(self, number: int, right: bool, sender: int) -> None:
        """A sender takes an item back: mostly its own."""
        number %= len(self.model.items)
        if right:
            sender = self.model.referrals[self.model.items[number].referral].sender
        self.both(
            "withdraw item",
            lambda: self.model.withdraw_item(number, sender),
            lambda: withdrawals.withdraw_item(self.names.items[number], actor=self.senders[sender]),
        )

    @rule(number=any_number, right=usually_right, sender=senders)
    def withdraw_referral(self, number: int, right: bool, sender: int) -> None:
        """A sender takes a whole referral back: mostly its own."""
        number %= len(self.model.referrals)
        if right:
            sender = self.model.referrals[number].sender
        self.both(
            "withdraw referral",
            lambda: self.model.withdraw_referral(number, sender),
            lambda: withdrawals.withdraw_referral(self.names.referrals[number], actor=self.senders[sender]),
        )

    # the world

    @rule(by=moments)
    def time_passes(self, by: timedelta) -> None:
        """Windows and claims run out."""
        self.clock.shift(by)

    @rule(number=any_number, by=edges, then=st.sampled_from(["nothing", "expire", "dispatch"]))
    def the_last_moment_comes(self, number: int, by: timedelta, then: str) -> None:
        """To the very end of a claim or window, or one microsecond beside it; the loops may be quick."""
        waiting = [case.pending for case in self.model.cases if case.pending is not None]
        ends = [self.model.reviews[review].until for review in waiting]
        ends += [case.until for case in self.model.cases if case.until]
        ahead = sorted({end + by for end in ends if end + by > clock.now()})
        if ahead:
            self.clock.move_to(ahead[number % min(2, len(ahead))])
        self.run_loop(then)

    @rule(loop=st.sampled_from(["expire", "dispatch", "sequence"]))
    def run_loop(self, loop: str) -> None:
        """One turn of one of the desk's loops."""
        if loop == "sequence":
            trail.sequence_events()
        elif loop == "expire":
            done = self.both(
                "expire",
                lambda: self.model.expire(clock.now()),
                lambda: cases.expire_claims(actor=SERVICE),
            )
            assert done is not None
            assert done[0] == done[1]
            self.seen["expired"] += done[0]
        elif loop == "dispatch":
            done = self.both("dispatch all", self._dispatch_all, dispatch_due)
            assert done is not None
            assert done[0] == done[1]
            self.learn()

    @rule(dies=st.sampled_from([True, True, False]))
    def restart(self, dies: bool) -> None:
        """A new program on the same database: now, or after dying in the next operation."""
        if dies:
            self.dying = True
            return
        self.stop()
        self.start()
        self.seen["restarted"] += 1
