"""Two hands at a keyboard: they press, count what they press, and look only at what the page shows."""

from playwright.sync_api import Page, expect

NAMES = {"Ctrl+Enter": "Control+Enter", "Ctrl+Shift+Enter": "Control+Shift+Enter", "Esc": "Escape"}
"""Keys whose name on our pages is not that of the browser driver."""
OWN_SENTENCE = "The page was read in full and measured against the clause named here."


class Hands:
    """One person's keyboard; every press, chord or click counts one, typing one's own sentence none."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def wait(self) -> None:
        """Until the page takes keys: 300 ms after it is shown."""
        self.page.locator("html[data-awake]").wait_for(state="attached")

    def press(self, *keys: str) -> None:
        """Press one key after the other; two parts of a sequence (``g q``) are two presses."""
        for key in " ".join(keys).split(" "):
            self.page.keyboard.press(NAMES.get(key, key))
            self.count += 1

    def write(self, text: str = OWN_SENTENCE) -> None:
        """Type into the field that has the focus."""
        self.page.keyboard.type(text)

    def case(self) -> str:
        """The case on the page, once its page is there and takes keys."""
        heading = self.page.locator("h1")
        expect(heading).to_contain_text("C-")
        self.wait()
        return heading.inner_text().strip()

    def after(self, case: str) -> str:
        """The next case, once it stands in the place of this one."""
        expect(self.page.locator("h1")).not_to_have_text(case)
        return self.case()


def dispatch(page: Page, on: str, **init: object) -> bool:
    """Let the page see a key as another keyboard would send it; whether the page took it for its own."""
    script = """([on, init]) => {
      const event = new KeyboardEvent('keydown', {bubbles: true, cancelable: true, ...init});
      document.querySelector(on).dispatchEvent(event);
      return event.defaultPrevented;
    }"""
    return bool(page.evaluate(script, [on, init]))
