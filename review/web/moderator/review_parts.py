"""What does the review form of a case need beside its fields? Clauses to tick, and cases that go along."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from flask import request

from review import clock, db
from review.actions.companions import LeftOut, Ticked
from review.domain.ids import read_id
from review.errors import InvalidInput
from review.queries.case_content import CaseContent, referrals_of
from review.queries.cases import CaseSummary, case_summary
from review.queries.clauses import ClauseInForce, clauses_in_force
from review.queries.companions import Companion, companions_of, senders_of
from review.web import guard
from review.web.moderator.clause_choice import LONGEST_QUERY, ClauseChoice, clause_choice, with_texts
from review.web.moderator.forms import Values
from review.web.texts import gettext

LONGEST_NUMBER = 9


@dataclass(frozen=True)
class ReviewParts:
    """Beside the fields: how the clauses are offered, and which further cases of the same referral.

    ``inserted`` are the snippet versions that the form says are in it, ``also`` the cases that are ticked;
    ``gone``: cases that were ticked and are not offered any more, or not as they were.
    ``senders``: to how many the statement goes with these, ``together`` with all of them.
    """

    clauses: Sequence[ClauseInForce]
    ticked: Sequence[str]
    language: str | None
    query: str
    inserted: Sequence[str]
    companions: tuple[Companion, ...]
    also: frozenset[str]
    gone: tuple[str, ...]
    senders: int
    together: int

    @cached_property
    def choice(self) -> ClauseChoice:
        """The clauses to tick, made only where the page has not drawn them before."""
        return clause_choice(self.clauses, language=self.language, query=self.query, ticked=self.ticked)

    @property
    def draws_alike(self) -> tuple[object, ...]:
        """What the drawing of the clauses depends on while nothing is typed."""
        return (self.clauses, self.language)


def review_parts(
    summary: CaseSummary,
    content: CaseContent,
    clauses: Sequence[ClauseInForce],
    values: Values,
    *,
    beside: bool = True,
) -> ReviewParts:
    """The parts for a case that this person holds; ``beside``: whether its referrals may have other cases."""
    reader, account_id = db.session(), guard.actor().account_id
    found = companions_of(reader, summary.id, account_id=account_id, now=clock.now()) if beside else ()
    ticked = set(values.get("also") or ())
    also = frozenset(one.case_id for one in found if f"{one.case_id}:{one.version}" in ticked)
    were = (value.partition(":")[0] for value in sorted(ticked))
    gone = tuple(case_id for case_id in were if case_id not in also and read_id(case_id, "C") == case_id)
    everything = [summary.id, *(one.case_id for one in found)]
    return ReviewParts(
        clauses=clauses,
        ticked=tuple(values.get("clauses") or ()),
        language=snippet_language(summary.language, [one.language for one in content.referrals]),
        query=request.args.get("q", "")[:LONGEST_QUERY],
        inserted=tuple(values.get("snippets") or ()),
        companions=found,
        also=also,
        gone=gone,
        senders=senders_of(reader, [summary.id, *also]) if also else content.senders,
        together=senders_of(reader, everything) if found else content.senders,
    )


def snippet_language(case_language: str | None, referrals: Sequence[str | None]) -> str | None:
    """The language of what is ready-made: the one that every notice is written in, else the case's own.

    A statement is read by those who wrote the notices, whatever language the content is in.
    """
    stated = set(referrals)
    return stated.pop() if len(stated) == 1 and None not in stated else case_language


def with_ready_made(case_id: str, values: Values) -> Values:
    """What was typed, with the texts of the ticked clauses where this person holds the case."""
    reader, now = db.session(), clock.now()
    summary = case_summary(reader, case_id, account_id=guard.actor().account_id, now=now)
    if summary is None or summary.held != "yours":
        return values
    languages = [one.language for one in referrals_of(reader, case_id)]
    in_force = clauses_in_force(reader, on=now.date())
    return with_texts(values, in_force, language=snippet_language(summary.language, languages))


def typed_companions() -> list[Ticked]:
    """The further cases that a form ticks; raises `InvalidInput` for what no form of ours says."""
    found = []
    for value in request.form.getlist("also"):
        case_id, _colon, version = value.partition(":")
        known = read_id(case_id, "C") == case_id
        if not (known and version.isascii() and version.isdigit() and len(version) <= LONGEST_NUMBER):
            raise InvalidInput(
                gettext("The form came back with a case that it did not offer; tick it again.")
            )
        found.append(Ticked(case_id, int(version)))
    return found


def left_out_words(left_out: Sequence[LeftOut]) -> list[str]:
    """What became of ticked cases that were not recorded, in a sentence for each reason."""
    sentences = {
        "taken": gettext("Not recorded, because somebody else has them or they have ended: %(cases)s."),
        "changed": gettext("Not recorded, because something joined or left them meanwhile: %(cases)s."),
    }
    return [
        sentence % {"cases": ", ".join(one.case_id for one in left_out if one.why == why)}
        for why, sentence in sentences.items()
        if any(one.why == why for one in left_out)
    ]
