"""Where do the signing key and the last checkpoint lie? Files outside the database, written whole or not.

``keys/signer.pem`` (PKCS #8, mode 0600) and ``keys/signer.vkey`` (the public key with the log's name) come
into being together. ``checkpoint`` is the newest note that the database holds too; ``checkpoint.next`` one
that was signed and may not have reached the database yet.
"""

import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from review.domain.signed_note import note_key, parse_vkey
from review.errors import SettingsError, StorageFull, TrailBroken

KEYS = "keys"
PRIVATE_KEY = "signer.pem"
PUBLIC_KEY = "signer.vkey"
CHECKPOINT = "checkpoint"
PROMISED = "checkpoint.next"


@dataclass(frozen=True)
class SigningKey:
    """The private key, the log's name that it signs for, and its public form."""

    name: str
    private_key: Ed25519PrivateKey
    vkey: str


def create_key(folder: Path, *, name: str) -> str:
    """A new key in ``folder``; returns its public form. ``SettingsError`` for a name no log may have."""
    private_key = Ed25519PrivateKey.generate()
    try:
        vkey = note_key(name, private_key.public_key().public_bytes_raw())
    except ValueError as error:
        raise SettingsError(f"REVIEW_LOG_ORIGIN cannot be the name of a trail: {error}.") from None
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = Path(mkdtemp(prefix="keys-", dir=folder))
    pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_file(fresh / PRIVATE_KEY, pem)
    write_file(fresh / PUBLIC_KEY, f"{vkey}\n".encode(), mode=0o644)
    try:
        fresh.rename(folder / KEYS)
    except OSError as error:
        shutil.rmtree(fresh)
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise
        return read_vkey(folder)  # another process was first
    settle(folder)
    return vkey


def has_key(folder: Path) -> bool:
    """Whether a key was ever created here."""
    return (folder / KEYS).is_dir()


def read_vkey(folder: Path) -> str:
    """The public key beside the private one; ``SettingsError`` where it is missing or damaged."""
    path = folder / KEYS / PUBLIC_KEY
    try:
        vkey = path.read_text().removesuffix("\n")
        parse_vkey(vkey)
    except FileNotFoundError:
        raise SettingsError("The trail has no signing key yet: run flask upgrade.") from None
    except (TrailBroken, UnicodeDecodeError):
        raise SettingsError("The trail's public key file is damaged: restore keys/signer.vkey.") from None
    return vkey


def read_key(folder: Path) -> SigningKey:
    """The key that signs checkpoints; ``SettingsError`` where it is missing, unreadable or another one."""
    vkey = read_vkey(folder)
    name, _key_id, public_key = parse_vkey(vkey)
    try:
        private_key = load_pem_private_key((folder / KEYS / PRIVATE_KEY).read_bytes(), password=None)
    except OSError:
        raise SettingsError("The signing key keys/signer.pem is missing or not readable here.") from None
    except (ValueError, TypeError):
        raise SettingsError("The signing key keys/signer.pem is damaged: restore it.") from None
    if (
        not isinstance(private_key, Ed25519PrivateKey)
        or private_key.public_key().public_bytes_raw() != public_key
    ):
        raise SettingsError("keys/signer.pem and keys/signer.vkey do not belong together: restore both.")
    return SigningKey(name=name, private_key=private_key, vkey=vkey)


def check_private(folder: Path) -> None:
    """``SettingsError`` when others than its owner may read the private key."""
    path = folder / KEYS / PRIVATE_KEY
    if path.exists() and path.stat().st_mode & 0o077:
        raise SettingsError("The signing key is open to others: run chmod 600 on keys/signer.pem.")


def read_note(folder: Path, name: str = CHECKPOINT) -> str | None:
    """The note in this file, or None where there is none; never raises for damaged text."""
    try:
        return (folder / name).read_bytes().decode(errors="replace")
    except FileNotFoundError:
        return None


def write_note(folder: Path, note: str, name: str = CHECKPOINT) -> None:
    """Write a note so that after a crash the file holds the old or the new one, whole."""
    fresh = folder / f".{name}.{secrets.token_hex(4)}"
    try:
        write_file(fresh, note.encode(), mode=0o644)
        fresh.replace(folder / name)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull("The storage is full; no checkpoint was signed.") from error
        raise
    settle(folder)


def keep_promised(folder: Path) -> None:
    """The note that was promised has reached the database: it is the last checkpoint now."""
    (folder / PROMISED).replace(folder / CHECKPOINT)
    settle(folder)


@contextmanager
def signer_turn(folder: Path) -> Iterator[bool]:
    """Whether this process may sign now; one at a time, and nobody waits."""
    with (folder / KEYS / ".turn").open("w") as turn:
        try:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def write_file(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Create a file that must not exist yet and bring it to the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def settle(folder: Path) -> None:
    """Bring the names in this folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
