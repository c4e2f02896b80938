"""A sender's program in a few lines: refer, follow, be told, and check what the desk proves.

Needs neither Flask nor SQLAlchemy. What may have arrived although no answer came is sent again with the same
key, because that is safe; where the desk says how long to wait, it waits that long.
"""

import gzip
import json
import random
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final, Self
from urllib.parse import quote, urlencode, urlsplit
from uuid import uuid4

from review.domain import merkle, tiles
from review.domain.signed_note import Checkpoint, parse_checkpoint, parse_vkey, verify_any
from review.domain.webhooks import read_message
from review.errors import InvalidInput, TrailBroken
from review.formats.receipts import Part, Proven, check_receipt

__all__ = [
    "Checkpoint",
    "Desk",
    "InvalidInput",
    "NoAnswer",
    "Place",
    "Proven",
    "Refused",
    "TrailBroken",
    "check_receipt",
    "read_message",
]

NDJSON: Final = "application/x-ndjson"
AGAIN: Final = frozenset({429, 500, 502, 503, 504})
"""Answers after which the same request may be sent again: it was not looked at, or nobody knows."""
LONGEST_PAUSE_SECONDS: Final = 60.0
LONGEST_WAIT_SECONDS: Final = 900.0
"""However long an answer asks to wait."""
LISTED_AT_ONCE: Final = 200
MOST_ROTATIONS: Final = 100


