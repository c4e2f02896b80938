"""What the queue is narrowed to: it stands in the address, and is kept for taking the next case."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from flask import request, session, url_for
from flask_babel import lazy_gettext
from werkzeug.datastructures import MultiDict
from wtforms import Form, SelectField

from review.domain.narrowing import EVERYTHING, Narrowed
from review.domain.referral_schema import ContentType, IntakeKind
from review.web.presentation import language_name
from review.web.texts import gettext
from review.web.words import word_of

SEVERITIES = ("high", "low")
LONGEST_LANGUAGE = 40
_KEPT = "narrowed"
_COLUMNS = {"kind": "intake_kind", "severity": "severity", "type": "content_type", "language": "language"}
"""The columns of a case by the names that stand in the address."""
_OFFERED = {"kind": get_args(IntakeKind), "severity": SEVERITIES, "type": get_args(ContentType)}
_FAMILIES = {"kind": "intake", "severity": "severity", "type": "content"}


class NarrowQueue(Form):
    """The conditions of the queue; a choice that is not offered narrows nothing."""

    kind = SelectField(lazy_gettext("Kind"))
    severity = SelectField(lazy_gettext("Severity"))
    type = SelectField(lazy_gettext("Content"))
    language = SelectField(lazy_gettext("Language"))


@dataclass(frozen=True)
class Condition:
    """One condition in words, and the address of the queue without it."""

    words: str
    without: str


def asked_for() -> dict[str, str]:
    """The conditions in the address or form, by their names there."""
    return _read(request.values)


def _read(given: Mapping[str, str]) -> dict[str, str]:
    found = {name: str(given.get(name) or "") for name in _COLUMNS}
    return {name: value for name, value in found.items() if value and _is_offered(name, value)}


def _is_offered(name: str, value: str) -> bool:
    if name == "language":
        return len(value) <= LONGEST_LANGUAGE and value.isascii() and value.replace("-", "").isalnum()
    return value in _OFFERED[name]


def narrowed_by(chosen: Mapping[str, str]) -> Narrowed:
    """The same for the query."""
    return Narrowed(**{_COLUMNS[name]: value for name, value in chosen.items()})


def keep(chosen: Mapping[str, str]) -> None:
    """Let these conditions hold for the next cases too, until others are kept."""
    if chosen:
        session[_KEPT] = dict(chosen)
    else:
        session.pop(_KEPT, None)


def kept() -> dict[str, str]:
    """The conditions under which this person took the last case from the queue."""
    found = session.get(_KEPT)
    return _read(found) if isinstance(found, dict) else {}


def kept_narrowed() -> Narrowed:
    """The same for taking the next case."""
    chosen = kept()
    return narrowed_by(chosen) if chosen else EVERYTHING


def queue_address(chosen: Mapping[str, str], **more: str) -> str:
    """The address of the queue under these conditions, and from this place on."""
    given: dict[str, Any] = {**chosen, **more}
    return url_for("moderator_queue.listing", **given)


def form_of(chosen: Mapping[str, str], *, languages: tuple[str, ...]) -> NarrowQueue:
    """The form with what is chosen; ``languages`` are those of what waits."""
    form = NarrowQueue(MultiDict(chosen))
    for name, field in form._fields.items():
        if name == "language":
            wanted = {*languages, *([chosen[name]] if name in chosen else [])}
            some = [(tag, language_name(tag)) for tag in sorted(wanted)]
        else:
            some = [(code, str(word_of(code, _FAMILIES[name]))) for code in _OFFERED[name]]
        field.choices = [("", gettext("Any")), *some]  # type: ignore[attr-defined]
    return form


def conditions_of(form: NarrowQueue, chosen: Mapping[str, str]) -> Iterator[Condition]:
    """Each condition in words, with the address that takes it away."""
    for name, value in chosen.items():
        label = next(str(words) for code, words, *_rest in form[name].iter_choices() if code == value)  # type: ignore[attr-defined]
        words = gettext("%(condition)s: %(value)s", condition=form[name].label.text, value=label)
        yield Condition(words, queue_address({one: chosen[one] for one in chosen if one != name}))
