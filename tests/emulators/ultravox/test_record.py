"""Calls as the API shows them."""

from __future__ import annotations

import pytest

from voxrun.emulators.ultravox.call_config import CallConfig
from voxrun.emulators.ultravox.record import MAX_EVENTS, CallRecord


@pytest.mark.parametrize(
    ("milliseconds", "billed"), [(0, "0s"), (1, "6s"), (6000, "6s"), (6001, "12s"), (60_000, "60s")]
)
def test_time_is_billed_in_started_steps_of_six_seconds(milliseconds: int, billed: str) -> None:
    record = CallRecord("c", CallConfig(), 0, "ws://x", joined=1000)
    record.close("hangup", 1000 + milliseconds)
    record.close("timeout", 99_999)  # the first reason stays
    shown = record.to_json()
    assert (shown["billedDuration"], shown["endReason"]) == (billed, "hangup")


def test_a_live_call_has_no_end_yet_and_events_are_bounded() -> None:
    record = CallRecord("c", CallConfig(), 0, "ws://x", joined=1000)
    for _ in range(MAX_EVENTS + 5):
        record.note("info", "x" * 80, "t", {}, 2500)
    shown = record.to_json()
    assert (shown["ended"], shown["billedDuration"], shown["billingStatus"]) == (
        None,
        None,
        "BILLING_STATUS_PENDING",
    )
    assert len(record.events) == MAX_EVENTS
    assert record.events[0]["callTimestamp"] == "1.5s"
    assert len(str(record.events[0]["type"])) == 50
