"""The forms about a message that came by e-mail: what stands in them, and what was typed."""

from collections.abc import Sequence

from flask import request
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField

from review.domain.categories import CATEGORIES
from review.domain.display import visible
from review.domain.emailed import LONGEST_REASON, FoundAddress, IdentityCheck, IdentityWay, Statement
from review.queries.emailed import EmailedShown
from review.web.texts import gettext
from review.web.typed import text_of
from review.web.words import word_of

KINDS = ("referral", "notice")
"""What may come by e-mail; removal orders are not taken yet."""
URGENCIES = ("normal", "threat_to_life")
LONGEST_NAME = 200


class ConfirmForm(FlaskForm):
    """What a person states of a message; the rules stand in `review.domain.emailed`, not here."""

    sender_id = SelectField(lazy_gettext("Sender"), validate_choice=False)
    identity_way = RadioField(lazy_gettext("How the sender's identity was verified"), validate_choice=False)
    identity_words = TextAreaField(lazy_gettext("Who verified what, and when"))
    intake_kind = RadioField(lazy_gettext("Kind"), validate_choice=False)
    urgency = RadioField(lazy_gettext("Urgency"), validate_choice=False)
    urls = SelectMultipleField(lazy_gettext("Addresses in the message"), validate_choice=False)
    more_urls = TextAreaField(lazy_gettext("Further addresses, one a line"))
    reason = TextAreaField(lazy_gettext("Reason given"))
    category = SelectField(lazy_gettext("Category claimed"), validate_choice=False)
    reference = StringField(lazy_gettext("Reference of the sender"))
    issuing_authority = StringField(lazy_gettext("Issuing authority"))
    issuing_country = StringField(lazy_gettext("Its country"))
    contact_name = StringField(lazy_gettext("Contact: name"))
    contact_email = StringField(lazy_gettext("Contact: e-mail"))
    good_faith = BooleanField(lazy_gettext("The sender states that this is accurate and complete"))


class RefuseForm(FlaskForm):
    """Why a message does not become a referral."""

    refusal = TextAreaField(lazy_gettext("Why it does not become a referral"))


def confirm_form(
    email: EmailedShown, found: Sequence[FoundAddress], senders: Sequence[tuple[str, str]]
) -> ConfirmForm:
    """The form with what the message suggests; sender and identity are for the person to say."""
    form = ConfirmForm(formdata=None)
    name, address = email.facts.written_by
    form.intake_kind.data, form.urgency.data = KINDS[0], URGENCIES[0]
    form.urls.data = [one.url for one in found if one.own]
    form.reason.data = visible(email.facts.text)[:LONGEST_REASON]  # what is read is what is stored
    form.contact_name.data, form.contact_email.data = visible(name)[:LONGEST_NAME], visible(address)[:254]
    return with_choices(form, found, senders)


def typed_form(found: Sequence[FoundAddress], senders: Sequence[tuple[str, str]]) -> ConfirmForm:
    """The form as it was sent."""
    return with_choices(ConfirmForm(), found, senders)


def with_choices(
    form: ConfirmForm, found: Sequence[FoundAddress], senders: Sequence[tuple[str, str]]
) -> ConfirmForm:
    """Give the form what there is to choose from."""
    form.sender_id.choices = [("", gettext("Choose")), *senders]
    form.identity_way.choices = [(way.value, word_of(way, "identity")) for way in IdentityWay]
    form.intake_kind.choices = [(kind, word_of(kind, "intake")) for kind in KINDS]
    form.urgency.choices = [(urgency, word_of(urgency, "urgency")) for urgency in URGENCIES]
    form.urls.choices = [(one.url, one.url) for one in found]
    named = sorted((_category_name(category), category) for category in CATEGORIES)
    form.category.choices = [("", gettext("None stated")), *((code, name) for name, code in named)]
    return form


def _category_name(category: str) -> str:
    """A category in words, as the page of a case shows it."""
    return category.removeprefix("STATEMENT_CATEGORY_").replace("_", " ").capitalize()


def typed_statement(email_id: str) -> Statement:
    """What the form that was sent states; without a reference the message's own id is one."""
    more = (line.strip() for line in text_of("more_urls").splitlines())
    chosen = (url.replace("\x00", "") for url in request.form.getlist("urls"))
    return Statement(
        reference=text_of("reference").strip() or email_id,
        intake_kind=text_of("intake_kind"),
        urgency=text_of("urgency"),
        reason=text_of("reason").replace("\r\n", "\n").strip(),
        category=text_of("category"),
        issuing_authority=text_of("issuing_authority").strip(),
        issuing_country=text_of("issuing_country").strip().upper(),
        contact_name=text_of("contact_name").strip(),
        contact_email=text_of("contact_email").strip(),
        good_faith=bool(text_of("good_faith")),
        urls=tuple(url for url in (*chosen, *more) if url),
    )


def typed_identity() -> IdentityCheck:
    """How the form that was sent says the identity was verified."""
    words = text_of("identity_words").replace("\r\n", "\n").strip()
    return IdentityCheck(text_of("identity_way"), words)
