"""How is a new API key asked for, and shown once? The same for administrators and for people of a sender.

The page with the key answers the POST itself: in a redirect the key would have to travel in a cookie. A form
stands for the id of one key, so that sending it again, by a double click or a reload, issues nothing.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app, render_template, request, url_for
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectMultipleField, StringField

from review.actions import senders as sender_actions
from review.actions.senders import OF_SENDERS, KeyIssued
from review.domain.days import end_of, read_day
from review.domain.ids import id_from
from review.domain.permissions import Scope
from review.errors import FieldError, InvalidInput, ReviewError
from review.queries.sender_details import KeyShown
from review.web import guard
from review.web.texts import gettext
from review.web.typed import blame, text_of
from review.web.words import word_of

DAYS = 365
"""After how many days a key ends unless somebody says otherwise."""
_LABEL = b"referral-review/key-form/v1"


class KeyForm(FlaskForm):
    """What a key is called, what it may do, and until when; ``once`` stands for the key's id."""

    label = StringField(lazy_gettext("Label"))
    scopes = SelectMultipleField(lazy_gettext("What the key may do"), validate_choice=False)
    expires = StringField(lazy_gettext("Last day on which it works"))
    once = HiddenField()


@dataclass(frozen=True)
class KeyRow:
    """A key in a list, and where it is revoked."""

    key: KeyShown
    revoke_address: str


def blank_form(now: datetime) -> KeyForm:
    """A form for one key more: it refers and reads, for a year."""
    form = KeyForm(formdata=None)
    form.scopes.data = [Scope.READ.value, Scope.REFER.value]
    form.expires.data = (now + timedelta(days=DAYS)).date().isoformat()
    return _prepared(form)


def refused_form(error: ReviewError) -> tuple[KeyForm, tuple[str, ...]]:
    """The form as typed with its problems, and the sentences that belong to no field."""
    form = _prepared(KeyForm())
    return form, blame(form, error)


def _prepared(form: KeyForm) -> KeyForm:
    form.scopes.choices = [(scope.value, word_of(scope, "scope")) for scope in Scope if scope in OF_SENDERS]
    form.once.data = secrets.token_urlsafe(18)
    return form


def issue_key(sender_id: str) -> KeyIssued:
    """Issue the key that the form asks for; raises as `review.actions.senders.issue_key` does."""
    last_day = read_day(text_of("expires"), field="expires")
    return sender_actions.issue_key(
        sender_id,
        scopes=_scopes(),
        expires_at=None if last_day is None else end_of(last_day),
        label=text_of("label"),
        key_id=_key_id(sender_id),
        actor=guard.actor(),
    )


def _scopes() -> frozenset[Scope]:
    typed = set(request.form.getlist("scopes"))
    if not typed <= set(Scope):
        detail = gettext("Choose from the list what the key may do.")
        raise InvalidInput(detail, errors=[FieldError("scopes", "scopes_not_valid", detail)])
    return frozenset(Scope(scope) for scope in typed)


def _key_id(sender_id: str) -> str:
    """The id that this form stands for: nobody can choose it, and the same form leads to the same."""
    secret = hmac.digest(current_app.config["SECRET_KEY"].encode(), _LABEL, "sha256")
    place = f"{guard.actor().id}|{sender_id}|{text_of('once')}"
    return id_from("K", hmac.digest(secret, place.encode(errors="replace"), "sha256"))


def key_page(issued: KeyIssued, *, back_address: str, back_label: str) -> str:
    """The page that shows a key, once, with a line to try it."""
    return render_template(
        "keys/issued.html",
        issued=issued,
        may_read=Scope.READ.value in request.form.getlist("scopes"),
        address=url_for("api_referrals.listing", _external=True),
        back_address=back_address,
        back_label=back_label,
    )
