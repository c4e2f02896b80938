"""Could this have happened one after the other? Histories of claims and judgements, and their order.

A history is linearizable when every call can be given one moment between its begin and its end, so that the
calls in the order of these moments obey the rules of one case (Herlihy and Wing 1990). Cases are searched one
by one, because a history is linearizable when that of each object is. The search is that of Wing and Gong
(1993) with the memory of Lowe (2017): what was tried once with the same calls done and the same state is not
tried again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Call:
    """What somebody asked of a case, what was answered, and the ticks of the common clock around it.

    ``answer`` is the code of the named error, or ``done``. ``generation`` and ``version`` are those sent by
    release, renew and decide, and those received by claim, next and undo.
    """

    person: int
    action: str
    answer: str
    begun: int
    ended: int
    generation: int = 0
    version: int = 0


@dataclass(frozen=True)
class Held:
    """One case: who holds it, the number of the claim, what a form must have seen, whose review waits."""

    holder: int | None = None
    generation: int = 0
    version: int = 1
    judged_by: int | None = None


def after(case: Held, call: Call) -> Held | None:
    """The case after the call; None when the rules do not allow this answer here."""
    if call.action in ("claim", "next"):
        return _after_claim(case, call)
    if call.action == "undo":
        return _after_undo(case, call)
    mine = case.holder == call.person and case.generation == call.generation
    if call.action == "decide":
        return _after_decide(case, call, mine=mine)
    if (call.answer == "done") != mine or call.answer not in ("done", "claim_lost"):
        return None
    return replace(case, holder=None) if mine and call.action == "release" else case


def _after_claim(case: Held, call: Call) -> Held | None:
    free = case.holder is None and case.judged_by is None
    if call.answer == "case_not_claimable":
        return None if free or case.holder == call.person else case
    if call.answer != "done" or call.version != case.version:
        return None
    if case.holder == call.person and call.action == "claim":
        return case if call.generation == case.generation else None
    if not free or call.generation != case.generation + 1:
        return None
    return replace(case, holder=call.person, generation=call.generation)


def _after_undo(case: Held, call: Call) -> Held | None:
    if case.judged_by is None:
        return case if call.answer == "nothing_to_undo" else None
    if case.judged_by != call.person:
        return case if call.answer == "not_permitted" else None
    if call.answer != "done" or call.generation != case.generation + 1:
        return None
    return Held(call.person, call.generation, case.version + 1, None)


def _after_decide(case: Held, call: Call, *, mine: bool) -> Held | None:
    if case.judged_by == call.person:
        right = "already_recorded"
    elif not mine:
        right = "claim_lost"
    else:
        right = "done" if call.version == case.version else "stale_version"
    if call.answer != right:
        return None
    return Held(None, case.generation, case.version + 1, call.person) if right == "done" else case


def legal_order(history: Sequence[Call]) -> list[Call] | None:
    """An order of the calls on one case that the rules and the clock allow; None when there is none."""
    calls = sorted(history, key=lambda call: call.begun)
    all_done = (1 << len(calls)) - 1
    seen: set[tuple[int, Held]] = set()
    path: list[int] = []
    # each entry: calls done as bits, the case then, how many calls the path had
    waiting = [(0, Held(), 0, -1)]
    while waiting:
        done, case, length, last = waiting.pop()
        del path[length:]
        if last >= 0:
            path.append(last)
        if done == all_done:
            return [calls[number] for number in path]
        for number in _could_be_next(calls, done):
            then = after(case, calls[number])
            step = done | 1 << number
            if then is not None and (step, then) not in seen:
                seen.add((step, then))
                waiting.append((step, then, len(path), number))
    return None


def _could_be_next(calls: Sequence[Call], done: int) -> list[int]:
    """The open calls that began before any open one had ended."""
    undone = [number for number in range(len(calls)) if not done >> number & 1]
    first_end = min(calls[number].ended for number in undone)
    return [number for number in undone if calls[number].begun < first_end]
