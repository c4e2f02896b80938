"""The review form: its fields, what was typed into them, and the errors that belong to each."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from flask import request
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)

from review.domain.clause_words import clause_name
from review.domain.decisions import (
    ACCOUNT_MEASURES,
    ASK,
    CONTEXTS,
    DECLINE_REASONS,
    ESCALATE,
    GROUNDS,
    OUTCOMES,
    VISIBILITIES,
)
from review.domain.drafts import LONGEST_WINDOW, WINDOW, SeenDraft
from review.errors import FieldError
from review.queries.clauses import ClauseInForce
from review.web.texts import gettext
from review.web.typed_notes import TypedNote
from review.web.words import word_of

TYPED = (
    "outcome", "ground", "decline_reason", "law", "rationale", "statement", "visibility", "account",
    "territory", "context", "over_broad", "question", "question_item",
)  # fmt: skip
"""Fields with one value each, by the names of http.md."""
NOTE = ("note", "pinned", "mention")
"""The fields of a note that is not written yet: they come along and are kept, and are no part of a review."""
MANY = ("clauses", "snippets", "also")
"""Fields with any number: clause versions, snippet versions inserted, further cases of the same referral."""

ASKING = ("outcome", "question", "question_item")
REASONS = ("rationale", "statement", "law")

Values = Mapping[str, Sequence[str]]


class ReviewForm(FlaskForm):
    """What a moderator fills in; the rules stand in `review.domain.decisions`, not here."""

    outcome = RadioField(lazy_gettext("Outcome"), validate_choice=False)
    ground = RadioField(lazy_gettext("If you accept: what does it break?"), validate_choice=False)
    clauses = SelectMultipleField(lazy_gettext("Clauses of our terms"), validate_choice=False)
    law = StringField(lazy_gettext("Law and article"))
    visibility = RadioField(lazy_gettext("What happens to the content"), validate_choice=False)
    account = SelectField(lazy_gettext("Account"), validate_choice=False)
    territory = StringField(lazy_gettext("Where"))
    decline_reason = RadioField(lazy_gettext("If you decline: the reason"), validate_choice=False)
    rationale = TextAreaField(lazy_gettext("Rationale, internal"))
    statement = TextAreaField(lazy_gettext("Statement to the senders"))
    context = SelectField(lazy_gettext("Context"), validate_choice=False)
    over_broad = BooleanField(lazy_gettext("The location stands for more than one piece of content"))
    question = TextAreaField(lazy_gettext("Question to the sender"))
    question_item = SelectField(lazy_gettext("Which item do you ask about?"), validate_choice=False)
    version = HiddenField()
    claim_generation = HiddenField()


def typed_values() -> dict[str, list[str]]:
    """What this request's form holds of the review, by field; NUL, which no database takes, is left out."""
    form = request.form
    return {
        name: [value.replace("\x00", "") for value in form.getlist(name)]
        for name in (*TYPED, *NOTE, *MANY)
        if name in form
    }


def values_of_draft(fields: Mapping[str, Any]) -> dict[str, list[str]]:
    """A stored draft in the shape of a form."""
    return {
        name: [str(entry) for entry in value] if isinstance(value, list) else [str(value)]
        for name, value in fields.items()
    }


def draft_fields(values: Values) -> dict[str, Any]:
    """What was typed in the shape of a draft."""
    return {name: list(entries) if name in MANY else entries[0] for name, entries in values.items()}


UNTOUCHED: dict[str, Any] = {"account": "none", "context": "none", "territory": "world"} | dict.fromkeys(
    ("rationale", "statement", "law", "decline_reason", "question", "note", "mention"), ""
)
"""The fields of a review form that nobody touched; beside them what is chosen beforehand for an outcome."""
BEFOREHAND = ("ground", "visibility", "question_item")


def is_new(values: Values, stored: Mapping[str, Any] | None) -> bool:
    """Whether a form holds more than an untouched one, or other words than the draft that is stored."""
    typed = draft_fields(values)
    if stored is None:
        return any(
            value != UNTOUCHED.get(name) for name, value in typed.items() if value and name not in BEFOREHAND
        )
    before = UNTOUCHED | dict(stored)
    gone = stored.keys() - typed.keys() - {WINDOW}
    return bool(gone) or any(value != before.get(name) for name, value in typed.items())


