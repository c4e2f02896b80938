"""A person at a real browser who notices what must never happen on any page."""

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Error, Page, expect

from tests.journeys.server import PASSWORD

SCREENSHOTS = Path(__file__).parent / "screenshots"
Look = tuple[int, Literal["light", "dark"]]
LOOKS: tuple[Look, ...] = ((1440, "light"), (360, "dark"))
"""Every page is looked at in these: width of the window and what the device prefers.

Both widths and both schemes once: colours do not depend on the width, nor the layout on colours.
"""
UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064"
    "\u2066-\u2069\ufeff\U000e0000-\U000e007f]"
)
"""Signs that hide, or turn the words around them; a page shows each by its number."""
DRAWN = "() => new Promise(tell => requestAnimationFrame(() => requestAnimationFrame(() => tell(true))))"
WIDER = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"
# what a person may read of a page, unfolded or not, with tips; not what is typed into a field
READABLE = """() => [document.title, ...[...document.querySelectorAll('body, body *')].flatMap(element => [
  ...['title', 'alt', 'aria-label', 'placeholder'].map(name => element.getAttribute(name) || ''),
  ...(['TEXTAREA', 'SCRIPT'].includes(element.tagName) ? [] : [...element.childNodes])
    .map(node => node.nodeType === Node.TEXT_NODE ? node.data : ''),
])].join('\\n')"""
ASKED_OF_AXE = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
    "resultTypes": ["violations"],  # not every element of all that is well: half of its time
}


def picture_name(address: str) -> str:
    """What to call the picture of the page at this address, another for every address: ``-search-q-C``."""
    return re.sub(r"[/?&=]+", "-", address)


class Visitor:
    """One browser window: signs in, and collects outside requests, console errors and policy reports."""

    keeps_pictures = False
    """Whether somebody wants to look at the pages; a picture of each takes a fifth of all visits' time."""

    def __init__(
        self,
        browser: Browser,
        address: str,
        *,
        width: int = 1440,
        scheme: Literal["light", "dark"] = "light",
        script: bool = True,
        display: str = "",
        forced_colors: bool = False,
    ) -> None:
        self.address, self.scheme, self.script = address, scheme, script
        self.context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            java_script_enabled=script,
            reduced_motion="reduce",
            forced_colors="active" if forced_colors else "none",
        )
        if display:
            self.context.add_cookies([{"name": "display", "value": display, "url": address}])
        # heard by the listener below; the policy stops scripts of pages, not of the browser's owner
        self.context.add_init_script(
            "addEventListener('securitypolicyviolation',"
            " event => console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI))"
        )
        self.context.set_default_timeout(10_000)
        self.page: Page = self.context.new_page()
        self.troubles: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        self.page.on("request", lambda request: self._asked(request.url))

    def _heard(self, message: object) -> None:
        kind, text = getattr(message, "type", ""), getattr(message, "text", "")
        if kind in ("error", "warning"):
            place = urlsplit(getattr(message, "location", {}).get("url", "")).path
            self.troubles.append(f"{kind}: {text} at {place}")

    def troubles_besides(self, *statuses: int, path: str = "") -> list[str]:
        """What went wrong, but for answers of these statuses at addresses that end in ``path``."""
        meant = re.compile(rf"a status of ({'|'.join(map(str, statuses))}) .* at \S*{re.escape(path)}$")
        return [trouble for trouble in self.troubles if not meant.search(trouble)]

    def _asked(self, url: str) -> None:
        if not url.startswith(self.address):
            self.troubles.append(f"outside request: {url}")

    def open(self, path: str) -> None:
        """Go to a page of the desk."""
        self.page.goto(self.address + path)

    def sign_in(self, email: str) -> None:
        """Sign in with the known password."""
        self.open("/sign-in")
        self.page.fill("input[name=email]", email)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.locator("form:has(input[name=password]:visible) button").first.click()
        self.page.locator("form[action='/sign-out']").wait_for()

    def refused(self) -> None:
        """Wait for the page that says what is wrong; a click returns before the new page has its title."""
        expect(self.page).to_have_title(re.compile("^Error"))

    def violations(self, *, contrast: bool = True) -> list[str]:
        """What axe finds on the current page, best practices and WCAG 2.2 AA included.

        ``contrast`` takes more than half of its time: one look at a page in the same colours is enough.
        """
        self.page.wait_for_load_state("load")  # a click returns before the new page has its stylesheet
        rules = {} if contrast else {"rules": {"color-contrast": {"enabled": False}}}
        results = Axe().run(self.page, options=ASKED_OF_AXE | rules)
        return [
            f"{violation['id']}: {node['target']}"
            for violation in results.response["violations"]
            for node in violation["nodes"]
        ]

    def scrolls_sideways(self) -> bool:
        """Whether the page is wider than the window, once it was drawn at its width.

        Where scripts are off no frame is ever told of, and nothing moves after the page came.
        """
        if self.script:
            self.page.evaluate(DRAWN)
        return bool(self.page.evaluate(WIDER))

    def drawn_raw(self) -> list[str]:
        """The numbers of unseen signs that stand on the page as they are."""
        return [f"{ord(sign):04X}" for sign in UNSEEN.findall(self.page.evaluate(READABLE))]

    def flaws(self, looks: Sequence[Look] = LOOKS) -> list[str]:
        """What axe finds, and whether the page is too wide, in each of these looks."""
        own, found = self.page.viewport_size, []
        for width, scheme in looks:
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.emulate_media(color_scheme=scheme)
            wide = ["it scrolls sideways"] if self.scrolls_sideways() else []
            found += [f"{width} {scheme}: {flaw}" for flaw in [*self.violations(), *wide]]
        self.page.emulate_media(color_scheme=self.scheme)
        self.page.set_viewport_size(own or {"width": 1440, "height": 900})
        return found

    def picture(self, name: str) -> None:
        """Keep a picture of the whole page, where somebody wants to look at it."""
        if not self.keeps_pictures:
            return
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True, timeout=60_000)

    def close(self) -> None:
        """Close the windows and their cookies.

        Chromium may never answer who closes a window just while another page comes into it; an empty page
        takes the place of whatever is on its way.
        """
        for page in self.context.pages:
            with suppress(Error):  # what was on its way came first
                page.goto("about:blank")
        self.context.close()
