"""getLocalTime (modules/_localtime.js, _zones.js): what a clock somewhere shows."""

from __future__ import annotations

import pytest
from tests.realm.js.conftest import START, Platform


@pytest.mark.covers("getLocalTime")
@pytest.mark.parametrize(
    ("zone", "utc", "local"),
    [
        ("UTC", "2025-01-06T09:00:00", "2025-01-06T09:00:00"),
        ("Europe/Berlin", "2025-01-06T09:00:00", "2025-01-06T10:00:00"),
        # The hour around the changes of 2025 in Germany: 30 March and 26 October, 1:00 UTC.
        ("Europe/Berlin", "2025-03-30T00:59:59", "2025-03-30T01:59:59"),
        ("Europe/Berlin", "2025-03-30T01:00:00", "2025-03-30T03:00:00"),
        ("Europe/Berlin", "2025-10-26T00:59:59", "2025-10-26T02:59:59"),
        ("Europe/Berlin", "2025-10-26T01:00:00", "2025-10-26T02:00:00"),
        # New York changes at 2:00 local: 9 March and 2 November.
        ("America/New_York", "2025-03-09T06:59:59", "2025-03-09T01:59:59"),
        ("America/New_York", "2025-03-09T07:00:00", "2025-03-09T03:00:00"),
        ("America/New_York", "2025-11-02T06:00:00", "2025-11-02T01:00:00"),
        # The south: summer goes over the turn of the year.
        ("Australia/Sydney", "2025-01-01T00:00:00", "2025-01-01T11:00:00"),
        ("Australia/Sydney", "2025-07-01T00:00:00", "2025-07-01T10:00:00"),
        # Half hours, quarters, half an hour of summer, a winter that is the exception, changes after 24:00.
        ("Asia/Kolkata", "2025-06-01T20:00:00", "2025-06-02T01:30:00"),
        ("Asia/Kathmandu", "2025-06-01T00:00:00", "2025-06-01T05:45:00"),
        ("Australia/Lord_Howe", "2025-06-01T00:00:00", "2025-06-01T10:30:00"),
        ("Europe/Dublin", "2025-06-01T00:00:00", "2025-06-01T01:00:00"),
        ("Europe/Dublin", "2025-12-01T00:00:00", "2025-12-01T00:00:00"),
        ("Asia/Jerusalem", "2025-03-27T23:59:59", "2025-03-28T01:59:59"),
        ("Asia/Jerusalem", "2025-03-28T00:00:00", "2025-03-28T03:00:00"),
        ("America/Nuuk", "2025-03-30T00:59:59", "2025-03-29T22:59:59"),
        ("America/Nuuk", "2025-03-30T01:00:00", "2025-03-30T00:00:00"),
        ("Pacific/Kiritimati", "2025-12-31T10:00:00", "2026-01-01T00:00:00"),
        ("europe/moscow", "2025-12-31T21:00:00", "2026-01-01T00:00:00"),
    ],
)
def test_a_date_is_moved_to_what_the_clock_there_shows(
    platform: Platform, zone: str, utc: str, local: str
) -> None:
    moved = platform.value(f"getLocalTime('{zone}', new Date('{utc}Z'))")
    assert moved == f"{local}.000Z"


def test_it_is_a_date_of_the_session_and_the_default_is_now(platform: Platform) -> None:
    found = platform.value(
        "(d => [d instanceof Date, d.getHours(), d.getTime() - Date.now()])(getLocalTime('Asia/Tokyo'))"
    )
    assert found == [True, (START // 3_600_000 + 9) % 24, 9 * 3_600_000]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            "getLocalTime('Berlin', new Date())",
            "there is no time zone 'Berlin'; zones are called like Europe/",
        ),
        ("getLocalTime()", "there is no time zone 'undefined'"),
        ("getLocalTime('__proto__', new Date())", "there is no time zone '__proto__'"),
        ("getLocalTime('UTC', 'yesterday')", "not a Date"),
    ],
)
def test_mistakes_are_named(platform: Platform, call: str, message: str) -> None:
    error = platform.boot(call).error
    assert error is not None
    assert message in error.message


def test_an_invalid_date_stays_one(platform: Platform) -> None:
    assert platform.value("isNaN(getLocalTime('Europe/Berlin', new Date(NaN)))") is True


def test_it_works_after_a_scenario_overwrote_the_builtins(platform: Platform) -> None:
    platform.boot(
        "Date.UTC = Date.prototype.getTime = Math.floor = String.prototype.split = null;"
        "Logger.write(getLocalTime('Europe/Berlin', new Date(0)).toISOString());"
    )
    assert platform.logs() == ["1970-01-01T01:00:00.000Z"]
