"""Is this an e-mail address, and how is it written so that two spellings are one?"""

import re
import unicodedata

from review.errors import InvalidInput

_ADDRESS = re.compile(r"[^\s@\"(),:;<>\[\]\\]{1,64}@[^\s@\"(),:;<>\[\]\\]{1,189}")


def email_key(text: str) -> str:
    """The address as stored and looked up: NFC, lower case, no blanks around; empty where it is none."""
    key = unicodedata.normalize("NFC", text.strip()).lower()
    return key if key.isprintable() and _ADDRESS.fullmatch(key) else ""


def check_email(text: str) -> str:
    """The address as stored; raises `InvalidInput` where the text is none."""
    key = email_key(text)
    if not key:
        raise InvalidInput("This is not an e-mail address; write it like person@desk.example.")
    return key
