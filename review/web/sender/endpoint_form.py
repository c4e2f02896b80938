"""How is an endpoint added on a page? A form stands for the id of one, so that sent twice it adds one."""

import hmac
import secrets

from flask import current_app, request
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectMultipleField, StringField

from review.actions.endpoints import SecretShown, add_endpoint
from review.config import Settings
from review.domain.ids import id_from
from review.domain.webhooks import TOPICS
from review.errors import ReviewError
from review.web import guard
from review.web.typed import blame, text_of
from review.web.words import word_of

_LABEL = b"referral-review/endpoint-form/v1"
USUAL = ("item.question", "item.decided")
"""The topics that a blank form has ticked."""


class EndpointForm(FlaskForm):
    """Where to send messages, and about what; ``once`` stands for the endpoint's id."""

    url = StringField(lazy_gettext("Address"))
    topics = SelectMultipleField(lazy_gettext("What to be told of"), validate_choice=False)
    once = HiddenField()


def blank_form() -> EndpointForm:
    """A form for one endpoint more."""
    form = EndpointForm(formdata=None)
    form.topics.data = list(USUAL)
    return _prepared(form)


def refused_form(error: ReviewError) -> tuple[EndpointForm, tuple[str, ...]]:
    """The form as typed with its problems, and the sentences that belong to no field."""
    form = _prepared(EndpointForm())
    return form, blame(form, error)


def _prepared(form: EndpointForm) -> EndpointForm:
    form.topics.choices = [(topic, word_of(topic, "topic")) for topic in TOPICS]
    form.once.data = secrets.token_urlsafe(18)
    return form


def add_from_form() -> SecretShown:
    """Add the endpoint that the form asks for; raises as `review.actions.endpoints.add_endpoint` does."""
    settings: Settings = current_app.config["REVIEW_SETTINGS"]
    return add_endpoint(
        text_of("url"),
        [topic.replace("\x00", "") for topic in request.form.getlist("topics")],
        endpoint_id=_endpoint_id(),
        secret_key=settings.secret_key,
        networks=settings.webhook_networks,
        actor=guard.actor(),
    )


def _endpoint_id() -> str:
    """The id that this form stands for: nobody can choose it, and the same form leads to the same."""
    secret = hmac.digest(current_app.config["SECRET_KEY"].encode(), _LABEL, "sha256")
    place = f"{guard.actor().id}|{text_of('once')}"
    return id_from("J", hmac.digest(secret, place.encode(errors="replace"), "sha256"))
