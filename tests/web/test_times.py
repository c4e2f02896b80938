"""Times are told in the reader's zone with its abbreviation, right on both sides of a change of clocks."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask, render_template_string

from review.domain.appearance import Appearance, zone_named
from review.web import presentation, times
from review.web.appearance import COOKIE

EDGES = [
    # zone, UTC, in the zone: clocks go forward, then back, and both sides of each
    ("Europe/Brussels", "2026-03-29T00:59:59", "29 Mar 2026, 01:59:59 CET"),
    ("Europe/Brussels", "2026-03-29T01:00:00", "29 Mar 2026, 03:00:00 CEST"),
    ("Europe/Brussels", "2026-10-25T00:30:00", "25 Oct 2026, 02:30:00 CEST"),
    ("Europe/Brussels", "2026-10-25T01:30:00", "25 Oct 2026, 02:30:00 CET"),
    ("America/New_York", "2026-03-08T06:59:59", "8 Mar 2026, 01:59:59 EST"),
    ("America/New_York", "2026-03-08T07:00:00", "8 Mar 2026, 03:00:00 EDT"),
    ("America/New_York", "2026-11-01T05:30:00", "1 Nov 2026, 01:30:00 EDT"),
    ("America/New_York", "2026-11-01T06:30:00", "1 Nov 2026, 01:30:00 EST"),
    # half an hour, and in the other half of the year; this zone has no abbreviation of letters
    ("Australia/Lord_Howe", "2026-04-04T14:30:00", "5 Apr 2026, 01:30:00 UTC+11"),
    ("Australia/Lord_Howe", "2026-04-04T15:00:00", "5 Apr 2026, 01:30:00 UTC+1030"),
    ("Australia/Lord_Howe", "2026-10-03T15:29:59", "4 Oct 2026, 01:59:59 UTC+1030"),
    ("Australia/Lord_Howe", "2026-10-03T15:30:00", "4 Oct 2026, 02:30:00 UTC+11"),
]


def app_in(zone: str) -> Flask:
    """An application whose pages are in this zone."""
    app = Flask("review")
    app.config.update(SECRET_KEY="only for tests", REVIEW_APPEARANCE=Appearance(zone=zone_named(zone)))
    presentation.register(app)
    return app


def utc(text: str) -> datetime:
    """A time in UTC from its text."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def brussels() -> Iterator[Flask]:
    app = app_in("Europe/Brussels")
    with app.test_request_context("/"):
        yield app


@pytest.mark.parametrize(("zone", "at", "shown"), EDGES)
def test_both_sides_of_a_change_of_clocks_are_told_apart(zone: str, at: str, shown: str) -> None:
    with app_in(zone).test_request_context("/"):
        moment = utc(at)
        assert times.moment_to_second(moment) == shown
        assert times.machine_time(moment) == at + "Z"
        assert times.exact(moment).endswith(f"{at[11:]} UTC")
        assert times.moment(moment) == shown[: shown.rindex(":")] + shown[shown.rindex(" ") :]
        assert shown.endswith(times.time_of_day(moment))


@pytest.mark.parametrize("zone", ["Europe/Brussels", "America/New_York", "Australia/Lord_Howe"])
def test_a_deadline_across_a_change_of_clocks_is_as_far_as_it_is(zone: str) -> None:
    """Absolute in the zone's new clock, relative by the time that really passes."""
    with app_in(zone).test_request_context("/"):
        for _zone, at, _shown in EDGES:
            now = utc(at) - timedelta(hours=2)
            with time_machine.travel(now, tick=False):
                page = render_template_string(
                    "{% from 'components/time.html' import deadline %}{{ deadline(at) }}", at=utc(at)
                )
            assert ">in 2 h</span>" in page
            assert f'datetime="{at}Z"' in page
            assert f'title="{times.exact(utc(at))}"' in page


def test_records_are_in_utc_and_tell_the_readers_time_beside_it(brussels: Flask) -> None:
    source = "{% from 'components/time.html' import exact_only %}{{ exact_only(at) }}"
    page = render_template_string(source, at=utc("2026-07-01T10:00:00"))
    assert ">1 Jul 2026, 10:00:00 UTC<" in page
    assert 'title="1 Jul 2026, 12:00:00 CEST"' in page


def test_sentences_tell_their_times_in_the_readers_zone(brussels: Flask) -> None:
    sentence = "A colleague holds this case until 2026-07-01T10:00:00Z; take another one."
    assert (
        times.told(sentence) == "A colleague holds this case until 1 Jul 2026, 12:00 CEST; take another one."
    )
    for odd in ("2026-07-01 10:00", "2026-99-01T10:00:00Z", "9999-12-31T23:59:59Z", ""):
        assert times.told(odd) == odd


def test_the_foot_of_the_page_names_the_zone(brussels: Flask) -> None:
    page = render_template_string("{% extends 'base.html' %}")
    assert "Times in Europe/Brussels, in records in UTC, 24-hour clock" in page


@pytest.mark.parametrize(
    ("cookie", "zone"),
    [
        ("dark:compact:115:en:Asia/Tokyo", "JST"),
        ("dark:compact:115:en:Asia/Nowhere", "CET"),
        ("", "CET"),
        ("x" * 5_000, "CET"),
    ],
)
def test_the_cookie_chooses_and_a_bad_one_is_ignored(cookie: str, zone: str) -> None:
    app = app_in("Europe/Brussels")
    with app.test_request_context("/", headers={"Cookie": f"{COOKIE}={cookie}"}):
        assert times.moment(utc("2026-01-01T12:00:00")).endswith(zone)
    with app.test_request_context("/"):
        assert times.moment(utc("2026-01-01T12:00:00")).endswith("CET"), "nothing stays of another request"
