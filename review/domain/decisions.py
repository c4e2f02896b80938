"""What does a review have to say? The rules of the review form, and the answer that follows from it."""

import re
from calendar import monthrange
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from review.clock import rfc3339
from review.domain.outward import name_in, own_id_in
from review.domain.own_sentence import LEAST_WORDS, is_a_sentence, length_of
from review.domain.representation import json_bytes
from review.domain.snippets import KINDS, Snippet, own_words, stands_in, weight
from review.domain.written import LIKE_ERASED, is_like_erased
from review.errors import FieldError, InvalidReview

LONGEST_RATIONALE: Final = 20_000
LONGEST_STATEMENT: Final = 5_000
LONGEST_LAW: Final = 500
LONGEST_TERRITORY: Final = 200
MOST_CLAUSES: Final = 100
LEAST_OWN_WORDS: Final = 20
"""Characters of rationale beyond any snippet that an accept needs: friction against rubber stamps."""
COMPLAINT_MONTHS: Final = 6
"""DSA, Article 20(1): complaints for at least six months after the decision."""

OUTCOMES: Final = ("accepted", "declined")
ASK: Final = "ask"
ESCALATE: Final = "escalate"
"""What the form offers beside the outcomes of a review: questions to a sender and to legal, no reviews."""
GROUNDS: Final = ("terms", "law")
VISIBILITIES: Final = (
    "none", "removed", "disabled", "demoted", "age_restricted", "interaction_restricted", "labelled",
)  # fmt: skip
ACCOUNT_MEASURES: Final = ("none", "suspended", "terminated")
CONTEXTS: Final = ("none", "journalism", "research", "art", "counter_terrorism")
_VOLUNTARY_REASONS: Final = (
    "no_breach", "insufficient_information", "not_found", "already_removed", "not_ours",
)  # fmt: skip
DECLINE_REASONS: Final[dict[str, tuple[str, ...]]] = {
    "referral": _VOLUNTARY_REASONS,
    "notice": _VOLUNTARY_REASONS,
    "removal_order": ("manifest_error", "insufficient_information", "impossible"),
}
_COUNTRIES: Final = re.compile(r"[A-Z]{2}(,[A-Z]{2})*")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class ReviewInput:
    """One person's evaluation as the form gives it; members that the outcome does not need are empty.

    ``clauses`` are clause-version ids, ``snippets`` the ids of those versions that were inserted;
    ``visibility`` is None for no restriction; ``territory`` is ``world``, ``EU`` or country codes with
    commas.
    """

    outcome: str
    ground: str | None = None
    decline_reason: str | None = None
    clauses: tuple[str, ...] = ()
    law: str | None = None
    rationale: str = ""
    statement: str = ""
    visibility: str | None = None
    account: str = "none"
    territory: str = "world"
    context: str = "none"
    over_broad: bool = False
    snippets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewFacts:
    """What the rules need to know of the case: its kind, our clause versions in force, and who refers.

    ``registered``, the names of all senders, and ``sender_names``, of those whom the case names beside, are
    looked for in parts too; ``sender_references``, of this case, only as a whole. ``snippets``: what is
    ready-made for the clauses that the review names, or was inserted into it. ``ready_made``: every text that
    is no sentence of one's own, ready-made ones and the wording of those clauses. ``colleague``: a pseudonym
    or e-mail address of somebody of the desk that the statement holds. ``complained``: the review answers
    complaints, so that it needs a statement whatever its outcome (DSA, Article 20(5)).
    """

    intake_kind: str
    clauses_in_force: Collection[str]
    sender_names: Collection[str]
    sender_references: Collection[str] = ()
    registered: frozenset[str] = frozenset()
    snippets: Collection[Snippet] = ()
    ready_made: Collection[str] = ()
    colleague: str | None = None
    complained: bool = False


def check_review(review: ReviewInput, *, facts: ReviewFacts) -> None:
    """Raise `InvalidReview` with every rule of the form that this review breaks."""
    errors = [
        *_outcome_errors(review, facts),
        *_text_errors(review, facts),
        *_left_over_errors(review, facts),
        *_name_errors(review, facts),
    ]
    if errors:
        raise InvalidReview("The review is not recorded yet; correct what is marked.", errors=errors)


