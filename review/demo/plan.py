"""What happened at this desk in the last ninety days? The same story at each start, relative to now."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from review.demo import content, pictures, reasons

RECENT: Final = 38
ALL: Final = 400
DAYS: Final = 90
REVISED_DAYS: Final = 40
"""So long ago the terms were revised."""
ACTION_DAYS: Final = 37
ACTION_REFERRALS: Final = 60
ACTION_SENDER: Final = 2
"""One unit's referral action: many in one hour, as such actions are."""

DECIDED: Final = (5, 1, 6, 11, 14, 19, 20, 28, 37)
"""Recent referrals whose first location is decided already; none of those that the queue should show."""
THREATS: Final = {10: timedelta(minutes=12), 25: timedelta(minutes=20)}
"""Threats to life, due an hour after they came."""
WAITING: Final = {8: timedelta(hours=71, minutes=18), 2: timedelta(hours=72, minutes=25)}
"""What came so long ago that it is due in 42 minutes, or overdue since 25."""
SAME_LOCATION: Final = (3, 9, 12, 15, 17, 18, 21, 23, 24, 26, 32, 33)
"""Twelve items that name one location and fold into one case."""
OTHER_KIND: Final = 27
"""A notice about that location: a case of its own."""
TRICK: Final = 7
HELD: Final = 29
DRAFTED: Final = 31
WITHDRAWN: Final = 36
EMAILED: Final = 0
"""Came by e-mail and was confirmed; its sender is the one whose account the demonstration has."""


@dataclass(frozen=True)
class Asked:
    """A question: whose (a place among the reviewers), how long ago, and when it was answered."""

    reviewer: int
    note: str
    ago: timedelta
    advised_ago: timedelta | None = None


ESCALATED: Final = 13
ADVISED: Final = 30
ASKED: Final = {
    ESCALATED: Asked(2, content.ESCALATION_NOTES[0], timedelta(hours=5)),
    ADVISED: Asked(0, content.ESCALATION_NOTES[1], timedelta(hours=6), timedelta(hours=1)),
}
"""One case that waits for advice, and one that is back in the queue with it."""
ASKED_SENDER: Final = 0
ANSWERED: Final = 4
ASKED_OF_SENDERS: Final = {
    ASKED_SENDER: Asked(0, content.QUESTIONS[0], timedelta(hours=8)),
    ANSWERED: Asked(1, content.QUESTIONS[1], timedelta(hours=9), timedelta(hours=2)),
}
"""One case that waits for the sender of the sign-in page, and one that is back with an answer."""


@dataclass(frozen=True)
class Complaining:
    """A complaint about a decided referral: its words, how long ago, and what a lead made of it then.

    ``reviewed``: the outcome to which the lead came; None while it waits. ``by_user``: legal registered it.
    """

    reasons: str
    ago: timedelta
    reviewed: str | None = None
    by_user: bool = False


COMPLAINED: Final = {
    5: Complaining(content.COMPLAINTS[0], timedelta(hours=4), by_user=True),
    1: Complaining(content.COMPLAINTS[1], timedelta(hours=20), "no_breach"),
    6: Complaining(content.COMPLAINTS[2], timedelta(hours=16), "accepted"),
}
"""Of recent decisions: one complaint that waits, one that was upheld, and one that reversed the decision."""

AGAIN: Final = {
    34: ("no_breach",),
    16: ("accepted",),
    35: ("accepted", "no_breach"),
}
"""Recent referrals that wait for a second review, and one whose two reviews differ: outcomes so far."""
SECOND_SHARE: Final = 0.2
DIFFERING_SHARE: Final = 0.08
"""How many past reviews got a second one, and in how many of these the two differed."""

_REASONS: Final = (
    ("no_breach",) * 14 + ("not_found",) * 3 + ("already_removed",) * 2 + ("insufficient_information",)
)
_ACCEPTED_SHARE: Final = (0.62, 0.48, 0.55, 0.70, 0.33, 0.40)
_WITHDRAWN_SHARE: Final = 0.06


@dataclass(frozen=True)
class Planned:
    """One referral: how long ago it came, from whom, and what became of it.

    ``outcome``: ``accepted``, a reason to decline, ``withdrawn``, or None while it waits; ``after`` is the
    time from its receipt to that. ``second``: what a second reviewer found, if there was one; where that is
    something else, a lead found ``outcome``.
    """

    number: int
    age: timedelta
    sender: int
    outcome: str | None = None
    after: timedelta = timedelta()
    second: str | None = None

    @property
    def text(self) -> reasons.DemoText:
        """What it alleges, in which language."""
        return reasons.text_of(self.number, threat=self.number in THREATS)

    @property
    def ended_ago(self) -> timedelta:
        """How long ago it was decided or withdrawn."""
        return self.age - self.after


