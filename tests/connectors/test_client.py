"""The life that all clients share, with a provider as small as one can be: no request, no messages."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from tests.connectors.provider import Host, Wire, listen, ms, virtual

from voxrun.connectors.client import Naming, SocketClient
from voxrun.connectors.memory import memory_transports
from voxrun.connectors.payloads import Redactor
from voxrun.connectors.transport import ClientSocket
from voxrun.errors import ConfigError, PeerError, ScenarioError
from voxrun.session.messages import Json, JsonObject

SECRET = "sesame-0123456789"


class Parrot(SocketClient):
    """Another provider: what it adds is all there is to add."""

    def __init__(
        self, host: Host, params: Mapping[str, Json] | None = None, reject_errors: bool = False
    ) -> None:
        naming = Naming(events="Parrot.Birds", media="Parrot.Events", endpoint="/parrot")
        super().__init__("p" * 32, params or {}, host, naming, reject_errors)
        self.fault: Exception | None = None

    def call(self, method: str, argument: JsonObject) -> None:
        self.send_json({"method": method, **argument})

    def _check(self) -> None:
        self.redactor = Redactor([SECRET])
        if self.params.get("bad"):
            raise ScenarioError("bad is not good")

    async def _join(self) -> ClientSocket:
        if self.fault is not None:
            raise self.fault
        return await self.host.transports.connect("ws://parrot.test/", {})

    def _on_text(self, message: str) -> None:
        if message == "fault":
            raise RuntimeError("a bug of ours")
        self.raise_event("Squawk", message)


class Cage:
    """The parrot's server: says ``words``, then listens."""

    def __init__(self, *words: str) -> None:
        self.words = words
        self.wires: list[Wire] = []

    async def __call__(self, scope: object, receive: object, send: object) -> None:
        wire = Wire(scope, receive, send)
        await wire._receive()
        await wire._send({"type": "websocket.accept"})
        self.wires.append(wire)
        for word in self.words:
            await wire.text(word)
        await listen(wire)


def meet(*words: str) -> tuple[Host, Cage]:
    cage = Cage(*words)
    return Host(memory_transports(cage)), cage


@virtual
async def test_a_provider_adds_its_names_and_messages_and_gets_the_whole_life() -> None:
    host, cage = meet("hello")
    parrot = Parrot(host)
    await parrot.open()
    parrot.call("crack", {"nut": 1})
    await host.until("Squawk")
    await asyncio.sleep(0.1)
    await parrot.close()
    assert host.log == ["ConnectorInformation", "Squawk", "closed"]
    assert host.events[0][0] == "Parrot.Birds.ConnectorInformation"
    assert host.payloads("ConnectorInformation")[0]["endpoint"] == "/parrot"
    assert cage.wires[0].said == [{"method": "crack", "nut": 1}]


@virtual
async def test_events_are_kept_for_35_ms_however_fast_the_provider_is() -> None:
    host, _ = meet("one", "two", "three")
    parrot = Parrot(host)
    await parrot.open()
    await asyncio.sleep(0.034)
    assert host.log == []
    await asyncio.sleep(0.002)
    assert host.log == ["ConnectorInformation", "Squawk", "Squawk", "Squawk"]
    assert host.payloads("Squawk") == ["one", "two", "three"]
    await parrot.close()


@virtual
async def test_a_bad_parameter_raises_from_open_and_nothing_is_told() -> None:
    host, cage = meet()
    with pytest.raises(ScenarioError):
        await Parrot(host, {"bad": True}).open()
    assert host.log == []
    assert cage.wires == []


@virtual
async def test_what_the_guard_refuses_is_an_error_event_and_a_close() -> None:
    host, _ = meet()
    parrot = Parrot(host)
    parrot.fault = ConfigError(f"blocked, and the key was {SECRET}")
    await parrot.open()
    await host.until("closed")
    assert host.payloads("WebSocketError") == [
        {"code": 1011, "reason": "blocked, and the key was [redacted]"}
    ]
    assert host.ends == [(1011, "blocked, and the key was [redacted]", True)]


