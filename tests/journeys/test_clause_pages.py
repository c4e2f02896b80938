"""Our terms in a real browser: two people change a clause; every page clean, with and without JavaScript."""

import re
from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.server import Program, running
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser

TERMS = "# 1. Violence\n\nNo threats.\n\nReports are allowed.\n\n# 2. Fraud\n\nNo deceit.\n"
HOSTILE = "No threats, <script>alert(1)</script> \u202egnp.exe " + "w" * 300 + "\nنص عن الطقس\n- one\n- two"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A desk on SQLite with a document of terms, two administrators and a person of legal."""
    folder = tmp_path_factory.mktemp("clauses")
    desk = Program(folder, f"sqlite:///{folder / 'review.db'}", hosts="video.example")
    with running(desk):
        for name, role in (("first", "admin"), ("second", "admin"), ("legal", "legal")):
            desk.add_account(f"{name}@desk.example", role)
        terms = folder / "Our terms.md"
        terms.write_text(TERMS)
        desk.command("clauses", "import", str(terms), "--from", "2021-01-01")
        yield desk


def person(program: Program, chromium: Browser, name: str, **look: object) -> Visitor:
    visitor = Visitor(chromium, program.address, **look)  # type: ignore[arg-type]
    visitor.sign_in(f"{name}@desk.example")
    return visitor


def clean(visitor: Visitor, name: str) -> None:
    assert visitor.violations() == [], name
    assert not visitor.scrolls_sideways(), name
    visitor.picture(f"clauses-{name}-{visitor.page.viewport_size['width']}")  # type: ignore[index]


def follow(visitor: Visitor, name: str) -> None:
    visitor.page.get_by_role("link", name=re.compile(name)).first.click()


def save(visitor: Visitor, **typed: str) -> None:
    for name, text in typed.items():
        visitor.page.fill(f"[name={name}]", text)
    visitor.page.get_by_role("button", name="Save draft").click()


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1440, "dark")])
def test_every_page_on_the_way_to_a_new_wording_is_clean(
    program: Program, chromium: Browser, width: int, scheme: Literal["light", "dark"]
) -> None:
    first, second = (
        person(program, chromium, name, width=width, scheme=scheme) for name in ("first", "second")
    )
    for visitor in (first, second):
        visitor.open("/admin/clauses")
        follow(visitor, "1 Violence")
        follow(visitor, "Draft a new wording")
    clean(first, "fresh")
    save(first, text=f"{HOSTILE}\n- {width}", reason="")
    first.refused()
    clean(first, "wrong")
    save(first, reason=f"Because of {width} " + "r" * 200)
    clean(first, "saved")
    save(second, text="Mine.", reason="Better.")
    expect(second.page.locator("main")).to_contain_text("Nothing was overwritten")
    clean(second, "stale")
    follow(first, "See it as the publisher does")
    clean(first, "own")
    second.open("/admin/clauses")
    clean(second, "waiting")
    follow(second, "Read and publish")
    clean(second, "publish")
    second.page.get_by_role("button", name=re.compile("Publish version")).click()
    expect(second.page.locator(".status-line[role=status]")).to_contain_text("Published as version")
    clean(second, "published")
    second.page.get_by_role("button", name="Compare").click()
    clean(second, "difference")
    for visitor in (first, second):
        assert visitor.troubles_besides(422, 409) == []
        visitor.close()


@pytest.mark.parametrize("script", [True, False])
def test_a_clause_begins_and_ends_by_two_people(program: Program, chromium: Browser, *, script: bool) -> None:
    admin, legal = (person(program, chromium, name, script=script) for name in ("first", "legal"))
    number, title = ("41", "Begun with") if script else ("42", "Begun without")
    admin.open("/admin/clauses")
    follow(admin, "Draft a new clause")
    save(admin, document="Our terms", number=number, title=title, text="No praise.", reason="Missing.")
    expect(admin.page.locator(".status-line[role=status]")).to_contain_text("Draft saved")
    publish(legal, f"{number} {title}", "Publish version 1")
    admin.open("/admin/clauses")
    follow(admin, f"{number} {title}")
    follow(admin, "End this clause")
    save(admin, reason="Covered elsewhere.")
    publish(legal, f"{number} {title}", "Publish the end")
    expect(legal.page.locator("main")).to_contain_text("Ended")
    for visitor in (admin, legal):
        assert visitor.troubles == []
        visitor.close()


def publish(visitor: Visitor, clause: str, button: str) -> None:
    visitor.open("/admin/clauses")
    follow(visitor, f"Read and publish.*{clause}")
    visitor.page.get_by_role("button", name=button).click()
    expect(visitor.page.locator(".status-line[role=status]")).to_contain_text("Published as version")
