"""Where a message may go: public addresses and those named by the settings, in whatever spelling."""

from ipaddress import ip_address, ip_network

import can_ada
import pytest

from review.domain.addresses import may_be_reached, read_address
from review.domain.endpoints import checked_topics, checked_url
from review.domain.webhooks import TOPICS
from review.errors import InvalidInput

LOOPBACK = (
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0x7F.0x0.0x0.0x1", "0177.0.0.1",
    "017700000001", "127.255.255.254", "0", "0.0.0.0", "0x0", "00.0", "127.0.0.1.", "①②⑦.⓪.⓪.①",
    "１２７.０.０.１", "%31%32%37.0.0.1", "127。0。0。1", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[::127.0.0.1]", "[0:0:0:0:0:ffff:7f00:1]", "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]",
    "[::ffff:0:127.0.0.1]", "[2001:0:7f00:1::]",
)  # fmt: skip
INSIDE = (
    "10.0.0.1", "0xa.1", "167772161", "172.16.0.1", "172.31.255.255", "192.168.1.1", "0xc0a80101",
    "3232235777",
    "169.254.169.254", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "169.254.43518", "100.64.0.1",
    "192.0.0.192", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255", "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]",
    "[fec0::1]",
    "[ff02::1]", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::1]", "[2002:a9fe:a9fe::]",
    "[::169.254.169.254]", "[2001:db8::1]", "[3fff::1]", "[100::1]", "[5f00::1]", "[::ffff:10.0.0.1]",
    "[2001:10::1]",
)  # fmt: skip
NAMES = (
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.localhost",
    "desk.local",
    "vault.internal",
    "router.lan",
    "db",
)
ENCODINGS = (*LOOPBACK, *INSIDE)


def test_there_are_sixty_spellings_and_more() -> None:
    assert len(set(ENCODINGS)) >= 60


@pytest.mark.parametrize("host", [*ENCODINGS, *NAMES])
def test_an_endpoint_inside_is_refused_in_every_spelling(host: str) -> None:
    for scheme in ("https", "http"):
        with pytest.raises(InvalidInput) as refused:
            checked_url(f"{scheme}://{host}:8443/hook", networks=())
        assert [problem.pointer for problem in refused.value.errors] == ["url"]


@pytest.mark.parametrize("host", ENCODINGS)
def test_every_spelling_is_an_address_that_may_not_be_reached(host: str) -> None:
    address = read_address(can_ada.parse(f"https://{host}/").hostname.removesuffix("."))
    assert address is not None
    assert not may_be_reached(address, ())


@pytest.mark.parametrize("public", ["93.184.215.14", "8.8.8.8", "2606:4700:4700::1111", "2a00:1450::1"])
def test_public_addresses_may_be_reached(public: str) -> None:
    assert may_be_reached(ip_address(public), ())


def test_a_link_with_a_zone_is_refused_even_where_its_network_is_named() -> None:
    assert not may_be_reached(ip_address("fe80::1%eth0"), (ip_network("fe80::/10"),))


def test_the_settings_name_what_is_reached_beside_public_addresses() -> None:
    named = (ip_network("10.20.0.0/16"),)
    assert may_be_reached(ip_address("10.20.3.4"), named)
    assert not may_be_reached(ip_address("10.21.3.4"), named)
    assert checked_url("http://10.20.3.4:8080/hook", networks=named) == "http://10.20.3.4:8080/hook"
    with pytest.raises(InvalidInput):
        checked_url("http://10.21.3.4/", networks=named)


def test_a_url_is_kept_as_a_browser_reads_it() -> None:
    assert checked_url(" HTTPS://Example.COM/a?b#c ", networks=()) == "https://example.com/a?b"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "url_empty"),
        ("https://example.com/" + "x" * 2048, "url_too_long"),
        ("nonsense", "url_not_valid"),
        ("ftp://example.com/", "url_scheme"),
        ("http://example.com/", "url_scheme"),
        ("https://me:secret@example.com/", "url_credentials"),
        ("https://@10.0.0.1/", "url_not_public"),
    ],
)
def test_a_url_that_does_not_do_is_refused_with_its_code(text: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        checked_url(text, networks=())
    assert [problem.code for problem in refused.value.errors] == [code]


def test_topics_are_of_the_list_and_kept_in_its_order() -> None:
    assert checked_topics(["item.decided", "referral.received"]) == ("referral.received", "item.decided")
    for wrong in ([], ["everything"], [*TOPICS, "x"]):
        with pytest.raises(InvalidInput):
            checked_topics(wrong)
