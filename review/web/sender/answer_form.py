"""The form in which a sender answers what we ask about one item; a refusal keeps its words."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import TextAreaField

from review.clock import rfc3339
from review.domain.representation import OwnReferral


class AnswerForm(FlaskForm):
    """One text; the rules stand in `review.domain.questions`, not here."""

    answer = TextAreaField(lazy_gettext("Your answer"))


@dataclass(frozen=True)
class Refused:
    """An answer that was not stored: for which item and question, its words, and why."""

    item_id: str | None
    asked_at: str | None
    text: str
    reason: str


def answer_forms(referral: OwnReferral, refused: Refused | None) -> Mapping[str, AnswerForm]:
    """A form for each item of a referral that waits, by item id, the refused one with its words."""
    forms = {}
    for item in referral.items:
        if item.question is not None:
            own = refused is not None and _is_about(refused, item.id, rfc3339(item.question.asked_at))
            forms[item.id] = _form(item.id, refused if own else None)
    return forms


def lost_form(referral: OwnReferral, refused: Refused | None) -> AnswerForm | None:
    """What was typed for a question that does not wait any more, to be copied."""
    if refused is None:
        return None
    waiting = [(item.id, item.question) for item in referral.items]
    if any(question and _is_about(refused, item, rfc3339(question.asked_at)) for item, question in waiting):
        return None
    return _form("lost", refused)


def _is_about(refused: Refused, item_id: str, asked_at: str) -> bool:
    return (refused.item_id, refused.asked_at) == (item_id, asked_at)


def _form(name: str, refused: Refused | None) -> AnswerForm:
    """With an id of its own, because a page may hold several."""
    form = AnswerForm(formdata=None, answer="" if refused is None else refused.text.replace("\x00", ""))
    form.answer.id = f"answer-{name}"
    form.answer.label.field_id = form.answer.id
    form.answer.errors = () if refused is None else (refused.reason,)
    return form
