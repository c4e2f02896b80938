"""Who runs the short steps of a moderator's work: one thread after the other, and mostly the same one.

Python runs one thread at a time. Eight that each bring a request would take turns after every statement,
and what one has just used is cold on the processor where the next one goes on: a case takes a third longer.
So a step that finds others before it is run, in order, by the thread that works already. Only while a step
waits for something outside, another thread goes on with the next.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")

WAIT_SECONDS = 1.0
"""Who has waited so long for the turn goes on without it, because nobody is refused here."""


class _Job(Generic[Answer]):
    """Work, and what became of it; ``has_turn``: whether whoever does it has the turn at this moment."""

    def __init__(self, work: Callable[["_Job[Answer]"], Answer]) -> None:
        self.has_turn = True
        self._work = work
        self._answer: list[Answer] = []
        self._error: BaseException | None = None
        self._done = threading.Lock()
        self._done.acquire()

    def do(self) -> None:
        """Work, and let whoever waits for the answer have it."""
        try:
            self._answer.append(self._work(self))
        except BaseException as error:  # raised again where the answer is wanted
            self._error = error
        finally:
            self._done.release()

    def is_done(self, *, within_seconds: float) -> bool:
        """Whether it is done before so much time is over."""
        if not self._done.acquire(timeout=within_seconds):
            return False
        self._done.release()
        return True

    def answer(self) -> Answer:
        """What came out, once it is done; raises what the work raised."""
        with self._done:
            if self._error is not None:
                raise self._error
            return self._answer[0]


class Steps:
    """Runs jobs one by one; ``threads`` is how many may wait outside at a time and others still go on."""

    def __init__(self, *, threads: int, wait_seconds: float = WAIT_SECONDS) -> None:
        self.wait_seconds = wait_seconds
        self._guard = threading.Lock()
        self._jobs: deque[_Job[object]] = deque()
        self._returning: deque[threading.Event] = deque()
        self._resting: list[threading.Event] = []
        self._busy = False
        self._unstarted = threads

    def run(self, work: Callable[[Callable[[], None], Callable[[], None]], Answer]) -> Answer:
        """Do the work in turn; it gets two functions: give the turn up, and take it again."""
        job: _Job[Answer] = _Job(lambda job: work(lambda: self._give_up(job), lambda: self._take(job)))
        with self._guard:
            first = not self._busy
            if first:
                self._busy = True
            else:
                self._jobs.append(job)  # type: ignore[arg-type]
        if first or not (job.is_done(within_seconds=self.wait_seconds) or self._is_begun(job)):
            job.do()
            if job.has_turn:
                with self._guard:
                    self._pass_on()
        return job.answer()

    def _is_begun(self, job: _Job[Answer]) -> bool:
        """Whether a thread does it already; else it leaves the queue, to be done without the turn."""
        with self._guard:
            if job not in self._jobs:
                return True
            self._jobs.remove(job)  # type: ignore[arg-type]
            job.has_turn = False
            return False

    def _pass_on(self) -> None:
        """Give the turn, which the caller has, to who comes next; the guard is held."""
        if self._returning:
            self._returning.popleft().set()
        elif not self._jobs:
            self._busy = False
        elif self._resting:
            self._resting.pop().set()
        elif self._unstarted:
            self._unstarted -= 1
            threading.Thread(target=self._work, daemon=True, name="steps").start()
        else:
            self._busy = False

    def _work(self) -> None:
        """A thread's life: with the turn, job after job; then a rest until the turn comes to it again."""
        turn = threading.Event()
        while True:
            while (job := self._next(turn)) is not None:
                job.do()
                if not job.has_turn:
                    with self._guard:
                        self._resting.append(turn)
                    break
            turn.wait()
            turn.clear()

    def _next(self, turn: threading.Event) -> _Job[object] | None:
        """The next job; none where the turn goes to somebody else and this thread may rest."""
        with self._guard:
            if self._jobs and not self._returning:
                return self._jobs.popleft()
            self._resting.append(turn)
            self._pass_on()
            return None

    def _give_up(self, job: _Job[Answer]) -> None:
        if job.has_turn:
            job.has_turn = False
            with self._guard:
                self._pass_on()

    def _take(self, job: _Job[Answer]) -> None:
        mine = threading.Event()
        with self._guard:
            if not self._busy:
                self._busy = job.has_turn = True
                return
            self._returning.append(mine)
        came = mine.wait(self.wait_seconds)
        with self._guard:
            if not came and mine in self._returning:
                self._returning.remove(mine)
                return
        job.has_turn = True
