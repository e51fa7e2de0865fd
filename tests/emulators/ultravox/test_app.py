"""The REST API, in memory."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.emulators.ultravox.caller import KEY, World
from tests.emulators.ultravox.test_live import WEATHER, listening, play

from voxrun.errors import PeerError

REQUIRED = """
    agent agentId billedDuration billedSideInputTokens billedSideOutputTokens billingStatus callId
    clientVersion created endReason ended experimentalSettings firstSpeaker firstSpeakerSettings
    initialOutputMedium initialState joinUrl joined metadata requestContext shortSummary sipDetails summary
"""
SOCKET = {"medium": {"serverWebSocket": {"inputSampleRate": 16000}}}


def test_a_creation_answers_201_with_the_whole_call() -> None:
    async def story(here: World) -> None:
        response = await here.post(
            "/api/calls?enableGreetingPrompt=false", {**SOCKET, "metadata": {"a": "b"}}
        )
        call = response.json()
        assert response.status_code == 201
        assert set(REQUIRED.split()) <= set(call)
        assert call["joinUrl"] == f"ws://emulator.test/calls/{call['callId']}/server_web_socket"
        assert call["created"] == "2025-01-06T09:00:00.000Z"
        assert (call["joined"], call["endReason"], call["metadata"]) == (None, None, {"a": "b"})
        assert await here.get(f"/api/calls/{call['callId']}") == call

    play(story)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"X-API-Key": " "}, 401),
        ({"X-API-Key": "a"}, 201),
        ({"x-api-key": "a"}, 201),
        ({"X-Unsafe-API-Key": "b"}, 201),
        ({"Authorization": "Bearer a"}, 401),
    ],
)
def test_any_key_opens_and_none_does_not(headers: dict[str, str], status: int) -> None:
    async def story(here: World) -> None:
        response = await here.post("/api/calls", SOCKET, headers)
        assert response.status_code == status
        assert status == 201 or list(response.json()) == ["detail"]

    play(story)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b"\xff", 400),
        (b"", 400),
        (b" " * 1_000_001, 413),
        (b"[" * 100_000, 400),
        (b'{"initialState": {"a": NaN}}', 400),
    ],
)
def test_a_body_that_is_no_request_is_refused(content: bytes, status: int) -> None:
    async def story(here: World) -> None:
        response = await here.http.post("/api/calls", content=content, headers=KEY)
        assert response.status_code == status

    play(story)


def test_validation_errors_name_the_field() -> None:
    async def story(here: World) -> None:
        response = await here.post("/api/calls", {"medium": {"serverWebSocket": {}}})
        assert response.status_code == 400
        assert response.json() == {"medium.serverWebSocket.inputSampleRate": ["This field is required."]}
        odd = await here.post("/api/calls", {"medium": {"serverWebSocket": {"inputSampleRate": 16001}}})
        assert odd.status_code == 400

    play(story)


def test_a_call_to_an_agent_by_id() -> None:
    async def story(here: World) -> None:
        response = await here.post("/api/agents/any-id/calls", SOCKET)
        call = response.json()
        assert response.status_code == 201
        assert (call["agentId"], call["systemPrompt"]) == ("any-id", "You are Ada.")
        assert call["agent"]["agentId"] == "any-id"
        refused = await here.post("/api/agents/any-id/calls", {**SOCKET, "systemPrompt": "Mine."})
        assert refused.status_code == 400

    play(story, agent=WEATHER + "call: {systemPrompt: You are Ada.}\n")


def test_lists_are_paged_and_filtered() -> None:
    async def story(here: World) -> None:
        for number in range(5):
            await here.create(metadata={"n": str(number)})
        page = await here.get("/api/calls?pageSize=2")
        assert ([call["metadata"]["n"] for call in page["results"]], page["total"]) == (["4", "3"], 5)
        second = await here.get(page["next"].removeprefix("http://emulator.test"))
        assert [call["metadata"]["n"] for call in second["results"]] == ["2", "1"]
        assert second["previous"]
        only = await here.get("/api/calls?metadata.n=3")
        assert only["total"] == 1
        assert (await here.http.get("/api/calls?pageSize=no", headers=KEY)).status_code == 400

    play(story)


def test_messages_and_events_of_a_call() -> None:
    async def story(here: World) -> None:
        call = await here.create(unheardOf=1)
        caller = await here.join(call)
        await listening(caller)
        await caller.send(type="user_text_message", text="goodbye now")
        await caller.until_closed()
        await here.only_call()
        page = await here.get(f"/api/calls/{call['callId']}/messages")
        roles = [(message["role"], message["text"]) for message in page["results"]]
        assert roles == [
            ("MESSAGE_ROLE_AGENT", "Hello there."),
            ("MESSAGE_ROLE_USER", "goodbye now"),
            ("MESSAGE_ROLE_AGENT", "See you."),
        ]
        events = (await here.get(f"/api/calls/{call['callId']}/events"))["results"]
        assert [(event["severity"], event["type"]) for event in events] == [("warning", "unknown_field")]
        none = await here.get(f"/api/calls/{call['callId']}/events?minimum_severity=error")
        assert none["total"] == 0

    play(story)


def test_data_messages_by_rest() -> None:
    async def story(here: World) -> None:
        call = await here.create()
        path = f"/api/calls/{call['callId']}/send_data_message"
        assert (await here.post(path, {"type": "hang_up"})).status_code == 422
        caller = await here.join(call)
        await listening(caller)
        assert (await here.post(path, {"type": "ping"})).status_code == 400
        assert (await here.post(path, {"type": "nonsense"})).status_code == 400
        said = {"type": "forced_agent_message", "content": "Excuse me."}
        assert (await here.post(path, said)).status_code == 204
        await listening(caller, 2)
        assert (await here.post(path, {"type": "hang_up", "message": "Over."})).status_code == 204
        await caller.until_closed()
        assert caller.finals("agent")[1:] == ["Excuse me.", "Over."]
        await here.only_call()
        assert (await here.post(path, {"type": "hang_up"})).status_code == 422

    play(story)


def test_a_live_call_cannot_be_deleted_or_joined_twice() -> None:
    async def story(here: World) -> None:
        call = await here.create()
        path = f"/api/calls/{call['callId']}"
        caller = await here.join(call)
        await caller.until(lambda: caller.messages)
        assert (await here.http.delete(path, headers=KEY)).status_code == 409
        with pytest.raises(PeerError, match="409"):
            await here.join(call)
        await caller.hang_up()
        await here.only_call()
        assert (await here.http.delete(path, headers=KEY)).status_code == 204
        assert (await here.http.get(path, headers=KEY)).status_code == 404
        with pytest.raises(PeerError, match="404"):
            await here.join(call)

    play(story)


def test_two_calls_at_once_do_not_mix() -> None:
    async def story(here: World) -> None:
        one, two = await asyncio.gather(here.call(), here.call(8_000))
        await asyncio.gather(listening(one), listening(two))
        await one.send(type="user_text_message", text="goodbye now")
        await one.until_closed()
        assert two.finals("user") == []
        assert two.closed is None
        await two.hang_up()

    play(story)


def test_the_same_seed_gives_the_same_ids_and_the_same_conversation() -> None:
    async def story(here: World) -> list[Any]:
        caller = await here.call()
        await listening(caller)
        await caller.send(type="user_text_message", text="goodbye now")
        await caller.until_closed()
        return [(line.at, line.message) for line in caller.lines]

    assert play(story) == play(story)
    assert play(story, seed=1) != play(story)
