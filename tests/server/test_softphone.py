"""Pages against the running server: real WebSockets, real WebRTC."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import websockets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.legs.webrtc.caller import Caller
from tests.server.scripted import Events, Page, Running, running
from tests.server.test_wire import MESSAGES

from voxrun.legs.base import DialRequest
from voxrun.legs.webrtc.peer import PeerConfig

pytestmark = pytest.mark.live


def play(story: Callable[[Running], Awaitable[None]], **options: Any) -> None:
    async def whole() -> None:
        async with asyncio.timeout(30), running(**options) as server:
            await story(server)

    asyncio.run(whole())


async def place(page: Page, call_id: str, to: str, **more: Any) -> Caller:
    caller = Caller()
    await page.send(type="call", id=call_id, to=to, sdp=await caller.offer(), **more)
    await page.expect("trying")
    return caller


async def talk(page: Page, call_id: str = "a") -> Caller:
    caller = await place(page, call_id, "answer")
    await caller.take((await page.expect("answered"))["sdp"])
    await caller.connected()
    return caller


def request(kind: Any = "user", destination: str = "bob", **more: Any) -> DialRequest:
    return DialRequest(kind, destination, callerid="100", display_name="Agent", **more)


def test_the_welcome_says_what_runs() -> None:
    async def story(server: Running) -> None:
        async with server.page() as page:
            assert page.welcome["version"] == "1.2.3"
            assert page.welcome["scenarios"] == ["inbound.js"]
            assert page.welcome["ai"] == "local"
            assert page.welcome["limits"]["noAnswerSeconds"] == 60.0

    play(story, scenarios=("inbound.js",), ai="local")


def test_a_call_reaches_the_scenario_with_what_the_page_said() -> None:
    async def story(server: Running) -> None:
        async with server.page(register="alice") as page:
            caller = await place(page, "a", "ring", headers={"X-A": "1"}, customData="cd", displayName="Al")
            _, info, _ = await server.runtime.call()
            assert (info.destination, info.callerid, info.display_name) == ("ring", "alice", "Al")
            assert (info.headers, info.custom_data) == ({"X-A": "1"}, "cd")
            assert await page.expect("ringing") == {"type": "ringing", "id": "a", "headers": {"X-Queue": "1"}}
            await caller.close()

    play(story)


def test_everything_that_goes_within_a_call() -> None:
    async def story(server: Running) -> None:
        async with server.page() as page:
            caller = await talk(page)
            leg, _, events = await server.runtime.call()
            await events.wait("answered")
            await page.send(type="dtmf", id="a", digits="1#")
            await page.send(type="info", id="a", mime="a/b", body="x", headers={"X-I": "1"})
            await page.send(type="message", id="a", text="hi")
            await page.send(type="hold", id="a", on=True)
            assert (await page.expect("hold"))["on"] is True
            await events.wait("hold")
            assert [e.data["method"] for e in events.all if e.kind == "dtmf"] == ["info", "info"]
            assert (await events.wait("info")).data["headers"] == {"X-I": "1"}
            leg.send_message("welcome")
            assert (await page.expect("message"))["text"] == "welcome"
            leg.send_info("c/d", "y", {})
            assert (await page.expect("info"))["mime"] == "c/d"
            leg.send_dtmf("5")
            assert (await page.expect("dtmf"))["method"] == "rfc2833"
            leg.hangup({"X-Bye": "1"})
            ended = await page.expect("ended")
            assert (ended["code"], ended["by"], ended["headers"]) == (200, "scenario", {"X-Bye": "1"})
            await caller.close()

    play(story)


@pytest.mark.parametrize("to", ["wait", "ring", "early", "answer"])
def test_the_page_hangs_up_in_every_state(to: str) -> None:
    async def story(server: Running) -> None:
        async with server.page() as page:
            caller = await place(page, "a", to)
            await page.send(type="hangup", id="a")
            message = await page.receive()
            while message["type"] in ("ringing", "early", "answered"):
                message = await page.receive()
            assert (message["type"], message["by"]) == ("ended", "you")
            _, _, events = await server.runtime.call()
            assert (await events.wait("ended")).data["by"] == "remote"
            await caller.close()

    play(story)


def test_a_hang_up_right_behind_the_call_leaves_nothing() -> None:
    async def story(server: Running) -> None:
        async with server.page() as page:
            caller = Caller()
            await page.send(type="call", id="a", to="wait", sdp=await caller.offer())
            await page.send(type="hangup", id="a")
            message = await page.receive()
            while message["type"] == "trying":
                message = await page.receive()
            assert (message["type"], message["code"]) == ("ended", 487)
            await caller.close()

    play(story)


def test_a_rejected_call_brings_code_reason_and_headers() -> None:
    async def story(server: Running) -> None:
        async with server.page() as page:
            caller = await place(page, "a", "reject")
            ended = await page.expect("ended")
            assert (ended["code"], ended["reason"], ended["by"]) == (486, "Busy Here", "scenario")
            assert ended["headers"] == {"X-Why": "lunch"}
            await caller.close()

    play(story)


def test_garbage_sdp_is_one_error_and_the_other_call_goes_on() -> None:
    async def story(server: Running) -> None:
        async with server.page() as page:
            caller = await talk(page)
            await page.send(type="call", id="b", to="answer", sdp="garbage")
            error = await page.expect("error")
            assert (error["id"], error["re"]) == ("b", "call")
            assert "not SDP" in error["message"]
            await page.send(type="hold", id="a", on=True)
            await page.expect("hold")
            assert len(server.runtime.calls) == 1
            await caller.close()

    play(story)


def test_a_scenario_that_cannot_start_is_one_error() -> None:
    async def story(server: Running) -> None:
        async with server.page() as page:
            caller = Caller()
            await page.send(type="call", id="a", to="refuse", sdp=await caller.offer())
            assert "too many" in (await page.expect("error"))["message"]
            await caller.close()

    play(story)


def test_a_closed_tab_ends_its_calls_and_no_others() -> None:
    async def story(server: Running) -> None:
        async with server.page() as other:
            staying = await talk(other)
            async with server.page() as page:
                caller = await talk(page)
            _, _, events = await server.runtime.call(1)
            assert (await events.wait("ended")).data["by"] == "remote"
            await other.send(type="hold", id="a", on=True)
            await other.expect("hold")
            assert "ended" not in server.runtime.calls[0][2].kinds()
            await caller.close()
            await staying.close()

    play(story)


def test_an_oversized_message_is_one_error_and_the_call_goes_on() -> None:
    async def story(server: Running) -> None:
        async with server.page() as page:
            caller = await talk(page)
            await page.socket.send(json.dumps({"type": "ping", "t": "x" * 200_000}))
            assert "too big" in (await page.expect("error"))["message"]
            await page.send(type="hold", id="a", on=True)
            await page.expect("hold")
            await caller.close()

    play(story)


def test_a_binary_message_closes_with_1003() -> None:
    async def story(server: Running) -> None:
        async with server.page() as page:
            await page.socket.send(b"\x00")
            with pytest.raises(websockets.ConnectionClosed):
                await page.receive()
            assert page.socket.close_code == 1003

    play(story)


def test_an_outgoing_call_rings_the_registered_user_and_connects() -> None:
    async def story(server: Running) -> None:
        async with server.page(register="bob") as bob, server.page(register="eve"):
            leg = server.phones.dial(request(headers={"X-Reason": "r"}))
            events = Events(leg)
            incoming = await bob.expect("incoming")
            assert (incoming["from"], incoming["displayName"], incoming["to"]) == ("100", "Agent", "bob")
            assert (incoming["kind"], incoming["headers"]) == ("user", {"X-Reason": "r"})
            await events.wait("ringing")
            caller = Caller()
            await bob.send(type="answer", id=incoming["id"], sdp=await caller.offer())
            await caller.take((await bob.expect("answered"))["sdp"])
            await events.wait("first_audio")
            leg.hangup({})
            assert (await bob.expect("ended"))["by"] == "scenario"
            assert events.kinds() == ["ringing", "answered", "first_audio", "ended"]
            await caller.close()

    play(story)


def test_a_page_that_registers_while_a_call_waits_for_its_user_is_rung() -> None:
    async def story(server: Running) -> None:
        async with server.page(register="eve") as page:
            leg = server.phones.dial(DialRequest("user", "bob", options={"push": 20_000}))
            events = Events(leg)
            await events.wait("push_sent")
            await page.send(type="register", user="bob")
            await page.expect("registered")
            await page.expect("incoming")
            await events.wait("ringing")
            leg.hangup({})
            await page.expect("cancelled")

    play(story)


def test_a_garbage_answer_is_one_error_and_rings_on() -> None:
    async def story(server: Running) -> None:
        async with server.page(register="*") as page:
            leg = server.phones.dial(request("pstn", "+15550100"))
            incoming = await page.expect("incoming")
            assert (incoming["kind"], incoming["to"]) == ("pstn", "+15550100")
            await page.send(type="answer", id=incoming["id"], sdp="garbage")
            assert (await page.expect("error"))["re"] == "answer"
            await page.send(type="decline", id=incoming["id"])
            assert (await page.expect("ended"))["code"] == 603
            await leg.close()

    play(story)


def test_the_first_page_to_answer_gets_the_call() -> None:
    async def story(server: Running) -> None:
        async with server.page(register="bob") as first, server.page(register="bob") as second:
            leg = server.phones.dial(request())
            call_id = (await first.expect("incoming"))["id"]
            await second.expect("incoming")
            caller = Caller()
            await first.send(type="answer", id=call_id, sdp=await caller.offer())
            await first.expect("answered")
            cancelled = await second.expect("cancelled")
            assert (cancelled["code"], cancelled["reason"]) == (200, "answered on another page")
            await leg.close()
            await caller.close()

    play(story)


def test_records_are_sent_to_pages_that_watch() -> None:
    async def story(server: Running) -> None:
        async with server.page() as page, server.page() as idle:
            server.runtime.record("s1", {"n": 1, "t": 0, "k": "session", "state": "started"})
            expected = {"type": "session", "id": "s1", "state": "started", "reason": ""}
            assert await page.expect("session") == expected
            assert await idle.expect("session") == expected
            await page.send(type="watch", session="s1")
            assert (await page.expect("record"))["record"]["k"] == "session"
            server.runtime.record("s1", {"n": 2, "t": 5, "k": "log", "text": "\ud800 odd"})
            assert (await page.expect("record"))["record"]["n"] == 2
            server.runtime.record("s2", {"n": 1, "t": 0, "k": "log", "text": "other"})
            await page.send(type="ping")
            await page.expect("pong")
            await idle.send(type="ping")
            await idle.expect("pong")

    play(story)


def test_start_begins_a_session_without_a_call() -> None:
    async def story(server: Running) -> None:
        async with server.page() as page:
            await page.send(type="start", customData='{"to":"bob"}')
            assert (await page.expect("started"))["session"] == "s1"
            assert server.runtime.started == ['{"to":"bob"}']

    play(story)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.text(max_size=60) | MESSAGES.map(json.dumps), max_size=25))
def test_no_messages_break_the_socket(messages: list[str]) -> None:
    async def story(server: Running) -> None:
        async with server.page() as page:
            for message in messages:
                await page.socket.send(message.encode("utf-8", "replace").decode())
            await page.send(type="ping", t="last")
            while (await page.receive()) != {"type": "pong", "t": "last"}:
                pass

    play(story, config=PeerConfig())


def test_a_page_tells_what_kind_of_line_it_calls_from() -> None:
    async def story(server: Running) -> None:
        async with server.page() as page:
            caller = Caller()
            await page.send(
                type="call", id="a", to="100", kind="whatsapp", sdp=await caller.offer(), **{"from": "+4930"}
            )
            await page.expect("trying")
            leg, info, _ = server.runtime.calls[-1]
            assert (info.client_type, leg.client_type, info.callerid) == ("wab", "wab", "+4930")
            await page.send(type="call", id="b", to="100", kind="fax", sdp="v=0")
            assert (await page.expect("error"))["field"] == "kind"
            await leg.close()
            await caller.close()

    play(story)


def test_a_callee_rings_when_it_says_so_and_answers_with_headers() -> None:
    async def story(server: Running) -> None:
        async with server.page() as bob:
            await bob.send(type="register", user="bob", ringing=False)
            await bob.expect("registered")
            leg = server.phones.dial(request())
            events = Events(leg)
            incoming = await bob.expect("incoming")
            assert events.kinds() == []
            await bob.send(type="ringing", id=incoming["id"], headers={"X-Ring": "1"})
            assert (await events.wait("ringing")).data["headers"] == {"X-Ring": "1"}
            caller = Caller()
            await bob.send(
                type="answer", id=incoming["id"], sdp=await caller.offer(), headers={"X-By": "bob"}
            )
            await caller.take((await bob.expect("answered"))["sdp"])
            assert (await events.wait("answered")).data["headers"] == {"X-By": "bob"}
            await leg.close()
            await caller.close()

    play(story)
