"""Who hears whom: sendMediaTo and its kin on real legs."""

from __future__ import annotations

import asyncio

import pytest
from tests.harness import Stage, play
from tests.services.parts import Given

from voxrun.errors import ScenarioError
from voxrun.legs.scripted import ScriptedLeg
from voxrun.media.frames import SILENCE
from voxrun.media.graph import Sink, Source
from voxrun.services.media import MediaService, edge_options
from voxrun.services.units import EdgeOptions, Unit, Units
from voxrun.session.clock import LoopClock
from voxrun.session.messages import Command
from voxrun.session.virtual import run_virtual

BRIDGE = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
  call.answer();
  b = VoxEngine.callUser("bob");
  c = VoxEngine.callUser("carol");
  a = call;
  call.addEventListener(CallEvents.MessageReceived, (e) => eval(e.text));
});
"""


AT_ONCE = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
  call.answer();
  call.sendMediaTo(call);
  Logger.write(call.state());
});
"""


def word(number: int) -> bytes:
    """200 ms that can be told from other words."""
    return bytes([number, 1]) * 3200


def heard(leg: ScriptedLeg) -> set[int]:
    """Numbers of the words that a leg heard."""
    return {frame[0] for _, frame in leg.heard if frame != SILENCE}


class Talk:
    """Three parties."""

    def __init__(self, stage: Stage, legs: list[ScriptedLeg]) -> None:
        self.stage = stage
        self.legs = legs
        self._word = 0

    async def do(self, code: str) -> list[set[int]]:
        """Run code, let everybody speak (1, 2, 3), and give what each has heard."""
        self.legs[0].remote.message(code)
        await asyncio.sleep(0.1)
        for leg in self.legs:
            leg.heard.clear()
        for number, leg in enumerate(self.legs, 1):
            leg.remote.speak(word(number))
        await asyncio.sleep(1)
        return [heard(leg) for leg in self.legs]


def talk(test: object) -> None:
    async def story(stage: Stage) -> None:
        first = await stage.call_in(BRIDGE)
        legs = [first, await stage.dialled_leg(0), await stage.dialled_leg(1)]
        for leg in legs[1:]:
            leg.remote.answer()
        await stage.until(lambda: all(leg.connected for leg in legs))
        await test(Talk(stage, legs))  # type: ignore[operator]

    play(story)


@pytest.mark.covers("VoxEngine.sendMediaBetween", "VoxEngine.stopMediaBetween")
def test_between_two_calls_each_hears_the_other() -> None:
    async def test(line: Talk) -> None:
        assert await line.do("VoxEngine.sendMediaBetween(a, b)") == [{2}, {1}, set()]
        assert await line.do("VoxEngine.stopMediaBetween(a, b)") == [set(), set(), set()]
        assert await line.do("c.sendMediaTo(a)") == [{3}, set(), set()]

    talk(test)


def test_media_may_be_linked_right_after_answer_before_connected() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(AT_ONCE)
        await stage.until(lambda: leg.connected)
        await asyncio.sleep(0.1)
        leg.remote.speak(word(1))
        await asyncio.sleep(0.5)
        assert stage.logs() == ["ALERTING"]
        assert heard(leg) == {1}

    play(story)


@pytest.mark.covers("Call.sendMediaTo", "Call.stopMediaTo")
def test_one_call_may_send_to_many() -> None:
    async def test(line: Talk) -> None:
        assert await line.do("a.sendMediaTo(b); a.sendMediaTo(c)") == [set(), {1}, {1}]
        assert await line.do("a.stopMediaTo(b)") == [set(), set(), {1}]

    talk(test)


def test_a_call_hears_one_source_and_a_new_one_replaces_it() -> None:
    async def test(line: Talk) -> None:
        assert await line.do("b.sendMediaTo(a)") == [{2}, set(), set()]
        assert await line.do("c.sendMediaTo(a)") == [{3}, set(), set()]
        assert await line.do("b.stopMediaTo(a)") == [{3}, set(), set()]

    talk(test)


def test_a_call_can_be_sent_to_itself() -> None:
    async def test(line: Talk) -> None:
        assert await line.do("a.sendMediaTo(a)") == [{1}, set(), set()]

    talk(test)


def test_what_is_said_replaces_the_other_party() -> None:
    async def test(line: Talk) -> None:
        assert 1 in (await line.do("VoxEngine.sendMediaBetween(a, b)"))[1]
        assert (await line.do('b.say("Hi")'))[1] == {0x10}

    talk(test)