def read_review(values: Mapping[str, Sequence[str]]) -> ReviewInput:
    """The form's values by field, with what the chosen outcome does not need left out; nothing is checked."""

    def text(name: str, default: str = "") -> str:
        given = values.get(name) or ()
        return (given[0] if given else "").replace("\r\n", "\n").strip() or default

    outcome = text("outcome")
    accepted = outcome == "accepted"
    ground = text("ground") if accepted else ""
    visibility = text("visibility", "none") if accepted else "none"
    clauses = dict.fromkeys(entry.strip() for entry in values.get("clauses") or () if entry.strip())
    snippets = tuple(dict.fromkeys(values.get("snippets") or ()))
    return ReviewInput(
        outcome=outcome,
        ground=ground or None,
        decline_reason=(text("decline_reason") or None) if outcome == "declined" else None,
        clauses=tuple(clauses) if ground == "terms" else (),
        law=(text("law") or None) if ground == "law" else None,
        rationale=text("rationale"),
        statement=text("statement"),
        visibility=None if visibility == "none" else visibility,
        account=text("account", "none") if accepted else "none",
        territory=_territory(text("territory", "world")) if accepted else "world",
        context=text("context", "none"),
        over_broad=text("over_broad").lower() in ("1", "true", "yes", "y", "on"),
        snippets=snippets if ground == "terms" or outcome == "declined" else (),
    )


def _territory(text: str) -> str:
    if text.lower() == "world":
        return "world"
    return ",".join(part for part in re.split(r"[\s,;]+", text.upper()) if part)


def _outcome_errors(review: ReviewInput, facts: ReviewFacts) -> list[FieldError]:
    if review.outcome not in OUTCOMES:
        return [FieldError("outcome", "missing", "Choose one of the outcomes.")]
    errors = [] if review.context in CONTEXTS else [_not_listed("context")]
    if review.outcome == "accepted":
        return errors + _accept_errors(review, facts)
    if review.decline_reason is None:
        errors.append(FieldError("decline_reason", "missing", "Say why you decline."))
    elif review.decline_reason not in DECLINE_REASONS[facts.intake_kind]:
        errors.append(_not_listed("decline_reason"))
    return errors


def _accept_errors(review: ReviewInput, facts: ReviewFacts) -> list[FieldError]:
    errors = []
    if review.ground not in GROUNDS:
        errors.append(FieldError("ground", "missing", "Say whether it breaks our terms or the law."))
    errors += _clause_errors(review, facts)
    if review.ground == "law" and not review.law:
        errors.append(FieldError("law", "missing", "Name the law and its article."))
    if (review.visibility or "none") not in VISIBILITIES:
        errors.append(_not_listed("visibility"))
    if review.account not in ACCOUNT_MEASURES:
        errors.append(_not_listed("account"))
    if review.visibility is None and review.account == "none":
        detail = "Choose what happens: a restriction of the content or a measure against the account."
        errors.append(FieldError("visibility", "missing", detail))
    known = review.territory == "world" or _COUNTRIES.fullmatch(review.territory)
    if not known or len(review.territory) > LONGEST_TERRITORY:
        detail = "Write world, EU, or two-letter country codes with commas, such as BE, DE."
        errors.append(FieldError("territory", "not_a_territory", detail))
    return errors


def _clause_errors(review: ReviewInput, facts: ReviewFacts) -> list[FieldError]:
    if review.ground != "terms":
        return []
    if not review.clauses:
        return [FieldError("clauses", "missing", "Tick at least one clause that the content breaks.")]
    if len(review.clauses) > MOST_CLAUSES:
        return [FieldError("clauses", "too_many", f"Tick at most {MOST_CLAUSES} clauses.")]
    if any(clause not in facts.clauses_in_force for clause in review.clauses):
        detail = "A clause you ticked is not in force (any more); tick one from the list below."
        return [FieldError("clauses", "not_in_force", detail)]
    return []


def _text_errors(review: ReviewInput, facts: ReviewFacts) -> list[FieldError]:
    errors = []
    for field, text, longest in (
        ("rationale", review.rationale, LONGEST_RATIONALE),
        ("statement", review.statement, LONGEST_STATEMENT),
        ("law", review.law or "", LONGEST_LAW),
    ):
        if len(text) > longest:
            detail = f"Write at most {longest} characters; these are {len(text)}."
            errors.append(FieldError(field, "too_long", detail))
        elif _CONTROL.search(text):
            errors.append(FieldError(field, "control_character", "Remove the control characters."))
        elif is_like_erased(text):
            errors.append(FieldError(field, "like_erased", LIKE_ERASED))
    if not weight(review.rationale):
        detail = "Write why you decide so; the rationale stays in the house."
        errors.append(FieldError("rationale", "missing", detail))
    elif review.outcome == "accepted":
        errors += _own_errors(review, facts)
    outward = review.outcome == "accepted" or review.decline_reason == "no_breach" or facts.complained
    if outward and not weight(review.statement):
        detail = "Write the reasons that the senders are told."
        errors.append(FieldError("statement", "missing", detail))
    return errors


def _left_over_errors(review: ReviewInput, facts: ReviewFacts) -> list[FieldError]:
    """A ready-made text says that a clause is broken; left over in a decline it would tell the opposite."""
    if review.outcome != "declined":
        return []
    detail = "The ready-made text of a clause still stands here: take it out, or accept."
    left = {one.kind for one in facts.snippets if stands_in(getattr(review, one.kind), one.text)}
    return [FieldError(kind, "ready_made_left_over", detail) for kind in KINDS if kind in left]


