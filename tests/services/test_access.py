"""Session access URLs: a request becomes an event, the handler's value the reply."""

from __future__ import annotations

import asyncio
import json

import pytest
from tests.harness import Stage, play

from voxrun.services.access import AccessReply
from voxrun.session.limits import Limits

HANDLER = """
VoxEngine.addEventListener(AppEvents.Started, (e) => { url = e.accessURL; });
VoxEngine.addEventListener(AppEvents.HttpRequest, (e) => { %s });
"""


async def ask(stage: Stage, method: str = "GET", rest: str = "", content: str = "") -> AccessReply:
    """A request on the session's own URL."""
    assert stage.runtime is not None
    url = str(stage.events("Application.Started")[0]["data"]["accessURL"])  # type: ignore[index, call-overload]
    assert "token" in url  # redacted in what is shown
    headers = [("X-Id", "7"), ("x-low", "8"), ("Cookie", "secret")]
    path = f"/request/{stage.session_id}/t{rest}"
    return await stage.runtime.http_request(stage.session_id, f"{1:032x}", method, path, content, headers)


@pytest.mark.covers("AppEvents.HttpRequest")
def test_the_event_has_the_platform_s_fields_and_only_x_headers() -> None:
    async def story(stage: Stage) -> None:
        await stage.start(HANDLER % "Logger.write(JSON.stringify(e)); return 'ok';")
        await stage.until(lambda: stage.events("Application.Started"))
        reply = await ask(stage, "POST", "/more?k=v", "body é")
        assert reply == AccessReply(200, b"ok", "text/plain; charset=utf-8")
        assert json.loads(stage.logs()[0]) == {
            "name": "Application.HttpRequest",
            "method": "POST",
            "path": f"/request/{stage.session_id}/t/more?k=v",
            "content": "body é",
            "headers": [{"key": "X-Id", "value": "7"}, {"key": "x-low", "value": "8"}],
        }

    play(story)


@pytest.mark.parametrize(
    ("code", "body", "kind"),
    [
        ("return 'tëxt';", "tëxt", "text/plain; charset=utf-8"),
        ("return 5;", "5", "text/plain; charset=utf-8"),
        ("return false;", "false", "application/json"),
        ("return {a: true};", '{"a":true}', "application/json"),
        ("return [1];", "[1]", "application/json"),
        ("return null;", "null", "application/json"),
        ("", "", "text/plain; charset=utf-8"),
        (
            "return new Promise((done) => setTimeout(() => done('later'), 5000));",
            "later",
            "text/plain; charset=utf-8",
        ),
    ],
)
def test_what_the_handler_returns_is_the_body(code: str, body: str, kind: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.start(HANDLER % code)
        await stage.until(lambda: stage.events("Application.Started"))
        assert await ask(stage) == AccessReply(200, body.encode(), kind)

    play(story)


def test_requests_come_as_often_as_they_are_made_and_take_their_path_along() -> None:
    code = "const [, cmd] = e.path.split('/').pop().split('='); return cmd + (seen.push(cmd), seen.length);"

    async def story(stage: Stage) -> None:
        await stage.start("const seen = [];" + HANDLER % code)
        await stage.until(lambda: stage.events("Application.Started"))
        told = [(await ask(stage, rest=f"/cmd={cmd}")).body for cmd in ("mute", "kick", "mute")]
        assert told == [b"mute1", b"kick2", b"mute3"]

    play(story)


def test_without_a_handler_the_answer_is_empty() -> None:
    async def story(stage: Stage) -> None:
        await stage.start("")
        await stage.until(lambda: stage.events("Application.Started"))
        assert await ask(stage) == AccessReply(200)

    play(story)


def test_a_handler_that_never_answers_is_given_30_seconds() -> None:
    async def story(stage: Stage) -> None:
        await stage.start(HANDLER % "return new Promise(() => {});")
        await stage.until(lambda: stage.events("Application.Started"))
        began = stage.clock.now()
        assert (await ask(stage)).status == 504
        assert stage.clock.now() - began == 30

    play(story, limits=Limits(idle_ms=600_000))


def test_requests_under_way_are_answered_when_the_session_ends() -> None:
    async def story(stage: Stage) -> None:
        await stage.start(HANDLER % "setTimeout(VoxEngine.terminate, 1000); return new Promise(() => {});")
        await stage.until(lambda: stage.events("Application.Started"))
        assert (await ask(stage)).status == 410
        await stage.ended()
        with pytest.raises(KeyError):
            await ask(stage)

    play(story)


def test_a_request_while_the_session_is_ending_is_answered_at_once() -> None:
    source = """
    VoxEngine.addEventListener(AppEvents.Terminating, () => { Net.httpRequest("http://x/slow"); });
    """

    async def slow(request: object) -> object:
        await asyncio.sleep(20)
        raise TimeoutError

    async def story(stage: Stage) -> None:
        stage.net.routes["/slow"] = slow  # type: ignore[assignment]
        await stage.start(source)
        await stage.until(lambda: stage.net.requests)
        began = stage.clock.now()
        assert (await ask(stage)).status == 410
        assert stage.clock.now() == began

    play(story)


def test_an_error_in_the_handler_ends_the_session_and_the_request() -> None:
    async def story(stage: Stage) -> None:
        await stage.start(HANDLER % "nope();")
        await stage.until(lambda: stage.events("Application.Started"))
        assert (await ask(stage)).status == 410
        assert (await stage.ended()).reason == "JS session error"

    play(story)


@pytest.mark.parametrize("token", ["", "wrong", "é", "\ud800"])
def test_a_wrong_token_is_no_session(token: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.start("")
        assert stage.runtime is not None
        with pytest.raises(KeyError):
            await stage.runtime.http_request(stage.session_id, token, "GET", "/", "", [])

    play(story)
