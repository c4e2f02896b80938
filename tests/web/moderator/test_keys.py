"""Every key that a page promises is in the one table, and every key of the table is somewhere on a page."""

import re
from pathlib import Path

import pytest

from review.domain.permissions import Permission, Role
from review.domain.shortcuts import SHORTCUTS
from review.web.catalogues import PACKAGE
from tests.conftest import Desk
from tests.factories import make_case, make_clause, make_sign_in
from tests.pieces import add_evidence
from tests.web.moderator.test_evidence import step
from tests.web.moderator.test_pages import Moderator

KEYS = {key for row in SHORTCUTS for key in row.each}
OF_ITSELF = {key for row in SHORTCUTS for key in row.each if row.move} | {"Enter"}
"""What the script does where no part of the page bears the key, and what the browser does."""
ELSEWHERE = {"a", "f"} | {f"p {digit}" for digit in range(1, 10)}
"""Keys of parts that these pages lack: other cases of the referral, earlier decisions, a queue to narrow."""
IN_SOURCE = re.compile(
    r"""(?:\bkey|data-key)="([^"{]+)"|\bkey(?:_mark|_hint)?\("([^"]+)"\)|\bkeys=[({]([^)}]*)[)}]"""
)

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    "template", sorted((PACKAGE / "templates").rglob("*.html")), ids=lambda path: path.name
)
def test_a_template_names_only_keys_of_the_table(template: Path) -> None:
    source = re.sub(r"{#.*?#}", "", template.read_text(encoding="utf-8"), flags=re.DOTALL)
    named = set()
    for one, marked, several in IN_SOURCE.findall(source):
        named |= {one or marked} if not several else set(re.findall(r'"([^" ,:]+)"(?! *:)', several))
    assert named - {""} <= KEYS


@on_sqlite
def test_every_key_is_on_a_page_or_belongs_to_a_part_that_is_not_there(desk: Desk) -> None:
    for number in range(9):
        make_clause(str(number + 1))
    case_id, moderator = make_case(), Moderator(desk)
    evidence_id = add_evidence(case_id)
    opaque = moderator.claim(case_id)
    pages = [moderator.get(f"/cases/{case_id}")]
    pages.append(step(moderator, f"/cases/{case_id}/reveal?evidence={evidence_id}&stage=small"))
    pages += [moderator.get(address) for address in (f"/cases/{case_id}", "/queue", "/my-work", "/search")]
    review = {"outcome": "declined", "decline_reason": "not_found", "rationale": "Nothing is there."}
    assert moderator.post(f"/cases/{case_id}/review", then="stay", **review, **opaque).status_code == 303
    pages.append(moderator.get("/my-work"))
    found = {key for page in pages for key in re.findall(r'data-key="([^"]+)"', page)}
    assert found <= KEYS
    assert "Esc" in found, "hides what was revealed"
    assert KEYS - found - OF_ITSELF == ELSEWHERE


@on_sqlite
def test_the_help_lists_every_key_that_acts_for_whoever_reviews(desk: Desk) -> None:
    every = sorted(row.key.replace(" ", "") for row in SHORTCUTS if row.needs is not Permission.REFER)
    of_leads = sorted(row.key for row in SHORTCUTS if row.needs is Permission.ASSIGN_CASES)
    assert of_leads == ["a", "x"]
    assert _listed(Moderator(desk, Role.LEAD).get("/keys")) == every
    page = Moderator(desk).get("/keys")
    assert sorted(_listed(page) + of_leads) == every
    assert "Tick the row" not in page
    client = desk.client()
    make_sign_in(client, Role.LEGAL)
    assert client.get("/keys").status_code == 403
    assert "data-key=" not in client.get("/records").text


def _listed(page: str) -> list[str]:
    rows = re.findall(r"<dt>(.*?)</dt>", page)
    return sorted("".join(re.findall(r"<kbd[^>]*>([^<]+)</kbd>", row)) for row in rows)


@on_sqlite
def test_pages_tell_the_script_the_keys_of_their_place(desk: Desk) -> None:
    case_id, moderator = make_case(), Moderator(desk)
    for address, has, lacks in (("/queue", "j=down", "Ctrl+Enter"), ("/my-work", "j=down", "f")):
        told = _told(moderator.get(address))
        assert has in told
        assert lacks not in told
    moderator.claim(case_id)
    assert "Ctrl+Enter" in _told(moderator.get(f"/cases/{case_id}"))
    others = _records_page(desk)
    assert "desk.js" in others
    assert "keys.js" not in others
    assert "desk.js" not in desk.client().get("/sign-in").text


def _told(page: str) -> list[str]:
    found = re.search(r'data-keys="([^"]+)"', page)
    assert found is not None
    return found[1].split("|")


def _records_page(desk: Desk) -> str:
    client = desk.client()
    make_sign_in(client, Role.LEGAL)
    return client.get("/records").text


@on_sqlite
def test_single_keys_are_switched_off_by_each_person(desk: Desk) -> None:
    moderator = Moderator(desk)
    page = moderator.get("/display")
    assert '<select name="single_keys">' in page
    choice = {"theme": "dark", "density": "compact", "text_size": "100", "language": "en", "zone": "UTC"}
    assert moderator.post("/display", **choice, single_keys="off").status_code == 303
    kept = moderator.client.get_cookie("display")
    assert kept is not None
    assert kept.value.endswith(":on"), "the machine is not switched off with the person"
    moderator.client.delete_cookie("display")
    page = moderator.get("/queue")
    assert page.count('data-singles="off"') == 1, "for the style and for the script"
    assert "switched off" in moderator.get("/keys")
    assert moderator.post("/display", **choice, single_keys="perhaps").status_code == 422
    make_sign_in(desk.client(), Role.MODERATOR)
    assert 'data-singles="off"' not in Moderator(desk).get("/queue"), "others keep theirs"
