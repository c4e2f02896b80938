"""What may be entered of a sender: its profile, whom to reach there, dated evidence, its own limits.

Every check tells all problems at once; a problem's pointer is the name of its field in the form.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final

from review.domain.countries import COUNTRIES
from review.domain.emails import email_key
from review.errors import FieldError, InvalidInput
from review.setting_table import MOST_REQUESTS

MOST_CONTACTS: Final = 10
MOST_COUNTRIES: Final = 60
MOST_BATCH_LINES: Final = 100_000
"""Lines of one batch for every sender that has no smaller limit of its own."""
LONGEST_NAME: Final = 200
LONGEST_LABEL: Final = 100
LONGEST_NOTE: Final = 2_000
_TELEPHONE = re.compile(r"(?=(?:[^0-9]*[0-9]){3})[0-9A-Za-z+()/. -]{3,60}")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class SenderKind(StrEnum):
    """What an organisation is; trusted-flagger status is dated evidence beside it, never assumed from it."""

    IRU = "iru"
    COMPETENT_AUTHORITY = "competent_authority"
    TRUSTED_FLAGGER = "trusted_flagger"
    CIVIL_SOCIETY = "civil_society"
    OTHER = "other"


@dataclass(frozen=True)
class Contact:
    """Somebody to reach at a sender; ``out_of_hours`` says how at night and on holidays."""

    name: str = ""
    email: str = ""
    telephone: str = ""
    out_of_hours: str = ""

    def as_dict(self) -> dict[str, str]:
        """The shape in which contacts are stored and committed to."""
        return asdict(self)

    @property
    def is_blank(self) -> bool:
        """Whether nothing is entered."""
        return not any(part.strip() for part in asdict(self).values())


@dataclass(frozen=True)
class Profile:
    """What is known of a sender beside its status, limits and keys.

    ``country`` is that of its seat; ``further_countries`` are others that it refers for.
    """

    name: str
    kind: str
    country: str | None = None
    further_countries: tuple[str, ...] = ()
    contacts: tuple[Contact, ...] = ()
    identity_note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain values by name, as events commit to them."""
        return asdict(self) | {
            "further_countries": list(self.further_countries),
            "contacts": [contact.as_dict() for contact in self.contacts],
        }


@dataclass(frozen=True)
class Limits:
    """A sender's own limits; None leaves it at what the settings say."""

    requests_per_minute: int | None = None
    batch_lines: int | None = None


@dataclass(frozen=True)
class FlaggerEvidence:
    """The award of trusted-flagger status (DSA Art. 22): by which coordinator, from and until which day."""

    coordinator: str
    valid_from: date
    valid_until: date | None
    reference: str | None = None


@dataclass
class _Problems:
    """What is wrong with an entry, field by field."""

    found: list[FieldError] = field(default_factory=list)

    def add(self, pointer: str, code: str, detail: str) -> None:
        self.found.append(FieldError(pointer, code, detail))

    def words(self, pointer: str, text: str, *, what: str, most: int = LONGEST_NAME) -> str:
        """One line of printable words, blanks folded."""
        text = " ".join(text.split())
        if not text or len(text) > most or not text.isprintable():
            self.add(pointer, "words_not_valid", f"Give {what} in 1 to {most} printable characters.")
        return text

    def note(self, pointer: str, text: str, *, what: str) -> str:
        """Some lines of text, or none."""
        text = text.replace("\r\n", "\n").strip()
        if len(text) > LONGEST_NOTE or _CONTROL.search(text):
            self.add(
                pointer,
                "note_not_valid",
                f"Write {what} in at most {LONGEST_NOTE} characters, without control characters.",
            )
        return text

    def country(self, pointer: str, text: str) -> str:
        code = text.strip().upper()
        if not text.isascii() or code not in COUNTRIES:
            self.add(
                pointer,
                "country_not_valid",
                "Give the country as two letters (ISO 3166-1), for example BE.",
            )
        return code

    def raise_if_any(self) -> None:
        if self.found:
            raise InvalidInput(self.found[0].detail, errors=self.found)


