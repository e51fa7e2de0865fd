"""A hostile realm, floods and legs that misbehave: one session ends with one clear message, no other."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.harness import Stage, play
from tests.session.puppets import Puppets, command, on_alerting

from voxrun.legs.base import IncomingInfo
from voxrun.legs.scripted import ScriptedLeg
from voxrun.realm.port import RealmPort
from voxrun.session.messages import Command
from voxrun.session.runtime import Runtime, World
from voxrun.session.session import Ending

KINDS: dict[str, dict[str, Any]] = {
    "log": {"level": "write", "text": "x"},
    "log.tones": {"hide": True},
    "session.terminate": {},
    "session.customdata": {"value": "x"},
    "timer.set": {"delay": 100, "repeat": False},
    "timer.clear": {},
    "access.reply": {"body": "x", "json": False},
    "call.dial": {"kind": "user", "destination": "bob", "headers": {}, "options": {}, "allowed": True},
    "call.answer": {"headers": {}},
    "call.reject": {"code": 486, "headers": {}},
    "call.hangup": {"headers": {}},
    "call.ring": {"headers": {}},
    "call.earlymedia": {"headers": {}},
    "call.tones": {"on": True},
    "call.mic": {"on": True},
    "call.dtmf": {"digits": "1"},
    "call.message": {"text": "x"},
    "call.info": {"mime": "a/b", "body": "x", "headers": {}},
    "call.say": {"text": "x", "voice": "", "options": {}},
    "call.play": {"url": "http://x/a", "loop": False},
    "call.stopplay": {},
    "call.record": {"name": "x"},
    "connector.create": {"provider": "ultravox", "params": {}, "promise": "p"},
    "connector.call": {"method": "hangUp", "argument": {}},
    "connector.clear": {"tag": "x"},
    "connector.close": {},
    "conference.create": {"hd": False},
    "conference.add": {"endpoint": "e", "call": "1", "direction": "BOTH", "mode": "MIX", "name": ""},
    "conference.name": {"endpoint": "e", "name": "x"},
    "conference.manage": {"endpoint": "e", "promise": "p"},
    "conference.stop": {},
    "storage.get": {"key": "k"},
    "storage.put": {"key": "k", "value": "v", "ttl": 5},
    "storage.remove": {"key": "k"},
    "storage.keys": {"pattern": "k", "count": 5},
    "media.connect": {"to": "x", "options": {}},
    "media.disconnect": {"to": "x", "options": {}},
    "http.request": {
        "url": "http://x/a", "method": "GET", "headers": [], "params": [], "body": {}, "raw": False,
        "timeout": 5, "connect": 5,
    },
}  # fmt: skip

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**400, -1, 0, math.nan, math.inf, -math.inf, 1e308, "x" * 20_000, "\ud800", "a\r\nb"]),
    st.text(max_size=10),
    st.lists(st.integers() | st.text(max_size=3), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers() | st.lists(st.none(), max_size=2), max_size=2),
)
CALL = "«the call»"
"""Stands for the id of the call in the drawn commands."""


@st.composite
def commands(draw: st.DrawFn) -> Command:
    """A command of a known or unknown kind, right, nearly right, or nonsense."""
    kind = draw(st.sampled_from([*KINDS, "no.such", "call.nope", "", "session.nope", "log.nope"]) | JUNK)
    target = draw(st.sampled_from([CALL, CALL, "1", ""]) | JUNK)
    right = KINDS.get(kind, {}) if isinstance(kind, str) else {}
    how = draw(st.sampled_from(["right", "changed", "missing", "junk"]))
    data: Any = dict(right)
    if how == "junk":
        data = draw(JUNK)
    elif right and how == "changed":
        data[draw(st.sampled_from([*right]))] = draw(JUNK)
    elif right and how == "missing":
        del data[draw(st.sampled_from([*right]))]
    return Command(kind, target, data, "a.js:1:1")


def aimed(drawn: Command, call_id: str) -> Command:
    target = call_id if drawn.target == CALL else drawn.target
    return Command(drawn.kind, target, drawn.data, drawn.where)


class Mixed:
    """The first session gets a real realm, the others puppets."""

    def __init__(self, stage: Stage, puppets: Puppets) -> None:
        self._real = stage.realms
        self._puppets = puppets
        self._count = 0

    async def open(self, session_id: str) -> RealmPort:
        self._count += 1
        return await (self._real.open(session_id) if self._count == 1 else self._puppets.open(session_id))

    async def close(self) -> None: ...


NEIGHBOUR = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
  call.answer();
  call.addEventListener(CallEvents.MessageReceived, (e) => { Logger.write(e.text); call.say(e.text); });
});
"""


