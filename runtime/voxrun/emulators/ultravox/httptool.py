"""HTTP tools: the request that the platform would make for the agent, over a transport we are given."""

from __future__ import annotations

import json
from urllib.parse import quote

import httpx

from voxrun.emulators.ultravox.effects import CallHttpTool
from voxrun.emulators.ultravox.tools import ToolAnswer, reaction_named
from voxrun.session.messages import Json, JsonObject

MAX_BODY = 16_000


async def call_http_tool(effect: CallHttpTool, transport: httpx.AsyncBaseTransport | None) -> ToolAnswer:
    """Make the request. What goes wrong becomes the answer's ``error``; nothing is raised."""
    tool = effect.tool
    if transport is None:
        return ToolAnswer(error=f"{tool.name} is an HTTP tool, and the emulator has no network")
    places = {each.name: each.location for each in tool.dynamic}
    places |= {each.name: each.location for each in tool.fixed}
    by_place: dict[str, dict[str, Json]] = {"QUERY": {}, "PATH": {}, "HEADER": {}, "BODY": {}}
    for name, value in effect.parameters.items():
        place = places.get(name, "").removeprefix("PARAMETER_LOCATION_")
        by_place.get(place, by_place["BODY"])[name] = value
    url = tool.url
    for name, value in by_place["PATH"].items():
        url = url.replace(f"{{{name}}}", quote(_text(value), safe=""))
    try:
        async with httpx.AsyncClient(transport=transport, timeout=tool.timeout) as client:
            response = await client.request(
                tool.method,
                url,
                params={name: _text(value) for name, value in by_place["QUERY"].items()} or None,
                headers={name: _text(value) for name, value in by_place["HEADER"].items()},
                json=by_place["BODY"] or None,
            )
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return ToolAnswer(error=f"{tool.name}: {type(error).__name__}")
    return _answer(response)


def _answer(response: httpx.Response) -> ToolAnswer:
    text = response.text[:MAX_BODY]
    if not response.is_success:
        return ToolAnswer(error=f"HTTP {response.status_code}")
    return ToolAnswer(
        result=text,
        response=response.headers.get("X-Ultravox-Response-Type", "tool-response"),
        reaction=reaction_named(response.headers.get("X-Ultravox-Agent-Reaction")),
        state=_state(response.headers.get("X-Ultravox-Update-Call-State")),
    )


def _state(header: str | None) -> JsonObject | None:
    try:
        value = json.loads(header) if header else None
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)