def checked_profile(profile: Profile) -> Profile:
    """The profile as it is stored: blanks folded, codes in capitals, blank contacts left out.

    Raises `InvalidInput` with a problem for each field that breaks a rule.
    """
    problems = _Problems()
    if profile.kind not in set(SenderKind):
        listed = ", ".join(SenderKind)
        problems.add("kind", "kind_not_valid", f"The kind of a sender is one of: {listed}.")
    country = None if not profile.country else problems.country("country", profile.country)
    checked = Profile(
        name=problems.words("name", profile.name, what="the organisation's name"),
        kind=profile.kind,
        country=country,
        further_countries=_countries(problems, profile.further_countries, seat=country),
        contacts=_contacts(problems, profile.contacts),
        identity_note=problems.note("identity_note", profile.identity_note, what="the note"),
    )
    problems.raise_if_any()
    return checked


def _countries(problems: _Problems, codes: Sequence[str], *, seat: str | None) -> tuple[str, ...]:
    if len(codes) > MOST_COUNTRIES:
        problems.add("further_countries", "too_many", f"Give at most {MOST_COUNTRIES} countries.")
        return ()
    wrong = _Problems()
    found = {wrong.country("further_countries", code) for code in codes}
    problems.found += wrong.found[:1]
    return tuple(sorted(found - {seat}))


def _contacts(problems: _Problems, contacts: Sequence[Contact]) -> tuple[Contact, ...]:
    if sum(not contact.is_blank for contact in contacts) > MOST_CONTACTS:
        problems.add("contact_0_name", "too_many", f"Enter at most {MOST_CONTACTS} contacts.")
    return tuple(
        _contact(problems, contact, place=place)
        for place, contact in enumerate(contacts)
        if not contact.is_blank
    )


def _contact(problems: _Problems, contact: Contact, *, place: int) -> Contact:
    name = problems.words(f"contact_{place}_name", contact.name, what="the contact's name or desk")
    email, telephone = contact.email.strip(), " ".join(contact.telephone.split())
    if email and not email_key(email):
        detail = "This is not an e-mail address; write it like person@desk.example."
        problems.add(f"contact_{place}_email", "email_not_valid", detail)
    if telephone and _TELEPHONE.fullmatch(telephone) is None:
        detail = "Write the telephone number with digits, for example +32 2 555 01 00."
        problems.add(f"contact_{place}_telephone", "telephone_not_valid", detail)
    if not email and not telephone:
        detail = "Give this contact an e-mail address or a telephone number."
        problems.add(f"contact_{place}_email", "contact_unreachable", detail)
    out_of_hours = problems.note(f"contact_{place}_out_of_hours", contact.out_of_hours, what="the note")
    return Contact(name, email_key(email) if email else "", telephone, out_of_hours)


def checked_limits(limits: Limits) -> Limits:
    """The limits, if both are possible; a limit may not be 0, which would shut the sender out."""
    problems = _Problems()
    for pointer, value, most in (
        ("requests_per_minute", limits.requests_per_minute, MOST_REQUESTS),
        ("batch_lines", limits.batch_lines, MOST_BATCH_LINES),
    ):
        if value is not None and not 1 <= value <= most:
            problems.add(pointer, "limit_not_valid", _limit_words(most))
    problems.raise_if_any()
    return limits


def read_limit(text: str, *, field: str) -> int | None:
    """The number somebody typed, None for a blank; `InvalidInput` names the field."""
    text = text.strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        most = MOST_BATCH_LINES if field == "batch_lines" else MOST_REQUESTS
        detail = _limit_words(most)
        raise InvalidInput(detail, errors=[FieldError(field, "limit_not_valid", detail)])
    return int(text)


def _limit_words(most: int) -> str:
    return f"Write a whole number from 1 to {most}, or leave it blank for the setting."


def checked_flagger(evidence: FlaggerEvidence) -> FlaggerEvidence:
    """The evidence as it is stored; raises `InvalidInput` with a problem for each field."""
    problems = _Problems()
    what = "the coordinator that awarded the status"
    coordinator = problems.words("coordinator", evidence.coordinator, what=what)
    reference = evidence.reference
    if reference is not None:
        reference = problems.words("reference", reference, what="the reference of the award") or None
    if evidence.valid_until is not None and evidence.valid_until < evidence.valid_from:
        detail = "The trusted-flagger status ends before it begins; exchange the two days."
        problems.add("valid_until", "ends_before_it_begins", detail)
    problems.raise_if_any()
    return FlaggerEvidence(coordinator, evidence.valid_from, evidence.valid_until, reference)


def checked_label(label: str | None) -> str | None:
    """What a key is called, None for a blank; raises `InvalidInput`."""
    if label is None or not label.strip():
        return None
    problems = _Problems()
    label = problems.words("label", label, what="the label", most=LONGEST_LABEL)
    problems.raise_if_any()
    return label
