"""`flask demo` as README says it, and a newcomer who signs in with its buttons."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.journeys.server import free_port, until
from tests.journeys.visitor import Visitor

LABELS = ("Moderator", "Second moderator", "Lead", "Legal", "Sender", "Administrator")


@contextmanager
def demonstration(folder: Path) -> Iterator[str]:
    """Run the command in ``folder``; gives its address, and sees to it that nothing is left behind."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REVIEW_")}
    with (folder / "demo.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "flask", "demo", "--port", str(port)],
            cwd=folder,
            env=kept | {"TMPDIR": str(folder)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, (folder / "demo.log").read_text()
        try:
            return httpx.get(address + "/readyz").status_code == 200
        except httpx.TransportError:
            return False

    try:
        until(answers)
        yield address
        printed = (folder / "demo.log").read_text()
        assert printed.count("http://") == 1, "one address is printed"
        assert printed.count("@desk.example") == len(LABELS)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
    assert not list(folder.glob("referral-review-demo-*")), "nothing is left behind"


def sign_in(visitor: Visitor, label: str) -> None:
    """One click types the password, one more goes on with the code that the page shows."""
    visitor.open("/sign-in")
    visitor.page.get_by_role("button", name=label, exact=False).first.click()
    visitor.page.get_by_role("button", name="Continue with this code").click()
    visitor.page.locator("form[action='/sign-out']").wait_for()
