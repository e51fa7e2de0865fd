"""People with real phones: what they do reaches the server, what is done to them is on the timeline."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.legs.webrtc.test_leg import voice
from tests.server.scripted import Events, Running, running

from voxrun.legs.base import DialRequest
from voxrun.replay.live.person import LivePerson
from voxrun.replay.live.phone import Phone
from voxrun.replay.script import Incoming
from voxrun.replay.timeline import Timeline
from voxrun.services.ticker import LoopTicker

pytestmark = pytest.mark.live


class Street:
    """A server, and people who have phones there."""

    def __init__(self, server: Running) -> None:
        self.server = server
        self.timeline = Timeline()
        self.trouble: list[str] = []
        self._zero = asyncio.get_running_loop().time()
        self._ticker = LoopTicker()
        self._phones: list[Phone] = []
        self._people: list[LivePerson] = []

    async def phone(self) -> Phone:
        phone = Phone(self.trouble.append)
        await phone.connect(self.server.url)
        self._phones.append(phone)
        return phone

    def person(self, name: str, phone: Phone, call_id: str) -> LivePerson:
        loop = asyncio.get_running_loop()
        now = lambda: round((loop.time() - self._zero) * 1000)  # noqa: E731
        person = LivePerson(name, self.timeline, now, self._ticker, phone, call_id, self.trouble.append)
        self._people.append(person)
        return person

    async def call(self, to: str, **more: Any) -> LivePerson:
        person = self.person("alice", await self.phone(), "a")
        await person.call(Incoming(destination=to, **more))
        return person

    async def callee(self, kind: Any = "user") -> tuple[Any, LivePerson]:
        """A leg that rings somebody, and who it is."""
        phone = await self.phone()
        rung: asyncio.Queue[Any] = asyncio.Queue()
        phone.on_incoming = lambda message: rung.put_nowait(self.person("bob", phone, message["id"]))
        await phone.ask("registered", type="register", user="bob", ringing=False)
        leg = self.server.phones.dial(DialRequest(kind, "bob"))
        return leg, await rung.get()

    async def until(self, condition: Callable[[], Any]) -> None:
        while not condition():
            await self.timeline.changed(0.05)

    def told(self) -> list[tuple[str, str]]:
        return [(moment.kind, moment.text) for moment in self.timeline.moments]

    async def close(self) -> None:
        for person in self._people:
            await person.close()
        for phone in self._phones:
            await phone.close()


def play(story: Callable[[Street], Awaitable[None]]) -> Street:
    async def main() -> Street:
        async with running() as server:
            street = Street(server)
            try:
                await story(street)
            finally:
                await street.close()
        return street

    return asyncio.run(asyncio.wait_for(main(), 40))


def test_a_caller_talks_presses_keys_writes_and_hangs_up() -> None:
    async def story(street: Street) -> None:
        alice = await street.call("echo", caller="+4930", client="pstn", headers={"X-Tier": "gold"})
        alice.hand.press("3")  # waits for the line
        await alice.up()
        assert alice.connected
        _, info, events = street.server.runtime.calls[0]
        assert (info.callerid, info.client_type, info.headers) == ("+4930", "pstn", {"X-Tier": "gold"})
        assert (await events.wait("dtmf")).data == {"digit": "3", "method": "rfc2833"}
        alice.hand.press("4")
        assert (await events.wait("dtmf", 2)).data == {"digit": "4", "method": "rfc2833"}
        alice.hand.press("5", "info")
        assert (await events.wait("dtmf", 3)).data == {"digit": "5", "method": "info"}
        alice.hand.hold()
        await events.wait("hold")
        alice.hand.hold(False)
        await events.wait("unhold")
        alice.hand.info("text/plain", "x", {})
        assert (await events.wait("info")).data["body"] == "x"
        alice.hand.message("hello")
        assert (await events.wait("message")).data["text"] == "hello"
        await alice.speak(voice(3, 0.6))
        await street.until(lambda: sum(b - a for a, b in alice.sound.stretches) > 400)
        assert 500 <= sum(b - a for a, b in alice.voice.stretches) <= 800
        alice.hand.stop_sending()
        alice.hand.press("8")
        await alice.speak(voice(4, 0.6))  # longer than a key
        alice.hand.resume_sending()
        alice.hand.press("9")
        assert (await events.wait("dtmf", 4)).data["digit"] == "9"
        alice.hand.hang_up()
        assert (await events.wait("ended")).data["by"] == "remote"
        assert alice.over
        await alice.speak(voice(3, 5.0))  # nobody is there: it does not take five seconds

    street = play(story)
    assert street.told()[-1] == ("ended", "alice")
    assert street.trouble == []


def test_what_the_scenario_does_to_a_caller() -> None:
    async def story(street: Street) -> None:
        alice = await street.call("answer")
        await alice.up()
        leg, _, events = street.server.runtime.calls[0]
        await events.wait("answered")
        leg.send_message("hi")
        leg.send_info("text/plain", "body", {})
        leg.send_dtmf("12#")
        await street.until(lambda: ("dtmf", "12#") in street.told())
        leg.hangup({})
        await street.until(lambda: alice.over)

    street = play(story)
    assert street.told() == [
        ("message", "hi"),
        ("info", "body"),
        ("dtmf", "12#"),
        ("ended", "scenario"),
    ]


def test_a_caller_who_is_refused_by_the_server_is_trouble() -> None:
    async def story(street: Street) -> None:
        alice = await street.call("refuse")
        await alice.up()
        assert alice.over

    assert "alice's call is refused: No session can be started" in play(story).trouble[0]


def test_a_callee_rings_answers_with_headers_and_is_hung_up() -> None:
    async def story(street: Street) -> None:
        leg, bob = await street.callee("pstn")
        events = Events(leg)
        assert events.kinds() == []
        bob.hand.ring()
        bob.hand.answer({"X-By": "bob"})
        await bob.up()
        assert (await events.wait("answered")).data["headers"] == {"X-By": "bob"}
        assert events.kinds()[:2] == ["ringing", "answered"]
        leg.hangup({})
        await street.until(lambda: bob.over)

    assert play(story).told() == [("ended", "scenario")]


def test_a_callee_who_refuses_and_one_who_is_given_up() -> None:
    async def story(street: Street) -> None:
        leg, bob = await street.callee()
        bob.hand.refuse(486, "On the phone")
        await street.until(lambda: bob.over)
        failed = await Events(leg).wait("failed")
        assert (failed.data["code"], failed.data["reason"]) == (486, "On the phone")

    street = play(story)
    assert street.told() == [("ended", "bob")]
    assert street.timeline.moments[0].data["code"] == 486

    async def given_up(street: Street) -> None:
        leg, bob = await street.callee()
        leg.hangup({})
        await street.until(lambda: bob.over)

    assert play(given_up).told() == [("ended", "scenario")]
