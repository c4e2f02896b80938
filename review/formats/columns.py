"""What do the columns of a table mean? Their names, near misses of them, and a row's cells as members."""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from hashlib import sha256
from shlex import quote
from typing import Any, Final

from review.domain.canonical import plain_json
from review.errors import FieldError, InvalidInput

REQUIRED: Final = ("reason", "url")
REFERRAL_COLUMNS: Final = (
    "reference",
    "intake_kind",
    "reason",
    "category",
    "keyword",
    "issuing_authority",
    "issuing_country",
    "legal_basis",
    "requested_action",
    "urgency",
    "detected_at",
    "earlier_received_at",
    "good_faith",
)
ITEM_COLUMNS: Final = ("url", "content_type", "language", "published_at", "sha256", "description")
CONTACT_COLUMNS: Final = ("contact_name", "contact_email")
COLUMNS: Final = REFERRAL_COLUMNS + ITEM_COLUMNS + CONTACT_COLUMNS
ADDED: Final = ("row", "error")
"""Columns that we add to rows that come back; left out when they are sent again."""
CONTENT: Final = "content"
"""The heading of lines without columns when they come back as a table; alone, it means nothing else."""
LEFT_OUT: Final = "-"
"""What a command or form says of a heading whose column is not read."""
MOST_COLUMNS: Final = 200
MOST_NAMED: Final = 10
_TRUTH: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_MOMENTS: Final = frozenset({"detected_at", "earlier_received_at", "published_at"})
_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(:\d\d(?:\.\d{1,6})?)?)?", re.ASCII)
_OTHER_NAMES: Final = {
    "link": "url",
    "address": "url",
    "location": "url",
    "uri": "url",
    "web_address": "url",
    "id": "reference",
    "ref": "reference",
    "our_ref": "reference",
    "our_reference": "reference",
    "ref_no": "reference",
    "ref_number": "reference",
    "reference_no": "reference",
    "reference_number": "reference",
    "case": "reference",
    "case_id": "reference",
    "case_no": "reference",
    "case_number": "reference",
    "file_no": "reference",
    "file_number": "reference",
    "ticket": "reference",
    "ticket_id": "reference",
    "ticket_no": "reference",
    "ticket_number": "reference",
    "why": "reason",
    "explanation": "reason",
    "justification": "reason",
    "type": "content_type",
    "content": "content_type",
    "lang": "language",
    "authority": "issuing_authority",
    "country": "issuing_country",
    "law": "legal_basis",
    "action": "requested_action",
    "found_at": "detected_at",
    "found_on": "detected_at",
    "date": "detected_at",
    "published": "published_at",
    "published_on": "published_at",
    "hash": "sha256",
    "kind": "intake_kind",
    "name": "contact_name",
    "email": "contact_email",
    "e_mail": "contact_email",
}

_MISSPELT: Final = (
    *COLUMNS,
    *(name for name in _OTHER_NAMES if not name.endswith(("_no", "_number"))),
)
"""What a misspelt heading may have meant; any number is near to any other."""

Columns = tuple[str | None, ...]
"""For each cell of a row the column that it is; None for one left out, and blank for one without a name."""


def normal_name(name: str) -> str:
    """A heading in small letters, with one low line for whatever stands between words."""
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_")


def known_columns(header: Sequence[str]) -> Columns | None:
    """What the headings mean where there is no doubt, so that nobody need be asked; otherwise None."""
    columns: list[str | None] = []
    for name in map(normal_name, header):
        if name and name not in COLUMNS and name not in ADDED:
            return None
        columns.append(None if name in ADDED else name)
    chosen = tuple(columns)
    return None if column_problems(chosen) else chosen


def suggested_columns(header: Sequence[str]) -> Columns:
    """The likeliest meaning of each heading, each column once; None where there is none."""
    names = [normal_name(name) for name in header]
    chosen: dict[int, str] = {}
    for guess in (_exactly, _otherwise, _nearly):
        for index, name in enumerate(names):
            found = guess(name) if name and index not in chosen else None
            if found is not None and found not in chosen.values():
                chosen[index] = found
    return tuple("" if not name else chosen.get(index) for index, name in enumerate(names))


def _exactly(name: str) -> str | None:
    return name if name in COLUMNS else None


def _otherwise(name: str) -> str | None:
    return _OTHER_NAMES.get(name)


def _nearly(name: str) -> str | None:
    if name in ADDED:
        return None
    near = get_close_matches(name, _MISSPELT, n=1, cutoff=0.8)
    return _OTHER_NAMES.get(near[0], near[0]) if near else None


def column_problems(columns: Columns) -> tuple[FieldError, ...]:
    """What is wrong with the choice as a whole: columns that are needed and missing, or that stand twice."""
    missing = [name for name in REQUIRED if name not in columns]
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    problems = []
    if missing:
        detail = f"These columns are needed and missing: {', '.join(missing)}."
        problems.append(FieldError("", "column_missing", detail))
    if twice:
        detail = f"These columns are named twice: {', '.join(twice)}."
        problems.append(FieldError("", "column_twice", detail))
    return tuple(problems)


