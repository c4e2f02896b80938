"""The forms about a sender: what stands in them, and what was typed, as the rules want it."""

import re
from collections.abc import Sequence
from dataclasses import fields as parts_of
from typing import Any

from flask import request
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, SelectField, StringField, TextAreaField

from review.domain.days import read_day
from review.domain.senders import (
    MOST_CONTACTS,
    Contact,
    FlaggerEvidence,
    Limits,
    Profile,
    SenderKind,
    read_limit,
)
from review.errors import FieldError, InvalidInput
from review.web.texts import gettext
from review.web.typed import text_of
from review.web.words import word_of

PARTS = tuple(part.name for part in parts_of(Contact))


class NewSenderForm(FlaskForm):
    """What a sender needs at first; everything else is entered on its page."""

    name = StringField(lazy_gettext("Name of the organisation"))
    kind = SelectField(lazy_gettext("Kind"), validate_choice=False)
    country = StringField(lazy_gettext("Country of its seat"))


class ProfileForm(NewSenderForm):
    """Everything of the profile; the fields of its contacts are added as there are contacts."""

    further_countries = StringField(lazy_gettext("Further countries that it refers for"))
    identity_note = TextAreaField(lazy_gettext("How its identity was verified"))
    version = HiddenField()


class LimitsForm(FlaskForm):
    """A sender's own limits."""

    requests_per_minute = StringField(lazy_gettext("Requests a minute for each key"))
    batch_lines = StringField(lazy_gettext("Lines of the largest batch"))
    version = HiddenField()


class AwardForm(FlaskForm):
    """One award of trusted-flagger status."""

    coordinator = StringField(lazy_gettext("Digital Services Coordinator that awarded it"))
    valid_from = StringField(lazy_gettext("First day"))
    valid_until = StringField(lazy_gettext("Last day"))
    reference = StringField(lazy_gettext("Reference of the award"))
    version = HiddenField()


class EndForm(FlaskForm):
    """The day on which an award ends early."""

    ended_on = StringField(lazy_gettext("Last day on which it holds"))


class TestForm(FlaskForm):
    """A key to try; a password field never shows again what was typed."""

    __test__ = False

    key = PasswordField(lazy_gettext("API key"))


def kinds() -> list[tuple[str, str]]:
    """The kinds to choose from."""
    return [(kind.value, word_of(kind, "sender")) for kind in SenderKind]


def contact_fields(places: int) -> dict[str, Any]:
    """Fields of so many contacts, each label with the number that tells equal ones apart."""
    found: dict[str, Any] = {}
    for place in range(places):
        number = {"number": place + 1}
        found |= {
            f"contact_{place}_name": StringField(gettext("Contact %(number)s: name or desk", **number)),
            f"contact_{place}_email": StringField(gettext("Contact %(number)s: e-mail", **number)),
            f"contact_{place}_telephone": StringField(gettext("Contact %(number)s: telephone", **number)),
            f"contact_{place}_out_of_hours": TextAreaField(
                gettext("Contact %(number)s: out of hours", **number)
            ),
        }
    return found


def profile_form(profile: Profile, *, version: int, places: int) -> ProfileForm:
    """The form with this profile and room for so many contacts, whatever the request holds."""
    form: ProfileForm = type("ContactsForm", (ProfileForm,), contact_fields(places))(formdata=None)
    form.kind.choices = kinds()
    form.name.data, form.kind.data, form.country.data = profile.name, profile.kind, profile.country or ""
    form.further_countries.data = ", ".join(profile.further_countries)
    form.identity_note.data, form.version.data = profile.identity_note, str(version)
    for place, contact in enumerate(profile.contacts):
        for part in PARTS:
            form[f"contact_{place}_{part}"].data = getattr(contact, part)
    return form


def places_for(contacts: Sequence[Contact]) -> int:
    """One blank place more than there are contacts."""
    return min(len(contacts) + 1, MOST_CONTACTS)


def typed_profile() -> Profile:
    """The profile in the form that was sent, contacts at their places, nothing checked."""
    return Profile(
        name=text_of("name"),
        kind=text_of("kind"),
        country=text_of("country").strip() or None,
        further_countries=tuple(code for code in re.split(r"[\s,;]+", text_of("further_countries")) if code),
        contacts=tuple(_typed_contact(place) for place in range(_typed_places())),
        identity_note=text_of("identity_note"),
    )


def _typed_places() -> int:
    """How many contacts the form that was sent had room for."""
    places = [int(found[1]) for name in request.form if (found := re.fullmatch(r"contact_(\d)_name", name))]
    return max(places, default=-1) + 1


def _typed_contact(place: int) -> Contact:
    return Contact(**{part: text_of(f"contact_{place}_{part}") for part in PARTS})


def limits_form(limits: Limits, *, version: int) -> LimitsForm:
    """The form with these limits."""
    form = LimitsForm(formdata=None)
    form.requests_per_minute.data = _number(limits.requests_per_minute)
    form.batch_lines.data = _number(limits.batch_lines)
    form.version.data = str(version)
    return form


def _number(limit: int | None) -> str:
    return "" if limit is None else str(limit)


def typed_limits() -> Limits:
    """The limits in the form that was sent; raises `InvalidInput` for both at once."""
    found: dict[str, int | None] = {}
    problems: list[FieldError] = []
    for name in ("requests_per_minute", "batch_lines"):
        try:
            found[name] = read_limit(text_of(name), field=name)
        except InvalidInput as error:
            problems += error.errors
    if problems:
        raise InvalidInput(problems[0].detail, errors=problems)
    return Limits(**found)


def typed_award() -> FlaggerEvidence:
    """The award in the form that was sent; raises `InvalidInput` where a day is none or missing."""
    valid_from = read_day(text_of("valid_from"), field="valid_from")
    valid_until = read_day(text_of("valid_until"), field="valid_until")
    if valid_from is None:
        detail = gettext("Give the first day of the status.")
        raise InvalidInput(detail, errors=[FieldError("valid_from", "day_missing", detail)])
    return FlaggerEvidence(
        text_of("coordinator"), valid_from, valid_until, text_of("reference").strip() or None
    )
