"""A day at the desk asks no name server about a reported host and connects to none (targets.md, D-02).

The browser's own log of the network is read, and the server and its loops are watched by
`watched/sitecustomize.py`: what they ask for and connect to. Their log is silent about the day as well.
"""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import sqlalchemy as sa

from review.models import Case
from tests.factories import referral_body
from tests.hostile_files import pdf, picture
from tests.journeys.conftest import launched
from tests.journeys.desk_of_keys import PEOPLE, furnish, new_desk, stored
from tests.journeys.server import PASSWORD, Program, running, until
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser
REPORTED = "reported.video.example"
OURS = {"127.0.0.1"}
"""The desk; the browser itself asks for services of its makers, and no page can keep it from that."""
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
"""The database of a test lies there too, or is a file."""
WATCHED = Path(__file__).parent / "watched"
UNDO_SECONDS = 20
NOTHING = f"Nothing is at https://{REPORTED}/watch/1 any more."


@pytest.fixture
def program(database_url: str, tmp_path: Path) -> Iterator[Program]:
    """A desk whose every process is watched, with a case whose referral names hosts wherever a text may."""
    desk = new_desk(tmp_path, database_url, undo_seconds=UNDO_SECONDS)
    desk.environment |= {
        "REVIEW_HOSTS": "video.example,.video.example",
        "REVIEW_SECOND_REVIEW_SHARE": "1",
        "PYTHONPATH": str(WATCHED),
        "NETWORK_LOG": str(tmp_path / "network.log"),
    }
    with running(desk):
        furnish(desk, cases=2)
        _refer(desk)
        yield desk


def _refer(program: Program) -> None:
    """A referral with three kinds of evidence; sent again with other words, and broken, it is refused."""
    sender = program.command("senders", "create", "Saltmarsh Desk", "--kind", "other")["id"]
    key = program.command("senders", "issue-key", sender, "--scope", "refer")["key"]
    files = {
        "png": ("image/png", picture()),
        "pdf": ("application/pdf", pdf(script=f"app.launchURL('https://{REPORTED}/d')")),
        "txt": ("text/plain", f"<a href=https://{REPORTED}/e> and https://{REPORTED}/f".encode()),
    }
    item = {
        "url": f"https://{REPORTED}/watch/1",
        "content_type": "image",
        "description": f"See https://{REPORTED}/a and <img src=//{REPORTED}/b.png> and mirror.example.",
        "evidence": [
            {"name": f"{REPORTED}.{end}", "media_type": kind, "content": base64.b64encode(content).decode()}
            for end, (kind, content) in files.items()
        ],
    }
    named = {"urgency": "threat_to_life", "reason": f"//{REPORTED}/c", "items": [item]}
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    for changes, expected in (
        ({}, 201),
        ({"reason": f"{REPORTED} again"}, 409),
        ({"category": REPORTED}, 422),
    ):
        body = referral_body("SD-1", **(named | changes))
        answer = httpx.post(program.address + "/api/v1/referrals", content=body, headers=headers)
        assert answer.status_code == expected, answer.text


def _spent_day(visitor: Visitor) -> str:
    """A whole day but for the second review; the case that the evidence came with."""
    page = visitor.page
    visitor.sign_in(PEOPLE[0])
    case = _next(visitor)
    _looked_at(visitor, case)
    _added(visitor)
    _decided(visitor)
    page.get_by_role("button", name="Undo").first.click()
    page.locator("textarea[name=rationale]").wait_for()
    _decided(visitor)
    _next(visitor)
    page.check("input[name=outcome][value=ask]")
    page.fill("textarea[name=question]", f"Is it the one at https://{REPORTED}/g as well?")
    page.get_by_role("button", name="Ask and stay").click()
    page.locator("#review").wait_for(state="detached")
    _next(visitor)
    page.get_by_text("Pass on or set aside").click()
    page.get_by_role("button", name="1 hour").click()
    page.wait_for_url("**/queue")
    for path in ("/my-work", f"/search?q=https://{REPORTED}/watch/1", "/comfort", "/queue", case):
        visitor.open(path)
    return case


def _next(visitor: Visitor) -> str:
    """Take the next case; its address."""
    visitor.open("/queue")
    visitor.page.get_by_role("button", name="Take next case").click()
    visitor.page.locator("#review").wait_for()
    return urlsplit(visitor.page.url).path


def _looked_at(visitor: Visitor, case: str) -> None:
    """Every step of picture, PDF and text, and the page about leaving up to its link."""
    page = visitor.page
    for name in ("png", "pdf"):
        piece = page.locator("li.piece", has_text=f"{REPORTED}.{name}")
        for stage in ("small", "grey", "colour"):
            piece.locator(f"button[formaction*='stage={stage}']").click()
            piece.locator(f"img[alt*={stage}]").wait_for()
    text = page.locator("li.piece", has_text=f"{REPORTED}.txt")
    text.locator("button[formaction*='stage=text']").click()
    text.get_by_text("a href=").wait_for()
    page.get_by_role("link", name="Leave for the live address").click()
    page.locator("main button[type=submit]").first.click()
    page.locator("main a[rel~=noreferrer]").hover()
    visitor.open(case)


