"""A moderator at work through pages, for tests that only need the work to go on."""

import re

from tests.journeys.server import Browser

FORM = re.compile(r'action="(/cases/(C-[^/"]+))/review"')


def review_next(moderator: Browser) -> str | None:
    """Decline the case that the page shows, or the next one; its id, or None when nothing waited."""
    case = FORM.search(moderator.page)
    if case is None:
        moderator.post("/queue/next")
        case = FORM.search(moderator.page)
    if case is None:
        moderator.get("/queue")
        return None
    moderator.post(
        case.group(1) + "/review",
        version=moderator.field("version"),
        claim_generation=moderator.field("claim_generation"),
        outcome="declined",
        decline_reason="no_breach",
        rationale="Nothing here breaks the terms.",
        statement="Thank you. We found no breach.",
    )
    return case.group(2)
