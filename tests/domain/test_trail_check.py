"""The rules of verification on single events, chains and tiles."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

from review.domain import merkle
from review.domain.commitments import (
    Actor,
    Subject,
    build_envelope,
    commit_field,
    envelope_bytes,
    leaf_entry,
)
from review.domain.signed_note import encode_base64
from review.domain.tiles import tile_root
from review.domain.trail_check import (
    Link,
    StoredEvent,
    TileStream,
    name_of,
    previous_of,
    problem_of,
    problem_of_link,
)

SALT, KEY, EID = b"s" * 32, b"k" * 32, "ab" * 16


def an_event() -> StoredEvent:
    members = build_envelope(
        "case.claimed",
        eid=EID,
        occurred_at=datetime(2026, 11, 23, 16, 20, 7, 5, tzinfo=UTC),
        actor=Actor(kind="account", id="person"),
        subject=Subject(kind="case", id="C-1", version=1),
        commitments={"name": commit_field(EID, "name", b"value", key=KEY)},
    )
    return StoredEvent(
        eid=EID,
        envelope=envelope_bytes(members),
        salt=SALT,
        fields=json.dumps({"name": [encode_base64(KEY), encode_base64(b"value")]}),
        recorded_at="2026-11-23T16:20:07.000005Z",
        event_type="case.claimed",
        object_kind="case",
        object_id="C-1",
        object_version=1,
    )


def problem(event: StoredEvent) -> str | None:
    assert isinstance(event.envelope, bytes)
    return problem_of(event, leaf=merkle.leaf_hash(leaf_entry(event.envelope, salt=SALT)))


def test_an_event_as_recorded_has_no_problem_and_a_name() -> None:
    assert problem(an_event()) is None
    assert name_of(an_event()) == "case.claimed on case C-1, 23 Nov 2026 16:20:07 UTC"
    assert name_of(replace(an_event(), recorded_at=None)).endswith("time unknown")


def test_every_part_that_differs_is_named() -> None:
    event = an_event()
    both = [encode_base64(KEY), encode_base64(b"value")]
    for change, words in (
        ({"eid": "cd" * 16}, "another eid"),
        ({"recorded_at": "2026-11-23T16:20:07.000006Z"}, "another recorded_at"),
        ({"object_version": None}, "another object_version"),
        ({"object_version": True}, "another object_version"),
        ({"fields": "{}"}, "lost its field name"),
        ({"fields": "{"}, "cannot be read"),
        ({"fields": None}, "cannot be read"),
        ({"fields": "[]"}, "cannot be read"),
        ({"fields": json.dumps({"name": both}) + " "}, "cannot be read"),
        ({"fields": json.dumps({"name": both, "more": both})}, "never recorded"),
        ({"fields": json.dumps({"name": [both[0], "AAAA"]})}, "another value"),
        ({"fields": json.dumps({"name": ["AAAA", both[1]]})}, "cannot be read"),
        ({"fields": json.dumps({"name": 7})}, "cannot be read"),
        ({"envelope": b"{}"}, "not a well-formed event"),
    ):
        assert words in (problem(replace(event, **change)) or ""), change
    for leaf in (b"", None, "text"):
        assert problem_of(event, leaf=leaf) == "does not match its fingerprint"
    for change in ({"salt": b"short"}, {"salt": "text"}, {"envelope": None}):
        assert problem_of(replace(event, **change), leaf=b"") == "does not match its fingerprint"


def test_a_chain_counts_from_one_and_each_names_the_last() -> None:
    first = Link("case", "C-1", 1, "a", None)
    second = Link("case", "C-1", 2, "b", "a")
    assert problem_of_link(first, None) is None
    assert problem_of_link(second, first) is None
    assert problem_of_link(replace(first, object_id="C-2"), second) is None
    assert problem_of_link(second, None) == "is version 2 of its object where version 1 is missing"
    assert "does not follow" in (problem_of_link(replace(second, previous="x"), first) or "")
    assert problem_of_link(replace(first, version="1"), None) == "has no proper version"


def test_what_cannot_be_read_names_nothing_before_it() -> None:
    assert previous_of(b'{"prev":"a"}') == "a"
    assert [previous_of(value) for value in (b"{}", b"\xff", b"[]", None, b"[" * 100_000)] == [None] * 5


def test_tiles_come_when_they_are_full_and_stack_up() -> None:
    stream = TileStream()
    leaves = [sha256(b"%d" % number).digest() for number in range(256 * 256 + 1)]
    tiles = [tile for leaf in leaves for tile in stream.append(leaf)]
    assert stream.completed == len(tiles) == 257
    assert tiles[0].hashes == b"".join(leaves[:256])
    assert (tiles[-1].level, tiles[-1].index) == (1, 0)
    assert tiles[-1].root == tile_root(tiles[-1].hashes) == merkle.root_of(leaves[:-1])


def test_tiles_are_the_same_with_many_leaves_at_a_time() -> None:
    by_one, by_many = TileStream(), TileStream()
    leaves = [sha256(b"%d" % number).digest() for number in range(700)]
    singly = [tile for leaf in leaves for tile in by_one.append(leaf)]
    together = []
    for start, stop in ((0, 3), (3, 256), (256, 257), (257, 512), (512, 700)):
        whole = [merkle.root_of(leaves[stop - 256 : stop])] if stop % 256 == 0 else []
        together += by_many.extend(leaves[start:stop], roots=whole)
    assert together == singly
    assert by_many.completed == by_one.completed == 2
