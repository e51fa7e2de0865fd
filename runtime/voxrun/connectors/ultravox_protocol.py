"""Ultravox as its connector sees it: tables and the shapes of requests, without any I/O.

Sources: Ultravox's OpenAPI document and data message reference (2026), Voximplant's reference of
``Modules.Ultravox``. What neither publishes is decided here and marked "our choice".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from msgspec import Struct

from voxrun.connectors.addresses import shown_url
from voxrun.connectors.payloads import parse
from voxrun.connectors.rest import RestAnswer, RestRequest
from voxrun.errors import ScenarioError
from voxrun.media.frames import SAMPLE_RATE
from voxrun.media.resample import supported
from voxrun.session.messages import Json, JsonObject

CLOUD_URL: Final = "https://api.ultravox.ai/api"

CREATE_CALL: Final = "CreateCall"
CREATE_AGENT_CALL: Final = "CreateAgentCall"
JOIN_CALL: Final = "JoinCall"

CLIENT_BUFFER_MS: Final = 1000
"""How far ahead of real time Ultravox may send speech (the platform's figure is not published).

A second rides out what a home network does to a stream; Ultravox's own default of 60 ms is heard as gaps
there. More would only be thrown away at an interruption, and go on longer in a scenario that forgets
``clearMediaBuffer()``."""

EVENT_OF_MESSAGE: Final[Mapping[str, str]] = {
    "state": "State",
    "transcript": "Transcript",
    "client_tool_invocation": "ClientToolInvocation",
    "data_connection_tool_invocation": "DataConnectionToolInvocation",
    "debug": "Debug",
    "playback_clear_buffer": "PlaybackClearBuffer",
}
"""Everything else (call_started, pong, threads, what is new) is an ``Unknown``."""

TYPE_OF_METHOD: Final[Mapping[str, str]] = {
    "inputTextMessage": "user_text_message",  # the old method; its old type, when given, stays
    "userTextMessage": "user_text_message",
    "setOutputMedium": "set_output_medium",
    "clientToolResult": "client_tool_result",
    "dataConnectionToolResult": "data_connection_tool_result",
    "forcedAgentMessage": "forced_agent_message",
    "hangUp": "hang_up",
}
"""The message that a method of the client sends when its argument names no ``type``."""

MOST_UNKNOWN: Final = 4096
"""Characters of an unreadable message that its ``Unknown`` event carries."""

STATUS_HINTS: Final[Mapping[int, str]] = {
    400: "look at the body of the request: Ultravox names the field",
    401: "the key in authorizations['X-API-Key'] is missing or wrong; is the secret set?",
    402: "the account needs a subscription or credit",
    403: "the key may not do this",
    404: "there is no such agent, or the address is wrong",
    429: "too many calls at once or in too short a time; try again later",
    503: "Ultravox has no capacity right now; try again later",
}


class Plan(Struct, frozen=True):
    """How a client reaches its call: a request that creates it, or the address of one that exists."""

    create: RestRequest | None
    join_url: str
    """Where to join when nothing is created, else ""."""
    input_rate: int
    """Samples a second that Ultravox wants to hear."""
    output_rate: int
    """Samples a second that Ultravox speaks."""


def plan(params: Mapping[str, Json], base_url: str) -> Plan:
    """What the factory's parameters ask for. ScenarioError names the parameter that is wrong."""
    endpoint = params.get("endpoint")
    query = tuple(_query(_object(params, "queryParameters")))
    if endpoint == JOIN_CALL:
        return Plan(None, _join_url(params.get("joinUrl"), query), SAMPLE_RATE, SAMPLE_RATE)
    body, input_rate, output_rate = _with_medium(_object(params, "body"))
    if endpoint == CREATE_CALL:
        path = "calls"
    elif endpoint == CREATE_AGENT_CALL:
        path = f"agents/{quote(_agent_id(params), safe='')}/calls"
    else:
        raise ScenarioError(
            f"createWebSocketAPIClient: endpoint is {json.dumps(endpoint)}; "
            "use a member of Ultravox.HTTPEndpoint (CREATE_CALL, CREATE_AGENT_CALL, JOIN_CALL)"
        )
    url = f"{base_url.rstrip('/')}/{path}"
    return Plan(RestRequest(url, query, headers_of(params), body), "", input_rate, output_rate)


def headers_of(params: Mapping[str, Json]) -> dict[str, str]:
    """``authorizations`` as request headers, as given."""
    headers: dict[str, str] = {}
    for name, value in _object(params, "authorizations").items():
        if value is None:
            continue
        text = _plain(value, f"authorizations[{json.dumps(name)}]")
        if not (name.isascii() and name.replace("-", "").replace("_", "").isalnum()):
            raise ScenarioError(
                f"createWebSocketAPIClient: {json.dumps(name)} in authorizations is no header name"
            )
        if not text.isascii() or not text.isprintable():
            raise ScenarioError(
                f"createWebSocketAPIClient: authorizations[{json.dumps(name)}] holds characters that "
                "no header can carry (a line break at the end of the secret?)"
            )
        headers[name] = text
    return headers


def http_response(answer: RestAnswer) -> JsonObject:
    """The payload of ``HTTPResponse``. Our choice: the shape is not published.

    ``{status, code, statusText, headers: {name: value}, body}``; ``code`` repeats ``status`` under the
    name that Net's results use; ``body`` is parsed JSON, or text where the answer was none.
    """
    return {
        "status": answer.status,
        "code": answer.status,
        "statusText": answer.phrase,
        "headers": dict(answer.headers),
        "body": answer.body,
    }


def refusal(answer: RestAnswer) -> str:
    """A refused call in one sentence for people."""
    body = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
    said = f": {body[:300]}" if body else ""
    hint = STATUS_HINTS.get(answer.status, "")
    wait = answer.headers.get("retry-after")
    after = f" (Retry-After: {wait} s)" if wait else ""
    advice = f"; {hint}{after}" if hint else after
    return f"Ultravox refused the call with HTTP {answer.status} {answer.phrase}".rstrip() + said + advice


def join_url_of(answer: RestAnswer) -> str | None:
    """The address to join, from the answer to a created call."""
    url = answer.body.get("joinUrl") if isinstance(answer.body, dict) else None
    return url if isinstance(url, str) and url.startswith(("ws://", "wss://")) else None


def decode(text: str) -> tuple[str, Json]:
    """A text message of Ultravox as (short event name, payload). What cannot be read is Unknown."""
    try:
        message = parse(text)
    except ValueError:
        return "Unknown", text[:MOST_UNKNOWN]
    if not isinstance(message, dict):
        return "Unknown", message
    kind = message.get("type")
    name = EVENT_OF_MESSAGE.get(kind, "Unknown") if isinstance(kind, str) else "Unknown"
    if name == "Transcript" and message.get("text") is None:
        # Ultravox sends text or delta; on the platform a delta was seen with "text": "" beside it, and
        # scenarios there may count on a string.
        message = {**message, "text": ""}
    return name, message


def encode(method: str, argument: JsonObject) -> JsonObject:
    """The message of a client method: its argument unchanged, with ``type`` added when left out."""
    default = TYPE_OF_METHOD.get(method)
    if default is None:
        raise ScenarioError(
            f"the Ultravox client has no method {method!r}; it has {', '.join(TYPE_OF_METHOD)}"
        )
    if argument.get("type") is not None:
        return argument
    return {**argument, "type": default}


def _with_medium(body: JsonObject) -> tuple[JsonObject, int, int]:
    """The body with the medium that this connector speaks; a scenario's own settings of it stay."""
    medium = body.get("medium") or {}
    if not isinstance(medium, dict):
        raise ScenarioError("createWebSocketAPIClient: body.medium must be an object")
    others = [key for key, value in medium.items() if key != "serverWebSocket" and value is not None]
    if others:
        raise ScenarioError(
            f"createWebSocketAPIClient: body.medium asks for {', '.join(others)}, but the connector carries "
            "the audio itself (serverWebSocket); leave body.medium out"
        )
    given = medium.get("serverWebSocket") or {}
    if not isinstance(given, dict):
        raise ScenarioError("createWebSocketAPIClient: body.medium.serverWebSocket must be an object")
    socket: JsonObject = {
        "inputSampleRate": SAMPLE_RATE,
        "outputSampleRate": SAMPLE_RATE,
        "clientBufferSizeMs": CLIENT_BUFFER_MS,
        **{key: value for key, value in given.items() if value is not None},
    }
    return (
        {**body, "medium": {"serverWebSocket": socket}},
        _rate(socket, "inputSampleRate"),
        _rate(socket, "outputSampleRate"),
    )


def _rate(socket: JsonObject, name: str) -> int:
    rate = socket[name]
    # No more than 48 kHz: a simple ratio alone would also let a megahertz through.
    if isinstance(rate, bool) or not isinstance(rate, int | float) or rate != int(rate):
        usable = False
    else:
        usable = 8000 <= rate <= 48000 and supported(SAMPLE_RATE, int(rate))
    if not usable or not isinstance(rate, int | float):
        raise ScenarioError(
            f"createWebSocketAPIClient: body.medium.serverWebSocket.{name} is {json.dumps(rate)}; "
            "use 8000, 16000, 24000, 44100 or 48000"
        )
    return int(rate)


def _agent_id(params: Mapping[str, Json]) -> str:
    path = _object(params, "pathParameters")
    value = path.get("agent_id")
    if value is None or value == "":
        raise ScenarioError(
            "createWebSocketAPIClient: CREATE_AGENT_CALL needs pathParameters.agent_id, the id of the agent"
        )
    return _plain(value, "pathParameters.agent_id")


def _join_url(url: Json, query: tuple[tuple[str, str], ...]) -> str:
    if not isinstance(url, str) or not url.startswith(("ws://", "wss://")):
        got = shown_url(url) if isinstance(url, str) else _kind(url)
        raise ScenarioError(
            f"createWebSocketAPIClient: JOIN_CALL needs joinUrl, the wss:// address of a call, got {got}"
        )
    if not query:
        return url
    # The address is opaque: what it has stays, clients only append.
    parts = urlsplit(url)
    return urlunsplit(
        parts._replace(query=urlencode([*parse_qsl(parts.query, keep_blank_values=True), *query]))
    )


def _object(params: Mapping[str, Json], name: str) -> JsonObject:
    value = params.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        # The value itself may be a key that somebody put in the wrong place.
        raise ScenarioError(f"createWebSocketAPIClient: {name} must be an object, got {_kind(value)}")
    return value


def _kind(value: Json) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, list):
        return "a list"
    return "a string" if isinstance(value, str) else "a boolean" if isinstance(value, bool) else "a number"


def _query(given: JsonObject) -> Iterator[tuple[str, str]]:
    for name, value in given.items():
        for item in value if isinstance(value, list) else [value]:
            if item is not None:
                yield name, _plain(item, f"queryParameters[{json.dumps(name)}]")


def _plain(value: Json, name: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise ScenarioError(f"createWebSocketAPIClient: {name} must be a string or a number")