@virtual
async def test_a_fault_of_ours_ends_this_client_and_is_told() -> None:
    host, _ = meet("fault")
    parrot = Parrot(host)
    await parrot.open()
    await host.until("closed")
    assert "a fault of voxrun itself" in host.payloads("WebSocketError")[0]["reason"]


@virtual
async def test_a_client_that_is_closed_while_it_opens_hangs_up_and_rejects() -> None:
    host, cage = meet()
    parrot = Parrot(host, reject_errors=True)
    opening = asyncio.create_task(parrot.open())
    await asyncio.sleep(0)
    await parrot.close()
    with pytest.raises(PeerError, match="closed before it was open"):
        await opening
    await asyncio.sleep(0.1)
    assert cage.wires[0].code == 1000
    assert host.log == []


@virtual
async def test_close_waits_for_no_peer_longer_than_three_seconds() -> None:
    class Stubborn:
        async def send(self, message: str | bytes) -> None:
            return None

        async def recv(self) -> str | bytes:
            await asyncio.sleep(1000)
            return ""

        async def close(self, code: int = 1000, reason: str = "") -> None:
            await asyncio.sleep(1000)

    class Mule(Parrot):
        async def _join(self) -> ClientSocket:
            return Stubborn()

    host, _ = meet()
    mule = Mule(host)
    await mule.open()
    await asyncio.sleep(1)
    loop = asyncio.get_running_loop()
    before = loop.time()
    await mule.close()
    assert loop.time() - before == pytest.approx(3)
    assert host.times["closed"] == pytest.approx(before)  # the scenario is told at once


@virtual
async def test_a_message_sent_just_before_the_close_still_goes_out() -> None:
    host, cage = meet()
    parrot = Parrot(host)
    await parrot.open()
    await asyncio.sleep(1)
    parrot.call("say", {"text": "goodbye"})
    await parrot.close()
    await asyncio.sleep(0.1)
    assert cage.wires[0].said == [{"method": "say", "text": "goodbye"}]
    assert cage.wires[0].code == 1000


@virtual
async def test_what_comes_while_the_client_closes_is_for_nobody() -> None:
    class Slow:
        """A socket that takes its time to send, and brings more meanwhile."""

        def __init__(self) -> None:
            self.brought = 0

        async def send(self, message: str | bytes) -> None:
            await asyncio.sleep(0.5)

        async def recv(self) -> str | bytes:
            await asyncio.sleep(0.1)
            self.brought += 1
            return "word" if self.brought % 2 else ms(20)

        async def close(self, code: int = 1000, reason: str = "") -> None:
            return None

    slow = Slow()

    class Turtle(Parrot):
        async def _join(self) -> ClientSocket:
            return slow

    host, _ = meet()
    turtle = Turtle(host)
    await turtle.open()
    await asyncio.sleep(1)
    turtle.call("say", {})
    before = slow.brought
    await turtle.close()
    assert slow.brought > before
    assert host.log[-1] == "closed"
    await asyncio.sleep(5)
    assert host.log[-1] == "closed"


@virtual
async def test_a_fault_of_ours_leaves_no_connection_behind() -> None:
    host, cage = meet("fault")
    parrot = Parrot(host)
    await parrot.open()
    await host.until("closed")
    await asyncio.sleep(0.1)
    assert cage.wires[0].code == 1000


@virtual
async def test_a_long_reason_is_cut_to_what_a_close_frame_holds() -> None:
    host, _ = meet()
    parrot = Parrot(host)
    parrot.fault = PeerError("ä" * 200)
    await parrot.open()
    await host.until("closed")
    assert host.ends[0][1] == "ä" * 61
    assert host.payloads("WebSocketError")[0]["reason"] == "ä" * 200


@virtual
async def test_losses_are_noted_once_at_the_end() -> None:
    host, _ = meet()
    parrot = Parrot(host)
    await parrot.open()
    for _ in range(35):
        parrot.downlink.receive(ms(1000))
    await parrot.close()
    assert host.traffic == [("in", "dropped", {"in_ms": 5000, "out_frames": 0, "messages": 0})]
