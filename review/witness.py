"""A witness of trails: cosigns each checkpoint that continues the last one it saw (C2SP tlog-witness).

For a body outside the desk: it needs neither Flask nor a database, only a folder and a key of its own.
``python -m review.witness --help`` says how to create and run one.
"""

import argparse
import fcntl
import functools
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import Server
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request, Response

from review import clock
from review.domain.cosignatures import cosign, cosignature_of
from review.domain.merkle import EMPTY_ROOT, verify_consistency
from review.domain.signed_note import (
    COSIGNATURE,
    Checkpoint,
    note_key,
    parse_checkpoint,
    parse_vkey,
    signature_holds,
    write_signature,
)
from review.domain.witness_requests import LARGEST_REQUEST, SIZE_TYPE, AddCheckpoint, read_request
from review.errors import BadRequest, ReviewError, SettingsError, TrailBroken
from review.formats.key_files import settle, write_file, write_note

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

STATE: Final = "cosigned.json"
TEXT: Final = "text/plain; charset=utf-8"
THREADS: Final = 8
CONNECTIONS: Final = 64
DAMAGED: Final = (
    f"{STATE} is missing or damaged. Restore it as it was last, never an older copy: a witness that forgets"
    " what it saw would cosign two histories. Where it is lost, create a new witness with a new key."
)


@dataclass(frozen=True)
class Answer:
    """An answer in HTTP: status, body, and what the body is."""

    status: int
    text: str
    content_type: str = TEXT


