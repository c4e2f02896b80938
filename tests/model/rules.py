"""The rules of the desk in plain Python: what product.md promises, written without the program's own code.

People, senders and locations are small numbers; referrals, items, cases and reviews are numbered in the order
in which they come to be. Every operation either changes the model and says what came of it, or raises
`Refused` with the code of the named error and changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NoReturn

UNDO_WINDOW = timedelta(seconds=60)
CLAIM_LENGTH = timedelta(minutes=15)
MOST_CLAIMS = 5
TARGET_THREAT = timedelta(hours=1)
TARGET_FLAGGER = timedelta(hours=24)
TARGET_OTHER = timedelta(hours=72)
ROUND_IN = {"open": "first", "second_review": "second", "resolving": "resolving"}
"""What a review is that is recorded in this state; in no other one is anything claimed or recorded."""
LIVE = (*ROUND_IN, "waiting_sender")


class Refused(Exception):
    """The rules forbid it; ``code`` names the error that the person is shown."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def refuse(code: str) -> NoReturn:
    """Raise `Refused`."""
    raise Refused(code)


@dataclass(frozen=True)
class Content:
    """What makes two referrals the same; ``locations`` in the order sent, each with how it was spelled."""

    kind: str
    urgency: str
    wording: str
    locations: tuple[tuple[int, int], ...]


@dataclass
class Referral:
    """One message of one sender."""

    sender: int
    reference: str
    content: Content
    items: list[int] = field(default_factory=list)
    events: list[str] = field(default_factory=lambda: ["referral.received"])


@dataclass
class Item:
    """One location of one referral, in the case where its work is done since version ``joined``."""

    referral: int
    case: int
    joined: int
    status: str = "in_review"
    outcome: str | None = None
    events: list[str] = field(default_factory=list)


@dataclass
class Review:
    """One person's judgement of the case as it was in ``version``; standing until it is undone.

    ``asks``: a rule wants a second review after it. ``decides``: the decision of the case follows it.
    ``lettered``: it is one of two that differ, and whoever resolves that sees it as A or B.
    """

    case: int
    person: int
    version: int
    round: str
    outcome: str
    asks: bool
    until: datetime
    undone: bool = False
    dispatched: bool = False
    decides: bool = False
    lettered: bool = False

    def stands(self, case: int, person: int) -> bool:
        """Whether it is this person's of this case, and was not undone."""
        return (self.case, self.person, self.undone) == (case, person, False)


@dataclass
class Question:
    """What the sender of an item was asked; over with an answer, with the item, or by itself."""

    case: int
    item: int
    asked: datetime
    answer: str | None = None
    over: bool = False


@dataclass
class Case:
    """One location and kind; the claim is a lease that ends at ``until`` and outnumbers the ones before.

    ``leaps``: version and generation went on by a number that nobody knows before.
    """

    location: int
    kind: str
    rank: int
    due: datetime
    opened: datetime
    state: str = "open"
    version: int = 0
    generation: int = 0
    holder: int | None = None
    until: datetime | None = None
    by_undo: bool = False
    pending: int | None = None
    leaps: bool = False
    events: list[str] = field(default_factory=list)

    def held_by(self, person: int, now: datetime) -> bool:
        """Whether this person's claim runs."""
        return self.holder == person and self.until is not None and self.until > now

    def free(self, now: datetime) -> bool:
        """Whether somebody may claim it."""
        unclaimed = self.until is None or self.until <= now
        return self.state in ROUND_IN and self.pending is None and unclaimed


