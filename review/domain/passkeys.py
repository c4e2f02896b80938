"""Passkeys (W3C Web Authentication, level 3): what the browser is asked, and whether its answer is good.

No attestation is asked for: which make of device somebody uses is not our business. A passkey stands beside
the password here, so that the device may, but need not, ask for a fingerprint or a PIN as well.
"""

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from review.domain.sealing import keyed_digest

PURPOSE = "passkey-challenges"
LONGEST_ANSWER = 20_000
SERVICE = "Referral Review"
_TIMEOUT_MILLISECONDS = 120_000
_NOT_GOOD = (
    InvalidSignature,
    UnsupportedAlgorithm,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    struct.error,
)
"""What reading and verifying an answer of any content may raise beside `WebAuthnException`, the library's
parsers included."""


@dataclass(frozen=True)
class Site:
    """The site that a passkey belongs to: its host without port, and the origins that a browser may name."""

    host: str
    origins: tuple[str, ...]


@dataclass(frozen=True)
class NewPasskey:
    """A passkey that a browser has just made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def _library() -> ModuleType:
    """The library, read when the first passkey is asked for: 7 MiB that a desk may never need."""
    return import_module("webauthn")


def _not_good() -> tuple[type[Exception], ...]:
    return (import_module("webauthn.helpers.exceptions").WebAuthnException, *_NOT_GOOD)


def challenge_of(purpose: str, *, secret_key: str) -> bytes:
    """The challenge for one purpose, e.g. one unfinished sign-in: nothing has to be stored before it is used.

    It cannot be guessed without the desk's key, and an answer to it is worth nothing once the purpose has
    ended (Web Authentication, section 13.4.3).
    """
    return keyed_digest(purpose, secret_key=secret_key, purpose=PURPOSE)


def options_to_add(
    *, site: Site, challenge: bytes, user_handle: bytes, name: str, known: Sequence[bytes]
) -> str:
    """What ``navigator.credentials.create`` is asked, as JSON; ``known`` passkeys are not made again."""
    webauthn, structs = _library(), import_module("webauthn.helpers.structs")
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=SERVICE,
        user_name=name,
        user_id=user_handle,
        challenge=challenge,
        timeout=_TIMEOUT_MILLISECONDS,
        exclude_credentials=_described(known),
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.DISCOURAGED,
            user_verification=structs.UserVerificationRequirement.PREFERRED,
        ),
    )
    return str(webauthn.options_to_json(options))


def options_to_show(*, site: Site, challenge: bytes, known: Sequence[bytes]) -> str:
    """What ``navigator.credentials.get`` is asked, as JSON."""
    webauthn = _library()
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        timeout=_TIMEOUT_MILLISECONDS,
        allow_credentials=_described(known),
    )
    return str(webauthn.options_to_json(options))


def read_new(answer: str, *, site: Site, challenge: bytes) -> NewPasskey | None:
    """The passkey in a browser's answer, or None where the answer does not hold."""
    credential = _members(answer)
    if credential is None:
        return None
    try:
        found = _library().verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=list(site.origins),
        )
    except _not_good():
        return None
    return NewPasskey(found.credential_id, found.credential_public_key, found.sign_count)


def credential_in(answer: str) -> bytes | None:
    """Which passkey a browser's answer claims to come from; nothing is verified yet."""
    credential = _members(answer)
    given = None if credential is None else credential.get("id")
    if not isinstance(given, str):
        return None
    try:
        return bytes(_library().base64url_to_bytes(given))
    except ValueError:
        return None


def count_shown(
    answer: str, *, site: Site, challenge: bytes, public_key: bytes, sign_count: int
) -> int | None:
    """The new count of signatures where this passkey signed the answer; None where it does not hold."""
    credential = _members(answer)
    if credential is None:
        return None
    try:
        found = _library().verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=list(site.origins),
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
        )
    except _not_good():
        return None
    return int(found.new_sign_count)


def _described(known: Sequence[bytes]) -> list[Any]:
    structs = import_module("webauthn.helpers.structs")
    return [structs.PublicKeyCredentialDescriptor(id=credential_id) for credential_id in known]


def _members(answer: str) -> dict[str, Any] | None:
    if len(answer) > LONGEST_ANSWER:
        return None
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
