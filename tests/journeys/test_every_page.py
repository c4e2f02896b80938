"""The rules that hold on every page: it fits, is reached by keyboard, mirrors, prints, and hides nothing."""

import re
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from pypdf import PdfReader

from tests.journeys.desk_of_pages import PEOPLE, PUBLIC, program
from tests.journeys.server import Program
from tests.journeys.visitor import UNSEEN, Visitor, picture_name
from tests.journeys.walking import walk

__all__ = ["program"]  # the desk of those tests, once more for these

pytestmark = pytest.mark.browser
WIDTHS = (320, 360, 768, 1440)
DARK = "rgb(21, 24, 28)"
BROAD = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
NEXT_CASE = "form[action='/queue/next'] button"


@dataclass(frozen=True)
class Crowd:
    """Everybody's sign-in, taken once: cookies by role, and the pages each of them may open."""

    browser: Browser
    address: str
    cookies: dict[str, list[Any]]
    pages: dict[str, list[str]]

    def visitor(self, role: str, **look: Any) -> Visitor:
        """One of them at a new window."""
        visitor = Visitor(self.browser, self.address, **look)
        visitor.context.add_cookies(self.cookies[role])
        return visitor


@pytest.fixture(scope="module")
def crowd(program: Program, one_chromium: Browser) -> Crowd:
    cookies: dict[str, list[Any]] = {"nobody": []}
    pages = {"nobody": ["/sign-in", "/sign-in?next=/queue", *PUBLIC]}
    for role, (email, addresses) in PEOPLE.items():
        visitor = Visitor(one_chromium, program.address)
        visitor.sign_in(email)
        pages[role] = list(addresses)
        if role == "moderator":
            visitor.page.locator(NEXT_CASE).click()
            visitor.page.locator("textarea[name=rationale]").wait_for()
            pages[role].append(visitor.page.url.removeprefix(program.address))
        for listing, part in (
            ("/records", "/records/C-"),
            ("/sender", "/sender/referrals/R-"),
            ("/emailed", "/emailed/M-"),
        ):
            if listing in addresses:
                visitor.open(listing)
                found = visitor.page.locator(f"main a[href^='{part}']").all()
                pages[role] += [str(link.get_attribute("href")) for link in found[:2]]
        cookies[role] = [one for one in visitor.context.cookies() if one["name"] != "display"]
        visitor.close()
    return Crowd(one_chromium, program.address, cookies, pages)


ROLES = ["nobody", *PEOPLE]


@pytest.mark.parametrize("role", ROLES)
def test_no_page_scrolls_sideways_or_shows_a_hidden_character(crowd: Crowd, role: str) -> None:
    visitor = crowd.visitor(role)
    page = visitor.page
    for address in crowd.pages[role]:
        page.set_viewport_size({"width": 1440, "height": 900})
        visitor.open(address)
        page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
        assert UNSEEN.findall(page.content()) == [], address
        for text in ("100%", "200%"):
            page.evaluate("size => { document.documentElement.style.fontSize = size }", text)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                assert page.evaluate(BROAD) <= 0, (address, width, text)
    assert visitor.troubles == []
    visitor.close()


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("role", ROLES)
def test_the_keyboard_reaches_everything_and_sees_where_it_is(crowd: Crowd, role: str, width: int) -> None:
    visitor = crowd.visitor(role, width=width)
    for address in crowd.pages[role]:
        if address == "/api/v1/docs":  # a page of links, too long to walk each time
            continue
        visitor.open(address)
        seen = walk(visitor.page)
        assert seen.wrong == (), address
        assert len(seen.stops) >= seen.parts, (address, seen)
    assert visitor.troubles == []
    visitor.close()


@pytest.mark.parametrize(
    ("trap", "caught"),
    [
        ("<button onkeydown='event.preventDefault()'>stay</button>", "BUTTON stay: holds the focus fast"),
        (
            "<button id=first>round</button><button onblur='first.focus()'>about</button>",
            "BUTTON round: holds the focus fast",
        ),
    ],
    ids=["one button", "two buttons"],
)
def test_the_walk_finds_a_trap_and_takes_no_date_for_one(
    one_chromium: Browser, trap: str, caught: str
) -> None:
    page = one_chromium.new_page()
    page.set_content(
        f"<style>:focus{{outline:3px solid}}</style><input type=datetime-local>{trap}<a href=#>end</a>"
    )
    assert walk(page).wrong == (caught,)
    page.set_content("<style>:focus{outline:3px solid}</style><input type=datetime-local><a href=#>end</a>")
    seen = walk(page)
    assert seen.wrong == ()
    assert len(seen.stops) == seen.parts == 2
    page.close()


