"""A sealed secret opens only under its key, for its purpose and for what it belongs to."""

import pytest

from review.domain.sealing import derived_key, keyed_digest, open_sealed, seal

KEY = "0123456789abcdef" * 4


def _seal(**changes: str) -> bytes:
    return seal(b"secret", **({"secret_key": KEY, "purpose": "p", "belongs_to": "A-1"} | changes))


def test_what_was_sealed_opens_and_looks_different_each_time() -> None:
    first, second = _seal(), _seal()
    assert first != second
    assert b"secret" not in first
    assert open_sealed(first, secret_key=KEY, purpose="p", belongs_to="A-1") == b"secret"


@pytest.mark.parametrize("change", [{"secret_key": KEY[::-1]}, {"purpose": "q"}, {"belongs_to": "A-2"}])
def test_another_key_purpose_or_owner_opens_nothing(change: dict[str, str]) -> None:
    given = {"secret_key": KEY, "purpose": "p", "belongs_to": "A-1"} | change
    assert open_sealed(_seal(), **given) is None


def test_what_was_changed_or_cut_opens_nothing() -> None:
    sealed = _seal()
    for broken in (b"", sealed[:12], sealed[:-1], sealed[:-1] + bytes([sealed[-1] ^ 1])):
        assert open_sealed(broken, secret_key=KEY, purpose="p", belongs_to="A-1") is None


def test_each_purpose_has_a_key_of_its_own() -> None:
    assert derived_key(KEY, "p") != derived_key(KEY, "q")
    assert keyed_digest("x", secret_key=KEY, purpose="p") != keyed_digest("x", secret_key=KEY, purpose="q")
