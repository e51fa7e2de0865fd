"""HTTP tools, over a transport that answers in memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import httpx
import pytest

from voxrun.emulators.ultravox.effects import CallHttpTool
from voxrun.emulators.ultravox.httptool import call_http_tool
from voxrun.emulators.ultravox.tools import ToolAnswer, parameters, read_tools

TOOL = {
    "temporaryTool": {
        "modelToolName": "order",
        "http": {"baseUrlPattern": "https://shop.test/{shop}/orders", "httpMethod": "PUT"},
        "dynamicParameters": [
            {"name": "shop", "location": "PARAMETER_LOCATION_PATH"},
            {"name": "limit", "location": "PARAMETER_LOCATION_QUERY"},
            {"name": "item", "location": "PARAMETER_LOCATION_BODY"},
        ],
        "staticParameters": [{"name": "X-Shop", "location": "PARAMETER_LOCATION_HEADER", "value": "v1"}],
        "automaticParameters": [
            {"name": "call", "location": "PARAMETER_LOCATION_BODY", "knownValue": "KNOWN_PARAM_CALL_ID"}
        ],
    }
}


def ask(answer: Callable[[httpx.Request], httpx.Response] | None) -> ToolAnswer:
    tool = read_tools([TOOL])["order"]
    values = parameters(tool, {"shop": "a/b", "limit": 3, "item": "tea"}, {"KNOWN_PARAM_CALL_ID": "c1"})
    transport = httpx.MockTransport(answer) if answer else None
    return asyncio.run(call_http_tool(CallHttpTool("i", tool, values), transport))


def test_parameters_go_to_their_places() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, text="done")

    assert ask(answer) == ToolAnswer("done")
    (request,) = seen
    assert (request.method, str(request.url)) == ("PUT", "https://shop.test/a%2Fb/orders?limit=3")
    assert request.headers["X-Shop"] == "v1"
    assert json.loads(request.content) == {"item": "tea", "call": "c1"}


def test_headers_of_the_answer_steer_the_call() -> None:
    headers = {
        "X-Ultravox-Response-Type": "hang-up",
        "X-Ultravox-Agent-Reaction": "listens",
        "X-Ultravox-Update-Call-State": '{"a": 1}',
    }
    answer = ask(lambda _: httpx.Response(200, text="{}", headers=headers))
    assert answer == ToolAnswer("{}", response="hang-up", reaction="listens", state={"a": 1})


def broken(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no", request=request)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (lambda _: httpx.Response(500), "HTTP 500"),
        (broken, "order: ConnectError"),
        (None, "order is an HTTP tool, and the emulator has no network"),
    ],
)
def test_what_goes_wrong_is_the_tools_error(
    answer: Callable[[httpx.Request], httpx.Response] | None, error: str
) -> None:
    assert ask(answer).error == error
