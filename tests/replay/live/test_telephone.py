"""A telephone around a leg: what it can do by itself, and what it passes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from voxrun.legs.base import LegEvent
from voxrun.legs.scripted import ScriptedLeg
from voxrun.replay.live.telephone import Telephone
from voxrun.services.ticker import LoopTicker
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import run_virtual


class Desk:
    """A telephone on a scripted leg, and what was told of it."""

    def __init__(self, client: str = "sip", incoming: bool = True, name: str = "ann") -> None:
        self.leg = ScriptedLeg(LoopTicker(), incoming, client)
        self.leg.can_transfer = self.leg.can_reinvite = False  # as one of WebRTC
        self.telephone = Telephone(self.leg, name)
        self.events: list[LegEvent] = []
        self.told: list[tuple[str, str, object]] = []
        self.wanted: list[str] = []
        self.telephone.on_event = self.events.append
        self.telephone.told = lambda kind, text="", **data: self.told.append((kind, text, data))
        self.telephone.hang_up = self.leg.remote.hang_up
        self.telephone.on_transfer = lambda: self.wanted.append("transfer")
        self.telephone.on_reinvite = lambda: self.wanted.append("reinvite")

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]


def on_a_loop(story: Callable[[], None]) -> None:
    async def main(clock: LoopClock) -> None:
        story()
        await asyncio.sleep(0)

    run_virtual(main, 0)


def test_everything_else_goes_over_the_wire() -> None:
    def story() -> None:
        desk = Desk()
        telephone, leg = desk.telephone, desk.leg
        assert (telephone.audio, telephone.sink, telephone.client_type) == (leg.audio, leg.sink, "sip")
        assert (telephone.wideband, telephone.counts()) == (leg.wideband, leg.counts())
        telephone.ring({})
        telephone.early_media({})
        telephone.answer({})
        telephone.send_dtmf("1")
        telephone.send_info("a/b", "x", {})
        telephone.send_message("hi")
        telephone.hangup({})
        telephone.reject(486, "", {})
        passed = [what for what, _ in leg.log]
        assert passed == ["ring", "early_media", "answer", "dtmf", "info", "message", "hangup", "reject"]
        assert desk.kinds() == ["answered", "ended"]

    on_a_loop(story)


def test_custom_data_comes_with_the_answer() -> None:
    def story() -> None:
        desk = Desk(incoming=False)
        desk.telephone.custom_data = "vip"
        desk.leg.remote.answer({"X-A": "1"})
        assert desk.events[0].data == {"headers": {"X-A": "1"}, "custom_data": "vip"}

    on_a_loop(story)


def test_what_the_scenario_wants_is_told_and_left_to_the_phone() -> None:
    def story() -> None:
        desk, other = Desk(), Desk(name="bob")
        desk.telephone.answer({})
        desk.telephone.transfer("200", other.telephone, {"X-A": "1"})
        desk.telephone.reinvite("a/b", "ping", {})
        assert desk.wanted == ["transfer", "reinvite"]
        assert desk.told[0] == ("transfer", "200", {"attended": "bob", "headers": {"X-A": "1"}})
        assert desk.told[1][:2] == ("reinvite", "ping")
        desk.telephone.answer_refer(200, "")
        desk.telephone.answer_refer(486, "Busy")
        desk.telephone.accept_reinvite("a/b", "pong", {})
        desk.telephone.reject_reinvite(488, "No", {})
        answers = [("transferred", "success"), ("transferred", "486"), ("reinvite_accepted", "pong")]
        assert [each[:2] for each in desk.told[2:]] == [*answers, ("reinvite_rejected", "488")]
        assert desk.kinds() == ["answered"]

    on_a_loop(story)


def test_what_people_do_is_told_the_scenario_while_the_call_lasts() -> None:
    def story() -> None:
        desk, other = Desk(), Desk(name="bob")
        remote = desk.telephone.remote
        remote.refer("200")  # nothing before the answer
        for each in (desk, other):
            each.telephone.answer({})
        remote.refer("200", {"X-A": "1"})
        remote.reinvite("a/b", "ping")
        remote.accept_reinvite("a/b", "pong")
        remote.reject_reinvite(488, "No")
        remote.refuse_transfer(603, "No")
        desk.telephone.transfer("", other.telephone, {})
        remote.go_over()
        assert desk.kinds() == [
            "answered", "refer", "reinvite", "reinvite_accepted", "reinvite_rejected", "transfer_failed",
            "transferred", "ended",
        ]  # fmt: skip
        assert desk.events[1].data == {"to": "200", "headers": {"X-A": "1"}}
        assert other.kinds() == ["answered", "ended"]

    on_a_loop(story)


@pytest.mark.parametrize("client", ["user", "pstn"])
def test_what_is_no_telephone_cannot(client: str) -> None:
    def story() -> None:
        desk = Desk(client)
        desk.telephone.answer({})
        desk.telephone.transfer("200", None, {})
        desk.telephone.reinvite("a/b", "x", {})
        assert desk.kinds() == ["answered", "transfer_failed", "reinvite_rejected"]
        assert desk.wanted == []
        assert [kind for kind, _, _ in desk.told] == ["transfer", "reinvite"]

    on_a_loop(story)