def _added(visitor: Visitor) -> None:
    """A capture and a note."""
    page = visitor.page
    page.get_by_text("Add a capture").click()
    copied = f"copied from https://{REPORTED}/h".encode()
    capture: Any = {"name": f"{REPORTED}.copy.txt", "mimeType": "text/plain", "buffer": copied}
    page.locator("#file").set_input_files(capture)
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_text("The capture was added").wait_for()
    page.fill("[name=note]", f"The same as https://{REPORTED}/i")
    page.get_by_role("button", name="Write note").click()
    page.get_by_text("Note written.").wait_for()


def _decided(visitor: Visitor) -> None:
    page = visitor.page
    page.check("input[name=outcome][value=declined]")
    page.check("input[name=decline_reason][value=not_found]")
    page.fill("textarea[name=rationale]", NOTHING)
    page.get_by_role("button", name="Record and stay").click()
    page.locator("#review").wait_for(state="detached")


def _reviewed_again(program: Program, visitor: Visitor, case: str) -> None:
    """A colleague judges the same case once its undo window is over."""
    case_id = case.rpartition("/")[2]
    engine = stored(program)

    def waits() -> bool:
        with engine.connect() as connection:
            state = connection.scalar(sa.select(Case.state).where(Case.id == case_id))
        return bool(state == "second_review")

    until(waits)
    engine.dispose()
    visitor.sign_in(PEOPLE[1])
    visitor.open(case)
    visitor.page.get_by_role("button", name="Claim this case").click()
    visitor.page.locator("#review").wait_for()
    _looked_at(visitor, case)
    _decided(visitor)


def _asked(log: Path) -> set[str]:
    """Every host that the browser looked up or connected to, by its own log of the network."""
    told: dict[str, Any] = json.loads(log.read_text())
    names = {number: name for name, number in told["constants"]["logEventTypes"].items()}
    found: set[str] = set()
    for event in told["events"]:
        params, name = event.get("params", {}), names[event["type"]]
        if name == "HOST_RESOLVER_MANAGER_REQUEST" and "host" in params:
            found.add(urlsplit(str(params["host"])).hostname or str(params["host"]).rpartition(":")[0])
        if name == "TCP_CONNECT_ATTEMPT" and "address" in params:
            found.add(str(params["address"]).rpartition(":")[0])
    return found


def _reached(log: Path) -> dict[str, set[str]]:
    """What the watched processes started as, asked for and connected to."""
    found: dict[str, set[str]] = {"started": set(), "name": set(), "address": set()}
    for line in log.read_text().splitlines():
        kind, _, what = line.partition("\t")
        found[kind].add(what)
    return found


@pytest.mark.parametrize(
    ("database_url", "script"), [("postgresql", True), ("sqlite", False)], indirect=["database_url"]
)
def test_a_day_at_the_desk_reaches_no_reported_host(
    program: Program, tmp_path: Path, *, script: bool
) -> None:
    log = tmp_path / "network.json"
    with launched(f"--log-net-log={log}") as browser:
        visitor = Visitor(browser, program.address, script=script)
        case = _spent_day(visitor)
        colleague = Visitor(browser, program.address, script=script)
        _reviewed_again(program, colleague, case)
        assert visitor.troubles == []
        assert colleague.troubles == []
    asked = _asked(log)
    assert asked >= OURS, "the log tells of the desk itself"
    assert not [host for host in asked if host.endswith(".example")], "names here are reserved for tests"
    program.stop()
    reached = _reached(tmp_path / "network.log")
    assert any("flask serve" in command for command in reached["started"])
    assert {where for where in reached["name"] | reached["address"] if where[0] != "/"} <= LOOPBACK
    written = (program.folder / "server.log").read_text()
    for words in (REPORTED, "Saltmarsh", "desk.example", PASSWORD, "Nothing is at", "rr_"):
        assert words not in written


def test_a_watched_process_would_tell_of_a_host_that_it_reached_for(tmp_path: Path) -> None:
    program = new_desk(tmp_path, "sqlite://")
    log = tmp_path / "network.log"
    reaching = (
        "import contextlib, socket\n"
        "with contextlib.suppress(OSError): socket.create_connection(('127.0.0.2', 9), timeout=0.1)\n"
        f"with contextlib.suppress(OSError): socket.getaddrinfo('{REPORTED}', 443)\n"
    )
    environment = program.environment | {"PYTHONPATH": str(WATCHED), "NETWORK_LOG": str(log)}
    subprocess.run([sys.executable, "-c", reaching], env=environment, check=True)
    reached = _reached(log)
    assert REPORTED in reached["name"]
    assert "127.0.0.2" in reached["address"]


def test_the_log_would_tell_of_a_host_that_was_reached_for(tmp_path: Path) -> None:
    log = tmp_path / "network.json"
    with launched(f"--log-net-log={log}") as browser:
        page = browser.new_page()
        page.evaluate(f"fetch('https://{REPORTED}/').catch(() => null)")
    assert REPORTED in _asked(log)
