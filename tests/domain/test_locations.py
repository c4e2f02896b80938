"""The rules of domain/locations.py, and the URL vectors of the WHATWG standard."""

import json
from hashlib import sha256
from typing import Any

import can_ada
import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.domain.locations import Hosts, Location, LocationError, read_location
from review.errors import InvalidInput
from tests.data import public_data

HOSTS = Hosts.parse([".example", "[::1]", "127.0.0.1", "münchen.de"])


class _Everywhere(Hosts):
    def allows(self, hostname: str) -> bool:
        return True


EVERYWHERE = _Everywhere(exact=frozenset(), with_subdomains=frozenset())


def _location(url: str) -> Location:
    return read_location(url, hosts=HOSTS)


def _code(url: str, *, hosts: Hosts = HOSTS) -> str:
    with pytest.raises(LocationError) as refusal:
        read_location(url, hosts=hosts)
    return refusal.value.field_code


def _vectors() -> list[dict[str, Any]]:
    listed = json.loads((public_data() / "url" / "urltestdata.json").read_bytes())
    return [vector for vector in listed if isinstance(vector, dict)]


def _without_credentials_and_fragment(vector: dict[str, Any]) -> str:
    assert vector["protocol"] in ("http:", "https:")
    return f"{vector['protocol']}//{vector['host']}{vector['pathname']}{_search(vector)}"


def _search(vector: dict[str, Any]) -> str:
    before_fragment = vector["href"].partition("#")[0]
    return "?" if before_fragment.endswith("?") and not vector["search"] else vector["search"]


def test_all_vectors_of_the_standard_are_there() -> None:
    assert len(_vectors()) == 869


def test_urls_the_standard_refuses_are_refused() -> None:
    failures = [vector["input"] for vector in _vectors() if vector.get("failure")]
    assert len(failures) > 200
    for url in failures:
        assert _code(url, hosts=EVERYWHERE) in {"url_not_valid", "url_no_host", "url_empty", "url_scheme"}, (
            url
        )


def test_urls_of_the_standard_are_written_as_it_says() -> None:
    """A relative reference cannot be sent to us, so what it resolves to is read instead."""
    read = 0
    for vector in _vectors():
        if vector.get("failure"):
            continue
        sent = vector["input"] if vector.get("base") is None else vector["href"]
        if vector["protocol"] not in ("http:", "https:"):
            assert _code(sent, hosts=EVERYWHERE) == "url_scheme", sent
            continue
        location = read_location(sent, hosts=EVERYWHERE)
        assert location.canonical_url == _without_credentials_and_fragment(vector), sent
        assert location.hostname == vector["hostname"]
        assert not location.defanged
        read += 1
    assert read > 200


def test_a_canonical_url_and_a_match_key_are_fixed_points() -> None:
    for vector in _vectors():
        if vector.get("failure") or vector["protocol"] not in ("http:", "https:"):
            continue
        location = read_location(vector["href"], hosts=EVERYWHERE)
        again = read_location(location.canonical_url, hosts=EVERYWHERE)
        assert (again.canonical_url, again.match_key) == (location.canonical_url, location.match_key)
        folded = read_location(location.match_key, hosts=EVERYWHERE)
        assert folded.match_key == location.match_key, location.match_key


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "url_empty"),
        (" \t\n", "url_empty"),
        ("https://video.example/" + "a" * 2_027, "url_too_long"),
        ("video.example/watch", "url_not_valid"),
        ("//video.example/watch", "url_not_valid"),
        ("https://video example/", "url_not_valid"),
        ("https://video.example:99999/", "url_not_valid"),
        ("https://\ud800.example/", "url_not_valid"),
        ("https://", "url_no_host"),
        ("hxxps[:]//?x", "url_no_host"),
        ("ftp://video.example/", "url_scheme"),
        ("javascript:alert(1)", "url_scheme"),
        ("file:///etc/passwd", "url_scheme"),
        ("https://example.org/", "not_our_host"),
        ("https://video.example@example.org/", "not_our_host"),
        ("https://video.example.org/", "not_our_host"),
        ("https://notexample/", "not_our_host"),
        ("https://[::2]/", "not_our_host"),
        ("https://vide\u043e.exampl\u0435/", "not_our_host"),
    ],
)
def test_what_is_no_location_of_ours_is_refused_with_its_code(url: str, code: str) -> None:
    assert _code(url) == code


def test_a_refusal_is_an_invalid_input_that_does_not_repeat_the_url() -> None:
    with pytest.raises(InvalidInput) as refusal:
        _location("https://elsewhere.invalid/")
    assert "elsewhere" not in str(refusal.value.errors)
    assert isinstance(refusal.value, LocationError)
    assert refusal.value.at("/items/0/url").pointer == "/items/0/url"


def test_the_longest_url_is_read() -> None:
    assert _location("https://video.example/" + "a" * 2_026)


@pytest.mark.parametrize(
    "url",
    [
        "hxxps://video.example/watch.html",
        "HxXpS://video.example/watch.html",
        "https://video[.]example/watch.html",
        "https[:]//video.example/watch.html",
        "https[:]//video[.]example/watch[.]html",
        "hxxps[:]//video[.]example[:]443/watch[.]html",
        " hxxps://video.example/watch.html",
    ],
)
def test_defanging_is_undone_and_noted(url: str) -> None:
    location = _location(url)
    assert location.canonical_url == "https://video.example/watch.html"
    assert location.url == url
    assert location.defanged


