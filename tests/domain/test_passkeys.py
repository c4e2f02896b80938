"""A passkey's answer counts for its site, its challenge and its key, and no answer of any content breaks."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import cbor2
import pytest

from review.domain import passkeys
from review.domain.passkeys import Site
from tests.authenticator import Authenticator

KEY = "0123456789abcdef" * 4
SITE = Site("localhost", ("http://localhost",))
CHALLENGE = passkeys.challenge_of("one", secret_key=KEY)
OTHER = passkeys.challenge_of("another", secret_key=KEY)


def _create_options(challenge: bytes = CHALLENGE, known: tuple[bytes, ...] = ()) -> str:
    return passkeys.options_to_add(
        site=SITE, challenge=challenge, user_handle=b"h" * 32, name="jane@desk.example", known=known
    )


def _get_options(key: Authenticator, challenge: bytes = CHALLENGE) -> str:
    return passkeys.options_to_show(site=SITE, challenge=challenge, known=[key.credential_id])


def _new(key: Authenticator) -> passkeys.NewPasskey:
    found = passkeys.read_new(key.create(_create_options()), site=SITE, challenge=CHALLENGE)
    assert found is not None
    return found


def test_a_new_passkey_is_read_and_then_shown() -> None:
    key = Authenticator()
    new = _new(key)
    assert (new.credential_id, new.sign_count) == (key.credential_id, 0)
    answer = key.get(_get_options(key))
    assert passkeys.credential_in(answer) == key.credential_id
    given = {"site": SITE, "challenge": CHALLENGE, "public_key": new.public_key}
    assert passkeys.count_shown(answer, sign_count=0, **given) == 1  # type: ignore[arg-type]
    assert passkeys.count_shown(answer, sign_count=1, **given) is None, "a copy counts backwards"  # type: ignore[arg-type]


def test_no_device_is_asked_what_make_it_is() -> None:
    asked = json.loads(_create_options(known=(b"known",)))
    assert asked["attestation"] == "none"
    assert asked["rp"] == {"id": "localhost", "name": "Referral Review"}
    assert len(asked["excludeCredentials"]) == 1


@pytest.mark.parametrize("wrong", ["challenge", "origin", "host"])
def test_an_answer_for_something_else_does_not_hold(wrong: str) -> None:
    key = Authenticator()
    new = _new(key)
    challenge = OTHER if wrong == "challenge" else CHALLENGE
    origin = "http://localhost.evil.example" if wrong == "origin" else "http://localhost"
    site = Site("desk.example", ("http://localhost",)) if wrong == "host" else SITE
    answer = key.get(_get_options(key, challenge), origin=origin)
    count = passkeys.count_shown(
        answer, site=site, challenge=CHALLENGE, public_key=new.public_key, sign_count=0
    )
    assert count is None
    created = Authenticator().create(_create_options(challenge), origin=origin)
    assert passkeys.read_new(created, site=site, challenge=CHALLENGE) is None


def test_another_key_does_not_sign_for_this_one() -> None:
    key, other = Authenticator(), Authenticator()
    new = _new(key)
    other.credential_id = key.credential_id
    answer = other.get(_get_options(other))
    assert (
        passkeys.count_shown(answer, site=SITE, challenge=CHALLENGE, public_key=new.public_key, sign_count=0)
        is None
    )


def _mangled() -> list[str]:
    """Answers with every member missing, of another type or cut short."""
    key = Authenticator()
    good = json.loads(key.create(_create_options()))
    found = ["", "[]", "null", "1", '{"id": 1}', "[" * 100_000, "{}", "x" * 30_000]
    value: Any
    for place in ("id", "rawId", "type", "response"):
        for value in (None, 1, "", [], {}, "!!!", "é"):
            found.append(json.dumps(good | {place: value}))
    for place in ("attestationObject", "clientDataJSON"):
        raw = good["response"][place]
        for value in (None, 1, "", [], {}, "!!!", raw[: len(raw) // 2], raw[::-1], "AAAA", "oA"):
            found.append(json.dumps(good | {"response": good["response"] | {place: value}}))
    whole = cbor2.loads(urlsafe_b64decode(good["response"]["attestationObject"] + "=="))
    for change in (
        {"fmt": "packed"},
        {"fmt": "packed", "attStmt": {"alg": -7, "sig": b"x"}},
        {"fmt": "packed", "attStmt": {"alg": -7, "sig": b"x", "x5c": [b"x"]}},
        {"fmt": "tpm", "attStmt": {"ver": "2.0", "certInfo": b"x", "pubArea": b"x", "x5c": [b""]}},
        {"fmt": "fido-u2f", "attStmt": {"x5c": [b"x"], "sig": b"x"}},
        {"fmt": "apple", "attStmt": {"x5c": [b"x", b"y"]}},
        {"fmt": "android-key", "attStmt": {"x5c": [b"x"], "alg": -7, "sig": b""}},
        {"fmt": "android-safetynet", "attStmt": {"ver": "1", "response": b"a.b.c"}},
        {"authData": b""},
        {"authData": whole["authData"][:60]},
        {"authData": whole["authData"][:-20]},
        {"authData": 7},
    ):
        text = urlsafe_b64encode(cbor2.dumps(whole | change)).rstrip(b"=").decode()
        found.append(json.dumps(good | {"response": good["response"] | {"attestationObject": text}}))
    return found


def test_no_answer_of_any_content_breaks() -> None:
    key = Authenticator()
    new = _new(key)
    for answer in _mangled():
        assert passkeys.read_new(answer, site=SITE, challenge=CHALLENGE) is None, answer[:200]
        passkeys.credential_in(answer)
        count = passkeys.count_shown(
            answer, site=SITE, challenge=CHALLENGE, public_key=new.public_key, sign_count=0
        )
        assert count is None
    shown = json.loads(key.get(_get_options(key)))
    value: Any
    for place in ("authenticatorData", "clientDataJSON", "signature"):
        for value in (None, 1, "", [], "!!!", "AAAA", shown["response"][place][:-6]):
            answer = json.dumps(shown | {"response": shown["response"] | {place: value}})
            count = passkeys.count_shown(
                answer, site=SITE, challenge=CHALLENGE, public_key=new.public_key, sign_count=0
            )
            assert count is None, (place, value)