class Rules:
    """The whole desk in memory."""

    def __init__(self, *, flaggers: Sequence[int] = (), leads: Sequence[int] = ()) -> None:
        self.flaggers, self.leads = flaggers, leads
        self.referrals: list[Referral] = []
        self.items: list[Item] = []
        self.cases: list[Case] = []
        self.reviews: list[Review] = []
        self.questions: list[Question] = []
        self.drafts: set[tuple[int, int]] = set()
        self.notes = 0  # events that stand in no chain

    # what arrives

    def submit(self, sender: int, reference: str, content: Content, now: datetime) -> tuple[int, bool]:
        """The referral and whether it is new; the same again is the same, other content a conflict."""
        for number, sent in enumerate(self.referrals):
            if (sent.sender, sent.reference) == (sender, reference):
                return (number, False) if sent.content == content else refuse("reference_conflict")
        number = len(self.referrals)
        self.referrals.append(Referral(sender, reference, content))
        threat = content.urgency == "threat_to_life"
        target = TARGET_THREAT if threat else TARGET_FLAGGER if sender in self.flaggers else TARGET_OTHER
        for location, _spelling in content.locations:
            case = self._live_case(location, content.kind)
            if case is None:
                case = self.open(Case(location, content.kind, rank=2, due=now + target, opened=now))
            self._join(case, number, rank=0 if threat else 2, due=now + target)
        return number, True

    def _live_case(self, location: int, kind: str) -> int | None:
        for number, case in enumerate(self.cases):
            if (case.location, case.kind) == (location, kind) and case.state in LIVE:
                return number
        return None

    def open(self, case: Case) -> int:
        """Put a new case on the desk; its number."""
        self.cases.append(case)
        return len(self.cases) - 1

    def _join(self, number: int, referral: int, *, rank: int, due: datetime) -> None:
        case = self.cases[number]
        case.version += 1
        case.rank, case.due = min(case.rank, rank), min(case.due, due)
        self.referrals[referral].items.append(len(self.items))
        self.items.append(Item(referral, number, joined=case.version))

    # claims

    def first_in_queue(self, person: int, now: datetime) -> set[int]:
        """The cases of which "next" may give any: more than one only where they arrived together."""
        self._check_claims(person, now)
        offered = [number for number in range(len(self.cases)) if self.offered(number, person, now)]
        first = min(map(self._place, offered), default=None)
        return {number for number in offered if self._place(number) == first}

    def _place(self, number: int) -> tuple[int, datetime, datetime]:
        case = self.cases[number]
        return case.rank, case.due, case.opened

    def offered(self, number: int, person: int, now: datetime) -> bool:
        """Whether the case is free for somebody who has no standing review of it; in dispute, for a lead."""
        case = self.cases[number]
        judges = case.state != "resolving" or person in self.leads
        return judges and case.free(now) and not self.has_reviewed(number, person)

    def has_reviewed(self, number: int, person: int) -> bool:
        """Whether this person has a review of the case that was not undone."""
        return any(review.stands(number, person) for review in self.reviews)

    def held(self, person: int, now: datetime) -> list[int]:
        """The cases that this person holds."""
        return [number for number, case in enumerate(self.cases) if case.held_by(person, now)]

    def _check_claims(self, person: int, now: datetime) -> None:
        if len(self.held(person, now)) >= MOST_CLAIMS:
            refuse("too_many_claims")

    def claim(self, number: int, person: int, now: datetime) -> tuple[int, int]:
        """Claim this case: generation and version; the running claim again when it is the person's own."""
        case = self.cases[number]
        if case.held_by(person, now):
            return case.generation, case.version
        self._check_claims(person, now)
        if not self.offered(number, person, now):
            refuse("case_not_claimable")
        if case.holder is not None:
            case.events.append("case.claim_expired")
        self._give(case, person, now)
        case.by_undo = False
        return case.generation, case.version

    def _give(self, case: Case, person: int, now: datetime) -> None:
        case.holder, case.until = person, now + CLAIM_LENGTH
        case.generation += 1
        case.events.append("case.claimed")

    def _own(self, number: int, person: int, generation: int, now: datetime) -> Case:
        case = self.cases[number]
        if not case.held_by(person, now) or case.generation != generation:
            refuse("claim_lost")
        return case

    def renew(self, number: int, person: int, generation: int, now: datetime) -> datetime:
        """Let one's running claim end later; when."""
        case = self._own(number, person, generation, now)
        case.until = now + CLAIM_LENGTH
        case.events.append("case.claim_renewed")
        return case.until

    def release(self, number: int, person: int, generation: int, now: datetime) -> None:
        """Give the case back."""
        case = self._own(number, person, generation, now)
        case.holder = case.until = None
        case.events.append("case.released")

    def expire(self, now: datetime) -> int:
        """End the claims whose time is over; how many."""
        over = [case for case in self.cases if case.until is not None and case.until <= now]
        for case in over:
            case.holder = case.until = None
            case.events.append("case.claim_expired")
        return len(over)

    # judging

    def save_draft(self, number: int, person: int, generation: int, now: datetime) -> None:
        """Keep what the holder has typed."""
        self._check_own_write(number, person, generation, now)
        self.drafts.add((number, person))
        self.notes += 1

    def _check_own_write(self, number: int, person: int, generation: int, now: datetime) -> Case:
        if self.has_reviewed(number, person):
            refuse("already_recorded")
        return self._own(number, person, generation, now)

    def record(
        self,
        number: int,
        person: int,
        generation: int,
        version: int,
        outcome: str,
        now: datetime,
        *,
        asks: bool = False,
    ) -> tuple[int, datetime]:
        """Record a review of the case as the form saw it: its number and until when it can be undone."""
        case = self._check_own_write(number, person, generation, now)
        if case.version != version:
            refuse("stale_version")
        until = now + UNDO_WINDOW
        review = Review(number, person, version, ROUND_IN[case.state], outcome, asks, until)
        self.reviews.append(review)
        case.pending = len(self.reviews) - 1
        case.holder = case.until = None
        case.version += 1
        case.events.append("case.review_recorded")
        self.drafts.discard((number, person))
        return case.pending, review.until

    def undo(self, number: int, person: int, now: datetime) -> int:
        """Take one's pending review back and claim the case anew; the new generation."""
        case = self.cases[number]
        review = None if case.pending is None else self.reviews[case.pending]
        if review is None or review.person != person:
            # whatever became of it since: a review that was sent on is not told apart from one that decided
            if any(one.dispatched for one in self.reviews if one.stands(number, person)):
                refuse("undo_window_over")
            refuse("nothing_to_undo" if review is None else "not_permitted")
        if review.until <= now:
            refuse("undo_window_over")
        review.undone = True
        case.pending = None
        case.version += 1
        case.by_undo = True
        case.events.append("case.review_undone")
        self._give(case, person, now)
        self.drafts.add((number, person))
        return case.generation

    def due(self, now: datetime) -> list[int]:
        """The reviews that the loop would send on their way."""
        return [number for number in range(len(self.reviews)) if self.is_due(number, now)]

    def is_due(self, number: int, now: datetime) -> bool:
        """Whether the undo window of this review, which waits, is over."""
        review = self.reviews[number]
        return self.cases[review.case].pending == number and review.until <= now

    # taking back

    def withdraw_item(self, number: int, sender: int) -> bool:
        """Withdraw one item; whether anything changed."""
        item = self.items[number]
        if self.referrals[item.referral].sender != sender:
            refuse("not_found")
        if item.status == "decided":
            refuse("not_withdrawable")
        if item.status == "withdrawn":
            return False
        item.events.append("item.withdrawn")
        self._leave(item)
        return True

    def withdraw_referral(self, number: int, sender: int) -> bool:
        """Withdraw what is in review of a referral; whether anything changed."""
        referral = self.referrals[number]
        if referral.sender != sender:
            refuse("not_found")
        items = [self.items[place] for place in referral.items]
        asked = [item for item in items if item.status == "in_review"]
        if not asked:
            return False if all(item.status == "withdrawn" for item in items) else refuse("not_withdrawable")
        referral.events.append("referral.withdrawn")
        for item in asked:
            self._leave(item)
        return True

    def _leave(self, item: Item) -> None:
        """Out of its case, and the case out of the queue when nothing is left in it, whoever holds it."""
        item.status = "withdrawn"
        case = self.cases[item.case]
        case.version += 1
        if not self.live_items(item.case):
            case.state = "withdrawn"
            case.holder = case.until = case.pending = None
            case.generation += 1
            case.events.append("case.withdrawn")
        for question in self.questions:
            if not question.over and self.items[question.item] is item:
                question.over = True
                if case.state == "waiting_sender":
                    case.state = "open"
                    case.events.append("case.question_ended")

    def live_items(self, number: int) -> int:
        """How many items of the case were not withdrawn."""
        return sum(item.case == number and item.status != "withdrawn" for item in self.items)
