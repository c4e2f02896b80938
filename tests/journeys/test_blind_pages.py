"""Goal 6 in a real browser on PostgreSQL: two firsts who differ, one page and one list of requests."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Request, expect

from review.models import Case
from tests.journeys.desk_of_cases import Cases, furnish, shot
from tests.journeys.desk_of_keys import new_desk
from tests.journeys.hands import Hands
from tests.journeys.server import Browser as Person
from tests.journeys.server import running, until
from tests.journeys.visitor import Visitor

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]
FIRSTS, SECOND = ("one@desk.example", "two@desk.example"), "second@desk.example"
ACCEPTED = {
    "outcome": "accepted",
    "ground": "terms",
    "visibility": "none",
    "account": "suspended",
    "rationale": "The account posts nothing but threats; each video names its victim.",
    "statement": "It breaks our clause on violence.",
}
CHANCE = (
    (r"[A-Z]-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b", "#"),
    (r"<time .*?</time>", "<time>"),
    (r'(name="(?:csrf_token|version|claim_generation|holding|window)"[^>]*value=")[^"]*', r"\1#"),
    (r'data-(now|ends)="[^"]*"', r'data-\1="#"'),
    (r'(data-news="[^"]*since=)[^"&]*', r"\1#"),
    (r"watch/first-\d", "watch/#"),
    (r'(min|max)="\d{4}-[^"]*"', r'\1="#"'),
    (r"#\.\d+(?= |&quot;|\")", "#.#"),
    (r'<section class="panel" id="(exposure|shown-today)">.*?</section>', r"<\1>"),
)
"""What differs between any two cases: ids, times, tokens, numbers of the round, the place, and what the
reader was shown so far, which grows with each."""


@pytest.fixture
def cases(database_url: str, tmp_path: Path) -> Iterator[Cases]:
    """A desk that draws every case for a second review."""
    settings = {"REVIEW_SECOND_REVIEW_SHARE": "1"}
    with running(new_desk(tmp_path, database_url, undo_seconds=1, **settings)) as program:
        furnish(program, *FIRSTS, SECOND)
        yield Cases(program)


def _first_reviewed(cases: Cases) -> list[str]:
    """Two cases: one person declined at once, the other saw the evidence, undid, and accepted."""
    found = [cases.refer(f"https://video.example/watch/first-{n}", evidence=[shot()])[0] for n in range(2)]
    clause = str(cases.rows(sa.text("SELECT id FROM clause_versions LIMIT 1"))[0][0])
    for email, case_id, changes in zip(FIRSTS, found, ({}, ACCEPTED | {"clauses": clause}), strict=True):
        person = Person(cases.program)
        person.sign_in(email)
        if changes:
            cases.review(person, case_id)
            person.post(f"/cases/{case_id}/undo")
            person.post(f"/cases/{case_id}/note", **_opaque(person), note="Look at the account as well.")
            person.post(f"/cases/{case_id}/reveal?evidence={_evidence(person)}&stage=grey", **_opaque(person))
            person.post(f"/cases/{case_id}/review", **(_opaque(person) | changes), then="stay")
        else:
            cases.review(person, case_id)
    waiting = sa.select(sa.func.count()).where(Case.state == "second_review")
    until(lambda: cases.rows(waiting) == [(2,)])
    return found


def _opaque(person: Person) -> dict[str, Any]:
    return {name: person.field(name) for name in ("version", "claim_generation")}


def _evidence(person: Person) -> str:
    found = re.search(r"/reveal\?evidence=(E-[0-9A-Z-]+)", person.page)
    assert found is not None
    return found[1]


def _seen(visitor: Visitor, case_id: str) -> tuple[list[str], list[str]]:
    """The pages of a second reviewer from the search to the evidence, and every address asked for."""
    page, pages, asked = visitor.page, list[str](), list[str]()
    hands = Hands(page)

    def listen(request: Request) -> None:
        if "/favicon" not in request.url:  # when a browser asks for it is its own affair
            asked.append(_plain(f"{request.method} {request.url}"))

    def keep() -> None:
        hands.wait()
        page.wait_for_load_state("networkidle")
        pages.append(_plain(page.content()))

    page.on("request", listen)
    for path in (f"/search?q={case_id}", f"/cases/{case_id}"):
        visitor.open(path)
        keep()
    page.get_by_role("button", name="Claim this case").click()
    expect(page.get_by_text("Independent review")).to_be_visible()
    keep()
    hands.press("v")
    expect(page.locator("img.medium")).to_be_visible()
    keep()
    hands.press("r")
    hands.write("So far")
    hands.press("Esc")
    expect(page.locator("[data-saved]")).to_contain_text("saved")
    hands.wait()
    page.get_by_role("button", name="Give back").click()
    page.wait_for_url("**/queue")
    visitor.open("/my-work")
    keep()
    page.remove_listener("request", listen)
    return pages, asked


def _plain(text: str) -> str:
    for pattern, mark in CHANCE:
        text = re.sub(pattern, mark, text, flags=re.DOTALL)
    return text


def test_a_second_reviewer_at_a_browser_cannot_tell_two_firsts_apart(
    cases: Cases, one_chromium: Browser
) -> None:
    found = _first_reviewed(cases)
    seen = []
    for case_id in found:
        visitor = Visitor(one_chromium, cases.program.address)
        visitor.sign_in(SECOND)
        seen.append(_seen(visitor, case_id))
        assert visitor.troubles == []
        visitor.close()
        cases.write(sa.text("DELETE FROM drafts"))  # the second case is looked at as the first was
    (pages, asked), (others, asked_then) = seen
    for number, (one, other) in enumerate(zip(pages, others, strict=True)):
        assert one == other, f"page {number} tells the two apart"
    assert asked == asked_then
    assert any("/evidence/#" in address for address in asked)