def planned() -> list[Planned]:
    """All four hundred, the oldest first."""
    return sorted((*_recent(), *_past()), key=lambda referral: referral.age, reverse=True)


def _recent() -> Iterator[Planned]:
    """The last three days: what still waits, and some that are decided."""
    special = THREATS | WAITING
    for number in range(RECENT):
        age = special.get(number, timedelta(hours=66) - number * timedelta(minutes=104))
        outcome = None
        if number in DECIDED:
            outcome = "accepted" if DECIDED.index(number) % 3 == 0 else "no_breach"
        elif number == WITHDRAWN:
            outcome = "withdrawn"
        yield Planned(number, age, number % len(content.SENDERS), outcome, timedelta(minutes=17))


def _past() -> Iterator[Planned]:
    """Everything before, all of it answered: day by day, and one action of one unit."""
    chance = random.Random(2019)  # noqa: S311 (a story told the same way at each start, no secret)
    for number in range(RECENT, ALL):
        in_action = number < RECENT + ACTION_REFERRALS
        if in_action:
            age, sender = timedelta(days=ACTION_DAYS, seconds=chance.uniform(0, 3_600)), ACTION_SENDER
        else:
            # somewhat more of late than in the beginning
            age = timedelta(days=3.1 + (DAYS - 3.2) * chance.random() ** 1.15)
            sender = chance.randrange(len(content.SENDERS))
        hours = min(70.0, chance.lognormvariate(math.log(9 if in_action else 13), 0.9))
        outcome = _outcome(chance, sender)
        after = timedelta(hours=max(0.1, hours))
        yield Planned(number, age, sender, outcome, after, second=_second(number, outcome))


def _second(number: int, outcome: str) -> str | None:
    """What a second reviewer found; drawn apart, so that the rest of the story stays as it is."""
    chance = random.Random(10_000 + number)  # noqa: S311 (see above)
    if outcome == "withdrawn" or chance.random() >= SECOND_SHARE:
        return None
    differs = chance.random() < DIFFERING_SHARE
    return outcome if not differs else "no_breach" if outcome == "accepted" else "accepted"


def _outcome(chance: random.Random, sender: int) -> str:
    drawn = chance.random()
    if drawn < _WITHDRAWN_SHARE:
        return "withdrawn"
    if drawn < _WITHDRAWN_SHARE + _ACCEPTED_SHARE[sender] * (1 - _WITHDRAWN_SHARE):
        return "accepted"
    return chance.choice(_REASONS)


def body_of(referral: Planned) -> dict[str, Any]:
    """The referral as its sender would post it."""
    number, text = referral.number, referral.text
    item: dict[str, Any] = {
        "url": f"https://video.example/watch/{number:04d}",
        "content_type": text.content_type,
        "language": text.language,
    }
    body: dict[str, Any] = {
        "reference": f"DEMO-{number:03d}",
        "reason": text.reason,
        "language": text.language,
        "category": text.category,
        "requested_action": "remove",
        "items": [item],
    }
    if number in SAME_LOCATION or number == OTHER_KIND:
        item["url"] = content.DUPLICATE_URL
    if number == TRICK:
        item["url"] = content.TRICK_URL
        body["reason"] = content.TRICK_REASON
    if number in THREATS:
        body["urgency"] = "threat_to_life"
    if number % 11 == 5:
        body |= {
            "intake_kind": "notice",
            "good_faith": True,
            "contact": {"name": "Duty desk", "email": "desk@unit.example"},
        }
    if number < RECENT and number != EMAILED:
        item["evidence"] = evidence_of(number, text)
    if number % 9 == 4:
        body["items"].append(
            {"url": f"hxxps://news[.]social[.]example/post/{number}", "content_type": "text"}
        )
    return body


def evidence_of(number: int, text: reasons.DemoText) -> list[dict[str, str]]:
    """What comes along with a recent referral: shapes, now and then a text or a document, or nothing."""
    if number in SAME_LOCATION:
        shown = pictures.picture(SAME_LOCATION[0], brighter=number)  # near-duplicates of one picture
        return [pictures.piece("frame.png", "image/png", shown)]
    if number % 9 == 4:
        words = f"{text.reason}\n\n{content.POST}"
        return [pictures.piece("post.txt", "text/plain", words.encode())]
    if number % 9 == 7:
        return [pictures.piece("flyer.pdf", "application/pdf", pictures.document("[placeholder] a flyer"))]
    if number % 9 == 1:
        return []
    return [
        pictures.piece(f"frame-{place}.png", "image/png", pictures.picture(10 * number + place))
        for place in range(1 + number % 2)
    ]
