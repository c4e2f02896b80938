"""Which of the messages that were taken are tried now, and which wait? Threads and places, no database."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from review.actions.posting import AT_FIRST, Leased, Tried
from review.domain.webhooks import Failure
from review.webhooks import Outcome

MOST_TAKEN: Final = 384
"""Messages taken and not yet given up as slow."""
MOST_RECORDED: Final = 128
"""How many that ended end a turn: while they are recorded and as many are taken, the others are tried."""
MOST_OF_ONE: Final = 256
"""Of these, messages of one endpoint, so that a backlog of one leaves room for others."""
MOST_PROMPT: Final = 32
"""Tries under way that have not taken long."""
MOST_FRESH: Final = 2
"""Tries that only just began: those are at work, the others wait for their receivers."""
MOST_UNDER_WAY: Final = 256
"""All tries under way, those included that wait for a receiver which does not answer."""
MOST_AT_ONCE: Final = 16
"""Tries of one endpoint at a time, where it answers promptly; one where it last did not answer at all."""
FRESH_SECONDS: Final = 0.004
PROMPT_SECONDS: Final = 0.5
TURN_SECONDS: Final = 0.2
"""How long one turn waits before what ended is recorded and more is taken."""
GATHER_SECONDS: Final = 0.02
"""How much longer a turn with nothing left to begin waits for the others, to record them together."""

log = structlog.get_logger()
Attempt = Callable[[Leased], tuple[Outcome, datetime]]


@dataclass(frozen=True)
class _Begun:
    """A message that a thread tries, since a moment of the monotonic clock."""

    leased: Leased
    since: float


class Tries:
    """What one process has taken: what waits for its place, what is under way, what ended.

    A thread whose try has ended goes on with the next, so that there are tries while others are recorded.
    """

    def __init__(self) -> None:
        self.most: dict[str, int] = {}
        """How many messages of an endpoint are taken at a time; `AT_FIRST` where it is not named."""
        self._threads = ThreadPoolExecutor(MOST_UNDER_WAY, thread_name_prefix="post")
        self._changed = threading.Condition()
        self._waiting: dict[str, deque[tuple[Leased, Attempt]]] = {}
        self._under_way: dict[str, _Begun] = {}
        self._busy: Counter[str] = Counter()
        self._ended: list[Tried] = []

    def __bool__(self) -> bool:
        """Whether anything is taken that is not recorded."""
        with self._changed:
            return bool(self._waiting or self._under_way or self._ended)

    def ended(self) -> tuple[Tried, ...]:
        """What is not recorded yet, in the order in which it ended."""
        with self._changed:
            return tuple(self._ended)

    def taken(self) -> Counter[str]:
        """How many messages of each endpoint wait or are under way."""
        with self._changed:
            return self._busy + Counter({endpoint: len(queue) for endpoint, queue in self._waiting.items()})

    def room(self) -> int:
        """How many more may be taken; who waits for a silent receiver takes no place of others."""
        with self._changed:
            if len(self._under_way) >= MOST_UNDER_WAY:
                return 0
            waiting = sum(len(queue) for queue in self._waiting.values())
            return MOST_TAKEN - waiting - self._younger_than(PROMPT_SECONDS)

    def take(self, leased: Sequence[Leased], attempt: Attempt) -> None:
        """Let these wait for a place to be tried in."""
        with self._changed:
            for one in leased:
                self._waiting.setdefault(one.endpoint_id, deque()).append((one, attempt))

    def turn(self) -> None:
        """Try what waits, endpoint after endpoint, for one turn, or until enough or all has ended."""
        until = time.monotonic() + TURN_SECONDS
        with self._changed:
            while True:
                held_back = self._begin()
                left = until - time.monotonic()
                if left <= 0 or not self._under_way or len(self._ended) >= MOST_RECORDED:
                    return
                gathers = bool(self._ended) and not self._waiting
                wait = min(left, FRESH_SECONDS if held_back else GATHER_SECONDS if gathers else left)
                if not self._changed.wait(wait) and gathers:
                    return

    def wait_for_all(self) -> list[Leased]:
        """Let those under way end; returns what was taken and not tried."""
        with self._changed:
            left = [leased for queue in self._waiting.values() for leased, _attempt in queue]
            self._waiting.clear()
        self._threads.shutdown()
        return left

    def forget(self, recorded: Sequence[Tried]) -> None:
        """Keep these, the first that ended, no longer."""
        with self._changed:
            del self._ended[: len(recorded)]

    def learn(self, tried: Tried) -> list[Leased]:
        """Take one more of an endpoint after each prompt answer, few after a slow one, one alone after none.

        Returns what is not tried any more now, because its endpoint may not have so many any more: the leases
        would end before their turn came.
        """
        endpoint_id, outcome = tried.leased.endpoint_id, tried.outcome
        if outcome.failure in (Failure.TIMEOUT, Failure.GONE):
            self.most[endpoint_id] = 1
            return self._let_go(endpoint_id, keeping=0)
        if outcome.milliseconds >= PROMPT_SECONDS * 1000:
            self.most[endpoint_id] = AT_FIRST
            return self._let_go(endpoint_id, keeping=AT_FIRST)
        if outcome.arrived:
            self.most[endpoint_id] = min(MOST_OF_ONE, self.most.get(endpoint_id, AT_FIRST) + 1)
        return []

    def _let_go(self, endpoint_id: str, *, keeping: int) -> list[Leased]:
        """Those that wait for this endpoint behind the first so many."""
        with self._changed:
            waiting = list(self._waiting.pop(endpoint_id, ()))
            if kept := waiting[:keeping]:
                self._waiting[endpoint_id] = deque(kept)
            return [leased for leased, _attempt in waiting[keeping:]]

    def _younger_than(self, seconds: float) -> int:
        now = time.monotonic()
        return sum(now - one.since < seconds for one in self._under_way.values())

    def _begin(self) -> bool:
        """Begin what has a place; whether some wait only until those that just began are less at work."""
        while (found := self._next()) is not None:
            self._threads.submit(self._go_on, *found)
        return bool(self._waiting) and self._younger_than(FRESH_SECONDS) >= MOST_FRESH

    def _next(self) -> tuple[Leased, Attempt] | None:
        """The first that has a place, which is under way from now on; its endpoint goes to the end."""
        prompt, under_way = self._younger_than(PROMPT_SECONDS), len(self._under_way)
        if prompt >= MOST_PROMPT or under_way >= MOST_UNDER_WAY:
            return None
        if self._younger_than(FRESH_SECONDS) >= MOST_FRESH:
            return None
        for endpoint_id, queue in self._waiting.items():
            most = min(MOST_AT_ONCE, self.most.get(endpoint_id, AT_FIRST))
            if self._busy[endpoint_id] < most:
                del self._waiting[endpoint_id]
                leased, attempt = queue.popleft()
                if queue:
                    self._waiting[endpoint_id] = queue
                self._under_way[leased.id] = _Begun(leased, time.monotonic())
                self._busy[endpoint_id] += 1
                return leased, attempt
        return None

    def _go_on(self, leased: Leased, attempt: Attempt) -> None:
        """In a thread: one try after the other, as long as there is one with a place."""
        found: tuple[Leased, Attempt] | None = (leased, attempt)
        while found is not None:
            found = self._try(*found)

    def _try(self, leased: Leased, attempt: Attempt) -> tuple[Leased, Attempt] | None:
        """One try, whatever comes of it; what is to be tried after it."""
        result = None
        try:
            result = attempt(leased)
        except Exception:  # an error of the program: the lease ends and the message is tried again
            log.exception("delivery_failed", delivery=leased.id)
        with self._changed:
            del self._under_way[leased.id]
            self._busy[leased.endpoint_id] -= 1
            if result is not None:
                self._ended.append(Tried(leased, *result))
            found = self._next()
            if not self._waiting or not self._under_way or len(self._ended) >= MOST_RECORDED:
                self._changed.notify()
            return found
