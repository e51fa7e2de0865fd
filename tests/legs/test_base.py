"""What every leg has from its base: events wait until somebody listens."""

from __future__ import annotations

from voxrun.legs.base import LegEvent
from voxrun.legs.scripted import ScriptedLeg
from voxrun.services.ticker import LoopTicker
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import run_virtual


def told(*steps: str) -> list[str]:
    """What a listener hears: "listen" and "leave" switch it, anything else is a message of the leg."""

    async def main(clock: LoopClock) -> list[str]:
        leg = ScriptedLeg(LoopTicker(), incoming=True)
        heard: list[str] = []

        def listen(event: LegEvent) -> None:
            heard.append(str(event.data["text"]))

        for step in steps:
            if step in ("listen", "leave"):
                leg.on_event = listen if step == "listen" else None
            else:
                leg.emit("message", text=step)
        return heard

    return run_virtual(main)


def test_events_before_anybody_listens_are_kept_in_order() -> None:
    assert told("a", "b", "listen", "c") == ["a", "b", "c"]


def test_events_are_told_once() -> None:
    assert told("a", "listen", "listen", "b") == ["a", "b"]


def test_events_while_nobody_listens_wait_for_the_next_listener() -> None:
    assert told("listen", "a", "leave", "b", "listen", "c") == ["a", "b", "c"]


def test_a_listener_that_stops_listening_in_an_event_gets_no_more() -> None:
    async def main(clock: LoopClock) -> list[str]:
        leg = ScriptedLeg(LoopTicker(), incoming=True)
        heard: list[str] = []

        def once(event: LegEvent) -> None:
            heard.append(str(event.data["text"]))
            leg.on_event = None

        for text in "abc":
            leg.emit("message", text=text)
        leg.on_event = once
        assert heard == ["a"]
        leg.on_event = once
        return heard

    assert run_virtual(main) == ["a", "b"]


def test_the_audio_of_the_far_end_has_no_listener_at_first() -> None:
    async def main(clock: LoopClock) -> None:
        leg = ScriptedLeg(LoopTicker(), incoming=False, client_type="pstn")
        assert leg.audio.sinks == []
        assert leg.client_type == "pstn"

    run_virtual(main)
