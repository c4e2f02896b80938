"""SQLite has one writer at a time: threads and processes queue for it, first come, first served."""

import errno
import fcntl
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from review.errors import DatabaseBusy, StorageFull

_waiting = threading.local()


@contextmanager
def around_waiting(give_up: Callable[[], None], take_again: Callable[[], None]) -> Iterator[None]:
    """Let this thread give something up for as long as it waits for its turn to write."""
    _waiting.held = give_up, take_again
    try:
        yield
    finally:
        _waiting.held = None


@contextmanager
def _waits() -> Iterator[None]:
    held = getattr(_waiting, "held", None)
    if held is None:
        yield
        return
    give_up, take_again = held
    give_up()
    try:
        yield
    finally:
        take_again()


class WriterQueue:
    """First come, first served among the threads of one process.

    SQLite itself lets writers race by busy-wait, which starves some for seconds; a plain
    `threading.Lock` gives no order either.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._busy = False

    def enter(self, *, wait_seconds: float) -> None:
        """Wait for one's turn; raises `DatabaseBusy` after ``wait_seconds``."""
        with self._guard:
            if not self._busy:
                self._busy = True
                return
            turn = threading.Event()
            self._waiting.append(turn)
        with _waits():
            came = turn.wait(wait_seconds)
        if came:
            return
        with self._guard:
            if turn in self._waiting:
                self._waiting.remove(turn)
                raise DatabaseBusy("Other writes are still waiting; try again.", retry_after_seconds=1)

    def leave(self) -> None:
        """Hand the turn to the one who has waited longest."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._busy = False


_queues: dict[str, WriterQueue] = {}
_registry_guard = threading.Lock()


def _lock_file(database_path: str, *, deadline: float) -> int:
    """Take the lock beside the database file, in which the processes queue before BEGIN IMMEDIATE.

    Closing the descriptor gives the lock back. Each turn opens the file anew: a fork shares what was open
    before it, locks included.
    """
    try:
        handle = os.open(database_path + ".writer", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise
        raise StorageFull(
            "The storage is full; nothing was stored. Try later.", retry_after_seconds=30
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        with _waits():
            got_it = _Waiter(handle).got_it(deadline - time.monotonic())
        if not got_it:
            raise DatabaseBusy("Another process is writing; try again.", retry_after_seconds=1) from None
    return handle


class _Waiter:
    """Waits for a file's lock in a thread, because that wait has no end of its own.

    Asking again and again instead would lose against a process that writes without a pause: the kernel
    wakes whoever waits. Who gives up leaves the lock to the thread, which gives it back.
    """

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._guard = threading.Lock()
        self._locked = threading.Event()
        self._given_up = False
        threading.Thread(target=self._wait, daemon=True).start()

    def _wait(self) -> None:
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        with self._guard:
            if self._given_up:
                os.close(self._handle)
            self._locked.set()

    def got_it(self, seconds: float) -> bool:
        """Whether the lock came within so many seconds."""
        if self._locked.wait(max(0.0, seconds)):
            return True
        with self._guard:
            self._given_up = not self._locked.is_set()
            return not self._given_up


@contextmanager
def writer_turn(path: str | None, *, wait_seconds: float) -> Iterator[None]:
    """This process's queue, then the lock beside the database file at ``path``; without one nothing."""
    if path is None:
        yield
        return
    with _registry_guard:
        queue = _queues.setdefault(path, WriterQueue())
    deadline = time.monotonic() + wait_seconds
    queue.enter(wait_seconds=wait_seconds)
    try:
        held = _lock_file(path, deadline=deadline)
        try:
            yield
        finally:
            os.close(held)
    finally:
        queue.leave()
