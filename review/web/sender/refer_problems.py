"""What is wrong with a form of one referral? The rules of the API, each told at its field."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import current_app

from review.domain.display import defang
from review.domain.referrals import Intake, read_locations, read_referral
from review.errors import FieldError, InvalidInput, InvalidReferral, KindNotEnabled
from review.web.problem_words import problem_words
from review.web.texts import gettext

SHOWN_LETTERS = 60
_OF_ITEMS = {"language": "content_language"}
_OTHERS = {"keyword": "category", "order": "intake_kind"}


def read_form(body: Mapping[str, Any], problems: Sequence[FieldError], *, may_order: bool) -> Intake:
    """The referral that a form stands for, none of its addresses refused.

    Raises `InvalidInput` with ``problems`` and all others, each with the name of its field.
    """
    found = list(problems)
    hosts = current_app.config["REVIEW_HOSTS"]
    intake = None
    try:
        intake = read_referral(body, hosts=hosts, transmitted_via="form", may_order=may_order)
    except KindNotEnabled as error:
        found.append(FieldError("intake_kind", error.code, problem_words(error.detail)))
    except InvalidReferral as error:
        found += _at_fields(error.errors)
    _located, refused = read_locations(body["items"], hosts=hosts)
    count = len(body["items"])
    found += [
        _of_address(index, str(body["items"][index].get("url", "")) if count > 1 else "", error)
        for index, error in sorted(refused.items())
    ]
    if found or intake is None:
        raise InvalidInput(gettext("Nothing was sent; correct what is marked."), errors=found)
    return intake


def _at_fields(errors: Iterable[FieldError]) -> list[FieldError]:
    """The problems at the fields of the form, those that many items share once; addresses are told apart."""
    named = [
        FieldError(field, error.code, _sentence(field, error))
        for error in errors
        if not error.pointer.endswith("/url")
        for field in (_field(error.pointer),)
    ]
    return list(dict.fromkeys(named))


def _field(pointer: str) -> str:
    """The name of the form's field for a place in the body (RFC 6901)."""
    first, *more = pointer.removeprefix("/").split("/")
    if first == "items":
        if "evidence" in more:
            return "files"
        return _OF_ITEMS.get(more[1], more[1]) if len(more) > 1 else "urls"
    if first in ("contact", "order") and more:
        return f"{first}_{more[0]}"
    return {"contact": "contact_name"}.get(first) or _OTHERS.get(first, first)


def _sentence(field: str, error: FieldError) -> str:
    """The rule's sentence, in the words of a form where those of the API speak of members."""
    if error.code == "too_few" and field == "urls":
        return gettext("Give at least one address.")
    if error.code in ("missing", "too_short"):
        return gettext("Fill this in.")
    return {
        "contact_required": gettext("A notice needs the name and e-mail address of whoever sends it."),
        "good_faith_required": gettext("Tick this; a notice needs it (Article 16(2)(d) DSA)."),
        "not_a_time": gettext("Give date and time."),
        "not_in_list": gettext("Choose one of the list."),
        "order_required": gettext("Fill in the fields of Annex I."),
    }.get(error.code) or problem_words(error.detail)


def _of_address(index: int, url: str, error: FieldError) -> FieldError:
    """The problem of one address, which says its number and how it begins where there are several."""
    detail = problem_words(error.detail)
    if error.code == "repeated_location":
        detail = gettext("It names the same place as an address above; leave it out.")
    if url:
        begins = url if len(url) <= SHOWN_LETTERS else url[:SHOWN_LETTERS] + "…"
        named = {"number": index + 1, "address": defang(begins), "problem": detail}
        detail = gettext("Address %(number)s (%(address)s): %(problem)s", **named)
    return FieldError("urls", error.code, detail)
