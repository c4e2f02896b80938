"""The form of one referral: its fields, what is filled in beforehand, and the body that it stands for."""

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from flask import current_app, request
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    MultipleFileField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)

from review.domain.categories import CATEGORIES
from review.domain.ids import id_from
from review.domain.referral_schema import ContentType
from review.domain.removal_order import ORDER_FIELDS, OrderField
from review.domain.senders import Contact, Profile
from review.web import appearance, guard
from review.web.sender.refer_files import Chosen
from review.web.texts import gettext
from review.web.typed import text_of
from review.web.words import word_of

KINDS: Final = ("referral", "notice")
ORDER: Final = "removal_order"
URGENCIES: Final = ("normal", "threat_to_life")
CONTENT_TYPES: Final[tuple[str, ...]] = ContentType.__args__  # type: ignore[attr-defined]
_PLACE: Final = b"referral-review/refer-form/v1"
_FORMS: Final = {
    "line": StringField,
    "email": StringField,
    "country": StringField,
    "time": StringField,
    "text": TextAreaField,
    "choice": RadioField,
    "choices": SelectMultipleField,
    "tick": BooleanField,
}


class ReferForm(FlaskForm):
    """What a sender says of one referral; the rules stand in `review.domain`, not here.

    Beside these it has a field for each line of Annex I (`ORDER_FIELDS`), added below. ``once`` stands for
    the reference of a form that gives none.
    """

    intake_kind = RadioField(lazy_gettext("Kind"), validate_choice=False)
    urls = TextAreaField(lazy_gettext("Addresses, one a line"))
    content_type = SelectField(lazy_gettext("What stands there"), validate_choice=False)
    content_language = StringField(lazy_gettext("Language of the content"))
    description = TextAreaField(lazy_gettext("What there is to see, and where in it"))
    reason = TextAreaField(lazy_gettext("Why you refer this"))
    category = SelectField(lazy_gettext("Category"), validate_choice=False)
    urgency = RadioField(lazy_gettext("Urgency"), validate_choice=False)
    legal_basis = StringField(lazy_gettext("The law you see broken"))
    issuing_authority = StringField(lazy_gettext("Issuing authority, where that is not you"))
    issuing_country = StringField(lazy_gettext("Its country"))
    contact_name = StringField(lazy_gettext("Name of the contact"))
    contact_email = StringField(lazy_gettext("E-mail of the contact"))
    reference = StringField(lazy_gettext("Your reference"))
    kept = SelectMultipleField(lazy_gettext("Files that are kept for this form"), validate_choice=False)
    files = MultipleFileField(lazy_gettext("Files"))
    good_faith = BooleanField(
        lazy_gettext("I believe in good faith that what I say here is accurate and complete")
    )
    once = HiddenField()


def order_name(field: OrderField) -> str:
    """The name of the form's field for a line of Annex I."""
    return f"order_{field.member}"


def _add_order_fields() -> None:
    for field in ORDER_FIELDS:
        limits: dict[str, Any] = {"validate_choice": False} if field.choices else {}
        setattr(ReferForm, order_name(field), _FORMS[field.form](lazy_gettext(field.label), **limits))


_add_order_fields()


def blank_form(profile: Profile, person: Contact, *, kind: str, may_order: bool) -> ReferForm:
    """A form for one referral more, with what we know of who sends it."""
    form = ReferForm(formdata=None)
    first = profile.contacts[0] if profile.contacts else Contact()
    form.intake_kind.data = kind if kind in KINDS or (kind == ORDER and may_order) else KINDS[0]
    form.urgency.data = URGENCIES[0]
    form.contact_name.data = first.name or person.name
    form.contact_email.data = first.email or person.email
    form["order_issuing_state"].data = profile.country or ""
    form["order_authority_name"].data = profile.name
    form["order_email"].data = first.email or person.email
    return prepared(form, (), may_order=may_order)


def typed_form(kept: Sequence[Chosen], *, may_order: bool) -> ReferForm:
    """The form as it was sent, with the files that are kept for it."""
    return prepared(ReferForm(), kept, may_order=may_order)


def prepared(form: ReferForm, kept: Sequence[Chosen], *, may_order: bool) -> ReferForm:
    """Give a form what there is to choose from; only of authorities the kind that they alone may send."""
    kinds = (*KINDS, ORDER) if may_order else KINDS
    form.intake_kind.choices = [(kind, _kind_words()[kind]) for kind in kinds]
    form.urgency.choices = [(urgency, word_of(urgency, "urgency")) for urgency in URGENCIES]
    named = [(code, word_of(code, "content")) for code in CONTENT_TYPES]
    form.content_type.choices = [("", gettext("Not stated")), *named]
    form.category.choices = [("", gettext("None stated")), *_categories()]
    form.kept.choices = [(one.token, one.words) for one in kept]
    form.kept.data = [one.token for one in kept]
    form.once.data = form.once.data or new_once()
    for field in ORDER_FIELDS:
        if field.choices:
            own = form[order_name(field)]
            own.choices = [(code, gettext(words)) for code, words in field.choices.items()]
    return form


