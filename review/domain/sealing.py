"""How are secrets kept in the database? Sealed under a key that is derived from the desk's secret key.

HKDF-SHA-256 (RFC 5869) gives each purpose a key of its own; AES-256-GCM (NIST SP 800-38D) seals, bound to
the name of what it belongs to, so that a sealed secret moved to another row does not open.
"""

import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12
_LABEL = b"referral-review/"


@lru_cache(32)
def derived_key(secret_key: str, purpose: str) -> bytes:
    """The key of 256 bits for one purpose."""
    return HKDF(SHA256(), 32, salt=None, info=_LABEL + purpose.encode()).derive(secret_key.encode())


def seal(plain: bytes, *, secret_key: str, purpose: str, belongs_to: str) -> bytes:
    """Nonce and ciphertext of a secret; ``belongs_to`` must be given again to open it."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(derived_key(secret_key, purpose)).encrypt(nonce, plain, belongs_to.encode())


def open_sealed(sealed: bytes, *, secret_key: str, purpose: str, belongs_to: str) -> bytes | None:
    """The secret; None where it was sealed under another key, for another purpose or something else."""
    nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return AESGCM(derived_key(secret_key, purpose)).decrypt(nonce, ciphertext, belongs_to.encode())
    except (InvalidTag, ValueError):
        return None


def keyed_digest(text: str, *, secret_key: str, purpose: str) -> bytes:
    """HMAC-SHA-256 under the key of a purpose: a guess cannot be tried without the desk's secret key."""
    return hmac.digest(derived_key(secret_key, purpose), text.encode(), "sha256")
