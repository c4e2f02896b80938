"""Raw bytes to the real server, and all answers until it closes the connection."""

import http.client
import io
import json
import socket
from collections.abc import Iterator
from contextlib import suppress

import sqlalchemy as sa

from review.models import Referral
from review.queries.referrals import original_of
from tests.corpus.framing_cases import SERVER, Frame
from tests.corpus.running import Answer, Judge, problems_of

SECONDS = 30


class _Received(io.BytesIO):
    """What came back, read answer by answer: an answer closes its file, this one stays open."""

    def makefile(self, _mode: str) -> "_Received":
        """The interface of a socket."""
        return self

    def close(self) -> None:
        """Stay open for the next answer."""


def exchange(port: int, raw: bytes, *, cut: bool) -> bytes:
    """Send bytes on a connection of their own; all that came until it was closed by the server."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        received = b""
        with suppress(ConnectionError):  # it may refuse before it has read everything
            connection.sendall(raw)
            if cut:
                connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):
            while piece := connection.recv(65_536):
                received += piece
        return received


def answers_in(received: bytes) -> Iterator[Answer]:
    """The answers in these bytes, interim ones (100) left out."""
    stream = _Received(received)
    while stream.tell() < len(received):
        response = http.client.HTTPResponse(stream, method="POST")  # type: ignore[arg-type]
        response.begin()
        body = response.read()
        yield Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)


def judge_frame(judge: Judge, frame: Frame, *, port: int) -> None:
    """Send a frame; what is wrong is added to the judge's failures."""
    before = judge.counts_before()
    raw = frame.raw.replace(b"{key}", judge.keys["first"].encode())
    answers = list(answers_in(exchange(port, raw, cut=frame.cut)))
    judge.sent += 1
    judge.failures += [
        f"framing: {frame.name}: {problem}" for problem in _wrong(judge, frame, answers, before)
    ]


def _wrong(judge: Judge, frame: Frame, answers: list[Answer], before: dict[str, int]) -> Iterator[str]:
    if [answer.status for answer in answers] != [status for status, _ in frame.answers]:
        yield f"answered {[(answer.status, answer.body[-150:]) for answer in answers]}, not {frame.answers}"
    else:
        for answer, (status, code) in zip(answers, frame.answers, strict=True):
            if status >= 400 and code == SERVER and answer.body:
                yield f"the server was to refuse it alone, but {answer.body[:200]!r}"
            elif status >= 400 and code != SERVER:
                yield from problems_of(answer, code, None)
    now = judge.counts()
    changed = {name: now[name] - before[name] for name in now if now[name] != before[name]}
    if changed.get("referrals", 0) != len(frame.stored) or changed.get("referral.refused"):
        yield f"{len(frame.stored)} were to be stored, but {changed}"
        return
    for body in frame.stored:
        wanted = sa.select(Referral.id).where(Referral.reference == json.loads(body)["reference"])
        found = judge.session().scalars(wanted).one_or_none()
        if found is None or original_of(judge.session(), found, data_dir=judge.data_dir) != body:
            yield "the original is not rebuilt byte for byte"
