"""Files are worked on two at once: a slow one keeps nobody else waiting, and a dropped one is let go."""

import sys
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from review.models import UploadedFile
from review.workbooks import Reading
from review.workers import receiving
from tests.conftest import Desk
from tests.files import Officer, good_rows, table
from tests.workbooks import workbook

BOOK = workbook([["reference", "reason", "url"], ["A", "Why", "https://video.example/a"]])
NEVER_ENDS = (sys.executable, "-c", "import signal; signal.pause()")


@pytest.fixture
def slow_books(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Workbooks that are read without an end."""
    monkeypatch.setattr("review.workbooks._COMMAND", NEVER_ENDS)
    yield
    receiving.finish(desk.app)


def turn(desk: Desk, times: int = 1) -> None:
    with desk.app.app_context():
        for _time in range(times):
            receiving.run_once(desk.app)


def states(desk: Desk) -> list[str]:
    """How the files stand, oldest first."""
    ordered = sa.select(UploadedFile.state).order_by(UploadedFile.created_at, UploadedFile.id)
    found = list(desk.session.scalars(ordered))
    desk.session.rollback()
    return found


def child_of(desk: Desk) -> Reading:
    """The child of the one file that waits for one."""
    (reading,) = (job.waits for job in receiving._works[id(desk.app)].jobs if job.waits is not None)
    return reading


@pytest.mark.usefixtures("slow_books")
def test_a_slow_file_keeps_no_other_sender_waiting(desk: Desk) -> None:
    slow, quick = Officer(desk), Officer(desk)
    slow.upload(BOOK, name="slow.xlsx")
    for number in range(3):
        quick.upload(table(*good_rows(2, start=number * 10)))
    turn(desk, 12)
    assert states(desk) == ["waiting", "checked", "checked", "checked"]


@pytest.mark.usefixtures("slow_books")
def test_one_sender_has_one_file_at_a_time(desk: Desk) -> None:
    slow = Officer(desk)
    slow.upload(BOOK, name="slow.xlsx")
    slow.upload(table(*good_rows(2)))
    turn(desk, 4)
    assert states(desk) == ["waiting", "waiting"]


@pytest.mark.usefixtures("slow_books")
def test_dropping_a_file_ends_the_child_that_reads_it(desk: Desk) -> None:
    slow = Officer(desk)
    page = slow.upload(BOOK, name="slow.xlsx")
    slow.upload(table(*good_rows(2)))
    turn(desk)
    child = child_of(desk)
    assert not child.ended
    slow.post(f"{page}/drop")
    turn(desk, 4)
    assert child.ended
    assert states(desk) == ["dropped", "checked"]


@pytest.mark.usefixtures("slow_books")
def test_the_child_ends_with_the_loop(desk: Desk) -> None:
    Officer(desk).upload(BOOK, name="slow.xlsx")
    turn(desk)
    child = child_of(desk)
    receiving.finish(desk.app)
    assert child.ended


def test_a_child_ends_when_its_time_is_over(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("review.workbooks._COMMAND", NEVER_ENDS)
    monkeypatch.setattr("review.workbooks.WALL_SECONDS", 0)
    officer = Officer(desk)
    page = officer.upload(BOOK, name="slow.xlsx")
    turn(desk, 2)
    assert states(desk) == ["refused"]
    assert "The workbook takes too long to read" in officer.said(page)


def test_senders_take_turns(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("review.workers.receiving.MOST_AT_ONCE", 1)
    many, one = Officer(desk), Officer(desk)
    for number in range(3):
        many.upload(table(*good_rows(1, start=number * 10)))
    one.upload(table(*good_rows(1)))
    seen = []
    for _time in range(8):
        turn(desk)
        seen.append(states(desk))
    first = next(found for found in seen if found[3] == "checked")
    assert first == ["checked", "waiting", "waiting", "checked"]
    assert seen[-1] == ["checked"] * 4
