"""Every page an hour before the clocks change, in three zones: what times say, and what deadlines say."""

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine

from app import create_app
from review import db
from tests.conftest import Desk, settings_for
from tests.web.walls.crawling import crawl
from tests.web.walls.stage import Stage, build

NOW = datetime(2026, 10, 25, 0, 0, 30, tzinfo=UTC)
"""At 01:00 UTC summer time ends in the European Union and in the United Kingdom (Directive 2000/84/EC)."""
ZONES = {
    "Europe/Brussels": ("CEST", "CET"),
    "Europe/London": ("BST", "GMT"),
    "Atlantic/Azores": ("UTC+00", "UTC-01"),
}
"""Each with its words before and after."""
PEOPLE = ("holder", "lead", "legal", "admin", "own")
MOST_ALIKE = 3
"""Pages of one route that are looked at for each person."""
WITHIN = (
    "/queue",
    "/cases",
    "/my",
    "/search",
    "/rec",
    "/trail",
    "/esc",
    "/sender",
    "/admin",
    "/quality",
    "/emailed",
)
OF_THE_FRAME = 2
"""Times that stand on every page of somebody signed in: when the sign-in ends, below and in the warning."""
TIME = re.compile(r"<time\b([^>]*)>(.*?)</time>", re.DOTALL)
DEADLINE = re.compile(r'<span class="absolute">([^<]+)</span> <span class="relative">(.*)</span>', re.DOTALL)
SPAN = re.compile(r"(in|overdue by) (?:(\d+) days?)? ?(?:(\d+) h)? ?(?:(\d+) min)?(less than a minute)?")


@pytest.fixture(scope="module")
def stage(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A desk in the middle of its day; how a time reads does not hang on the database."""
    folder = tmp_path_factory.mktemp("times")
    shutil.copy(sqlite_template, folder / "review.db")
    settings = settings_for(f"sqlite:///{folder / 'review.db'}", folder)
    with time_machine.travel(NOW, tick=False), (app := create_app(settings)).app_context():
        yield build(Desk(app=app, settings=settings, database="sqlite"))
        db.session().close()
        db.extension.engine.dispose()


@pytest.fixture(scope="module")
def pages(stage: Stage) -> list[tuple[str, str]]:
    """Who opens which pages with a time on them, found by going everywhere once."""
    found: list[tuple[str, str]] = []
    for person in PEOPLE:
        alike: Counter[str] = Counter()
        for page in crawl(stage, stage.clients[person], within=WITHIN):
            route = re.sub(r"[A-Z]-[0-9A-Z-]{14}", "…", page.address.partition("?")[0])
            if page.status == 200 and page.text.count("<time") > OF_THE_FRAME and alike[route] < MOST_ALIKE:
                alike[route] += 1
                found.append((person, page.address))
    return found


@pytest.mark.parametrize("zone", ZONES)
def test_times_and_deadlines_are_right_where_the_clocks_change(
    stage: Stage, pages: list[tuple[str, str]], zone: str
) -> None:
    words: list[str] = []
    for person, address in pages:
        client = stage.clients[person]
        client.set_cookie("display", f"system:comfortable:100:en:{zone}")
        text = client.get(address).text
        assert text.count("<time") == len(TIME.findall(text)), address
        for attributes, content in TIME.findall(text):
            check_time(attributes, content, address)
            if "deadline" in attributes:
                words.append(check_deadline(attributes, content, address, ZoneInfo(zone)))
    assert len(pages) > 30
    assert len(words) > 10
    assert set(words) <= set(ZONES[zone])
    assert ZONES[zone][1] in words, "a deadline lies behind the change"


def moment_in(attributes: str) -> datetime | date:
    """What the machine reads of a time; fails where it cannot."""
    found = re.search(r'datetime="([^"]*)"', attributes)
    assert found is not None, attributes
    return date.fromisoformat(found[1]) if len(found[1]) == 10 else datetime.fromisoformat(found[1])


def words_of(at: datetime, form: str = "%H:%M") -> str:
    """Day and time of a moment in its own zone, told without the program."""
    name = at.tzname() or ""
    return f"{at.day} {at:%b %Y}, {at:{form}} {'UTC' + name if name[0] in '+-' else name}"


def check_time(attributes: str, content: str, address: str) -> None:
    """It parses, is in UTC, and words stand in it."""
    at = moment_in(attributes)
    assert re.sub(r"<[^>]*>|\s", "", content), address
    if isinstance(at, datetime):
        assert at.tzinfo == UTC, (address, attributes)
        assert "title=" in attributes, (address, attributes)


def check_deadline(attributes: str, content: str, address: str, zone: ZoneInfo) -> str:
    """Absolute with the zone's word, relative by the time that really passes, UTC beside it; the word."""
    at = moment_in(attributes)
    assert isinstance(at, datetime), address
    found = DEADLINE.search(content)
    assert found is not None, (address, content)
    there = at.astimezone(zone)
    assert unescape(found[1]) == words_of(there), address
    assert f'title="{words_of(at, "%H:%M:%S")}"' in attributes, address
    span = SPAN.fullmatch(re.sub(r"<svg.*</svg>", "", unescape(found[2]), flags=re.DOTALL).strip())
    assert span is not None, (address, content)
    days, hours, minutes = (int(part or 0) for part in span.groups()[1:4])
    told = timedelta(days=days, hours=hours, minutes=minutes)
    left = at - NOW if span[1] == "in" else NOW - at
    assert timedelta(0) <= left - told < timedelta(hours=1 if days else 0, minutes=1), (address, content)
    return words_of(there).rpartition(" ")[2]