def new_once() -> str:
    """What stands for one new form."""
    return secrets.token_urlsafe(18)


def _kind_words() -> dict[str, str]:
    return {
        "referral": gettext("Referral: to be judged by our own terms; voluntary, without a legal deadline"),
        "notice": gettext("Notice of illegal content (Article 16 DSA)"),
        ORDER: gettext("Removal order (Article 3 of Regulation (EU) 2021/784): due within one hour"),
    }


def _categories() -> list[tuple[str, str]]:
    """Categories of the DSA Transparency Database, each with its keywords behind it."""
    found = []
    for category in sorted(CATEGORIES, key=_words):
        found.append((category, _words(category)))
        for keyword in sorted(CATEGORIES[category], key=_words):
            found.append((f"{category} {keyword}", f"{_words(category)}: {_words(keyword)}"))
    return found


def _words(code: str) -> str:
    """A category or keyword in words, as the page of a case shows it."""
    plain = code.removeprefix("STATEMENT_CATEGORY_").removeprefix("KEYWORD_")
    return plain.replace("_", " ").capitalize()


def made_reference() -> str:
    """The reference of a form that gives none: the same form has the same one, and nobody chooses it."""
    secret = hmac.digest(current_app.config["SECRET_KEY"].encode(), _PLACE, "sha256")
    place = f"{guard.actor().sender_id}|{guard.actor().id}|{text_of('once')}"
    return id_from("F", hmac.digest(secret, place.encode(errors="replace"), "sha256"))


def body_of_form(kept: Sequence[Chosen]) -> dict[str, Any]:
    """The referral that the form stands for, as a program would send it (http.md); blanks are left out."""
    kind = text_of("intake_kind")
    category, _, keyword = text_of("category").partition(" ")
    body = _given(
        reference=_line("reference") or made_reference(),
        intake_kind=kind,
        transmitted_via="form",
        reason=_lines("reason"),
        category=category,
        keyword=keyword,
        urgency=text_of("urgency"),
        legal_basis=_line("legal_basis"),
        issuing_authority=_line("issuing_authority"),
        issuing_country=_line("issuing_country").upper(),
        contact=_given(name=_line("contact_name"), email=_line("contact_email")),
        good_faith=bool(text_of("good_faith")),
    )
    if kind == ORDER:
        body["order"] = _order()
    if kind == "notice":
        body.setdefault("contact", {})  # what is missing of it is told at each of its fields
    item = _given(
        content_type=text_of("content_type"),
        language=_line("content_language"),
        description=_lines("description"),
    )
    body["items"] = [{"url": url} | item for url in addresses()]
    if body["items"] and kept:  # files go with the first address, as the page says
        body["items"][0]["evidence"] = [one.as_evidence() for one in kept]
    return body


def addresses() -> list[str]:
    """The addresses that were typed, one a line."""
    return [line.strip() for line in text_of("urls").splitlines() if line.strip()]


def _order() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in ORDER_FIELDS:
        name = order_name(field)
        if field.form == "choices":
            found[field.member] = [one.replace("\x00", "") for one in request.form.getlist(name)]
        elif field.form == "time":
            found[field.member] = moment_typed(_line(name))
        elif field.form == "tick":
            found[field.member] = bool(text_of(name))
        else:
            text = _lines(name) if field.form == "text" else _line(name)
            found[field.member] = text.upper() if field.form == "country" else text
    return _given(**found)


def moment_typed(text: str) -> str:
    """A date and time of day as a browser gives it, in the reader's zone; what has a zone stays as it is."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    if moment.tzinfo is not None or "T" not in text:
        return text
    try:
        return moment.replace(tzinfo=appearance.current().zone).isoformat(timespec="seconds")
    except OverflowError:
        return text


def _given(**members: Any) -> dict[str, Any]:
    """Those that are not blank, unticked or empty."""
    return {name: value for name, value in members.items() if value not in ("", False, [], {})}


def _line(name: str) -> str:
    return text_of(name).strip()


def _lines(name: str) -> str:
    return text_of(name).replace("\r\n", "\n").strip()


def fields_of(form: ReferForm) -> list[tuple[str, str]]:
    """Everything that was typed, as hidden fields carry it on; files by what stands for them."""
    left_out = {"csrf_token", "files", "kept"}
    names = [field.name for field in form if field.name not in left_out]
    typed = [(name, value.replace("\x00", "")) for name in names for value in request.form.getlist(name)]
    return [*typed, *(("kept", str(token)) for token in form.kept.data or ())]


def field_named(form: ReferForm, name: str) -> Field | None:
    """The field of that name, if there is one."""
    return next((field for field in form if field.name == name), None)
