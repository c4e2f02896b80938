"""Forms whose words a refusal gives back that says nothing about them: address, labels, page."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flask import request
from werkzeug.exceptions import HTTPException

from review.domain.holds import record_named
from review.web.marked import N_
from review.web.texts import gettext

_CASE: Final = {
    "rationale": N_("Rationale, internal"),
    "statement": N_("Statement to the senders"),
    "question": N_("Question to the sender"),
    "law": N_("Law and article"),
    "note": N_("New note"),
}
_COMPLAINT: Final = {
    "reasons": N_("What they say against the decision"),
    "contact": N_("Where they are answered"),
}
_REASON: Final = {"reason": N_("Reason")}
_CASE_STEPS: Final = "review|draft|renew|release|claim|note|reveal|hide|look|set-aside|pass"


@dataclass(frozen=True)
class _Form:
    """A form: which addresses take it, the labels of its words, the page that it stands on.

    ``page`` is the address of that page, with what the path has in its parentheses; ``of``: what it is of.
    """

    path: re.Pattern[str]
    labels: Mapping[str, str]
    page: str = r"\1"
    of: str = "form"


_FORMS: Final = (
    _Form(re.compile(rf"(/cases/[^/]+)/(?:{_CASE_STEPS})"), _CASE, of="case"),
    _Form(re.compile("(/sender/referrals/[^/]+)/answer"), {"answer": N_("Your answer")}, of="referral"),
    _Form(
        re.compile("(/sender/items/[^/]+/complaint)"),
        {"reasons": N_("Why the decision is wrong")},
        of="referral",
    ),
    _Form(re.compile("/cases/([^/]+)/advice"), {"advice": N_("Your advice")}, page=r"/records/\1"),
    _Form(re.compile("(/records/[^/]+)/complaint"), _COMPLAINT),
    _Form(re.compile("(/records/[^/]+)/note"), {"note": N_("New note")}),
    _Form(re.compile("(/records/[^/]+/reviewers/[^/]+)"), _REASON),
    _Form(re.compile("/holds"), {"record": N_("Case, referral or sender"), **_REASON}, page="/holds/new"),
    _Form(re.compile("(/holds/[^/]+)/release"), _REASON),
    _Form(re.compile("/erasures"), _REASON, page="/erasures/new"),
    _Form(re.compile("(/erasures)/execute"), _REASON),
    _Form(re.compile("(/erasures/[^/]+)/(?:execute|refuse)"), _REASON),
    _Form(re.compile("(/retention)"), _REASON),
    _Form(re.compile("(/exports)"), {"reason": N_("What it is for")}),
    _Form(re.compile("(/restrictions/[^/]+)/failed"), {"reason": N_("Why it cannot be put in place")}),
    _Form(re.compile("(/quality/samples/[^/]+/[^/]+)"), {"remark": N_("Remark")}),
)


@dataclass(frozen=True)
class KeptText:
    """What was typed into a form that was refused: label and text, and the page that the form stands on.

    ``of``: whether the page is one of a case, one of a referral of the sender's own, or any other form.
    """

    address: str
    texts: tuple[tuple[str, str], ...]
    of: str


def kept_text() -> KeptText | None:
    """The words that this request typed into such a form, never any other field; None for other requests."""
    if request.method != "POST":
        return None
    for form in _FORMS:
        if (found := form.path.fullmatch(request.path)) is not None:
            return KeptText(_page_of(found.expand(form.page)), _texts(form.labels), form.of)
    return None


def _texts(labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    typed = ((gettext(label), _typed(name)) for name, label in labels.items())
    return tuple((label, text) for label, text in typed if text)


def _typed(name: str) -> str:
    try:
        return request.form.get(name, "").strip()
    except HTTPException:  # too large to be read at all
        return ""


def _page_of(page: str) -> str:
    """The address of the page; a new hold and a new request are of a record, which its form names."""
    if not page.endswith("/new"):
        return page
    named = record_named(_typed("record"))
    if named is not None:
        return f"{page}?record={named[1]}"
    return page if page == "/holds/new" else page.removesuffix("/new")
