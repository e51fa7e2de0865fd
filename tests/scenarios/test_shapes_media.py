"""More scenarios in old styles (``shapes/``): own bots, forwarding, voicemail, a room behind a PIN."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from tests.harness import Stage, play
from tests.scenarios.test_shapes import shape
from tests.services.sockets import Peer, Server

from voxrun.realm.port import Script
from voxrun.session.conferences import ConferenceRule

WORD = b"\x10\x27" * 3200
"""200 ms of sound."""


def test_a_bot_behind_a_websocket_of_one_s_own() -> None:
    async def talk(peer: Peer) -> None:
        await asyncio.sleep(1)
        await peer.start()
        await peer.send_media(WORD * 10)
        await asyncio.sleep(1)
        await peer.tell({"customEvent": "clear"})
        await asyncio.sleep(1)
        await peer.tell({"customEvent": "bye"})

    server = Server(talk)

    async def story(stage: Stage) -> None:
        stage.sockets = server.connect
        leg = await stage.call_in(shape("bot"))
        await stage.until(lambda: leg.connected)
        leg.remote.speak(WORD)
        assert (await stage.ended()).reason == "Normal termination"
        assert stage.logs() == ["not open for too early", "open true", "the bot speaks", "closed 1000 true"]
        assert server.peer.query == "caller=alice"
        hello, *_, over = [text for text in server.peer.texts if "customEvent" in text]
        assert hello == {"customEvent": "hello", "call": over["call"], "from": "alice"}
        assert over["seconds"] == 3
        assert len(server.peer.audio("caller")) >= 1600  # 200 ms of u-law
        heard = 20 * sum(any(frame) for _, frame in leg.heard)
        assert 800 <= heard <= 1100  # two seconds were sent, one was cleared

    play(story)


def test_one_line_that_forwards_to_whoever_was_called() -> None:
    async def story(stage: Stage) -> None:
        caller = await stage.call_in(shape("forward"))
        callee = await stage.dialled_leg()
        assert stage.dialled[0][0].destination == "100"
        callee.remote.ring()
        callee.remote.answer()
        await stage.until(stage.logs)
        callee.remote.speak(WORD)
        await asyncio.sleep(1)
        assert any(frame.startswith(b"\x10\x27") for _, frame in caller.heard)
        callee.remote.hang_up()
        assert (await stage.ended()).reason == "Normal termination"
        assert stage.logs() == ["through to 100 from alice"]

    play(story)


@pytest.mark.parametrize("how", ["hash", "hangs up"])
def test_a_voicemail_is_recorded_after_the_beep_and_its_address_sent(tmp_path: Path, how: str) -> None:
    async def story(stage: Stage) -> None:
        stage.net.routes["/voicemail"] = lambda request: httpx.Response(201)
        leg = await stage.call_in(shape("voicemail"))
        await stage.until(lambda: stage.events("Recorder.Started"))
        leg.remote.speak(WORD * 10)
        await asyncio.sleep(3)
        if how == "hash":
            leg.remote.press("#")
        else:
            leg.remote.hang_up()
        assert (await stage.ended()).reason == "Normal termination"
        (sent,) = stage.net.requests
        body = json.loads(sent.content)
        assert body["from"] == "alice"
        assert body["url"].startswith("http")
        assert stage.logs() == ["sent 201 3"]
        assert leg.over

    play(story, tmp_path)


ROOMS = (ConferenceRule(r"conf_\d+", (Script("room.js", shape("room_of_gate")[0]),)),)


def test_a_room_behind_a_pin() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(shape("gate"), conferences=ROOMS)
        await stage.until(lambda: stage.speech.said)
        leg.remote.press("4712")
        await asyncio.sleep(2)
        leg.remote.press("4711")
        await stage.until(lambda: "in true false" in stage.logs())
        assert [text for text, _ in stage.speech.said] == ["Your PIN please", "That is wrong"]
        await stage.until(lambda: "people: 1 4711" in stage.logs())
        leg.remote.hang_up()
        assert (await stage.ended()).reason == "Normal termination"
        assert stage.errors() == []

    play(story)


def test_two_wrong_pins_end_the_call_with_a_header() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(shape("gate"), conferences=ROOMS)
        await stage.until(lambda: leg.connected)
        for _ in range(2):
            await asyncio.sleep(1)
            leg.remote.press("0000")
        assert (await stage.ended()).reason == "Normal termination"
        assert ("hangup", {"headers": {"X-Reason": "pin"}}) in leg.log

    play(story)
