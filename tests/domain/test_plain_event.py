"""What is seen as right at once is right by the rules as well, and what the ledger writes is seen at once."""

import json
import random
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from review.domain import merkle
from review.domain.commitments import (
    Actor,
    Enumeration,
    Subject,
    build_envelope,
    commit_field,
    leaf_entry,
    read_meta,
    write_envelope,
)
from review.domain.plain_event import plain_event
from review.domain.signed_note import decode_base64, encode_base64
from review.domain.trail_check import StoredEvent, problem_of

EID, BEFORE, SALT = "ab" * 16, "cd" * 16, bytes(range(32))
Stored = dict[str, Any]


def stored(
    values: dict[str, bytes], meta: dict[str, Enumeration] | None = None, *, version: int | None = 2
) -> Stored:
    """An opening as the ledger writes it and SQLite gives it."""
    keys = {name: bytes([place + 1]) * 32 for place, name in enumerate(values)}
    members = build_envelope(
        "case.decided",
        eid=EID,
        occurred_at=datetime(2026, 11, 23, 16, 20, 7, 5, tzinfo=UTC),
        actor=Actor(kind="account", id="person", session="51", request="r-1"),
        subject=Subject(kind="case", id="C-1", version=version),
        previous=BEFORE if (version or 0) > 1 else None,
        meta=meta,
        commitments={name: commit_field(EID, name, value, key=keys[name]) for name, value in values.items()},
    )
    fields = {name: [encode_base64(keys[name]), encode_base64(value)] for name, value in values.items()}
    return {
        "envelope": write_envelope(members),
        "salt": SALT,
        "event_type": "case.decided",
        "object_kind": "case",
        "object_id": "C-1",
        "object_version": version,
        "eid": EID,
        "fields": json.dumps(fields),
        "recorded_at": "2026-11-23 16:20:07.000005",
    }


def leaf_of(row: Stored) -> bytes:
    return merkle.leaf_hash(leaf_entry(row["envelope"], salt=row["salt"]))


def seen(row: Stored, leaf: bytes | None = None) -> bool:
    """Whether it is seen as right; if so, the rules say the same."""
    leaf = leaf_of(row) if leaf is None else leaf
    event = plain_event((7, EID, leaf, *row.values()))
    at = row["recorded_at"]
    if isinstance(at, str) and not at.endswith("Z"):
        at = at.replace(" ", "T", 1) + "Z"
    problem = problem_of(StoredEvent(**(row | {"recorded_at": at})), leaf=leaf)
    assert event is None or problem is None, (row, problem)
    return event is not None


ROWS = [
    stored({}),
    stored({}, version=1),
    stored({}, {"generation": 3}, version=None),
    stored({"decision": b"D-1"}, {"outcome": "declined", "over_broad": False, "version": 12}),
    stored({name: name.encode() * size for size, name in enumerate(("review", "answer", "law", "items"))}),
    stored({"rationale": "é".encode() * 40, "a": b"", "b": b"x", "c": b"xy"}),
]


@pytest.mark.parametrize("row", ROWS)
def test_what_the_ledger_writes_is_seen_at_once(row: Stored) -> None:
    assert seen(row)
    assert seen(row | {"recorded_at": "2026-11-23T16:20:07.000005Z"})
    event = plain_event((7, EID, leaf_of(row), *row.values()))
    assert event is not None
    members = json.loads(row["envelope"])
    assert (event.previous, event.at) == (members.get("prev"), members["t"])
    assert event.stored_at == row["recorded_at"]
    assert (event.actor_kind, event.actor_id, event.meta) == ("account", "person", members.get("meta", {}))
    opened = {name: decode_base64(value) for name, (_key, value) in json.loads(row["fields"]).items()}
    assert event.values == opened


def test_no_random_change_is_seen_as_right_against_the_rules() -> None:
    dice = random.Random(6962)
    for _round in range(1_500):
        row = dict(dice.choice(ROWS))
        name = dice.choice(("envelope", "envelope", "fields", "fields", "recorded_at", "object_id", "salt"))
        text = row[name] if isinstance(row[name], bytes) else row[name].encode()
        place = dice.randrange(len(text))
        piece = dice.choice((b"", b" ", b"0", b"=", b'"', b"\\", b"A", b"}", b",", b"-", b"\xc3", b"/", b"z"))
        changed = text[:place] + piece + text[place + dice.randrange(2) :]
        row[name] = changed if isinstance(row[name], bytes) else changed.decode("latin-1")
        if name == "salt":
            assert seen(row, leaf=leaf_of(row | {"salt": SALT})) == (changed == text)
        else:
            assert seen(row) == (changed == text) or name == "envelope"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"prev":"' + BEFORE.encode() + b'",', b""),
        (b'"v":1', b'"v":2'),
        (b'"version":12', b'"version":9007199254740993'),
        (b'"version":12', b'"version":-0'),
        (b'"version":12', b'"version":1.0'),
        (b'"outcome":"declined","over_broad":false', b'"over_broad":false,"outcome":"declined"'),
        (b'"outcome":"declined"', b'"outcome":"a","outcome":"declined"'),
        (b'"outcome":"declined"', b'"outcome":null'),
        (b"2026-11-23T", b"2026-02-30T"),
        (b"16:20:07", b"24:20:07"),
        (b"16:20:07", b"16:20:60"),
        (b'"version":2', b'"version":1'),
        (b'"kind":"account"', b'"kind":"Account"'),
        (b'"id":"C-1"', b'"id":"C-2"'),
    ],
)
def test_an_envelope_that_breaks_a_rule_is_never_seen_as_right(old: bytes, new: bytes) -> None:
    row = ROWS[3] | {"envelope": ROWS[3]["envelope"].replace(old, new)}
    if new.startswith(b"2026-02-30"):
        row["recorded_at"] = row["recorded_at"].replace("11-23", "02-30")
    assert seen(row) == (new == b"")  # without `prev` the chain is broken, the event itself is not


@pytest.mark.parametrize(
    "change",
    [
        {"object_version": True},
        {"object_version": "2"},
        {"object_version": 2.0},
        {"object_version": None},
        {"envelope": "text"},
        {"salt": "s" * 32},
        {"fields": b"{}"},
        {"fields": None},
        {"fields": ""},
        {"recorded_at": ""},
        {"recorded_at": 5},
        {"event_type": b"case.decided"},
        {"eid": None},
    ],
)
def test_other_types_are_never_seen_as_right(change: Stored) -> None:
    assert not seen(ROWS[0] | change, leaf=leaf_of(ROWS[0]))


def test_fields_count_only_in_the_one_spelling_of_base64() -> None:
    for text in map("".join, product("AQg=\n-", repeat=4)):
        try:
            decode_base64(text)
            canonical = True
        except ValueError:
            canonical = False
        if canonical:
            continue
        [name] = json.loads(ROWS[3]["fields"])
        key, value = json.loads(ROWS[3]["fields"])[name]
        for both in ([key, value + text], [key[:40] + text, value], [key, text]):
            assert not seen(ROWS[3] | {"fields": json.dumps({name: both})})


def test_the_enumerations_of_an_envelope_are_read_in_canonical_form_only() -> None:
    assert read_meta('{"a":"x","b":true,"c":-5}') == {"a": "x", "b": True, "c": -5}
    for text in ('{"b":1,"a":1}', '{"a":1 }', '{"a":1.0}', '{"a":[]}', '{"a":"x y"}', "{}", "[]", "{"):
        assert read_meta(text) is None, text
