"""What can be erased, which words are asked for, and the mark that stands in place of a value."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from review.domain.commitments import Actor as Named
from review.domain.commitments import Subject, build_envelope, commit_fields, envelope_bytes, leaf_entry
from review.domain.erasures import (
    ORIGINAL,
    PARTS,
    Ground,
    address_mark,
    check_request,
    mark_of,
    parts_of,
    read_mark,
)
from review.domain.events import EVENTS
from review.domain.holds import RecordKind, check_hold, is_second_person, record_named
from review.domain.merkle import leaf_hash
from review.domain.permissions import Actor
from review.domain.retention import LEAST_DAYS, ended_before, kept_until
from review.domain.signed_note import encode_base64
from review.domain.trail_check import StoredEvent, problem_of
from review.errors import InvalidInput
from review.models import Base
from review.setting_table import SETTINGS

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
DAYS = {"referral": 365, "notice": 200, "removal_order": 184}


@pytest.mark.parametrize("kind", list(RecordKind))
def test_every_part_names_fields_and_columns_that_there_are(kind: RecordKind) -> None:
    for part in PARTS[kind].values():
        for event_type, name in part.fields:
            assert name in EVENTS[event_type].fields
        for table, column in part.columns:
            assert column in Base.metadata.tables[table].columns
        assert part.fields or part.columns


def test_the_original_goes_with_any_part_of_a_referral() -> None:
    assert parts_of(RecordKind.REFERRAL, ["url"]) == (ORIGINAL, "url")
    assert parts_of(RecordKind.CASE, ["notes", "rationale"]) == ("rationale", "notes")
    for kind, names in ((RecordKind.CASE, []), (RecordKind.CASE, ["url"]), (RecordKind.SENDER, ["notes"])):
        with pytest.raises(InvalidInput):
            parts_of(kind, names)


def test_a_request_names_everything_to_correct_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        check_request(RecordKind.CASE, [], "", "")
    assert {one.pointer for one in caught.value.errors} == {"parts", "ground", "reason"}
    assert check_request(RecordKind.CASE, ["notes"], "order", "Why.") == ("notes",)


@pytest.mark.parametrize("ground", list(Ground))
def test_a_mark_is_read_back_and_nothing_else_is_one(ground: Ground) -> None:
    mark = mark_of(NOW, ground)
    assert read_mark(mark) == (date(2026, 11, 23), ground)
    assert read_mark(f"{mark} R-7K3M-9QXD-2FWT") == (date(2026, 11, 23), ground)
    for other in (
        f" {mark}",
        f"{mark}.",
        "[erased on 2026-13-01: order]",
        "[erased on 2026-11-23: whim]",
        "",
    ):
        assert read_mark(other) is None
    assert address_mark(NOW, ground).startswith("https://erased.invalid/2026-11-23/")


def test_a_record_is_named_by_its_id() -> None:
    assert record_named("c-7k3m-9qxd-2fwt") == (RecordKind.CASE, "C-7K3M-9QXD-2FWT")
    assert record_named("R-7K3M-9QXD-2FWT") == (RecordKind.REFERRAL, "R-7K3M-9QXD-2FWT")
    assert record_named("S-7K3M-9QXD-2FWT") == (RecordKind.SENDER, "S-7K3M-9QXD-2FWT")
    assert record_named("I-7K3M-9QXD-2FWT") is None


def test_a_hold_has_a_reason_and_a_day_to_come() -> None:
    check_hold("Proceedings.", NOW.date() + timedelta(days=1), today=NOW.date())
    for reason, day in (("", NOW.date() + timedelta(days=1)), ("Why.", NOW.date()), ("Why.", None)):
        with pytest.raises(InvalidInput):
            check_hold(reason, day, today=NOW.date())
    assert not is_second_person(Actor("account", "one"), first="one")
    assert is_second_person(Actor("account", "two"), first="one")


def test_each_kind_is_kept_as_long_as_its_setting_says() -> None:
    assert kept_until(NOW, intake_kind="notice", days=DAYS) == NOW + timedelta(days=200)
    assert ended_before(NOW, days=DAYS)["referral"] == NOW - timedelta(days=365)
    least = {one.least for one in SETTINGS if one.attribute.startswith("retention_")}
    assert least == {LEAST_DAYS}


def test_a_missing_field_is_right_only_where_an_erasure_took_it() -> None:
    eid, salt = "0" * 32, b"s" * 32
    committed, opened = commit_fields(eid, {"rationale": b"Why.", "statement": b"What."})
    envelope = envelope_bytes(
        build_envelope(
            "case.review_recorded",
            eid=eid,
            occurred_at=NOW,
            actor=Named("account", "one"),
            subject=Subject("case", "C-1", 1),
            commitments=committed,
        )
    )
    key, value = (encode_base64(one) for one in opened["statement"])
    event = StoredEvent(
        eid, envelope, salt, f'{{"statement": ["{key}", "{value}"]}}', "2026-11-23T10:00:00.000000Z",
        "case.review_recorded", "case", "C-1", 1,
    )  # fmt: skip
    leaf = leaf_hash(leaf_entry(envelope, salt=salt))
    assert problem_of(event, leaf=leaf) == "has lost its field rationale"
    assert problem_of(event, leaf=leaf, erased=lambda _eid: {"rationale"}) is None
    both = replace(event, fields="{}")
    told = problem_of(both, leaf=leaf, erased=lambda asked: {"rationale"} if asked == eid else ())
    assert told == "has lost its field statement"