class Street:
    """A session that must not notice what happens next door."""

    def __init__(self, stage: Stage, puppets: Puppets) -> None:
        self.stage = stage
        self.faults: list[Any] = []
        stage.start_runtime(NEIGHBOUR)
        assert stage.runtime is not None
        world: World = stage.runtime.world
        self.runtime = Runtime(stage.runtime.application, replace(world, realms=Mixed(stage, puppets)))
        self.records: list[tuple[str, dict[str, Any]]] = []
        self.runtime.subscribe(lambda session, record: self.records.append((session, record)))
        stage.runtime = self.runtime
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: self.faults.append(context))

    async def neighbour(self) -> ScriptedLeg:
        leg, self.first = await self.call()
        await self.stage.until(lambda: leg.connected)
        return leg

    async def call(self) -> tuple[ScriptedLeg, str]:
        leg = ScriptedLeg(self.stage.ticker, incoming=True)
        return leg, await self.runtime.incoming(leg, IncomingInfo("100", "alice"))

    async def end(self, session_id: str) -> Ending:
        async with asyncio.timeout(1000):
            return await self.runtime.wait(session_id)

    def errors(self, session_id: str) -> list[str]:
        return [str(r["message"]) for s, r in self.records if s == session_id and r["k"] == "error"]

    async def still_fine(self, leg: ScriptedLeg) -> None:
        """The neighbour still hears and speaks."""
        leg.heard.clear()
        leg.remote.message("hello")
        await asyncio.sleep(1)
        assert leg.connected
        assert not leg.over
        assert leg.heard
        assert self.errors(self.first) == []
        assert self.faults == []


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(commands(), min_size=1, max_size=3), min_size=1, max_size=20))
def test_whatever_a_realm_commands_ends_its_own_session_at_most(turns: list[list[Command]]) -> None:
    async def story(stage: Stage) -> None:
        puppets = Puppets()
        street = Street(stage, puppets)
        neighbour = await street.neighbour()
        for turn in turns:
            puppets.answer = on_alerting(lambda call_id, turn=turn: [aimed(one, call_id) for one in turn])
            leg, session = await street.call()
            await asyncio.sleep(1)
            leg.remote.hang_up()
            ending = await street.end(session)
            assert leg.over
            said = [text for text in street.errors(session) if "virtual" not in text]
            assert len(said) <= 1
            assert (ending.reason == "JS session error") == bool(said)
            assert all(len(text) < 1000 for text in said)
        await street.still_fine(neighbour)

    play(story)


@pytest.mark.parametrize(
    ("kind", "data", "message"),
    [
        ("timer.set", {"delay": math.nan, "repeat": False}, "timer.set: delay must be a number from 0"),
        ("timer.set", {"delay": 0, "repeat": True}, "timer.set: delay must be a number from 100"),
        ("timer.set", {}, "timer.set: delay must be a number, got None"),
        ("call.reject", {"code": 10**400}, "call.reject: code must be a number from 300 to 699"),
        ("call.dtmf", {"digits": "1x"}, "digits are 0-9"),
        ("call.message", {"text": "x" * 8193}, "text has 8193 bytes, the limit is 8192"),
        ("call.dial", {"kind": "user", "destination": "x"}, "call.dial: there is a call of that id"),
        ("call.dial", {"kind": "pigeon"}, "call.dial: the kind must be one of user, pstn"),
        ("http.request", {"url": "http://x/", "timeout": math.inf, "connect": 1}, "timeout must be a number"),
        ("http.request", {"url": "x", "timeout": 1, "connect": 1, "body": {"bytes": "§"}}, "is no base64"),
        ("http.request", {"url": "x", "timeout": 1, "connect": 1, "headers": [["a"]]}, "a list of pairs"),
        ("no.such", {}, "no service carries out 'no.such'"),
        ("call.say", [1], "malformed command call.say"),
        ("log", {}, "malformed command log"),
        ("log", "text", "malformed command log"),
    ],
)
def test_a_malformed_command_is_named_with_its_line(kind: str, data: Any, message: str) -> None:
    async def story(stage: Stage) -> None:
        street = Street(stage, Puppets(on_alerting(lambda call_id: [command(kind, call_id, data)])))
        neighbour = await street.neighbour()
        leg, session = await street.call()
        ending = await street.end(session)
        assert ending.reason == "JS session error"
        assert ending.error is not None
        assert ending.error.where == "a.js:1:1"
        (said,) = street.errors(session)
        assert message in said
        assert leg.over
        await street.still_fine(neighbour)

    play(story)


