"""How do the rules for strings read in JSON Schema? The same rules as regular expressions of ECMA 262.

The rules themselves stand in `referral_schema.py`; tests hold the two against each other.
"""

from typing import Final

_LINE_BREAKS = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
_CONTROLS = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f"
_SPACES = r"\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"

VISIBLE_TEXT: Final = rf"[^{_SPACES}]"
"""At least one character that is not white space."""

VISIBLE_LINE: Final = rf"^[^{_LINE_BREAKS}]*[^{_LINE_BREAKS}{_SPACES}][^{_LINE_BREAKS}]*$"
"""The same, and no control characters such as line breaks."""

VISIBLE_WORDS: Final = rf"^[^{_CONTROLS}]*[^{_CONTROLS}{_SPACES}][^{_CONTROLS}]*$"
"""The same with line breaks and tabs, and without other control characters of ASCII."""

LINE: Final = rf"^[^{_LINE_BREAKS}]*$"
"""No control characters such as line breaks."""

CANONICAL_BASE64: Final = (
    r"^(?:[A-Za-z0-9+/]{4})*"
    r"(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)$"
)
"""One byte or more as padded standard base64 (RFC 4648, section 4) whose spare bits are zero."""

LANGUAGE: Final = (
    r"^(?:(?:[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*(?:-[A-WY-Za-wy-z0-9](?:-[A-Za-z0-9]{2,8})+)*"
    r"(?:-[Xx](?:-[A-Za-z0-9]{1,8})+)?|[Xx](?:-[A-Za-z0-9]{1,8})+|[Ii]-[A-Za-z]{3,8})$"
)
"""A BCP 47 tag by its grammar; whether its parts are registered is not asked."""

SHA256: Final = "^[0-9A-Fa-f]{64}$"

EMAIL: Final = (
    r"^[^\u0000-\u0020\u007f\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000@<>()\[\]\\,;:\u0022]{1,64}"
    r"@(?:[0-9A-Za-z](?:[0-9A-Za-z_-]{0,61}[0-9A-Za-z])?\.)+[0-9A-Za-z](?:[0-9A-Za-z_-]{0,61}[0-9A-Za-z])?$"
)
"""One address without comments or quotes. Hosts in other letters are taken too; senders may rely on ASCII."""

MEDIA_TYPE: Final = r"^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$"
"""A media type without parameters (RFC 6838, section 4.2)."""

IDEMPOTENCY_KEY: Final = r"^[!-+\--~]{1,200}$"
CURSOR: Final = "^[A-Za-z0-9_-]{70}$"


def identifier(prefix: str) -> str:
    """An id as we write it: a letter and 60 bits in Crockford's base 32."""
    return rf"^{prefix}-[0-9A-HJKMNP-TV-Z]{{4}}-[0-9A-HJKMNP-TV-Z]{{4}}-[0-9A-HJKMNP-TV-Z]{{4}}$"
