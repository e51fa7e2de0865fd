"""Net.httpRequest: all shapes of options and headers, result fields, codes, limits, on a real server too."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from tests.harness import Stage, play
from tests.services.parts import Given

from voxrun.services import guard
from voxrun.services.guard import GuardedTransport, GuardRules
from voxrun.services.http import HttpService, decode_text, failure
from voxrun.session.clock import real_clock
from voxrun.session.limits import Limits
from voxrun.session.messages import Command

RUN = """
VoxEngine.addEventListener(AppEvents.Started, async () => {
  %s
});
"""


def ok(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, text="pong", headers={"X-Reply": "yes"})


def run(
    code: str, routes: dict[str, Callable[[httpx.Request], object]], logs: int = 1, **application: Any
) -> Stage:
    async def story(stage: Stage) -> None:
        stage.net.routes.update(routes)  # type: ignore[arg-type]
        await stage.start(RUN % code)
        await stage.until(lambda: len(stage.logs()) >= logs or stage.errors())

    return play(story, **application)


@pytest.mark.covers("Net.httpRequestAsync")
def test_the_result_has_the_platform_s_fields() -> None:
    stage = run(
        """const r = await Net.httpRequestAsync("http://x/a");
           Logger.write(JSON.stringify([Object.keys(r), r.code, r.text, r.headers, r.raw_headers]));""",
        {"/a": ok},
    )
    keys, code, text, headers, raw = json.loads(stage.logs()[0])
    assert keys == ["code", "text", "headers", "raw_headers"]
    assert (code, text) == (200, "pong")
    assert {"key": "X-Reply", "value": "yes"} in headers
    assert "X-Reply: yes\r\n" in raw


@pytest.mark.parametrize(
    "headers",
    [
        '{"X-A": "b", "X-N": 5}',
        '["X-A: b", "X-N: 5"]',
        '[["X-A", "b"], ["X-N", 5]]',
        '[{name: "X-A", value: "b"}, {key: "X-N", value: 5}]',
    ],
)
def test_headers_come_in_every_shape_that_scenarios_use(headers: str) -> None:
    stage = run(
        f'Net.httpRequest("http://x/a", () => Logger.write("done"), {{headers: {headers}}});', {"/a": ok}
    )
    sent = stage.net.requests[0].headers
    assert (sent["X-A"], sent["X-N"]) == ("b", "5")


def test_the_user_agent_is_the_platform_s_unless_given() -> None:
    stage = run(
        """await Net.httpRequestAsync("http://x/a");
           await Net.httpRequestAsync("http://x/a", {headers: {"user-agent": "mine"}});
           Logger.write("done");""",
        {"/a": ok},
    )
    assert [request.headers["user-agent"] for request in stage.net.requests] == ["VoxEngine/1.0", "mine"]


@pytest.mark.covers("Net.httpRequest", "Net.HttpRequestOptions")
@pytest.mark.parametrize(
    "call",
    [
        'Net.httpRequest("http://x/a", show, {method: "post", postData: "body"})',
        'Net.httpRequest("http://x/a", {method: "POST", postData: "body"}, show)',
        'Net.httpRequestAsync("http://x/a", {method: "POST", postData: "body"}).then(show)',
        'Net.httpRequestAsync("http://x/a", {method: "POST", postData: "body"}, show)',
        'const o = new Net.HttpRequestOptions(); o.method = "POST"; o.postData = "body";'
        'Net.httpRequest("http://x/a", show, o)',
    ],
)
def test_every_form_of_the_call_works(call: str) -> None:
    stage = run(f"const show = (r) => Logger.write(r.code + r.text); {call};", {"/a": ok})
    assert stage.logs() == ["200pong"]
    assert stage.net.requests[0].method == "POST"
    assert stage.net.requests[0].content == b"body"


def test_bodies_are_utf_8_text_or_bytes_and_get_has_none() -> None:
    seen: list[bytes] = []

    def keep(request: httpx.Request) -> httpx.Response:
        seen.append(request.content)
        return ok(request)

    run(
        """await Net.httpRequestAsync("http://x/a", {method: "POST", postData: "é€"});
           await Net.httpRequestAsync("http://x/a", {method: "PUT", postData: [0, 255, 7]});
           await Net.httpRequestAsync("http://x/a", {method: "GET", postData: "no"});
           Logger.write("done");""",
        {"/a": keep},
    )
    assert seen == ["é€".encode(), b"\x00\xff\x07", b""]


def test_params_are_added_to_the_query() -> None:
    stage = run(
        'await Net.httpRequestAsync("http://x/a?z=1", {params: {q: "a b", n: 2}}); Logger.write("d");',
        {"/a": ok},
    )
    assert stage.net.requests[0].url.query == b"z=1&q=a+b&n=2"


def test_raw_output_gives_bytes() -> None:
    stage = run(
        'const r = await Net.httpRequestAsync("http://x/a", {rawOutput: true});'
        "Logger.write(JSON.stringify([r.data, r.text]));",
        {"/a": lambda request: httpx.Response(200, content=b"\x00\x80\xff")},
    )
    assert stage.logs() == ["[[0,128,255],null]"]


def test_non_ascii_bytes_of_an_error_reply_are_still_text() -> None:
    stage = run(
        'const r = await Net.httpRequestAsync("http://x/a"); Logger.write(r.code + r.text);',
        {"/a": lambda request: httpx.Response(500, content=b"\xff broken")},
    )
    assert stage.logs() == ["500\ufffd broken"]


def raises(error: Exception) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error

    return answer


@pytest.mark.parametrize(
    ("url", "answer", "code"),
    [
        ("ftp://x/a", ok, -2),
        ("nonsense", ok, -2),
        ("http://x/a", raises(httpx.ConnectError("host not found: x")), -3),
        ("http://x/a", raises(httpx.ConnectError("refused")), -4),
        ("http://x/a", lambda request: httpx.Response(302, headers={"Location": "/a"}), -5),
        ("http://x/a", raises(httpx.ReadError("reset")), -6),
        ("http://x/a", raises(httpx.ReadTimeout("slow")), -7),
        ("http://x/a", lambda request: httpx.Response(200, content=b"x" * (2 * 1024 * 1024 + 1)), -9),
    ],
)
def test_failures_are_results_with_the_platform_s_codes(url: str, answer: object, code: int) -> None:
    stage = run(
        f'const r = await Net.httpRequestAsync("{url}"); Logger.write(r.code + " " + (r.error.length > 4));',
        {"/a": answer},  # type: ignore[dict-item]
    )
    assert stage.logs() == [f"{code} true"]


def slow(seconds: float) -> Callable[[httpx.Request], Awaitable[httpx.Response]]:
    async def answer(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(seconds)
        return httpx.Response(200, text="late")

    return answer


@pytest.mark.parametrize(("option", "seconds"), [("5", 5), ("500", 90), ("undefined", 90), ("-1", 90)])
def test_the_timeout_is_in_seconds_and_ninety_at_most(option: str, seconds: int) -> None:
    stage = run(
        f'const r = await Net.httpRequestAsync("http://x/a", {{timeout: {option}}});'
        "Logger.write(r.code + ' ' + (Date.now() - 1736154000000));",
        {"/a": slow(1000)},
        limits=Limits(idle_ms=200_000),
    )
    assert stage.logs() == [f"-7 {seconds * 1000}"]


def test_three_requests_run_at_once_and_the_rest_wait() -> None:
    starts: list[float] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        starts.append(asyncio.get_running_loop().time())
        await asyncio.sleep(1)
        return httpx.Response(200)

    run(
        'for (let i = 0; i < 5; i++) Net.httpRequest("http://x/a", () => Logger.write("done"));',
        {"/a": answer},
        5,
    )
    assert starts == [0, 0, 0, 1, 1]


def test_the_thirty_sixth_request_throws_the_platform_s_message() -> None:
    stage = run(
        """for (let i = 0; i < 35; i++) Net.httpRequest("http://x/a", () => {});
           try { Net.httpRequest("http://x/a", () => {}); } catch (e) { Logger.write(e.message); }""",
        {"/a": slow(1)},
    )
    assert stage.logs()[0].startswith("Exceeded the HTTP connection count limit!")


def test_the_journal_has_the_request_and_its_result_but_no_key() -> None:
    async def story(stage: Stage) -> None:
        stage.net.routes["/a"] = ok
        code = (
            'const headers = {Authorization: VoxEngine.getSecretValue("K")};'
            'await Net.httpRequestAsync("http://x/a", {headers}); Logger.write("d");'
        )
        await stage.start(RUN % code, secrets={"K": "tops3cret"})
        await stage.until(stage.logs)

    stage = play(story)
    assert stage.net.requests[0].headers["authorization"] == "tops3cret"
    assert "tops3cret" not in json.dumps(stage.records)
    assert stage.commands("http.request")[0]["data"]["url"] == "http://x/a"


def test_a_failure_has_the_shape_of_a_result() -> None:
    assert failure(-7, "why") == {"code": -7, "error": "why", "headers": [], "raw_headers": "", "text": ""}


def test_bytes_cross_the_border_as_base64() -> None:
    stage = run(
        'await Net.httpRequestAsync("http://x/a", {method: "POST", postData: [1, 2]}); Logger.write("d");',
        {"/a": ok},
    )
    assert stage.commands("http.request")[0]["data"]["body"] == {
        "bytes": base64.b64encode(b"\x01\x02").decode()
    }


def test_params_leave_a_query_that_is_there_untouched() -> None:
    stage = run(
        'await Net.httpRequestAsync("http://x/a?sig=a%2Fb&flag", {params: {q: "é&"}}); Logger.write("d");',
        {"/a": ok},
    )
    assert stage.net.requests[0].url.query == b"sig=a%2Fb&flag&q=%C3%A9%26"


def test_headers_that_are_not_ascii_go_out_as_utf_8() -> None:
    stage = run(
        'await Net.httpRequestAsync("http://x/a", {headers: {"X-N": "Zoë"}}); Logger.write("d");', {"/a": ok}
    )
    assert (b"X-N", "Zoë".encode()) in stage.net.requests[0].headers.raw


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        (None, "é".encode(), "é"),
        ("latin-1", b"\xe9", "é"),
        ("utf-8", b"\xe9", "\ufffd"),
        ("no-such-thing", b"abc", "abc"),
        ("base64", b"abc", "abc"),
        ("punycode", b"abc-", "abc-"),
        ("x" * 5000, b"abc", "abc"),
        ("utf\0", b"abc", "abc"),
    ],
)
def test_text_is_read_whatever_the_server_calls_it(charset: str | None, body: bytes, text: str) -> None:
    assert decode_text(body, charset) == text


def test_a_charset_that_nobody_knows_is_still_a_result() -> None:
    stage = run(
        'const r = await Net.httpRequestAsync("http://x/a"); Logger.write(r.code + r.text);',
        {
            "/a": lambda request: httpx.Response(
                200, content=b"hi", headers={"Content-Type": "text/plain; charset=klingon"}
            )
        },
    )
    assert stage.logs() == ["200hi"]


def test_a_fault_of_the_transport_is_a_result_too() -> None:
    stage = run(
        'const r = await Net.httpRequestAsync("http://x/a"); Logger.write(r.code + r.error);',
        {"/a": raises(RuntimeError("broken"))},
    )
    assert stage.logs() == ["-8internal error: RuntimeError('broken')"]


def live(code: Callable[[HttpService, Given, int], Awaitable[None]]) -> None:
    """A service on the real network (loopback), with a server that answers by path."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split()[1]
        body = b"x" * 3_000_000 if path == "/big" else head.encode()
        if path == "/hang":
            await asyncio.sleep(30)
        elif path == "/rude":
            writer.write(b"HTTP/1.1 nonsense\r\n\r\n")
        elif path == "/cut":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort")
        elif path == "/round":
            writer.write(b"HTTP/1.1 302 Found\r\nLocation: /round\r\nContent-Length: 0\r\n\r\n")
        elif path == "/packed":
            packed = gzip.compress(b"unpacked")
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
            )
            writer.write(packed)
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        writer.close()

    async def main() -> None:
        given = Given(real_clock())
        async with asyncio.timeout(20), await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            service = HttpService(given.context, GuardedTransport(GuardRules()), Limits())
            try:
                await code(service, given, server.sockets[0].getsockname()[1])
            finally:
                await service.close()

    asyncio.run(main())