def test_what_a_say_replaced_comes_back_only_when_it_is_linked_again() -> None:
    async def test(line: Talk) -> None:
        assert await line.do("VoxEngine.sendMediaBetween(a, b)") == [{2}, {1}, set()]
        await line.do('b.say("Hi")')
        assert await line.do("") == [{2}, set(), set()]
        assert await line.do("VoxEngine.sendMediaBetween(a, b)") == [{2}, {1}, set()]

    talk(test)


def test_a_say_replaces_when_its_audio_begins() -> None:
    async def test(line: Talk) -> None:
        assert await line.do('b.say("Hi"); VoxEngine.sendMediaBetween(a, b)') == [{2}, {0x10}, set()]

    talk(test)


def test_stop_playback_leaves_the_other_party_in_place() -> None:
    async def test(line: Talk) -> None:
        await line.do('b.say("Hi")')
        await line.do("VoxEngine.sendMediaBetween(a, b)")
        assert await line.do("b.stopPlayback(); a.stopPlayback()") == [{2}, {1}, set()]
        await line.do('b.say("H".repeat(200))')
        assert await line.do("VoxEngine.sendMediaBetween(a, b)") == [{2}, {1}, set()]
        assert await line.do("b.stopPlayback()") == [{2}, {1}, set()]

    talk(test)


def test_a_unit_that_is_over_is_silently_nobody() -> None:
    async def main(clock: LoopClock) -> None:
        units = Units()
        service = MediaService(Given(clock).context, units)
        units.add(Unit("source", Source()))
        units.add(Unit("sink", sink=Ear()))
        for target, to in (("gone", "sink"), ("source", "gone"), ("sink", "source"), ("", "")):
            for kind in service.handles:
                service.execute(Command(kind, target, {"to": to}))
        with pytest.raises(ScenarioError):
            service.execute(Command("media.connect", "source", {"to": 7}))
        await service.close()
        assert units.get("source") is None

    run_virtual(main)


class Ear(Sink):
    def write(self, frame: bytes, source: Source) -> None: ...


def test_edges_have_options_and_wrong_ones_are_refused() -> None:
    assert edge_options({}) == EdgeOptions()
    given = {"tag": 5, "encoding": "ULAW", "customParameters": {"a": [1]}, "other": {}}
    assert edge_options(given) == EdgeOptions("5", "ULAW", {"a": [1]})
    for wrong in ({"tag": {}}, {"encoding": ["x"]}, {"tag": "x" * 201}, {"customParameters": "x" * 70_000}):
        with pytest.raises(ScenarioError):
            edge_options(wrong)


class Gate:
    """Ports that remember what they were asked for."""

    def __init__(self) -> None:
        self.sources: dict[str, Source] = {}
        self.sinks: dict[str, Ear] = {}

    def output(self, options: EdgeOptions) -> Source | None:
        return self.sources.setdefault(options.tag, Source())

    def input(self, options: EdgeOptions) -> Sink | None:
        return self.sinks.setdefault(options.tag, Ear()) if options.tag != "full" else None

    def outputs(self, tag: str) -> list[Source]:
        return [source for name, source in self.sources.items() if tag in ("", name)]

    def inputs(self, tag: str) -> list[Sink]:
        return [sink for name, sink in self.sinks.items() if tag in ("", name)]


def test_units_with_ports_are_linked_by_tag() -> None:
    async def main(clock: LoopClock) -> None:
        units = Units()
        service = MediaService(Given(clock).context, units)
        gate, source = Gate(), Source()
        units.add(Unit("gate", ports=gate))
        units.add(Unit("call", source, Ear()))

        def do(kind: str, target: str, to: str, tag: str = "") -> None:
            service.execute(
                Command(f"media.{kind}", target, {"to": to, "options": {"tag": tag} if tag else {}})
            )

        for tag in ("a", "b", "full", ""):
            do("connect", "call", "gate", tag)
            do("connect", "gate", "call", tag)
        assert [*gate.sinks] == ["a", "b", ""]
        assert len(source.sinks) == 3
        do("disconnect", "call", "gate", "a")
        do("disconnect", "gate", "call", "nothing like it")
        assert source.sinks == [gate.sinks["b"], gate.sinks[""]]
        do("disconnect", "call", "gate")
        assert source.sinks == []
        units.remove("gate")
        assert all(each.sinks == [] for each in gate.sources.values())
        await service.close()

    run_virtual(main)