@pytest.mark.parametrize("width", [360, 1440])
def test_the_focus_is_seen_with_the_menu_and_all_else_unfolded(crowd: Crowd, width: int) -> None:
    visitor = crowd.visitor("moderator", width=width)
    visitor.open(crowd.pages["moderator"][-1])
    visitor.page.evaluate("document.querySelectorAll('main details').forEach(part => { part.open = true })")
    assert walk(visitor.page).wrong == ()
    visitor.page.locator(".display-menu > summary").press("Enter")
    assert visitor.violations() == []
    for name in ("theme", "density", "text_size", "language", "zone"):
        visitor.page.keyboard.press("Tab")
        assert visitor.page.evaluate("document.activeElement.name") == name
    visitor.picture(f"menu-{width}")
    assert visitor.troubles == []
    visitor.close()


def test_what_is_wrong_takes_the_focus_and_leads_to_its_field(crowd: Crowd) -> None:
    visitor = crowd.visitor("moderator")
    visitor.open(crowd.pages["moderator"][-1])
    visitor.page.locator("#review .form-actions .primary").click()
    visitor.refused()
    expect(visitor.page.locator(".message.error")).to_be_focused()
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator(".field :focus")).to_have_count(1)
    visitor.close()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("width", "theme"), [(360, "dark"), (1440, "light")])
def test_every_page_turns_from_right_to_left(crowd: Crowd, role: str, width: int, theme: str) -> None:
    visitor = crowd.visitor(role, width=width, display=f"{theme}:comfortable:100:ar:Africa/Cairo")
    page = visitor.page
    for address in crowd.pages[role]:
        visitor.open(address)
        assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
        brand = page.locator(".service").bounding_box()
        assert brand is not None
        assert brand["x"] + brand["width"] > width * 0.9, "the name of the service begins at the right"
        assert page.evaluate(BROAD) <= 0, address
        assert visitor.violations(contrast=False) == [], address
        visitor.picture(f"rtl-{role}{picture_name(address)}-{width}")
    assert visitor.troubles == []
    visitor.close()


def test_the_choice_of_theme_wins_over_the_device_and_size_and_density_apply(crowd: Crowd) -> None:
    for chosen, scheme, dark in (("dark", "light", True), ("light", "dark", False), ("system", "dark", True)):
        visitor = crowd.visitor("moderator", scheme=scheme, display=f"{chosen}:compact:130:en:Asia/Tokyo")
        visitor.open("/queue")
        colour = visitor.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (colour == DARK) is dark, (chosen, scheme)
        assert visitor.page.evaluate("getComputedStyle(document.documentElement).fontSize") == "20.8px"
        assert visitor.page.locator("time .absolute").first.inner_text().endswith("JST")
        assert visitor.violations() == []
        for address in crowd.pages["moderator"]:
            for width in WIDTHS:
                visitor.page.set_viewport_size({"width": width, "height": 900})
                visitor.open(address)
                assert visitor.page.evaluate(BROAD) <= 0, (address, width)
        visitor.close()


def test_forced_colours_keep_shapes_choices_and_focus(crowd: Crowd) -> None:
    visitor = crowd.visitor("moderator", forced_colors=True)
    for address in crowd.pages["moderator"]:
        visitor.open(address)
        assert walk(visitor.page).wrong == ()
        assert visitor.page.evaluate("matchMedia('(forced-colors: active)').matches")
        visitor.picture(f"forced-colours{picture_name(address)}")
    assert visitor.troubles == []
    visitor.close()


@pytest.mark.parametrize("role", ["legal", "sender"])
def test_print_has_the_reference_on_each_page_and_no_navigation(crowd: Crowd, role: str) -> None:
    visitor = crowd.visitor(role, display="dark:compact:130:en:Europe/Brussels")
    for address in crowd.pages[role][-2:]:
        visitor.open(address)
        reference = address.rpartition("/")[2]
        printed = PdfReader(BytesIO(visitor.page.pdf(format="A5")))
        pages = [page.extract_text() for page in printed.pages]
        assert len(pages) >= 1
        for number, text in enumerate(pages, start=1):
            assert reference in text, (address, number)
            assert "Europe/Brussels" in text
            assert f"{number} / {len(pages)}" in text
            for unwanted in ("Sign out", "Skip to content", "Display", "Withdraw referral", "https://"):
                assert unwanted not in text, (address, number, unwanted)
        assert "hxxps://video[.]example" in "".join(pages).replace("\n", "")
        assert re.search("UTC|CES?T", "".join(pages))
    assert visitor.troubles == []
    visitor.close()