@pytest.mark.parametrize(
    "url",
    [
        "http://[::1]/",
        "http://[::1]:8080/a[b]",
        "https://video.example/a?expression=[.][:]",
        "https://video.example/hxxps://a",
        "https://video.example/?next=hxxp://a",
    ],
)
def test_brackets_that_belong_to_the_url_stay(url: str) -> None:
    location = _location(url)
    assert location.canonical_url == url
    assert not location.defanged


def test_fragment_and_credentials_are_not_part_of_a_location() -> None:
    location = _location("https://user:secret@video.example/a?b#c")
    assert location.canonical_url == "https://video.example/a?b"


@pytest.mark.parametrize(
    "url",
    [
        "http://video.example/~a/%C3%A4?a=1&b=2",
        "http://video.example:80/~a/%c3%a4?a=1&b=2",
        "HTTPS://VIDEO.example:443/%7ea/ä?b=2&a=1#top",
        "https://video.example/~%61/ä?b=2&a=1&utm_source=x&UTM_Medium=y&fbclid=z&utm%5Fid=1&gclid",
        "https://video.example/x/../~a/%C3%A4?&a=1&&b=%32",
        "https://u:p@video.example/~a/%C3%A4?a=1&b=2",
    ],
)
def test_spellings_of_one_location_fold(url: str) -> None:
    location = _location(url)
    assert location.match_key == "https://video.example/~a/%C3%A4?a=1&b=2"
    assert location.match_digest == sha256(location.match_key.encode()).hexdigest()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://video.example/a", "https://video.example/A"),
        ("https://video.example/a", "https://video.example/a/"),
        ("https://video.example/a", "https://video.example:8443/a"),
        ("https://video.example/a%2Fb", "https://video.example/a/b"),
        ("https://video.example/?a=1&a=2", "https://video.example/?a=2&a=1"),
        ("https://video.example/?a=1%262", "https://video.example/?a=1&2"),
        ("https://video.example/%2561", "https://video.example/%61"),
        ("https://video.example/?utm=1", "https://video.example/"),
    ],
)
def test_different_locations_do_not_fold(one: str, other: str) -> None:
    assert _location(one).match_digest != _location(other).match_digest


def test_a_query_of_nothing_but_tracking_folds_with_no_query() -> None:
    assert _location("https://video.example/a?utm_source=x&").match_key == "https://video.example/a"
    assert _location("https://video.example/a?").match_key == "https://video.example/a"


def test_a_homograph_of_our_host_is_not_our_host() -> None:
    hosts = Hosts.parse("paypal.example")
    assert read_location("https://paypal.example/", hosts=hosts)
    assert _code("https://p\u0430ypal.example/", hosts=hosts) == "not_our_host"


@pytest.mark.parametrize(
    ("entry", "hostname", "allowed"),
    [
        ("example.org", "example.org", True),
        ("example.org", "EXAMPLE.org.", True),
        ("example.org.", "example.org", True),
        ("example.org", "a.example.org", False),
        (".example.org", "example.org", True),
        (".example.org", "a.b.example.org.", True),
        (".example.org", "notexample.org", False),
        (".example.org", "example.org.invalid", False),
        ("MÜNCHEN.de", "xn--mnchen-3ya.de", True),
        ("xn--mnchen-3ya.de", "münchen.de", True),
        ("127.0.0.1", "127.0.0.1", True),
        ("[::1]", "[0:0::1]", True),
        ("localhost", "localhost", True),
        (".example.org", "", False),
        (".example.org", "not a host", False),
        (".example.org", "..", False),
    ],
)
def test_the_host_list_decides_by_punycode(entry: str, hostname: str, allowed: bool) -> None:
    assert Hosts.parse([entry]).allows(hostname) is allowed


def test_ports_do_not_matter_to_the_host_list() -> None:
    assert read_location("https://video.example:8443/", hosts=Hosts.parse("video.example"))


def test_a_host_list_may_be_one_text_with_commas() -> None:
    hosts = Hosts.parse(" github.com, .github.io ,")
    assert hosts.allows("github.com")
    assert hosts.allows("a.github.io")


@pytest.mark.parametrize(
    "entry", ["https://example.org", "example.org/x", "a b", "*.example.org", "..", "x:80", "."]
)
def test_an_entry_that_is_no_host_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match="not a host") as refusal:
        Hosts.parse(["example.org", entry])
    assert repr(entry) in str(refusal.value)


@pytest.mark.parametrize("entries", ["", " , ", []])
def test_an_empty_host_list_is_refused(entries: str | list[str]) -> None:
    with pytest.raises(ValueError, match="empty"):
        Hosts.parse(entries)


@given(st.text() | st.from_regex(r"\A(hxxps?|https?)(:|\[:\])//[ -~]{0,40}", fullmatch=False))
def test_any_text_is_a_location_or_refused(text: str) -> None:
    try:
        location = read_location(text, hosts=EVERYWHERE)
    except LocationError:
        return
    assert can_ada.parse(location.canonical_url).href == location.canonical_url
    assert "#" not in location.canonical_url
