"""Passwords: long and unusual, whatever they are made of."""

import threading
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review.domain import passwords
from review.errors import InvalidInput

EMAIL = "jane.doe@desk.example"


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("fourteen chars", "too_short"),
        ("", "too_short"),
        ("x" * 257, "too_long"),
        ("tab\tand unusual words", "not_printable"),
        ("zero\x00and unusual words", "not_printable"),
        ("lone \ud800 surrogate here", "not_printable"),
        ("jane.doe@desk.example", "like_email"),
        ("Jane.Doe@desk.example!1", "like_email"),
        ("aaaaaaaaaaaaaaaaaaaa", "repetition"),
        ("abab12abab12abab12", "repetition"),
        ("passwordpassword", "repetition"),
        ("qwertyuiopasdfghjkl", "key_run"),
        ("QWERTZUIOP123456", "key_run"),
        ("123456789012345!", "key_run"),
        ("zyxwvutsrqponmlkj", "key_run"),
        ("Password1234!2024", "common"),
        ("P@ssw0rd!!!!2024", "common"),
        ("AdminWelcomeSummer", "common"),
        ("!!!???123499887", "common"),
    ],
)
def test_a_guessable_password_is_refused_with_its_reason(password: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        passwords.check_password(password, email=EMAIL)
    assert refused.value.errors[0].code == code
    assert len(password) < 3 or password not in refused.value.detail


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "a long and unusual password",
        "harbour lantern seventeen",
        "Ελληνικά λόγια εδώ",
        "密码很长而且不寻常的一句话真的很长",
        "jane.doe@desk.example plus ordinary words",
        "x9$" + "kM2!vQ7&" * 2,
    ],
)
def test_a_long_unusual_password_passes_whatever_it_is_made_of(password: str) -> None:
    passwords.check_password(password, email=EMAIL)


def test_length_counts_at_both_ends() -> None:
    words = "many different unusual words " * 8 + "and then some more letters"
    passwords.check_password("unusual letters"[:15], email=EMAIL)
    passwords.check_password(words[:254] + "xy", email=EMAIL)


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_text_is_judged_without_failing(password: str) -> None:
    with suppress(InvalidInput):
        passwords.check_password(password, email=EMAIL)


def test_a_hash_opens_for_its_password_only_and_has_the_profile_of_owasp() -> None:
    kept = passwords.hash_password("harbour lantern seventeen")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.password_matches(kept, "harbour lantern seventeen")
    for wrong in ("harbour lantern seventeen ", "Harbour lantern seventeen", "", "x" * 1000, "\ud800"):
        assert not passwords.password_matches(kept, wrong)
    assert not passwords.password_matches(None, "harbour lantern seventeen")
    assert not passwords._HASHER.check_needs_rehash(passwords.NOBODY), "it takes as long"
    assert not passwords.password_matches("no hash", "harbour lantern seventeen")


def test_more_than_256_characters_never_match_by_their_beginning() -> None:
    longest = "unusual words " * 18 + "four"
    assert len(longest) == 256
    kept = passwords.hash_password(longest)
    assert passwords.password_matches(kept, longest)
    assert not passwords.password_matches(kept, longest + "x")


def test_no_more_than_four_are_hashed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, lock, gate = [0], [0], threading.Lock(), threading.Barrier(4)

    class Slow:
        def hash(self, password: str) -> str:
            with lock:
                running[0] += 1
                most[0] = max(most[0], running[0])
            gate.wait(timeout=20)
            with lock:
                running[0] -= 1
            return password

    monkeypatch.setattr(passwords, "_HASHER", Slow())
    threads = [threading.Thread(target=passwords.hash_password, args=("x",)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == 4


def test_one_time_passwords_are_good_and_differ() -> None:
    made = {passwords.one_time_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        passwords.check_password(password, email=EMAIL)