class Refused(Exception):
    """The desk answered that this cannot be: ``status`` and the members of its problem document."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('title', '')}: {problem.get('detail', '')}")
        self.status = status
        self.problem = problem

    @property
    def code(self) -> str:
        """The stable code of the error, such as ``reference_conflict``."""
        return str(self.problem.get("type", "")).rpartition("/")[2]


class NoAnswer(Exception):
    """After all tries it is not known whether the request arrived; the same one may be sent again later."""


@dataclass
class Place:
    """How far changes were read. Kept in a file, nothing is missed or given twice over a restart."""

    cursor: str | None = None
    seen: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Self:
        """The place in a file; the beginning where there is none."""
        return cls(**json.loads(path.read_text())) if path.exists() else cls()

    def write(self, path: Path) -> None:
        """Keep the place, whole or not at all."""
        _write_whole(path, json.dumps({"cursor": self.cursor, "seen": self.seen}))


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Desk:
    """One provider's desk, seen by one sender.

    ``key``: the sender's API key. ``vkey``: the desk's public key (``name+id+key``), from somewhere else than
    the desk if possible; without it the one that the desk shows first is kept and believed from then on,
    and each that follows it.
    ``folder``: where that key and the newest checkpoint are kept. ``tries`` for each request; ``wait`` is
    called with seconds.
    """

    def __init__(
        self,
        address: str,
        key: str = "",
        *,
        folder: Path | None = None,
        vkey: str = "",
        tries: int = 8,
        timeout_seconds: float = 60,
        trust: ssl.SSLContext | None = None,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("the address of a desk begins with https:// and a host")
        self._secure, self._host, self._port = parts.scheme == "https", parts.hostname, parts.port
        self._prefix = parts.path.rstrip("/")
        self._key, self._folder, self._vkey = key, folder, vkey
        self._known: list[str] = []
        self._tries, self._timeout, self._trust, self._wait = tries, timeout_seconds, trust, wait

    # refer

    def refer(self, referral: Mapping[str, Any], *, idempotency_key: str = "") -> dict[str, Any]:
        """Send one referral (the members of http.md); the referral as the desk has it now.

        Sent again with the same key until there is an answer, so that it is received once. Raises `Refused`
        or, when all tries failed, `NoAnswer`: then call again with the same ``reference``.
        """
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": idempotency_key or str(uuid4()),
        }
        return self._json("POST", "/api/v1/referrals", body=json.dumps(referral).encode(), headers=headers)

    def refer_many(self, referrals: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        """Send any number of referrals as one batch; they are packed on the way and never all in memory."""
        with TemporaryFile() as packed:
            with gzip.open(packed, "wb") as lines:
                for referral in referrals:
                    lines.write(json.dumps(referral).encode() + b"\n")
            return self._send_lines(packed, packed=True)

    def refer_file(self, path: Path) -> dict[str, Any]:
        """Send a file with a referral a line (NDJSON, or ``.gz`` of it); counts and refusals of the batch.

        Safe to repeat: what is stored is answered as repeated.
        """
        with path.open("rb") as lines:
            return self._send_lines(lines, packed=path.suffix == ".gz")

    def _send_lines(self, lines: IO[bytes], *, packed: bool) -> dict[str, Any]:
        headers = {"Content-Type": NDJSON} | ({"Content-Encoding": "gzip"} if packed else {})
        return self._json("POST", "/api/v1/referrals/batch", body=lines, headers=headers)

    def results(self, batch_id: str) -> Iterator[dict[str, Any]]:
        """What became of each line of a batch, in order."""
        answer = self._ask("GET", f"/api/v1/batches/{quote(batch_id)}/results", headers={"Accept": NDJSON})
        for line in answer.body.splitlines():
            yield json.loads(line)

    # follow

    def referral(self, referral_id: str) -> dict[str, Any]:
        """One own referral with the answers so far."""
        return self._json("GET", f"/api/v1/referrals/{quote(referral_id)}")

    def changes(self, place: Place, *, since: str = "", batch: str = "") -> Iterator[dict[str, Any]]:
        """Own referrals that changed after this place, each as it stands, the oldest change first.

        The place moves along. Ends where nothing more has changed: call again later with the same place.
        ``since`` (RFC 3339) only chooses the beginning; ``batch``: of this delivery alone.
        """
        while True:
            asked = {"limit": str(LISTED_AT_ONCE), "batch": batch, "cursor": place.cursor or ""}
            if not place.cursor:
                asked["updated_since"] = since
            query = urlencode({name: value for name, value in asked.items() if value})
            page = self._json("GET", f"/api/v1/referrals?{query}")
            for referral in page["referrals"]:
                # the last page is read again next time, because only a full one has a cursor behind it
                if place.seen.get(referral["id"]) != referral["updated_at"]:
                    yield referral
                    place.seen[referral["id"]] = referral["updated_at"]
            if not page["next"]:
                return
            place.cursor, place.seen = page["next"], {}

    # check

    def receipt(self, referral_id: str, item_id: str = "") -> bytes:
        """The receipt of a referral's arrival, or of the answer to one item; waits until it is signed."""
        query = f"?item={quote(item_id)}" if item_id else ""
        return self._ask("GET", f"/api/v1/referrals/{quote(referral_id)}/receipt{query}").body

    def batch_receipt(self, batch_id: str) -> bytes:
        """The receipt of a whole delivery that is complete; waits until it is signed."""
        return self._ask("GET", f"/api/v1/batches/{quote(batch_id)}/receipt").body

    def check_receipt(self, document: bytes) -> Proven:
        """What this receipt proves by the desk's public key; raises `TrailBroken` that names the part.

        Where another key signed, the keys that followed the known one count too, each proven by the one
        before it.
        """
        try:
            return check_receipt(document, *self._vkeys())
        except TrailBroken as error:
            if error.values.get("part") != Part.KEY:
                raise
            return check_receipt(document, *self._followed())

    def vkey(self) -> str:
        """The newest public key that is known: given, kept, or asked for once; then as it was followed."""
        return self._vkeys()[-1]

    def _vkeys(self) -> list[str]:
        if not self._known:
            path = None if self._folder is None else self._folder / "vkey"
            kept = path.read_text().split() if path is not None and path.exists() else []
            if self._vkey:
                kept = kept[kept.index(self._vkey) :] if self._vkey in kept else [self._vkey]
            if not kept:
                self._keep_keys(kept := [self._ask("GET", "/log/key").body.decode().strip()])
            self._known = kept
        return self._known

    def _keep_keys(self, vkeys: list[str]) -> None:
        self._known = vkeys
        if self._folder is not None:
            _write_whole(self._folder / "vkey", "".join(f"{one}\n" for one in vkeys))

    def _followed(self) -> list[str]:
        """The known keys and those that followed: each new one in a receipt that the one before signed."""
        known = self._vkeys()
        for _rotation in range(MOST_ROTATIONS):
            try:
                proof = self._ask("GET", f"/log/rotation/{known[-1].split('+')[1]}").body
            except Refused:
                break
            proven = check_receipt(proof, known[-1])
            vkey = proven.values.get("vkey", b"").decode()
            if proven.event_type != "trail.key_rotated" or vkey.partition("+")[0] != proven.checkpoint.origin:
                raise TrailBroken("The desk shows another event where a new key should stand.")
            self._keep_keys(known := [*known, vkey])
        return known

    def _verified(self, note: str) -> Checkpoint:
        """The checkpoint, by a known key or one that followed it."""
        signed = {(one.name, one.key_id) for one in parse_checkpoint(note).signatures}
        known = self._vkeys()
        if not signed & {parse_vkey(vkey)[:2] for vkey in known}:
            known = self._followed()
        return verify_any(note, known)

    def newest_checkpoint(self) -> Checkpoint:
        """The desk's newest checkpoint, kept from now on.

        Raises `TrailBroken` where it does not continue the one kept before: entries were cut or changed.
        """
        note = self._ask("GET", "/log/checkpoint").body.decode()
        newest, kept = self._verified(note), self._kept()
        if kept is not None and newest.size < kept.size:
            raise TrailBroken(
                f"The desk signed {kept.size} entries before and shows {newest.size} now: it was cut."
                " Keep both checkpoints and tell the provider."
            )
        return self.keep_checkpoint(note)

    def keep_checkpoint(self, note: str) -> Checkpoint:
        """Check a checkpoint from elsewhere, such as of a message, against the one kept; keep the newer."""
        found, kept = self._verified(note), self._kept()
        if kept is not None:
            self._check_growth(*sorted((found, kept), key=lambda one: one.size))
        if self._folder is not None and (kept is None or kept.size < found.size):
            _write_whole(self._folder / "checkpoint", note)
        return found

    def _kept(self) -> Checkpoint | None:
        path = None if self._folder is None else self._folder / "checkpoint"
        return None if path is None or not path.exists() else self._verified(path.read_text())

    def _check_growth(self, first: Checkpoint, second: Checkpoint) -> None:
        """Raise `TrailBroken` unless the second tree begins with the whole first one (RFC 9162, 2.1.4)."""

        def tile(level: int, index: int, width: int = tiles.TILE_WIDTH) -> bytes:
            return self._ask("GET", f"/log/{tiles.tile_path(level, index, width)}").body

        def tail(level: int) -> list[bytes]:
            full, width = divmod(second.size >> level * tiles.TILE_HEIGHT, tiles.TILE_WIDTH)
            hashes = tile(level, full, width) if width else b""
            return [hashes[start : start + 32] for start in range(0, len(hashes), 32)]

        read = tiles.reader(second.size, tile, tail)
        path = merkle.consistency_path(first.size, second.size, read)
        if not merkle.verify_consistency(
            first.size, second.size, path=path, first_root=first.root, second_root=second.root
        ):
            raise TrailBroken(
                f"The trail of {second.size} entries does not begin with the {first.size} signed before."
                " Keep both checkpoints and tell the provider."
            )

    # speak

    def _json(self, method: str, path: str, **given: Any) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._ask(method, path, **given).body)
        return found

    def _ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes | IO[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> _Answer:
        """Ask until there is an answer that will not be another one next time."""
        last = ""
        for number in range(self._tries):
            pause = min(LONGEST_PAUSE_SECONDS, 0.5 * 2**number) * random.uniform(0.5, 1)  # noqa: S311
            try:
                answer = self._once(method, path, body=body, headers=headers or {})
            except (OSError, HTTPException) as error:
                last = f"{type(error).__name__}: {error}"
            else:
                refused = _problem(answer)
                waiting = answer.status == 202 or answer.status in AGAIN
                if not waiting and refused.code != "idempotency_in_flight":
                    if answer.status >= 300:
                        raise refused
                    return answer
                last = str(refused)
                pause = _asked_pause(answer, pause)
            if number + 1 < self._tries:
                self._wait(pause)
        raise NoAnswer(f"{self._tries} tries without an answer; the last one: {last}")

    def _once(
        self, method: str, path: str, *, body: bytes | IO[bytes] | None, headers: Mapping[str, str]
    ) -> _Answer:
        if self._secure:
            context = self._trust or ssl.create_default_context()
            connection: HTTPConnection = HTTPSConnection(
                self._host, self._port, timeout=self._timeout, context=context
            )
        else:
            connection = HTTPConnection(self._host, self._port, timeout=self._timeout)
        sent = dict(headers)
        if self._key and path.startswith("/api/"):
            sent["Authorization"] = f"Bearer {self._key}"
        if body is not None and not isinstance(body, bytes):
            sent["Content-Length"] = str(body.seek(0, 2))
            body.seek(0)
        try:
            # what is refused before all of it was read has an answer too
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, self._prefix + path, body=body, headers=sent)
            answer = connection.getresponse()
            return _Answer(answer.status, {n.lower(): v for n, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()


def _problem(answer: _Answer) -> Refused:
    """The refusal in this answer; without members where something between here and the desk wrote it."""
    members: Any = None
    if answer.headers.get("content-type", "").partition(";")[0] == "application/problem+json":
        with suppress(ValueError):
            members = json.loads(answer.body)
    return Refused(answer.status, members if isinstance(members, dict) else {})


def _asked_pause(answer: _Answer, otherwise: float) -> float:
    """Seconds that ``Retry-After`` asks for, as a number or a date (RFC 9110, section 10.2.3)."""
    asked = answer.headers.get("retry-after", "")
    try:
        if asked.isascii() and asked.isdigit():
            seconds = float(asked)
        else:
            seconds = (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):
        return otherwise
    return min(max(seconds, 0.0), LONGEST_WAIT_SECONDS)


def _write_whole(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text)
    fresh.replace(path)
