"""What is read of e-mails: facts and plain text of good ones, no error and no delay for any bytes."""

import random

import pytest

from review.formats.emailed import LONGEST_HEADER, LONGEST_TEXT, MOST_PARTS, read_email

MIB = 1024 * 1024
MULTIPART = b"""From sender@unit.example Thu Jan  1 00:00:00 2026\r
Authentication-Results: mx.desk.example; spf=pass\r
\tsmtp.mailfrom=unit.example\r
Authentication-Results: elsewhere.example; dkim=fail\r
From: =?utf-8?q?Caf=C3=A9_Watch?= <duty@unit.example>\r
Subject: =?iso-8859-1?B?4Q==?= link\r
Date: Thu, 1 Jan 2026 10:00:00 +0100\r
Message-ID: <1@unit.example>\r
Content-Type: multipart/mixed; boundary="=_b"\r
\r
preamble\r
--=_b\r
Content-Type: multipart/alternative; boundary=inner\r
\r
--inner\r
Content-Type: text/plain; charset=iso-8859-15\r
Content-Transfer-Encoding: quoted-printable\r
\r
Please look at https://video.example/a=A4\r
--inner\r
Content-Type: text/html\r
\r
<p>not this</p>\r
--inner--\r
--=_b\r
Content-Type: text/plain\r
Content-Disposition: attachment; filename=a.txt\r
\r
an attachment\r
--=_b\r
Content-Type: message/rfc822\r
\r
Subject: forwarded\r
Content-Transfer-Encoding: base64\r
\r
Zm9yd2FyZGVkIHRleHQ=\r
--=_b--\r
epilogue"""


def test_the_facts_of_a_message_are_read_and_its_plain_parts_joined() -> None:
    facts = read_email(MULTIPART)
    assert facts.from_header == "Café Watch <duty@unit.example>"
    assert facts.written_by == ("Café Watch", "duty@unit.example")
    assert facts.subject == "á link"
    assert facts.date_header == "Thu, 1 Jan 2026 10:00:00 +0100"
    assert facts.message_id == "<1@unit.example>"
    assert facts.authentication_results == (
        "mx.desk.example; spf=pass\n\tsmtp.mailfrom=unit.example\n\nelsewhere.example; dkim=fail"
    )
    assert facts.text == "Please look at https://video.example/a€\n\nforwarded text"
    assert not facts.cut


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (b"no headers at all\n\njust text", "no headers at all\n\njust text"),
        (b"\nbody after a blank line", "body after a blank line"),
        (b"Subject: only a head", ""),
        (b"Content-Type: text/plain; charset=no-such-charset\n\ncaf\xc3\xa9", "café"),
        (b"Content-Type: text/plain; charset=us-ascii\n\ncaf\xe9", "caf\ufffd"),
        (b"Content-Type: text/plain; charset=punycode\n\nabc-", "abc-"),
        (b"Content-Transfer-Encoding: base64\n\n!!!", ""),
        (b"Content-Type: multipart/mixed\n\nwithout a boundary", ""),
        (b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nnever closed", "never closed"),
        (b"Content-Type: text/html\n\n<p>only HTML</p>", ""),
        (b"X: \x00\n\na\x00b \xe2\x80\xaegnp", "a\ufffdb \u202egnp"),
    ],
)
def test_broken_messages_give_what_there_is(message: bytes, text: str) -> None:
    assert read_email(message).text == text


HOSTILE = {
    "nothing": b"",
    "huge header": b"From: " + b"a" * MIB,
    "many headers": b"From: a\n" * (MIB // 8),
    "many results": b"Authentication-Results: x\n" * (MIB // 26),
    "quotes in a parameter": b'Content-Type: text/plain; x="' + b'";"' * (MIB // 4),
    "comments in From": b"From: " + b"(" * 2_000 + b"\n\nx",
    "folds": b"Subject: " + b"\r\n\t" * (MIB // 3),
    "encoded words": b"Subject: " + b"=?a?q?" * (MIB // 6),
    "broken encoded word": b"Subject: =?utf-8?b?!?= =?rot13?q?a?= =?idna?q?a?=\n\n",
    "10 000 parts": b"Content-Type: multipart/mixed; boundary=B\n\n" + b"--B\n\nx\n" * 10_000,
    "nested parts": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (number, number)
        for number in range(15_000)
    ),
    "nested messages": b"Content-Type: message/rfc822\n\n" * 30_000,
    "almost delimiters": b"Content-Type: multipart/mixed; boundary=x\n\n" + b"\n--x  y" * (MIB // 7),
    "zeros": b"\x00" * MIB,
    "surrogates": b"Content-Type: text/plain; charset=utf-16-le\n\n" + b"\x00\xd8" * (MIB // 2),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_messages_are_cut_and_never_raise(name: str) -> None:
    facts = read_email(HOSTILE[name][:MIB])
    assert len(facts.text) <= LONGEST_TEXT
    assert max(map(len, (facts.from_header, facts.subject, facts.message_id))) <= LONGEST_HEADER
    for text in (facts.from_header, facts.subject, facts.authentication_results, facts.text):
        assert "\x00" not in text
        text.encode()
    assert len(facts.sha256) == 64
    assert facts.written_by


def test_of_many_parts_the_first_are_read_and_it_is_said() -> None:
    facts = read_email(HOSTILE["10 000 parts"])
    assert facts.text.count("x") == MOST_PARTS - 1
    assert facts.cut


def test_any_change_of_any_byte_is_read_without_an_error() -> None:
    choose = random.Random(4)
    for _round in range(1_500):
        message = bytearray(MULTIPART)
        for _change in range(choose.randint(1, 12)):
            place = choose.randrange(len(message))
            kind = choose.random()
            if kind < 0.6:
                message[place] = choose.randrange(256)
            elif kind < 0.8:
                del message[place : place + choose.randint(1, 20)]
            else:
                message[place:place] = bytes(choose.randrange(256) for _byte in range(15))
        read_email(bytes(message)).sha256.encode()