def check_columns(header: Sequence[str], columns: Columns) -> None:
    """Raise `InvalidInput` unless each heading has one meaning, none stands twice and none is missing."""
    unknown = any(name is not None and name and name not in COLUMNS for name in columns)
    if len(columns) != len(header) or unknown:
        raise InvalidInput("Choose a column from the list for each heading, or leave it out.")
    problems = column_problems(columns)
    if problems:
        raise InvalidInput(" ".join(problem.detail for problem in problems), errors=problems)


def check_header(header: Sequence[str]) -> None:
    """Raise `InvalidInput` where the first row cannot be one of headings at all."""
    if len(header) > MOST_COLUMNS:
        raise InvalidInput(
            f"The first row has more than {MOST_COLUMNS} columns; send only those that we read."
        )
    if not any(name.strip() for name in header):
        raise InvalidInput(f"The first row must name the columns; these are missing: {', '.join(REQUIRED)}.")


def columns_or_refused(header: Sequence[str], said: Mapping[str, str] | None = None) -> Columns:
    """The columns where nobody can be asked, with what a command has ``said`` of some headings.

    Guesses are not taken, because nobody looks at them: raises `InvalidInput` that names each heading that is
    not known, what it likely means, and how to say so.
    """
    check_header(header)
    said = said or {}
    missed = [heading for heading in said if heading not in {text.strip() for text in header}]
    if missed:
        raise InvalidInput(f"No heading of the file is called: {', '.join(map(_shown, missed))}.")
    meant = [said.get(text.strip(), text) for text in header]
    names = ["row" if text == LEFT_OUT else normal_name(text) for text in meant]
    unknown = [index for index, name in enumerate(names) if name not in ("", *COLUMNS, *ADDED)]
    if unknown:
        guesses = suggested_columns(meant)
        raise InvalidInput(_not_known([(header[index], guesses[index]) for index in unknown]))
    columns = tuple(None if name in ADDED else name for name in names)
    check_columns(header, columns)
    return columns


def _not_known(headings: Sequence[tuple[str, str | None]]) -> str:
    """The headings with what they likely mean, and the options of a command that say so."""
    named, options = [], []
    for text, guess in headings[:MOST_NAMED]:
        shown = _shown(text)
        named.append(f"{shown} (perhaps {guess})" if guess else shown)
        options.append(f"--column {quote(f'{shown}={guess or LEFT_OUT}')}")
    return (
        f"These columns are not known: {', '.join(named)}. Say what each means, such as "
        f"{' '.join(options)} ({LEFT_OUT} leaves one out). Known are: {', '.join(COLUMNS)}."
    )


def _shown(heading: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in heading.strip())[:50]


def members_of(columns: Columns, cells: Sequence[str]) -> dict[str, Any]:
    """A row as the members of a referral of one item; blank cells are absent.

    A time without a zone is taken as UTC. A blank reference is made from the digest of the other members, so
    that the same row again is the same referral. A cell without a heading is an unknown member.
    """
    filled = {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if name and cell.strip()}
    filled |= {name: _moment(filled[name]) for name in _MOMENTS & filled.keys()}
    members: dict[str, Any] = {name: filled[name] for name in REFERRAL_COLUMNS if name in filled}
    if "good_faith" in members:
        members["good_faith"] = _TRUTH.get(members["good_faith"].lower(), members["good_faith"])
    contact = {name: filled[f"contact_{name}"] for name in ("name", "email") if f"contact_{name}" in filled}
    if contact:
        members["contact"] = contact
    members["items"] = [{"url": "", **{name: filled[name] for name in ITEM_COLUMNS if name in filled}}]
    nameless = (cell for index, cell in enumerate(cells) if index >= len(columns) or columns[index] == "")
    if any(cell.strip() for cell in nameless):
        members["cells_without_a_heading"] = True
    if "reference" not in members:
        members["reference"] = f"ROW-{sha256(plain_json(members)).hexdigest()[:24].upper()}"
    return members


def _moment(text: str) -> str:
    found = _MOMENT.fullmatch(text)
    return f"{found[1]}T{found[2] or '00:00'}{found[3] or ':00'}Z" if found else text


def column_of(pointer: str) -> str | None:
    """The column to which an error of a row belongs; None for one of the row as a whole."""
    parts = pointer.split("/")[1:]
    if parts[:1] == ["items"]:
        parts = parts[2:3]
    elif parts[:1] == ["contact"]:
        parts = [f"contact_{parts[1]}"] if len(parts) > 1 else ["contact_email"]
    return parts[0] if parts and parts[0] in COLUMNS else None
