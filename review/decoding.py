"""What is in a file of evidence? Asked of a process of its own, so that nothing hostile is decoded here."""

import json
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any, Final

import structlog

import review
from review.domain.media import Kind, Look, Refusal, Stage
from review.errors import NotReady

WALL_SECONDS: Final = 30
AT_A_TIME: Final = 2
"""Children of one process that decode side by side, each with some hundred MiB at most."""
READY: Final = b"ready\n"
MOST_ANSWERED: Final = 24 * 1024 * 1024
_FROM_OUTSIDE: Final = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_FOLDER: Final = str(Path(review.__file__).parent.parent)
# neither the caller's folder nor the user's own packages, and none of the desk's settings and secrets
_COMMAND: Final = (sys.executable, "-s", "-P", "-m", "review.media_child")
_SURROUNDINGS: Final = {"PYTHONPATH": _FOLDER, "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}

log = structlog.get_logger()

_turns = threading.BoundedSemaphore(AT_A_TIME)


@dataclass(frozen=True)
class Decoded:
    """What was found in a file, and its re-encoded previews; none where it cannot be shown."""

    look: Look
    previews: Mapping[Stage, bytes]


def decode(path: Path) -> Decoded:
    """Look into the file; `FileNotFoundError`, or `NotReady` where the child could not do its work."""
    with path.open("rb") as given:
        return _decoded(given)


def decode_bytes(content: bytes) -> Decoded:
    """The same for bytes that are not kept, and perhaps never will be. Raises `NotReady`."""
    with tempfile.TemporaryFile() as given:
        given.write(content)
        given.seek(0)
        return _decoded(given)


def _decoded(given: IO[bytes]) -> Decoded:
    """What the child answers of the bytes in a file that stands at its beginning.

    The child is started, never forked: threads of this process hold locks. Its answer goes to a file that
    it cannot make longer than `MOST_ANSWERED`.
    """
    with tempfile.TemporaryFile() as taken, _turn():
        try:
            done = subprocess.run(
                _COMMAND,
                stdin=given,
                stdout=taken,
                stderr=subprocess.DEVNULL,
                env=_SURROUNDINGS,
                cwd="/",
                timeout=WALL_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise _not_now("timeout") from None
        taken.seek(0)
        return _answer_of(done.returncode, taken.read(MOST_ANSWERED + 1))


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=WALL_SECONDS):
        raise _not_now("busy")
    try:
        yield
    finally:
        _turns.release()


def _not_now(why: str) -> NotReady:
    log.warning("evidence_not_decoded", why=why)
    return NotReady("The evidence could not be prepared just now; try again.", retry_after_seconds=5)


def _answer_of(code: int, answer: bytes) -> Decoded:
    """What became of the child: a fault of the file is an answer, a fault of ours is not."""
    if not answer.startswith(READY) or -code in _FROM_OUTSIDE:
        raise _not_now(f"exit {code}")
    if code == 0:
        try:
            return _read(answer.removeprefix(READY))
        except (ValueError, TypeError, KeyError):
            return Decoded(Look(refused=Refusal.BROKEN), {})
    refusal = Refusal.SLOW if -code == signal.SIGXCPU else Refusal.BROKEN
    return Decoded(Look(refused=refusal), {})


def _read(answer: bytes) -> Decoded:
    """The answer, which nothing is believed that it could not be."""
    head, _end, rest = answer.partition(b"\n")
    told = json.loads(head)
    previews: dict[Stage, bytes] = {}
    for stage, length in told["previews"]:
        previews[Stage(stage)], rest = rest[: _number(length)], rest[_number(length) :]
    names = {field.name for field in fields(Look)} - {"kind", "refused", "perceptual_hash"}
    look = Look(**{name: _number(told[name]) for name in names})
    look.kind = None if told["kind"] is None else Kind(told["kind"])
    look.refused = None if told["refused"] is None else Refusal(told["refused"])
    found = told["perceptual_hash"]
    look.perceptual_hash = None if found is None else bytes.fromhex(found).hex()
    if rest or (look.perceptual_hash or "0" * 64).__len__() != 64:
        raise ValueError("the answer does not add up")
    return Decoded(look, previews if look.refused is None else {})


def _number(value: Any) -> Any:
    """A count or nothing, small enough for a column."""
    if value is not None and (type(value) is not int or not 0 <= value < 2**31):
        raise ValueError("not a number")
    return value
