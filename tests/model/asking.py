"""Questions to senders, by the rules and on the desk: a part of the model that stands by itself."""

from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from review import clock
from review.actions import questions
from review.domain.permissions import SERVICE
from tests.model.pair import Pair
from tests.model.rules import Question, Rules, refuse

WEEK = timedelta(days=7)
ANSWERS = ("At minute 3.", "In French.")


def ask(
    rules: Rules, number: int, item: int, person: int, generation: int, version: int, now: datetime
) -> None:
    """Ask the sender of an item about the case that one holds."""
    case = rules.cases[number]
    if not case.held_by(person, now) or case.generation != generation:
        refuse("claim_lost")
    if case.version != version:
        refuse("stale_version")
    if case.state != "open":
        refuse("claim_lost")
    rules.questions.append(Question(number, item, now))
    rules.items[item].events.append("item.question_asked")
    case.state, case.holder, case.until = "waiting_sender", None, None
    case.events.append("case.sender_asked")
    rules.drafts.discard((number, person))


def answer(rules: Rules, item: int, sender: int, words: str) -> None:
    """Answer what is asked about an item; the same words again change nothing."""
    if rules.referrals[rules.items[item].referral].sender != sender:
        refuse("not_found")
    asked = [question for question in rules.questions if question.item == item]
    if not asked or (asked[-1].over and asked[-1].answer != words):
        refuse("already_closed")
    if asked[-1].over:
        return
    asked[-1].over, asked[-1].answer = True, words
    case = rules.cases[asked[-1].case]
    case.state = "open"
    rules.items[item].events.append("item.answer_given")
    case.events.append("case.answer_received")


def end_questions(rules: Rules, now: datetime) -> int:
    """What waited for a week comes back; how many."""
    over = [question for question in rules.questions if not question.over and question.asked + WEEK <= now]
    for question in over:
        question.over = True
        rules.cases[question.case].state = "open"
        rules.cases[question.case].events.append("case.question_ended")
    return len(over)


class Asking(Pair):
    """What holders of cases and senders may try; a machine that claims cases mixes it in."""

    def _claim_next(self, person: int) -> bool:
        raise NotImplementedError

    def _somebody_waits(self) -> bool:
        return any(not question.over for question in self.model.questions)

    @rule(
        person=st.sampled_from([0, 0, 1]),
        number=st.integers(0, 10_000),
        fresh=st.sampled_from([True, True, True, False]),
    )
    def ask_sender(self, person: int, number: int, fresh: bool) -> None:
        """Somebody asks about a case that is held, from a form that may be too old."""
        if not self.model.held(person, clock.now()):
            self._claim_next(person)
        held = self.model.held(person, clock.now()) or list(range(len(self.model.cases)))
        place = held[number % len(held)]
        case = self.model.cases[place]
        items = [
            number
            for number, item in enumerate(self.model.items)
            if (item.case, item.status) == (place, "in_review")
        ]
        if not items:
            return
        item, version = items[number % len(items)], case.version - (not fresh)
        done = self.both(
            "ask",
            lambda: ask(self.model, place, item, person, case.generation, version, clock.now()),
            lambda: questions.ask_sender(
                self.names.cases[place],
                "At which minute is it?",
                item_id=self.names.items[item],
                claim_generation=case.generation,
                version=version,
                actor=self.people[person],
            ),
        )
        if done is not None:
            self.clock.shift(timedelta(microseconds=1))  # two questions have two times

    @precondition(lambda self: self.model.questions)
    @rule(
        number=st.integers(0, 10_000),
        right=st.sampled_from([True] * 4 + [False]),
        words=st.sampled_from(ANSWERS),
    )
    def answer(self, number: int, right: bool, words: str) -> None:
        """A sender answers: mostly what it was asked, and maybe a second time."""
        asked = [question.item for question in self.model.questions]
        item = asked[number % len(asked)] if asked and right else number % len(self.model.items)
        referral = self.model.items[item].referral
        sender = self.model.referrals[referral].sender if right else number % 3
        self.both(
            "answer",
            lambda: answer(self.model, item, sender, words),
            lambda: questions.give_answer(
                self.names.referrals[referral],
                words,
                item_id=self.names.items[item],
                actor=self.senders[sender],
            ),
        )

    @precondition(_somebody_waits)
    @rule(by=st.sampled_from([timedelta(days=1), WEEK]))
    def days_pass(self, by: timedelta) -> None:
        """Nobody answers; one turn of the loop that ends what waited for too long."""
        self.clock.shift(by)
        done = self.both(
            "end questions",
            lambda: end_questions(self.model, clock.now()),
            lambda: questions.end_questions(actor=SERVICE),
        )
        assert done is not None
        assert done[0] == done[1]
        self.seen["question ended"] += done[0]
