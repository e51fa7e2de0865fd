"""Voice-AI clients of a session: their promises, their commands, their end. The provider here is a few
lines; real ones are tested in tests/connectors."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from msgspec.structs import replace
from tests.harness import StubNet, ToneSpeech, no_sockets
from tests.services.parts import Given

from voxrun.connectors.base import Connector, ConnectorHost
from voxrun.connectors.registry import ProviderSettings
from voxrun.connectors.transport import Transports
from voxrun.errors import PeerError, ScenarioError
from voxrun.legs.base import DialRequest, Leg
from voxrun.media.graph import Sink, Source
from voxrun.services.connector_client import ConnectorService
from voxrun.services.download import AudioCache
from voxrun.services.ports import Surroundings
from voxrun.services.recording_file import disk_thread
from voxrun.services.ticker import LoopTicker
from voxrun.services.units import Units
from voxrun.session.clock import LoopClock
from voxrun.session.limits import Limits
from voxrun.session.messages import Command, Event, Json, JsonObject
from voxrun.session.virtual import run_virtual


class Ear(Sink):
    def write(self, frame: bytes, source: Source) -> None: ...


class Toy(Connector):
    """Does what its params say: {"open": "ok" | "refuse" | "break" | "hang", "close": "ok" | "break"}."""

    def __init__(
        self, client_id: str, params: Mapping[str, Json], host: ConnectorHost, settings: ProviderSettings
    ) -> None:
        super().__init__(client_id, params, host)
        self.settings = settings
        self.did: list[object] = []
        self._ear = Ear()

    @property
    def sink(self) -> Sink:
        return self._ear

    async def open(self) -> None:
        how = self.params.get("open", "ok")
        await asyncio.sleep(3600 if how == "hang" else 0.1)
        if how == "refuse":
            raise PeerError("the provider said no")
        if how == "break":
            raise RuntimeError("a fault")
        self.host.event("Toy.API.Hello", {"data": {"payload": {}}})

    def call(self, method: str, argument: JsonObject) -> None:
        self.did.append((method, argument))

    def clear_media_buffer(self) -> None:
        self.did.append("clear")

    async def close(self) -> None:
        self.did.append("close")
        if self.params.get("close") == "break":
            raise RuntimeError("cannot close")
        self.host.closed(1000, "bye", True)


class Room:
    """A service with its toys."""

    def __init__(self, clock: LoopClock, reject: bool = False) -> None:
        self.given = Given(clock)
        self.units = Units()
        self.toys: dict[str, Toy] = {}
        net = StubNet()
        around = Surroundings(
            ticker=LoopTicker(),
            speech=ToneSpeech(),
            dialer=_nobody,
            transports=Transports(no_sockets, net),
            limits=Limits(),
            http=net,
            disk=disk_thread(),
            audio_cache=AudioCache(),
            provider_urls={"toy": "http://toy"},
        )
        if reject:
            around = replace(around, connector_errors="reject")
        self.service = ConnectorService(self.given.context, self.units, around, {"toy": self._make})

    def _make(
        self, client_id: str, params: Mapping[str, Json], host: ConnectorHost, settings: ProviderSettings
    ) -> Connector:
        self.toys[client_id] = Toy(client_id, params, host, settings)
        return self.toys[client_id]

    def do(self, kind: str, client: str = "k1", **data: Any) -> None:
        self.service.execute(Command(f"connector.{kind}", client, data))

    def create(self, client: str = "k1", **params: Any) -> Toy:
        self.do("create", client, provider="toy", promise="p-" + client, params=params)
        return self.toys[client]


def _nobody(request: DialRequest) -> Leg:
    raise AssertionError("nobody is dialled here")


def play(story: Callable[[Room], Awaitable[None]], reject: bool = False) -> Room:
    async def main(clock: LoopClock) -> Room:
        room = Room(clock, reject)
        await story(room)
        await room.service.close()
        return room

    return run_virtual(main)


def test_a_client_that_opens_resolves_its_promise_and_is_a_media_unit() -> None:
    async def story(room: Room) -> None:
        toy = room.create(model="m")
        assert room.units.get("k1") is not None
        await asyncio.sleep(1)
        assert room.given.events == [
            Event("Toy.API.Hello", "k1", {"data": {"payload": {}}}),
            Event("@resolve", "p-k1", {"value": {"$ref": "k1"}}),
        ]
        assert toy.settings == ProviderSettings("http://toy", False)
        assert toy.params == {"model": "m"}

    play(story)


@pytest.mark.parametrize(
    ("how", "message"),
    [("refuse", "the provider said no"), ("break", "internal error: RuntimeError('a fault')")],
)
def test_a_client_that_does_not_open_rejects_its_promise(how: str, message: str) -> None:
    async def story(room: Room) -> None:
        room.create(open=how)
        await asyncio.sleep(1)
        assert room.given.events == [Event("@reject", "p-k1", {"message": message})]

    play(story)


def test_whether_refusals_reject_is_told_to_the_connector() -> None:
    async def story(room: Room) -> None:
        assert room.create().settings == ProviderSettings("http://toy", True)

    play(story, reject=True)


def test_methods_reach_the_client() -> None:
    async def story(room: Room) -> None:
        toy = room.create()
        room.do("call", method="userTextMessage", argument={"text": "hi"})
        room.do("call", method="hangUp")
        room.do("clear", tag="t")
        room.do("close")
        await asyncio.sleep(0.5)
        assert toy.did == [("userTextMessage", {"text": "hi"}), ("hangUp", {}), "clear", "close"]
        assert room.given.events[0] == Event(
            "@wsclose", "k1", {"code": 1000, "reason": "bye", "wasClean": True}
        )

    play(story)


@pytest.mark.parametrize(
    ("kind", "client", "data"),
    [
        ("create", "k2", {"provider": "nope", "promise": "p", "params": {}}),
        ("create", "k2", {"provider": None, "promise": "p", "params": {}}),
        ("create", "k2", {"provider": "toy", "params": {}}),
        ("create", "k2", {"provider": "toy", "promise": "p", "params": [1]}),
        ("create", "k1", {"provider": "toy", "promise": "p", "params": {}}),
        ("call", "nobody", {"method": "m"}),
        ("call", "k1", {"method": 5}),
        ("call", "k1", {"method": "m", "argument": "text"}),
        ("clear", "nobody", {}),
        ("close", "nobody", {}),
    ],
)
def test_a_command_that_makes_no_sense_is_refused(kind: str, client: str, data: dict[str, Any]) -> None:
    async def story(room: Room) -> None:
        room.create()
        with pytest.raises(ScenarioError):
            room.do(kind, client, **data)

    play(story)


def test_at_the_end_every_client_is_closed_and_what_still_opens_is_given_up() -> None:
    async def story(room: Room) -> None:
        room.create("k1", close="break")
        room.create("k2")
        room.create("k3", open="hang")
        await asyncio.sleep(1)
        began = room.given.clock.now()
        await room.service.close()
        assert room.given.clock.now() == began
        assert [toy.did for toy in room.toys.values()] == [["close"]] * 3

    play(story)


def test_a_client_that_fails_while_closing_is_noted() -> None:
    async def story(room: Room) -> None:
        room.create(close="break")
        room.do("close")
        await asyncio.sleep(1)
        (note,) = [data for kind, data in room.given.notes if kind == "error"]
        assert "cannot close" in str(note["message"])

    play(story)


def test_traffic_is_noted_under_the_client_s_id() -> None:
    async def story(room: Room) -> None:
        room.create().host.wire("out", "ws", {"type": "ping"})
        assert room.given.notes == [
            ("wire", {"dir": "out", "what": "ws", "id": "k1", "payload": {"type": "ping"}})
        ]

    play(story)
