"""Strings that stand for one thing each that is kept from somebody, and where they are looked for."""

import base64
import binascii
import re
from collections.abc import Collection, Iterator
from enum import StrEnum
from functools import cache
from urllib.parse import unquote

MOST_LAYERS = 4
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")


class Mark(StrEnum):
    """What a text of the desk would be known by, wherever it turned up."""

    OWN_REASON = "canary-own-reason"
    OWN_PLACE = "canary-own-place"
    OWN_REFERENCE = "canary-own-reference"
    OWN_EVIDENCE_NAME = "canary-own-evidence-name"
    OWN_EVIDENCE = "canary-own-evidence-bytes"
    OWN_QUESTION = "canary-own-question"
    OWN_ANSWER = "canary-own-answer"
    OWN_WAITING = "canary-own-waiting"
    OWN_ENDPOINT = "canary-own-endpoint"
    OWN_REFUSAL = "canary-own-refusal"
    OTHER_ENDPOINT = "canary-other-endpoint"
    OTHER_REFUSAL = "canary-other-refusal"
    OTHER_QUESTION = "canary-other-question"
    OTHER_ANSWER = "canary-other-answer"
    OTHER_SENDER = "canary-other-sender"
    OTHER_CONTACT = "canary-other-contact"
    OTHER_IDENTITY = "canary-other-identity"
    OTHER_KEY_LABEL = "canary-other-label"
    OTHER_REASON = "canary-other-reason"
    OTHER_PLACE = "canary-other-place"
    OTHER_REFERENCE = "canary-other-reference"
    OTHER_AUTHORITY = "canary-other-authority"
    UNSEEN_AUTHORITY = "canary-unseen-authority"
    OTHER_BATCH = "canary-other-batch"
    OTHER_EVIDENCE_NAME = "canary-other-evidence-name"
    OTHER_EVIDENCE = "canary-other-evidence-bytes"
    OTHER_OFFICER = "canary-other-officer"
    OTHER_LAW = "canary-other-law"
    STAFF_NAME = "canary-staff-name"
    STAFF_EMAIL = "canary-staff-mail"
    PSEUDONYM = "canary-pseudonym"
    AUTHOR_PSEUDONYM = "canary-pseudonym-author"
    DISPUTER_PSEUDONYM = "canary-pseudonym-disputer"
    TRAIL_NAME = "canary-trail"
    RATIONALE = "canary-rationale"
    STATEMENT = "canary-statement"
    PENDING_RATIONALE = "canary-pending-rationale"
    PENDING_STATEMENT = "canary-pending-statement"
    PRECEDENT = "canary-precedent"
    DRAFT = "canary-draft"
    NOTE = "canary-note"
    ADVICE = "canary-advice"
    HOLDER_NOTE = "canary-holder-note"
    EARLY_NOTE = "canary-early-note"
    READY_MADE = "canary-ready-made"
    READY_SENT = "canary-sent-ready-made"


def layers_of(text: str) -> Iterator[str]:
    """The text as it stands, with its percent signs undone, and whatever is wrapped in it as base64."""
    seen, waiting = set(), [(text, 0)]
    while waiting:
        layer, depth = waiting.pop()
        if layer in seen:
            continue
        seen.add(layer)
        yield layer
        if depth == MOST_LAYERS:
            continue
        if "%" in layer:
            waiting.append((unquote(layer), depth + 1))
        for run in set(_ENCODED.findall(layer)):
            if (plain := _decoded(run)) is not None:
                waiting.append((plain, depth + 1))


def found_in(text: str, sought: Collection[str]) -> set[str]:
    """Which of these strings stand in the text or in anything that is wrapped in it."""
    lowered = "\n".join(layers_of(text)).lower()
    return {one for one in sought if one.lower() in lowered}


@cache  # most runs stand in many pages
def _decoded(run: str) -> str | None:
    """The readable text behind a run of base64, in either alphabet; None where there is none."""
    stripped = run.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        plain = base64.b64decode(stripped + "=" * (-len(stripped) % 4), validate=True)
    except (ValueError, binascii.Error):
        return None
    text = plain.decode("utf-8", "replace")
    return text if sum(letter.isprintable() for letter in text) * 4 >= len(text) * 3 else None
