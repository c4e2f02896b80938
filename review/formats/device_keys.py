"""Keys whose private half lies in a device: a program of the operator signs with it, nothing here reads it.

The program ``sign-with-device`` stands in the signer's folder. It gets the public key in hex as its argument
and the text on standard input, and prints the Ed25519 signature (RFC 8032, 64 bytes) in base64: a few lines
around whatever speaks to the device, such as OpenSC's ``pkcs11-tool``.
"""

import os
import subprocess
from binascii import a2b_base64
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from review.domain.signer_refusals import Refusal, SignerRefused
from review.errors import SettingsError

PROGRAM: Final = "sign-with-device"
SIGNS_SECONDS: Final = 30
"""How long a device may take for one signature."""
_TRIED = b"Does the device sign with this key?\n"


@dataclass(frozen=True)
class DeviceKey:
    """A key in a device, and the program that signs with it; stands for an `Ed25519PrivateKey`."""

    program: Path
    public: Ed25519PublicKey

    def public_key(self) -> Ed25519PublicKey:
        """The half that everybody may know."""
        return self.public

    def sign(self, data: bytes, /) -> bytes:
        """The signature of 64 bytes; `SignerRefused` where the program fails or it does not hold."""
        named = self.public.public_bytes_raw().hex()
        # a program of others learns nothing of the desk's own secrets
        around = {name: value for name, value in os.environ.items() if not name.startswith("REVIEW_")}
        try:
            done = subprocess.run(
                [self.program.absolute(), named],
                input=data,
                capture_output=True,
                env=around,
                timeout=SIGNS_SECONDS,
                check=True,
            )
            signature = a2b_base64(done.stdout.strip(), strict_mode=True)
            self.public.verify(signature, data)
        except OSError as error:
            raise _refused(f"{PROGRAM} cannot be run: {error.strerror}.") from error
        except subprocess.TimeoutExpired as error:
            raise _refused(f"{PROGRAM} took more than {SIGNS_SECONDS} seconds.") from error
        except subprocess.CalledProcessError as error:
            raise _refused(f"{PROGRAM} ended with {error.returncode}.") from error
        except (ValueError, InvalidSignature) as error:
            raise _refused(f"What {PROGRAM} printed is no signature by this key.") from error
        return signature


def device_key(folder: Path, pem: bytes) -> DeviceKey:
    """The key in a device whose public half this is, tried once.

    `SettingsError` where others may change the program; else as `read_public` and `DeviceKey.sign`.
    """
    found = DeviceKey(folder / PROGRAM, read_public(pem))
    check_program(folder)
    found.sign(_TRIED)
    return found


def read_public(pem: bytes) -> Ed25519PublicKey:
    """The public half in PEM; ``SettingsError`` for anything else."""
    try:
        public = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        public = None
    if not isinstance(public, Ed25519PublicKey):
        raise SettingsError("The key of the device must be an Ed25519 public key in PEM.")
    return public


def check_program(folder: Path) -> None:
    """``SettingsError`` when others than its owner may change the program that signs."""
    path = folder / PROGRAM
    if path.exists() and path.stat().st_mode & 0o022:
        raise SettingsError(f"The program that signs is open to others: run chmod 700 on {PROGRAM}.")


def _refused(seen: str) -> SignerRefused:
    return SignerRefused(Refusal.DEVICE, seen)
