"""The people of a cassette do what they did, when they did it."""

from __future__ import annotations

import asyncio

from voxrun.legs.base import LegEvent
from voxrun.replay.cassette import PartyEvent, TapedLeg
from voxrun.replay.cassette_legs import TapedParty
from voxrun.services.ticker import LoopTicker
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import run_virtual


def story(leg: TapedLeg, answer_after: float | None = None, seconds: float = 10) -> list[tuple[int, str]]:
    """(ms, event) of a leg; the scenario answers it after so many seconds."""
    seen: list[tuple[int, str]] = []

    async def main(clock: LoopClock) -> None:
        ticker = LoopTicker()
        party = TapedParty(ticker, leg, b"\1\2" * 320)

        def note(event: LegEvent) -> None:
            seen.append((round(clock.now() * 1000), event.kind))

        party.on_event = note
        if answer_after is not None:
            await asyncio.sleep(answer_after)
            party.answer({})
        await asyncio.sleep(seconds)
        ticker.close()

    run_virtual(main)
    return [(t, kind) for t, kind in seen if kind != "first_audio"]


def test_an_answer_takes_its_time_and_the_rest_follows_the_connection() -> None:
    leg = TapedLeg(1, 0, True, "user", commands=[(100, "call.answer")])
    leg.events = [
        PartyEvent(400, "answered", {}),
        PartyEvent(1400, "dtmf", {"digit": "5"}),
        PartyEvent(2400, "ended", {"by": "remote", "code": 200}),
    ]
    assert story(leg, answer_after=2) == [(2300, "answered"), (3300, "dtmf"), (4300, "ended")]


def test_a_caller_who_gives_up_does_so_again() -> None:
    leg = TapedLeg(1, 0, True, "user", events=[PartyEvent(700, "ended", {"by": "remote", "code": 487})])
    assert story(leg) == [(700, "ended")]


def test_an_outgoing_call_rings_and_answers_or_fails_as_it_did() -> None:
    ringing = PartyEvent(1300, "ringing", {})
    answered = TapedLeg(1, 1000, False, "pstn", events=[ringing, PartyEvent(2000, "answered", {})])
    assert story(answered) == [(300, "ringing"), (1000, "answered")]
    failed = TapedLeg(1, 1000, False, "pstn", events=[ringing, PartyEvent(2000, "failed", {"code": 486})])
    assert story(failed) == [(300, "ringing"), (1000, "failed")]


def test_what_came_of_the_scenarios_own_hang_up_does_not_come_by_itself() -> None:
    leg = TapedLeg(1, 0, False, "pstn", commands=[(900, "call.hangup")])
    leg.events = [PartyEvent(900, "failed", {"code": 487})]
    assert story(leg) == []
    ended = TapedLeg(1, 0, True, "user", events=[PartyEvent(0, "answered", {})])
    ended.events.append(PartyEvent(500, "ended", {"by": "local", "code": 200}))
    assert story(ended, answer_after=0) == [(0, "answered")]


def test_transfers_re_invites_and_holds_happen_as_they_did_whatever_the_kind_of_phone() -> None:
    headers: dict[str, str] = {}
    leg = TapedLeg(1, 0, True, "user", commands=[(100, "call.answer"), (500, "call.transfer")])
    leg.events = [
        PartyEvent(100, "answered", {}),
        PartyEvent(200, "hold", {}),
        PartyEvent(300, "unhold", {}),
        PartyEvent(400, "reinvite", {"mime": "a/b", "body": "x", "headers": headers}),
        PartyEvent(500, "reinvite_accepted", {"mime": "", "body": "", "headers": headers}),
        PartyEvent(600, "refer", {"to": "7", "headers": headers}),
        PartyEvent(700, "transfer_failed", {"code": 486, "reason": "", "headers": headers}),
        PartyEvent(800, "transferred", {"headers": headers}),
    ]
    assert story(leg, answer_after=0) == [(event.t - 100, event.what) for event in leg.events]