def seen_draft() -> SeenDraft | None:
    """What this request's form knows of the draft; None where it replaces it or does not say."""
    form = request.form
    if "draft" not in form or form.get("replace") == "1":
        return None
    return SeenDraft(
        form["draft"][:LONGEST_WINDOW], form.get("window", "").replace("\x00", "")[:LONGEST_WINDOW]
    )


def unsent_note(values: Values) -> TypedNote:
    """The note that is typed or kept and not written yet."""
    return TypedNote(first_of(values, "note"), first_of(values, "pinned") == "1", first_of(values, "mention"))


def draft_beside_question(values: Values) -> dict[str, Any] | None:
    """What somebody who asks the sender keeps for later: all but the question, if any reasons were typed."""
    kept = {name: entries for name, entries in values.items() if name not in ASKING}
    return draft_fields(kept) if any(first_of(values, name).strip() for name in REASONS) else None


def first_of(values: Values, name: str, default: str = "") -> str:
    """The value of a field that has one."""
    entries = values.get(name) or ()
    return entries[0] if entries else default


def review_form(
    values: Values,
    *,
    intake_kind: str,
    clauses: Sequence[ClauseInForce],
    version: int,
    claim_generation: int,
    errors: Sequence[FieldError] = (),
    may_ask: bool = True,
    items: Sequence[tuple[str, int]] = (),
) -> ReviewForm:
    """The form with what was typed, what may be chosen, and each error at its field.

    ``items``: those that a question may be about, in the order of the page, each with the number of its
    referral there; ``may_ask``: the sender or legal may be asked in this round.
    """

    first = partial(first_of, values)
    form = ReviewForm(
        formdata=None,
        **{name: first(name) for name in TYPED if name != "over_broad"},
    )
    if first("outcome") == ESCALATE:
        form.rationale.label.text = gettext("Question to legal")
    form.account.data = first("account", "none")
    form.context.data = first("context", "none")
    # what an accept mostly comes to; no outcome is chosen beforehand
    form.ground.data = first("ground", "law" if intake_kind == "removal_order" else "terms")
    form.visibility.data = first("visibility", "removed")
    form.territory.data = first("territory", "world")
    form.over_broad.data = first("over_broad") not in ("", "0")
    form.clauses.data = list(values.get("clauses") or ())
    form.version.data, form.claim_generation.data = str(version), str(claim_generation)
    form.outcome.choices = _choices("outcome", (*OUTCOMES, ASK, ESCALATE) if may_ask else OUTCOMES)
    form.ground.choices = _choices("ground", GROUNDS)
    form.visibility.choices = _choices("visibility", VISIBILITIES)
    form.account.choices = _choices("account", ACCOUNT_MEASURES)
    form.context.choices = _choices("context", CONTEXTS)
    form.decline_reason.choices = _choices("reason", DECLINE_REASONS[intake_kind])
    form.clauses.choices = [
        (clause.version_id, clause_name(clause.number, clause.title)) for clause in clauses
    ]
    form.question_item.choices = _items_to_ask(items)
    _place_errors(form, errors)
    return form


def _choices(family: str, codes: Sequence[str]) -> list[tuple[str, str]]:
    return [(code, word_of(code, family)) for code in codes]


def _items_to_ask(items: Sequence[tuple[str, int]]) -> list[tuple[str, str]]:
    """Each item by its place on the page, and by its referral where the case has several."""
    total = max((number for _item, number in items), default=0)
    found = []
    for place, (item_id, number) in enumerate(items, 1):
        words = gettext("Item %(number)s of %(count)s", number=place, count=len(items))
        if total > 1:
            words += " · " + gettext("Referral %(number)s of %(total)s", number=number, total=total)
        found.append((item_id, words))
    return found


def _place_errors(form: ReviewForm, errors: Sequence[FieldError]) -> None:
    for field in form:
        field.errors = [error.detail for error in errors if error.pointer == field.name]
