"""Whatever is pasted is understood as what it is, in every usual spelling."""

import pytest

from review.domain.locations import Hosts, read_location
from review.domain.searching import Reading, host_of, nearest, readings_of, words_of

DIGEST = "9F2C" * 16
OURS = Hosts.parse("video.example")


def kinds(pasted: str, only: str | None = None) -> list[str]:
    return [reading.kind for reading in readings_of(pasted, only=only)]


@pytest.mark.parametrize(
    ("pasted", "kind", "value"),
    [
        ("C-7K3M-9QXD-2FWT", "case", "C-7K3M-9QXD-2FWT"),
        (" r-7k3m-9qxd-2fwt ", "referral", "R-7K3M-9QXD-2FWT"),
        ("i7k3m9qxd2fwt", "item", "I-7K3M-9QXD-2FWT"),
        ("B-7K3M-9QXD-2FWT", "batch", "B-7K3M-9QXD-2FWT"),
        ("s-7k3m-9qxd-2fwt", "sender", "S-7K3M-9QXD-2FWT"),
        (DIGEST, "digest", DIGEST.lower()),
        (f"sha256:{DIGEST}", "digest", DIGEST.lower()),
        (f"SHA-256 = {DIGEST.lower()}", "digest", DIGEST.lower()),
        ("video.example", "host", "video.example"),
        ("video[.]example", "host", "video.example"),
        ("VIDEO.example.", "host", "video.example"),
        ("bücher.example", "host", "xn--bcher-kva.example"),
        ("192.0.2.7", "host", "192.0.2.7"),
        ("EUIRU-2019-11-000123", "reference", "EUIRU-2019-11-000123"),
        ("unit 7/2026.11", "reference", "unit 7/2026.11"),
    ],
)
def test_each_kind_of_text_is_recognised(pasted: str, kind: str, value: str) -> None:
    found = {reading.kind: reading.value for reading in readings_of(pasted)}
    assert found[kind] == value
    assert "reference" in found, "a sender may have chosen anything as its reference"
    assert ("text" in found) == (kind == "reference")


@pytest.mark.parametrize(
    "spelling",
    [
        "https://video.example/watch/1?b=2&a=1",
        "http://VIDEO.example:80/watch/1?a=1&b=2#at=5",
        "hxxps://video[.]example/watch/1?a=1&b=2",
        "hxxp[:]//video[.]example/w%61tch/1?a=1&b=2&utm_source=x",
        "video.example/watch/1?a=1&b=2",
        "video[.]example/watch/1?a=1&b=2",
        "<https://video.example/watch/1?a=1&b=2>",
        "https://user@video.example/watch/1?a=1&b=2",
    ],
)
def test_every_spelling_of_a_url_is_the_same_location(spelling: str) -> None:
    wanted = read_location("https://video.example/watch/1?a=1&b=2", hosts=OURS).match_digest
    found = {reading.kind: reading.value for reading in readings_of(spelling)}
    assert found["url"] == wanted
    assert "text" not in found


def test_nothing_and_too_much_are_understood_as_nothing() -> None:
    assert readings_of("  ") == ()
    assert readings_of("<>") == ()
    assert kinds("w" * 201) == ["text"]
    assert kinds("https://") == ["text", "reference"]
    assert kinds("ftp://video.example/file") == ["text", "reference"]


def test_the_reader_may_choose_one_way() -> None:
    assert kinds("video.example", "text") == ["text"]
    assert kinds("video.example", "reference") == ["reference"]
    assert kinds("no host", "host") == []


def test_what_comes_nearest_is_less_exact() -> None:
    url = nearest(readings_of("https://video.example/watch/1?a=1"))
    assert [(near.kind, near.shown) for near in url] == [
        ("url", "https://video.example/watch/1"),
        ("host", "video.example"),
        ("text", "https://video.example/watch/1?a=1"),
    ]
    assert [near.shown for near in nearest(readings_of("a.video.example"))] == [
        "video.example",
        "a.video.example",
    ]
    assert nearest(readings_of(DIGEST)) == ()
    assert nearest(readings_of("some words")) == ()
    assert nearest((Reading("reference", "X/1", "X/1"),)) == (Reading("text", "X/1", "X/1"),)


def test_words_are_few_and_each_counts_once() -> None:
    assert words_of("a b a c d e f g") == ("a", "b", "c", "d", "e", "f")


def test_the_host_of_an_address_is_without_port() -> None:
    assert host_of("https://video.example:8443/x") == "video.example"
    assert host_of("https://[::1/x") == ""


@pytest.mark.parametrize(
    "pasted",
    [
        "C-7K3M-9QXD-2FWT, entry 12",
        "c-7k3m-9qxd-2fwt ENTRY 12",
        "“C-7K3M-9QXD-2FWT,  Entry 12”",
        "C-7K3M-9QXD-2FWT,12",
        "c7k3m9qxd2fwt 12",
    ],
)
def test_a_cited_entry_is_its_case_and_number(pasted: str) -> None:
    assert readings_of(pasted)[0] == Reading("case", "C-7K3M-9QXD-2FWT", "C-7K3M-9QXD-2FWT", entry=12)


@pytest.mark.parametrize("pasted", ["R-7K3M-9QXD-2FWT, entry 1", "C-7K3M-9QXD-2FWT, entry 0", "Unit 7, 1"])
def test_nothing_else_is_a_cited_entry(pasted: str) -> None:
    assert not [reading for reading in readings_of(pasted) if reading.entry or reading.kind == "case"]