def _name_errors(review: ReviewInput, facts: ReviewFacts) -> list[FieldError]:
    """The statement goes to every sender of the case, so it names nobody who refers and nothing of ours."""
    name = name_in(
        review.statement,
        names=facts.sender_names,
        references=facts.sender_references,
        registered=facts.registered,
    )
    if name is not None:
        detail = f"A statement names nobody who refers, whether of this case or not: take out “{name}”."
        return [FieldError("statement", "names_sender", detail)]
    if facts.colleague is not None:
        detail = f"Senders never learn who works here: take out “{facts.colleague}”, or write “we”."
        return [FieldError("statement", "names_staff", detail)]
    own_id = own_id_in(review.statement)
    if own_id is not None:
        detail = f"The statement goes to every sender of this case: take out our id “{own_id}”."
        return [FieldError("statement", "names_own_id", detail)]
    return []


def _not_listed(field: str) -> FieldError:
    return FieldError(field, "not_in_list", "Choose one of the list.")


def _own_errors(review: ReviewInput, facts: ReviewFacts) -> list[FieldError]:
    """An accept needs a sentence of the moderator's own."""
    own = own_words(review.rationale, [*(snippet.text for snippet in facts.snippets), *facts.ready_made])
    beside = ""
    if len(own) < weight(review.rationale):
        beside = " beside the ready-made text, whose words do not count, in whatever order they stand,"
    if length_of(own) < LEAST_OWN_WORDS:
        needed = f"({LEAST_OWN_WORDS} characters)"
        code = "too_short"
    elif not is_a_sentence(own):
        needed = f"with {LEAST_WORDS} different words"
        code = "no_sentence"
    else:
        return []
    detail = f"Write at least one sentence of your own {needed}{beside} when you accept."
    return [FieldError("rationale", code, detail)]


def inserted_snippets(review: ReviewInput, snippets: Collection[Snippet]) -> tuple[str, ...]:
    """The versions among these that the form says were inserted, or whose text stands in their field.

    None where no clause is named.
    """
    if review.ground != "terms":
        return ()
    texts = {"rationale": review.rationale, "statement": review.statement}
    found = (
        snippet.version_id
        for snippet in snippets
        if snippet.version_id in review.snippets or stands_in(texts[snippet.kind], snippet.text)
    )
    return tuple(sorted(set(found)))


def form_fields(review: ReviewInput) -> dict[str, Any]:
    """The review as the form's fields, for a draft."""
    return {
        "outcome": review.outcome,
        "ground": review.ground or "",
        "decline_reason": review.decline_reason or "",
        "clauses": list(review.clauses),
        "law": review.law or "",
        "rationale": review.rationale,
        "statement": review.statement,
        "visibility": review.visibility or "none",
        "account": review.account,
        "territory": review.territory,
        "context": review.context,
        "over_broad": "1" if review.over_broad else "",
        "snippets": list(review.snippets),
    }


def complaint_until(decided_at: datetime) -> datetime:
    """The last moment to complain: six months later (DSA, Article 20(1)), on the month's last day at most."""
    months = decided_at.month - 1 + COMPLAINT_MONTHS
    year, month = decided_at.year + months // 12, months % 12 + 1
    return decided_at.replace(year=year, month=month, day=min(decided_at.day, monthrange(year, month)[1]))


def answer_bytes(
    review: ReviewInput,
    *,
    clauses: Sequence[Mapping[str, str | int]],
    decided_at: datetime,
    superseded: tuple[str, datetime] | None = None,
) -> bytes:
    """What the sender of an item is told: the decided members of http.md as JSON, nothing about people.

    ``clauses``: number, version, title and text as worded now. ``superseded``: outcome and time of the
    decision that this one reverses.
    """
    answer: dict[str, Any] = {"outcome": review.outcome}
    if review.outcome == "accepted":
        answer["ground"] = review.ground
    else:
        answer["decline_reason"] = review.decline_reason
    answer |= {
        "clauses": [dict(clause) for clause in clauses],
        "statement": review.statement,
        "restriction": _restriction(review, decided_at),
        "decided_at": rfc3339(decided_at),
        "implemented_at": None,
        "complaint_until": rfc3339(complaint_until(decided_at)),
    }
    if superseded is not None:
        answer["supersedes"] = {"outcome": superseded[0], "decided_at": rfc3339(superseded[1])}
    return json_bytes(answer)


def _restriction(review: ReviewInput, decided_at: datetime) -> dict[str, str | None] | None:
    """The measure, beginning at dispatch and without end in version 1."""
    if review.outcome != "accepted":
        return None
    return {
        "visibility": review.visibility,
        "account": review.account,
        "territory": review.territory,
        "starts_at": rfc3339(decided_at),
        "ends_at": None,
    }