async def result_of(service: HttpService, given: Given, url: str, **changes: Any) -> dict[str, Any]:
    """What a request gives."""
    data = {"url": url, "method": "GET", "timeout": 5, "connect": 5, **changes}
    service.execute(Command("http.request", f"r{len(given.events)}", data))
    await service.wait_idle()
    await asyncio.sleep(0)
    return dict(given.events[-1].data)


@pytest.mark.live
@pytest.mark.parametrize(
    ("url", "changes", "code"),
    [
        ("http://127.0.0.1:{port}/ok", {}, 200),
        ("http://127.0.0.1:{port}/big", {}, -9),
        ("http://127.0.0.1:{port}/hang", {"timeout": 0.2}, -7),
        ("http://127.0.0.1:{port}/rude", {}, -6),
        ("http://127.0.0.1:{port}/cut", {}, -6),
        ("http://127.0.0.1:{port}/round", {}, -5),
        ("http://127.0.0.1:1/", {}, -4),
        ("http://169.254.169.254/latest", {}, -4),
        ("http://127.0.0.1:{port}/", {"headers": [["Bad Name", "x"]]}, -6),
        ("http://127.0.0.1:{port}/", {"headers": [["X", "a\r\nb"]]}, -6),
        ("http://127.0.0.1:99999/", {}, -2),
        ("", {}, -2),
    ],
)
def test_on_a_real_server_every_outcome_is_a_result(url: str, changes: dict[str, Any], code: int) -> None:
    async def story(service: HttpService, given: Given, port: int) -> None:
        result = await result_of(service, given, url.format(port=port), **changes)
        assert result["code"] == code, result
        assert code == 200 or result["error"]

    live(story)


@pytest.mark.live
def test_a_host_that_nobody_knows_has_a_code_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(guard, "resolve", resolve)

    async def story(service: HttpService, given: Given, port: int) -> None:
        result = await result_of(service, given, "http://nowhere.test/")
        assert (result["code"], "nowhere.test" in result["error"]) == (-3, True)

    live(story)


@pytest.mark.live
def test_a_packed_answer_is_unpacked() -> None:
    async def story(service: HttpService, given: Given, port: int) -> None:
        assert (await result_of(service, given, f"http://127.0.0.1:{port}/packed"))["text"] == "unpacked"

    live(story)
