"""A log and a witness to try: trees of any size, signed by one key, and a witness in a folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from werkzeug.test import Client, TestResponse

from review import witness
from review.domain.merkle import consistency_path, leaf_hash, root_of
from review.domain.signed_note import Signs, checkpoint_body, note_key, sign
from review.domain.witness_requests import write_request
from tests.domain.test_merkle import reader_of
from tests.receivers import Heard, Receiver, Reply, receiving

ORIGIN = "desk.example/trail"
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
LOG = note_key(ORIGIN, SIGNER.public_key().public_bytes_raw())
NAME = "witness.example/legal"


@dataclass(frozen=True)
class Tree:
    """A log's history; ``history`` tells two of them apart."""

    history: str = "one"
    origin: str = ORIGIN
    signer: Signs = SIGNER

    def leaves(self, size: int) -> list[bytes]:
        """Its first leaf hashes."""
        return [leaf_hash(f"{self.history} {number}".encode()) for number in range(size)]

    def note(self, size: int) -> str:
        """The signed checkpoint of this size."""
        body = checkpoint_body(self.origin, size, root_of(self.leaves(size)))
        return sign(body, name=self.origin, private_key=self.signer)

    def request(self, old: int, size: int) -> bytes:
        """The request that goes on from one size to another."""
        path = consistency_path(old, size, reader_of(self.leaves(size)))
        return write_request(old, path=path, checkpoint_text=self.note(size))


@dataclass(frozen=True)
class Place:
    """Where a witness keeps its state and key."""

    state: Path
    key: Path
    vkey: str

    def open(self, *logs: str) -> witness.Witness:
        """The witness as it stands on the disk."""
        return witness.Witness(self.state, self.key, logs=logs or (LOG,))


def new_place(folder: Path, name: str = NAME) -> Place:
    """A witness that has seen nothing yet."""
    state, key = folder / "state", folder / "witness.pem"
    return Place(state, key, witness.create(state, key, name=name))


def ask(application: witness.Witness, body: bytes) -> TestResponse:
    """One add-checkpoint."""
    return Client(application).post("/add-checkpoint", data=body)


@contextmanager
def serving(application: witness.Witness) -> Iterator[Receiver]:
    """A witness on loopback that answers over HTTP; what it heard is kept."""

    def reply(heard: Heard) -> Reply:
        answer = Client(application).post(heard.path, data=heard.body)
        return Reply(answer.status_code, answer.data, {"Content-Type": answer.content_type or ""})

    with receiving() as receiver:
        receiver.reply = reply
        yield receiver
