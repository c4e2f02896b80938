"""What domain/display.py makes of hostile text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.domain.display import (
    code_points,
    defang,
    defanged_within,
    folded,
    mixed_scripts,
    unicode_form,
    visible,
)
from review.domain.locations import Hosts, read_location


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://video.example/a.html?x=1.2", "hxxps://video[.]example/a.html?x=1.2"),
        ("http://a.b.example:8080/", "hxxp://a[.]b[.]example:8080/"),
        ("HTTPS://A.example", "hxxps://A[.]example"),
        ("https://a[.]b.example/", "hxxps://a[.]b[.]example/"),
        ("http://[::1]/", "hxxp://[::1]/"),
        ("https://127.0.0.1", "hxxps://127[.]0[.]0[.]1"),
        ("example.org/x", "example[.]org/x"),
        ("", ""),
    ],
)
def test_a_defanged_url_is_no_link(url: str, shown: str) -> None:
    assert defang(url) == shown


def test_a_defanged_url_sent_back_names_the_same_location() -> None:
    hosts = Hosts.parse(".example")
    url = "https://video.example/watch/9f2c.html?x=1"
    assert read_location(defang(url), hosts=hosts).canonical_url == url


@pytest.mark.parametrize(
    "character",
    [*"\0\x07\r\x1f\x7f\x85\u00ad\u061c\u180e\u200b\u200f\u202a\u202e\u2060\u2066\u2069\ufeff", "\U000e0041"],
)
def test_characters_that_hide_are_shown_by_number(character: str) -> None:
    assert visible(f"a{character}b") == f"a⟨{ord(character):04X}⟩b"


@given(st.text())
def test_readable_text_is_not_changed_and_nothing_stays_hidden(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    assert shown == text or "⟨" in shown


def test_line_feeds_tabs_and_other_languages_are_left_alone() -> None:
    text = "عربي\tκείμενο\nтекст 漢字 🙂"
    assert visible(text) == text


@pytest.mark.parametrize(
    ("hostname", "scripts"),
    [
        ("example.org", []),
        ("xn--mnchen-3ya.de", []),
        ("пример.example", []),
        ("р\u0430ypal.example", ["Cyrillic", "Latin"]),
        ("xn--ypal-43d9g.example", ["Cyrillic", "Latin"]),
        ("αpple.example", ["Greek", "Latin"]),
        ("東京タワーtokyo.example", []),
        ("서울seoul.example", []),
        ("東京б.example", ["Cyrillic", "Han"]),
        ("xn--99999999.example", []),
        ("xn--ä.example", []),
        ("", []),
        ("127.0.0.1", []),
    ],
)
def test_labels_that_mix_scripts_are_named(hostname: str, scripts: list[str]) -> None:
    assert mixed_scripts(hostname) == scripts


@pytest.mark.parametrize(
    ("hostname", "reading"),
    [
        ("example.org", None),
        ("XN--mnchen-3ya.de", "münchen.de"),
        ("xn--80ak6aa92e.com", "аррӏе.com"),
        ("xn--99999999", None),
        ("xn--a", "⟨0080⟩"),
    ],
)
def test_punycode_is_read_out(hostname: str, reading: str | None) -> None:
    assert unicode_form(hostname) == reading


@given(st.text())
def test_any_text_may_be_a_host_name(text: str) -> None:
    assert isinstance(mixed_scripts(text), list)
    assert isinstance(unicode_form(f"xn--{text}"), str | None)
    assert isinstance(defang(text), str)


def test_a_short_text_is_not_folded_and_a_long_one_between_words() -> None:
    assert folded("a" * 160) == ("a" * 160, "")
    begun, rest = folded("word " * 60)
    assert begun == "word " * 32
    assert begun + rest == "word " * 60
    assert folded("x" * 200) == ("x" * 160, "x" * 40)


def test_addresses_within_a_folded_text_are_defanged() -> None:
    text = "See HTTPS://Evil.example/a.b, http://x.test and https."
    assert folded(text) == ("See hxxps://Evil[.]example/a.b, hxxp://x[.]test and https.", "")
    assert defanged_within("hxxps://evil[.]example") == "hxxps://evil[.]example"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "in https://\u0430pple.com/x",
            "in hxxps://\u0430pple[.]com⟨xn--pple-43d[.]com, Cyrillic + Latin⟩/x",
        ),
        ("HTTP://a@\u0430pple.com:80", "hxxp://a@\u0430pple[.]com:80⟨xn--pple-43d[.]com, Cyrillic + Latin⟩"),
        ("https://xn--pple-43d.com.", "hxxps://xn--pple-43d[.]com[.]⟨Cyrillic + Latin⟩"),
        ("https://b\u00fccher.example/", "hxxps://b\u00fccher[.]example⟨xn--bcher-kva[.]example⟩/"),
        ("https://video.example/\u0430", "hxxps://video[.]example/\u0430"),
        ("https://\u202e\u0430.example", "hxxps://\u202e\u0430[.]example"),
    ],
)
def test_a_host_within_a_text_that_may_imitate_another_is_spelt_out(text: str, shown: str) -> None:
    assert defanged_within(text) == shown


def test_a_mark_is_never_torn_from_its_letter() -> None:
    text = "e\u0301" * 100
    begun, rest = folded(text[1:])
    assert begun + rest == text[1:]
    assert rest[0] == "e"


def test_code_points_are_named_with_percent_signs_undone() -> None:
    assert code_points("https://video.example/a%E2%80%AEb", in_full=False) == [
        ("\u202e", "202E", "RIGHT-TO-LEFT OVERRIDE")
    ]
    assert code_points("ab") == [("a", "0061", "LATIN SMALL LETTER A"), ("b", "0062", "LATIN SMALL LETTER B")]
    assert code_points("https://video.example/", in_full=False) == []
    assert len(code_points("é" * 9_999)) == 500
    assert code_points("\x07")[0][1:] == ("0007", "–")
