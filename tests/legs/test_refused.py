"""A leg that never came to be."""

from __future__ import annotations

import asyncio

from voxrun.legs.base import LegEvent
from voxrun.legs.refused import RefusedLeg
from voxrun.media.frames import SILENCE


def test_it_fails_once_and_does_nothing_that_it_is_told() -> None:
    leg = RefusedLeg(403, "limit")
    events: list[LegEvent] = []
    leg.on_event = events.append
    leg.answer({})
    leg.ring({})
    leg.early_media({})
    leg.reject(486, "", {})
    leg.hangup({})
    leg.send_dtmf("1")
    leg.send_info("a/b", "c", {})
    leg.send_message("d")
    leg.transfer("100", None, {})
    leg.reinvite("a/b", "c", {})
    leg.sink.write(SILENCE, leg.audio)
    asyncio.run(leg.close())
    assert [(event.kind, dict(event.data)) for event in events] == [
        ("failed", {"code": 403, "reason": "limit", "headers": {}})
    ]
