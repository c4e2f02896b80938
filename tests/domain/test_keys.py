"""API keys: a form that scanners know, and no two alike."""

from review.domain.keys import digest_of, is_key, new_key


def test_a_key_has_its_form_and_check() -> None:
    keys = {new_key() for _ in range(100)}
    assert len(keys) == 100
    for key in keys:
        assert key.startswith("rr_")
        assert len(key) == 52
        assert is_key(key)


def test_a_changed_cut_or_foreign_text_is_no_key() -> None:
    key = new_key()
    swapped = key[:5] + ("A" if key[5] != "A" else "B") + key[6:]
    for text in (swapped, key[:-1], key + "0", "", "rr_", "xx_" + key[3:], key[:-1] + "é"):
        assert not is_key(text)


def test_the_digest_is_sha_256_in_hex() -> None:
    assert digest_of("abc").startswith("ba7816bf")
    assert len(digest_of("é")) == 64