@pytest.mark.parametrize(
    "kind", [k for k in KINDS if k.startswith(("call.", "connector.")) and k[-4:] != "dial"]
)
def test_a_command_for_an_unknown_object_ends_the_session(kind: str) -> None:
    async def story(stage: Stage) -> None:
        street = Street(stage, Puppets(on_alerting(lambda call_id: [command(kind, "nobody", KINDS[kind])])))
        await street.neighbour()
        _, session = await street.call()
        ending = await street.end(session)
        if kind == "connector.create":
            assert ending.error is None
        else:
            assert street.errors(session) == [f"{kind}: no such {'call' if kind[:4] == 'call' else 'client'}"]

    play(story)


def test_after_a_command_that_failed_the_rest_of_the_turn_is_not_carried_out() -> None:
    def turn(call_id: str) -> list[Command]:
        return [
            command("call.answer", call_id),
            command("no.such"),
            command("call.dial", "out", KINDS["call.dial"]),
            command("log", "", {"level": "write", "text": "kept"}),
        ]

    async def story(stage: Stage) -> None:
        street = Street(stage, Puppets(on_alerting(turn)))
        await street.neighbour()
        leg, session = await street.call()
        await street.end(session)
        assert leg.log[0][0] == "answer"
        assert stage.dialled == []
        texts = [r["text"] for s, r in street.records if s == session and r["k"] == "log"]
        assert texts == ["kept"]
        kinds = [r["kind"] for s, r in street.records if s == session and r["k"] == "command"]
        assert kinds == ["call.answer", "no.such", "call.dial"]  # a replay compares them all

    play(story)


def test_a_peer_that_floods_its_scenario_ends_its_own_call() -> None:
    async def story(stage: Stage) -> None:
        street = Street(stage, Puppets(on_alerting(lambda call_id: [command("call.answer", call_id)])))
        neighbour = await street.neighbour()
        leg, session = await street.call()
        await stage.until(lambda: leg.connected)
        for number in range(20_000):
            leg.remote.message(str(number))
        ending = await street.end(session)
        assert ending.reason == "JS session error"
        (said,) = street.errors(session)
        assert said.startswith("the scenario does not keep up: 10000 events wait for it")
        assert leg.over
        await street.still_fine(neighbour)

    play(story)


@pytest.mark.parametrize("error", [RuntimeError("broken"), OSError(5, "Input/output error")])
def test_a_realm_that_breaks_ends_its_session_in_the_proper_way(error: Exception) -> None:
    async def story(stage: Stage) -> None:
        puppets = Puppets()
        street = Street(stage, puppets)
        neighbour = await street.neighbour()
        puppets.turn_error = error
        leg, session = await street.call()
        ending = await street.end(session)
        assert ending.reason == "JS session error"
        assert ending.error is not None
        assert ending.error.kind == "internal"
        assert "a fault of voxrun itself" in street.errors(session)[0]
        assert leg.log[0] == ("reject", {"code": 603, "reason": "Declined", "headers": {}})
        assert puppets.made[0].closed == 1
        puppets.turn_error = None
        await street.still_fine(neighbour)

    play(story)


def test_a_dialer_that_breaks_ends_the_session_that_dialled() -> None:
    async def story(stage: Stage) -> None:
        street = Street(
            stage, Puppets(on_alerting(lambda call_id: [command("call.dial", "o", KINDS["call.dial"])]))
        )
        neighbour = await street.neighbour()

        def broken(request: object) -> Any:
            raise RuntimeError("no line")

        street.runtime.world = replace(street.runtime.world, dialer=broken)
        _, session = await street.call()
        ending = await street.end(session)
        assert ending.error is not None
        assert "no line" in ending.error.message
        await street.still_fine(neighbour)

    play(story)