def create(folder: Path, key_file: Path, *, name: str) -> str:
    """Create the key of a witness, mode 0600, and its empty state; returns its public key.

    Raises `SettingsError` where either exists: a witness is created once.
    """
    private_key = Ed25519PrivateKey.generate()
    try:
        vkey = note_key(name, private_key.public_key().public_bytes_raw(), kind=COSIGNATURE)
    except ValueError as error:
        raise SettingsError(f"This cannot be the name of a witness: {error}.") from None
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if key_file.exists() or (folder / STATE).exists():
        raise SettingsError(f"{key_file} or {folder / STATE} exists already: a witness is created once.")
    key_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_file(key_file, private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    settle(key_file.parent)
    write_note(folder, _state_text(vkey, {}), STATE)
    return vkey


def read_private_key(key_file: Path) -> Ed25519PrivateKey:
    """The key in this file; `SettingsError` where it is missing, damaged or open to others than its owner."""
    try:
        with key_file.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise SettingsError(f"The key is open to others: run chmod 600 on {key_file}.")
            key = load_pem_private_key(file.read(), password=None)
    except OSError:
        raise SettingsError(f"The key {key_file} is missing or not readable here.") from None
    except (ValueError, TypeError):
        raise SettingsError(f"The key {key_file} is damaged: restore it.") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(f"The key {key_file} is not an Ed25519 key.")
    return key


class Witness:
    """What one witness remembers and answers; what it remembers is read from the disk each time.

    ``logs``: public keys (``name+id+key``) of the logs it looks after; one may have several while it changes.
    Raises `SettingsError` where key or state do not stand as they were left.
    """

    def __init__(self, folder: Path, key_file: Path, *, logs: Sequence[str]) -> None:
        self._folder = folder
        self._private_key = read_private_key(key_file)
        self._logs: dict[str, dict[bytes, bytes]] = {}
        for vkey in logs:
            try:
                name, key_id, public_key = parse_vkey(vkey)
            except TrailBroken as error:
                raise SettingsError(f"--log {vkey[:200]}: {error.detail}") from None
            self._logs.setdefault(name, {})[key_id] = public_key
        self.vkey, _notes = self._remembered()
        self._name = parse_vkey(self.vkey, kind=COSIGNATURE)[0]
        public_key = self._private_key.public_key().public_bytes_raw()
        if note_key(self._name, public_key, kind=COSIGNATURE) != self.vkey:
            raise SettingsError(f"{key_file} and {folder / STATE} do not belong together: restore both.")

    def add_checkpoint(self, body: bytes) -> Answer:
        """Cosign the checkpoint in this request, or say why not; the status is as tlog-witness has it."""
        try:
            request = read_request(body)
        except BadRequest as error:
            return Answer(400, f"{error.detail}\n")
        checkpoint = request.checkpoint
        if checkpoint.origin not in self._logs:
            return Answer(404, "This witness does not know a log of this origin.\n")
        if not self._is_signed(checkpoint):
            return Answer(403, "The checkpoint is not signed by a key that this witness trusts.\n")
        if request.old_size > checkpoint.size:
            return Answer(400, "The old size is larger than the checkpoint.\n")
        with self._turn():
            return self._continued(request)

    def latest(self, origin_hash: str) -> str | None:
        """The last cosigned checkpoint of the log whose origin has this SHA-256 in hex."""
        _vkey, notes = self._remembered()
        for origin, note in notes.items():
            if sha256(origin.encode()).hexdigest() == origin_hash:
                return note
        return None

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """The WSGI application: the call add-checkpoint, and the last cosigned checkpoint for monitors."""
        try:
            answer = self._answer(Request(environ))
        except (ReviewError, OSError) as error:
            # nothing was kept, or it is not known to be: the log asks again
            print(f"refused: {error}", file=sys.stderr, flush=True)
            answer = Answer(503, "This witness cannot read or keep what it saw; its operator knows why.\n")
        response = Response(answer.text, status=answer.status, content_type=answer.content_type)
        if answer.status == 405:
            response.headers["Allow"] = "POST" if environ["PATH_INFO"] == "/add-checkpoint" else "GET, HEAD"
        return response(environ, start_response)

    def _answer(self, request: Request) -> Answer:
        asks = request.path == "/add-checkpoint"
        if request.method not in (("POST",) if asks else ("GET", "HEAD")):
            return Answer(405, "This method is not known here.\n")
        if asks:
            request.max_content_length = LARGEST_REQUEST
            try:
                return self.add_checkpoint(request.get_data(cache=False))
            except RequestEntityTooLarge:
                return Answer(413, f"A request has {LARGEST_REQUEST} bytes at most.\n")
        origin_hash, _slash, rest = request.path[1:].partition("/")
        note = self.latest(origin_hash) if rest == "checkpoint" else None
        return Answer(404, "There is nothing here.\n") if note is None else Answer(200, note)

    def _is_signed(self, checkpoint: Checkpoint) -> bool:
        """Whether trusted keys signed it: one at least, and none wrongly (C2SP signed-note, Signatures)."""
        keys = self._logs[checkpoint.origin]
        known = [one for one in checkpoint.signatures if one.name == checkpoint.origin and one.key_id in keys]
        signed = checkpoint.body.encode()
        return bool(known) and all(
            signature_holds(one.signature, signed=signed, public_key=keys[one.key_id]) for one in known
        )

    def _continued(self, request: AddCheckpoint) -> Answer:
        """Compare with what is remembered and, where the checkpoint continues it, remember and cosign it."""
        vkey, notes = self._remembered()
        checkpoint = request.checkpoint
        last = parse_checkpoint(notes[checkpoint.origin]) if checkpoint.origin in notes else None
        last_size, last_root = (0, EMPTY_ROOT) if last is None else (last.size, last.root)
        if request.old_size != last_size:
            return Answer(409, f"{last_size}\n", SIZE_TYPE)
        if checkpoint.size == last_size and checkpoint.root != last_root:
            return Answer(409, "This witness has cosigned another root for the same size.\n")
        proven = verify_consistency(
            last_size, checkpoint.size, path=request.path, first_root=last_root, second_root=checkpoint.root
        )
        if not proven:
            return Answer(422, "The proof does not show that the checkpoint continues the last one.\n")
        cosigned = cosign(checkpoint.body, name=self._name, private_key=self._private_key, at=clock.now())
        line = write_signature(cosigned)
        keys = self._logs[checkpoint.origin]
        signed = {one.key_id: one for one in checkpoint.signatures if one.name == checkpoint.origin}
        own = "".join(write_signature(signed[key_id]) for key_id in keys if key_id in signed)
        note = f"{checkpoint.body}\n{own}{line}"
        write_note(self._folder, _state_text(vkey, {**notes, checkpoint.origin: note}), STATE)
        return Answer(200, line)

    def _remembered(self) -> tuple[str, dict[str, str]]:
        """The witness's public key and the last note of each origin, checked by its own signatures."""
        try:
            state: Any = json.loads((self._folder / STATE).read_bytes())
            vkey, notes = state["witness"], state["notes"]
            for origin, note in notes.items():
                checkpoint = parse_checkpoint(note)
                if checkpoint.origin != origin or cosignature_of(checkpoint, vkey) is None:
                    raise ValueError("this note is not ours")
            parse_vkey(vkey, kind=COSIGNATURE)
        except (OSError, ValueError, LookupError, TypeError, AttributeError, TrailBroken):
            raise SettingsError(f"{self._folder}: {DAMAGED}") from None
        return vkey, dict(notes)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One comparison at a time, over all threads and processes on this folder."""
        with (self._folder / ".turn").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield


def _state_text(vkey: str, notes: Mapping[str, str]) -> str:
    return json.dumps({"witness": vkey, "notes": notes}, indent=1, ensure_ascii=False) + "\n"


def _load(_target: str, *, build: Callable[[], Witness]) -> Witness:
    """In the process that serves: the witness."""
    return build()


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m review.witness", description="A witness of trails.")
    parser.add_argument("--state", type=Path, required=True, help="folder of what was cosigned")
    parser.add_argument("--key", type=Path, required=True, help="file of the private key, mode 0600")
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--create", metavar="NAME", help="create key and state, print the public key, end")
    task.add_argument("--log", metavar="VKEY", action="append", help="public key of a log; may be repeated")
    parser.add_argument("--port", type=int, default=8090, help="port on 127.0.0.1 (8090)")
    return parser


def main(words: Sequence[str] | None = None) -> int:
    """Create a witness or run one until a signal; 0, or 2 with one line on what stands in the way."""
    given = _arguments().parse_args(words)
    try:
        if given.create is not None:
            print(create(given.state, given.key, name=given.create))
            return 0
        build = functools.partial(Witness, given.state, given.key, logs=given.log)
        witness = build()
    except SettingsError as error:
        print(error.detail, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"This cannot be written or read here: {error}.", file=sys.stderr)
        return 2
    print(f"{witness.vkey} listens on http://127.0.0.1:{given.port}/", flush=True)
    Server(
        "review.witness",
        address="127.0.0.1",
        port=given.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        backlog=2 * CONNECTIONS,
        backpressure=CONNECTIONS,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.error,
        log_access=False,
    ).serve(target_loader=functools.partial(_load, build=build))
    return 0


if __name__ == "__main__":
    sys.exit(main())
