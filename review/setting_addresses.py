"""The texts of settings that say where the desk sends to, read and checked; a bad one is named."""

import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from review.errors import SettingsError

LONGEST_URL = 2_048
MOST_PORT = 65_535
TLS = ("starttls", "tls", "off")
_HOST = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z.:-]{0,251}[0-9A-Za-z])?")
_FROM = re.compile(r"[0-9A-Za-z.!#$%&'*+/=?^_`{|}~-]{1,64}@[0-9A-Za-z](?:[0-9A-Za-z.-]{0,251}[0-9A-Za-z])?")


@dataclass(frozen=True)
class MailServer:
    """Where notices are handed in; ``tls``: ``starttls``, ``tls`` or ``off``; a blank user: nobody."""

    host: str
    port: int
    tls: str
    user: str
    password: str = field(repr=False)
    sent_from: str


def complete_address(name: str, text: str) -> str:
    """A complete http or https address without credentials; blank stays blank."""
    written = text.strip()
    if not written:
        return ""
    problem = SettingsError(
        f"{name} must be a complete http or https address without user, password, fragment or blanks,"
        f" of at most {LONGEST_URL} characters, or blank."
    )
    try:
        parts = urlsplit(written)
        known = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1) > 0
    except ValueError:
        raise problem from None
    bare = "@" not in parts.netloc and not parts.fragment and written.isascii() and written.isprintable()
    if not known or not bare or " " in written or len(written) > LONGEST_URL:
        raise problem
    return written


def platform_url(text: str) -> str:
    """Where the platform is told; blank: nowhere."""
    return complete_address("REVIEW_PLATFORM_URL", text)


def platform_secrets(text: str, *, needed: bool) -> tuple[bytes, ...]:
    """One or two secrets, the newest first, each signing beside the other."""
    written = [part.strip() for part in text.split(",") if part.strip()]
    if not written and not needed:
        return ()
    problem = SettingsError(
        "REVIEW_PLATFORM_SECRET must be whsec_ and base64 of 24 to 64 random bytes, or two of these with a"
        ' comma between; make one with: python -c "import base64, secrets;'
        " print('whsec_' + base64.b64encode(secrets.token_bytes(32)).decode())\""
    )
    if not 1 <= len(written) <= 2:
        raise problem
    try:
        found = tuple(b64decode(one.removeprefix("whsec_"), validate=True) for one in written)
    except ValueError:
        raise problem from None
    if not all(24 <= len(secret) <= 64 for secret in found) or not all(
        one.startswith("whsec_") for one in written
    ):
        raise problem
    return found


def public_url(text: str) -> str:
    """Where people reach the desk, without a slash at the end; blank: not known."""
    return complete_address("REVIEW_PUBLIC_URL", text).rstrip("/")


def mail_server(values: Mapping[str, str]) -> MailServer | None:
    """The mail server that the settings name; None where they name none."""
    host, port = values["REVIEW_SMTP_HOST"].strip(), values["REVIEW_SMTP_PORT"]
    tls, user = values["REVIEW_SMTP_TLS"], values["REVIEW_SMTP_USER"]
    password, sent_from = values["REVIEW_SMTP_PASSWORD"], values["REVIEW_SMTP_FROM"].strip()
    if tls not in TLS:
        raise SettingsError(f"REVIEW_SMTP_TLS must be one of {', '.join(TLS)}.")
    if not port.isascii() or not port.isdigit() or not 1 <= int(port) <= MOST_PORT:
        raise SettingsError(f"REVIEW_SMTP_PORT must be a whole number from 1 to {MOST_PORT}.")
    if not host:
        return None
    if _HOST.fullmatch(host) is None:
        raise SettingsError("REVIEW_SMTP_HOST must be the name or address of a mail server, or blank.")
    if _FROM.fullmatch(sent_from) is None:
        raise SettingsError("REVIEW_SMTP_FROM must be one e-mail address, such as desk@video.example.")
    if not values["REVIEW_PUBLIC_URL"].strip():
        raise SettingsError(
            "REVIEW_PUBLIC_URL is needed with REVIEW_SMTP_HOST: mails hold links to this desk."
        )
    if user and tls == "off":
        raise SettingsError("REVIEW_SMTP_USER needs REVIEW_SMTP_TLS starttls or tls: a password goes along.")
    if not (user + password).isascii() or not (user + password + "x").isprintable():
        raise SettingsError("REVIEW_SMTP_USER and REVIEW_SMTP_PASSWORD must be printable ASCII.")
    return MailServer(host, int(port), tls, user, password, sent_from)
