"""Codes on paper that stand in for a lost factor: ten at a time, each good once."""

import re
import secrets

from review.domain.sealing import keyed_digest

COUNT = 10
LETTERS = 12
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans("ILO", "110")
_READABLE = re.compile(rf"[{_ALPHABET}]{{{LETTERS}}}")
PURPOSE = "recovery-codes"


def new_codes() -> list[str]:
    """Ten fresh codes such as ``7K3M-9QXD-2FWT``: 60 random bits each in Crockford base 32."""
    return [
        _written("".join(secrets.choice(_ALPHABET) for _place in range(LETTERS))) for _code in range(COUNT)
    ]


def read_code(typed: str) -> str | None:
    """The code as we write it, None where it is none; small letters, blanks and look-alikes are forgiven."""
    letters = re.sub(r"[\s-]+", "", typed).upper().translate(_LOOKALIKES)
    return _written(letters) if _READABLE.fullmatch(letters) else None


def digest_of(code: str, *, account_id: str, secret_key: str) -> str:
    """What is kept of a code: a digest under the desk's secret key and bound to its account, in hex."""
    return keyed_digest(f"{account_id}\n{code}", secret_key=secret_key, purpose=PURPOSE).hex()


def _written(letters: str) -> str:
    return "-".join(letters[start : start + 4] for start in range(0, LETTERS, 4))
