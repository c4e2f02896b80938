"""The search of legal staff as it stands in an address: read, checked, and written again."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode

from flask import request, url_for
from flask_babel import lazy_gettext
from wtforms import Field, Form, SearchField, SelectField

from review.domain.decisions import OUTCOMES
from review.domain.ids import read_id
from review.domain.searching import KINDS, LONGEST_QUERY
from review.domain.states import CaseState
from review.errors import InvalidInput
from review.models.referrals import INTAKE_KINDS
from review.queries.record_search import Filters, Place, start_of
from review.web.spans import Day, check_order
from review.web.texts import gettext
from review.web.words import word_of

LONGEST_PLACE = 200
NARROWING = ("kind", "state", "outcome", "sender", "since", "until")


class SearchForm(Form):
    """One box and what narrows it; a plain GET, so that a search can be kept as a bookmark."""

    q = SearchField(lazy_gettext("Find a case"))
    kind = SelectField(lazy_gettext("Kind"), validate_choice=False)
    state = SelectField(lazy_gettext("State"), validate_choice=False)
    outcome = SelectField(lazy_gettext("Outcome"), validate_choice=False)
    sender = SelectField(lazy_gettext("Sender"), validate_choice=False)
    since = Day(lazy_gettext("Received from"))
    until = Day(lazy_gettext("Received until"))

    def validate_until(self, field: Field) -> None:
        """The last day is not before the first."""
        check_order(self.since, field)


def search_form(senders: Sequence[tuple[str, str]]) -> SearchForm:
    """The form with what this request's address holds."""
    form = SearchForm(request.args)
    form.q.data = (form.q.data or "").replace("\x00", "")[:LONGEST_QUERY]
    form.kind.choices = _choices("intake", INTAKE_KINDS)
    form.state.choices = _choices("state", tuple(CaseState))
    form.outcome.choices = _choices("outcome", OUTCOMES)
    form.sender.choices = [("", gettext("All")), *senders]
    form.validate()
    return form


def filters_of(form: SearchForm) -> Filters:
    """What narrows the search; what is wrong or none of the choices narrows nothing."""

    def chosen(field: SelectField) -> str | None:
        offered = {value for value, *_label in field.iter_choices()}
        return field.data if field.data and field.data in offered else None

    return Filters(
        intake_kind=chosen(form.kind),
        state=chosen(form.state),
        outcome=chosen(form.outcome),
        sender_id=chosen(form.sender),
        since=start_of(form.since.data),
        until=None if form.until.errors else start_of(form.until.data, days=1),
    )


def chosen_reading() -> str | None:
    """The one way to understand the query that the reader chose, if any."""
    wanted = request.args.get("as", "")
    return wanted if wanted in KINDS else None


def address(**changes: str | None) -> str:
    """This search's address with some of its parts changed, or left out where they are none."""
    kept = {name: request.args[name] for name in ("q", "as", *NARROWING) if request.args.get(name)}
    parts = {name: value for name, value in (kept | changes).items() if value}
    return listing_address(parts)


def export_address() -> str:
    """Where what this search was narrowed down by is exported."""
    parts = {name: request.args[name] for name in NARROWING if request.args.get(name)}
    return url_for("legal_exports.listing") + (f"?{urlencode(parts)}" if parts else "")


def listing_address(parts: Mapping[str, str]) -> str:
    """The address of a search of these parts."""
    query = f"?{urlencode(parts)}" if parts else ""
    return url_for("legal_records.listing") + query


def write_place(place: Place) -> str:
    """A place of the list as it travels in an address."""
    plain = json.dumps([place.opened_at.isoformat(), place.id])
    return urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def read_place(text: str) -> Place | None:
    """The place that an address of ours names; raises `InvalidInput` for anything else."""
    if not text:
        return None
    try:
        if len(text) > LONGEST_PLACE:
            raise ValueError("too long")
        opened_at, case_id = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        place = Place(datetime.fromisoformat(opened_at).astimezone(UTC), str(case_id))
        if read_id(place.id, "C") != place.id:
            raise ValueError("not one of ours")
    except (ValueError, TypeError, RecursionError, OverflowError):
        raise InvalidInput("This is not a page of the list; search anew.") from None
    return place


def _choices(family: str, codes: Sequence[str]) -> list[tuple[str, str]]:
    return [("", gettext("All")), *((code, word_of(code, family)) for code in codes)]
