"""Where do the signing key and the last checkpoint lie? Files outside the database, written whole or not.

``keys/signer.pem`` (mode 0600: each key that signs, in PKCS #8, or its public half where a device holds it)
and ``keys/signer.vkey`` (every public key that the trail ever had, a line each, the newest last) come into
being together. ``checkpoint`` is the newest note that the database holds too; ``checkpoint.next`` one that
was signed and may not have reached the database yet; ``frozen`` the last one of a trail that ended.
"""

import errno
import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from review.domain.signed_note import Signs, note_key, parse_vkey
from review.errors import SettingsError, StorageFull, TrailBroken
from review.formats.device_keys import PROGRAM, DeviceKey, check_program

KEYS = "keys"
PRIVATE_KEY = "signer.pem"
PUBLIC_KEY = "signer.vkey"
CHECKPOINT = "checkpoint"
PROMISED = "checkpoint.next"
FROZEN = "frozen"
_PEM = re.compile(rb"-----BEGIN (PRIVATE|PUBLIC) KEY-----\n[^-]+-----END \1 KEY-----\n")


@dataclass(frozen=True)
class SigningKey:
    """What signs, the log's name that it signs for, and its public form."""

    name: str
    private_key: Signs
    vkey: str


def create_key(folder: Path, *, name: str, device: DeviceKey | None = None) -> str:
    """A new key in ``folder``, or this one; its public form. ``SettingsError`` for a name no log may have."""
    private_key = device or Ed25519PrivateKey.generate()
    try:
        vkey = note_key(name, private_key.public_key().public_bytes_raw())
    except ValueError as error:
        raise SettingsError(f"REVIEW_LOG_ORIGIN cannot be the name of a trail: {error}.") from None
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = Path(mkdtemp(prefix="keys-", dir=folder))
    write_file(fresh / PRIVATE_KEY, _pem(private_key))
    write_file(fresh / PUBLIC_KEY, f"{vkey}\n".encode(), mode=0o644)
    fresh.chmod(0o755)  # others read the public key; the private one is closed by its own mode
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
    """The newest public key; ``SettingsError`` where it is missing or damaged."""
    return read_vkeys(folder)[-1]


def read_vkeys(folder: Path) -> tuple[str, ...]:
    """Every public key that the trail ever had, the newest last, under each of its names together."""
    path = folder / KEYS / PUBLIC_KEY
    try:
        vkeys = tuple(path.read_text().removesuffix("\n").split("\n"))
        names = [parse_vkey(vkey)[0] for vkey in vkeys]
        if names != sorted(names, key=names.index) or len(set(vkeys)) != len(vkeys):
            raise ValueError("the keys of one name stand together, and each once")
    except FileNotFoundError:
        raise SettingsError(
            "The trail has no signing key yet: with REVIEW_SIGNER_DIR run flask trail create-key, else run"
            " flask upgrade."
        ) from None
    except PermissionError:
        raise SettingsError(
            f"{path} cannot be read here: run chmod 755 on the folder, which holds public keys too."
        ) from None
    except (TrailBroken, ValueError):
        raise SettingsError("The trail's public key file is damaged: restore keys/signer.vkey.") from None
    return vkeys


def read_key(folder: Path) -> SigningKey:
    """The newest key that signs checkpoints; ``SettingsError`` as `read_keys`."""
    return read_keys(folder)[-1]


def read_keys(folder: Path) -> list[SigningKey]:
    """The keys that sign, the newest last: one, or two while keys rotate.

    ``SettingsError`` where they are missing, unreadable or others than the public ones.
    """
    vkeys = read_vkeys(folder)
    private = {key.public_key().public_bytes_raw(): key for key in _private_keys(folder)}
    found = [
        SigningKey(name=name, private_key=private[public_key], vkey=vkey)
        for vkey in vkeys
        for name, _key_id, public_key in [parse_vkey(vkey)]
        if public_key in private
    ]
    if not found or found[-1].vkey != vkeys[-1]:
        raise SettingsError("keys/signer.pem and keys/signer.vkey do not belong together: restore both.")
    return found


def _private_keys(folder: Path) -> list[Signs]:
    try:
        pem = (folder / KEYS / PRIVATE_KEY).read_bytes()
    except OSError:
        raise SettingsError("The signing key keys/signer.pem is missing or not readable here.") from None
    try:
        keys = [_key_of(folder, part.group()) for part in _PEM.finditer(pem)]
    except (ValueError, TypeError, UnsupportedAlgorithm):
        keys = []
    if not keys or _PEM.sub(b"", pem):
        raise SettingsError("The signing key keys/signer.pem is damaged: restore it.")
    return keys


def _key_of(folder: Path, pem: bytes) -> Signs:
    """The key of one part of the file; ``ValueError`` for one that does not sign as a log does."""
    if b"PRIVATE KEY" in pem:
        key = load_pem_private_key(pem, password=None)
        if isinstance(key, Ed25519PrivateKey):
            return key
    elif isinstance(public := load_pem_public_key(pem), Ed25519PublicKey):
        return DeviceKey(folder / PROGRAM, public)
    raise ValueError("no Ed25519 key")


def _pem(key: Signs) -> bytes:
    if isinstance(key, Ed25519PrivateKey):
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def add_key(folder: Path, *, name: str = "", device: DeviceKey | None = None) -> str:
    """A new key, or this one, that signs beside the one before; its public form. It is on the disk first.

    One that a crash left without its public form is taken up. ``name``: another for the trail from now on;
    ``ValueError`` where no trail can have it.
    """
    vkeys, private = read_vkeys(folder), _private_keys(folder)
    known = {parse_vkey(vkey)[2] for vkey in vkeys}
    told = [key for key in private if key.public_key().public_bytes_raw() in known]
    begun = [key for key in private if key not in told]
    fresh = device or (begun[0] if begun else Ed25519PrivateKey.generate())
    if fresh not in begun:
        _replace(folder / KEYS / PRIVATE_KEY, b"".join(map(_pem, [*told, fresh])))
    vkey = note_key(name or parse_vkey(vkeys[-1])[0], fresh.public_key().public_bytes_raw())
    _replace(folder / KEYS / PUBLIC_KEY, "".join(f"{one}\n" for one in (*vkeys, vkey)).encode(), mode=0o644)
    return vkey


def is_frozen(folder: Path) -> bool:
    """Whether the trail ended under the name of the key that signs; one under another name goes on."""
    last = read_note(folder, FROZEN)
    return last is not None and last.partition("\n")[0] == parse_vkey(read_keys(folder)[0].vkey)[0]


def drop_older_keys(folder: Path) -> None:
    """From now on the newest key signs alone; the public form of the others stays."""
    _replace(folder / KEYS / PRIVATE_KEY, _pem(read_key(folder).private_key))


def check_private(folder: Path) -> None:
    """``SettingsError`` when others than its owner may read the private key, or change what signs for it."""
    check_program(folder)
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
    _replace(folder / name, note.encode(), mode=0o644)


def _replace(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        write_file(fresh, content, mode=mode)
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull("The storage is full; no checkpoint was signed.") from error
        raise
    settle(path.parent)


def keep_promised(folder: Path) -> None:
    """The note that was promised has reached the database: it is the last checkpoint now."""
    (folder / PROMISED).replace(folder / CHECKPOINT)
    settle(folder)


@contextmanager
def signer_turn(folder: Path, *, waits: bool = False) -> Iterator[bool]:
    """Whether this process may sign now; one at a time. Commands wait, the loop comes again."""
    with (folder / KEYS / ".turn").open("w") as turn:
        try:
            fcntl.flock(turn, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
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
