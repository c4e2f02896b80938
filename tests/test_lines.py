"""Lines that rest are used again for the same receiver, as long as they lead where they may."""

import ssl
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from review import lines
from review.domain.webhooks import Failure
from review.lines import Kept
from review.webhooks import LONGEST_ANSWER, Outcome, send
from tests.certificates import certificate
from tests.house.readme_tables import README
from tests.receivers import Receiver, Reply, receiving

HERE = (ip_network("127.0.0.0/8"),)


@pytest.fixture
def kept() -> Iterator[Kept]:
    here = Kept()
    yield here
    here.end_old(all_of_them=True)


def post(receiver: Receiver, kept: Kept | None, **options: Any) -> Outcome:
    host = options.pop("host", "127.0.0.1")
    given = {"networks": HERE, "kept": kept} | options
    return send(receiver.url(host=host), b"{}", headers={"webhook-id": "Z-1"}, **given)


def test_the_next_message_goes_over_the_same_line(kept: Kept) -> None:
    with receiving() as receiver:
        receiver.keeps = True
        receiver.reply = lambda _heard: Reply(200, b"thank you")
        assert [post(receiver, kept).arrived for _number in range(3)] == [True] * 3
        assert (len(receiver.heard), len(receiver.callers)) == (3, 1)
        kept.end_old(all_of_them=True)
        assert post(receiver, kept).arrived
        assert len(receiver.callers) == 2


def test_readme_tells_how_long_a_line_rests() -> None:
    assert lines.RESTING_SECONDS == 5.0
    assert "rests up to five seconds for the next\nmessage, to the same address only" in README.read_text()


def test_without_anywhere_to_keep_it_each_message_has_its_own() -> None:
    with receiving() as receiver:
        receiver.keeps = True
        assert [post(receiver, None).arrived for _number in range(2)] == [True] * 2
        assert len(receiver.callers) == 2


@pytest.mark.parametrize("status", [400, 500])
def test_a_refusal_keeps_its_words_and_its_line(kept: Kept, status: int) -> None:
    with receiving() as receiver:
        receiver.keeps = True
        receiver.reply = lambda _heard: Reply(status, b"not now")
        assert [post(receiver, kept).excerpt for _number in range(2)] == ["not now"] * 2
        assert len(receiver.callers) == 1


def test_an_answer_that_goes_on_and_on_ends_its_line(kept: Kept) -> None:
    with receiving() as receiver:
        receiver.keeps = True
        receiver.reply = lambda _heard: Reply(200, b"y" * 20 * LONGEST_ANSWER)
        assert [post(receiver, kept).arrived for _number in range(2)] == [True] * 2
        assert len(receiver.callers) == 2


def test_an_answer_that_never_ends_has_arrived_and_ends_its_line(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("review.webhooks.READS_ON_SECONDS", 0.05)
    with receiving() as receiver:
        receiver.keeps = True
        receiver.reply = lambda _heard: Reply(200, b"y", headers={"Content-Length": "2"})
        assert [post(receiver, kept).arrived for _number in range(2)] == [True] * 2
        assert len(receiver.callers) == 2


def test_a_line_that_the_far_side_ended_costs_no_try(kept: Kept) -> None:
    with receiving() as receiver:  # which closes each connection without saying so before
        assert [post(receiver, kept).arrived for _number in range(20)] == [True] * 20
        assert len(receiver.callers) == 20


def test_what_breaks_on_a_resting_line_goes_once_more_on_a_new_one(kept: Kept) -> None:
    with receiving() as receiver:
        receiver.keeps = True
        assert post(receiver, kept).arrived
        receiver.reply = lambda _heard: Reply(way="reset" if len(receiver.heard) == 2 else "whole")
        assert post(receiver, kept).arrived
        assert [heard.headers["webhook-id"] for heard in receiver.heard] == ["Z-1"] * 3
        receiver.reply = lambda _heard: Reply(way="reset")
        assert post(receiver, kept).failure is Failure.BROKEN
        assert (len(receiver.heard), len(receiver.callers)) == (5, 3)


def test_a_name_that_leads_elsewhere_now_gets_a_line_of_its_own(kept: Kept) -> None:
    with receiving("127.0.0.2") as first, receiving("127.0.0.3", port=first.port) as second:
        first.keeps = second.keeps = True
        led: list[str] = []
        named = {"host": "hook.example", "resolve": lambda _name, _port: led}
        for address, counts in (("127.0.0.2", (1, 0)), ("127.0.0.2", (2, 0)), ("127.0.0.3", (2, 1))):
            led[:] = [address]
            assert post(first, kept, **named).arrived
            assert (len(first.heard), len(second.heard)) == counts
        only = (ip_network("127.0.0.2/32"),)
        refused = post(first, kept, **named, networks=only)
        assert (refused.failure, len(second.heard)) == (Failure.ADDRESS_REFUSED, 1)


def test_a_line_is_only_for_its_own_name(kept: Kept) -> None:
    with receiving() as receiver:
        receiver.keeps = True
        for host in ("one.example", "other.example"):
            assert post(receiver, kept, host=host, resolve=lambda _name, _port: ["127.0.0.1"]).arrived
        assert len(receiver.callers) == 2


def test_encryption_is_agreed_on_once(kept: Kept, tmp_path: Path) -> None:
    written = certificate(tmp_path, "hook.example")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(written)
    trust = ssl.create_default_context(cafile=str(written))
    with receiving(tls=tls) as receiver:
        receiver.keeps = True
        here = {"host": "hook.example", "resolve": lambda _name, _port: ["127.0.0.1"], "trust": trust}
        assert [post(receiver, kept, **here).arrived for _number in range(2)] == [True] * 2
        assert len(receiver.callers) == 1


def test_old_lines_are_closed_and_no_more_rest_than_may(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as receiver:
        receiver.keeps = True
        monkeypatch.setattr(lines, "MOST_RESTING", 1)
        for host in ("one.example", "other.example"):
            assert post(receiver, kept, host=host, resolve=lambda _name, _port: ["127.0.0.1"]).arrived
        here = {"resolve": lambda _name, _port: ["127.0.0.1"]}
        assert post(receiver, kept, host="other.example", **here).arrived
        assert len(receiver.callers) == 3
        monkeypatch.setattr(lines, "RESTING_SECONDS", 0.0)
        assert post(receiver, kept, host="one.example", **here).arrived
        assert len(receiver.callers) == 4
        kept.end_old()
        assert kept.take("http://one.example", ()) is None
