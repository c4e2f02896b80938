"""Processes queue for the writer's turn beside the database file; who gives up leaves nothing locked."""

import fcntl
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from review.errors import DatabaseBusy
from review.writers import around_waiting, writer_turn


def test_who_waits_for_another_process_gets_the_turn_when_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "review.db"
    taken, entered = threading.Event(), threading.Event()
    with (tmp_path / "review.db.writer").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)

        def write() -> None:
            taken.set()
            with writer_turn(str(path), wait_seconds=30):
                entered.set()

        thread = threading.Thread(target=write)
        thread.start()
        assert taken.wait(10)
        assert not entered.is_set()
        fcntl.flock(other, fcntl.LOCK_UN)
        assert entered.wait(10)
        thread.join()


def test_who_gives_up_is_told_and_takes_no_turn_later(tmp_path: Path) -> None:
    path = str(tmp_path / "review.db")
    with (tmp_path / "review.db.writer").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(DatabaseBusy), writer_turn(path, wait_seconds=0.01):
            raise AssertionError("not reached")
        fcntl.flock(other, fcntl.LOCK_UN)
    with writer_turn(path, wait_seconds=30):
        pass


def test_one_at_a_time_and_none_forgotten(tmp_path: Path) -> None:
    inside, most = [0], [0]

    def write(_number: int) -> None:
        for _time in range(20):
            with writer_turn(str(tmp_path / "review.db"), wait_seconds=30):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(8)))
    assert (inside[0], most[0]) == (0, 1)


def test_without_a_file_there_is_no_queue() -> None:
    with writer_turn(None, wait_seconds=0), writer_turn(None, wait_seconds=0):
        pass


def test_what_is_held_is_given_up_while_waiting_and_taken_again(tmp_path: Path) -> None:
    path, told = str(tmp_path / "review.db"), []
    waiting = threading.Event()

    def give_up() -> None:
        told.append("given up")
        waiting.set()

    def write() -> None:
        with around_waiting(give_up, lambda: told.append("taken again")), writer_turn(path, wait_seconds=30):
            told.append("writing")

    with writer_turn(path, wait_seconds=30):
        thread = threading.Thread(target=write)
        thread.start()
        assert waiting.wait(10)
        assert told == ["given up"]
    thread.join(10)
    assert told == ["given up", "taken again", "writing"]
    told.clear()
    write()
    assert told == ["writing"], "who need not wait keeps what is held"
    with writer_turn(path, wait_seconds=30):
        pass
    assert told == ["writing"], "nothing is given up once the request is over"
