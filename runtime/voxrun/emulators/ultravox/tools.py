"""Tools of a call: ``selectedTools`` read, parameters put together, results understood. Pure.

A tool is awaited by a *client* (client_tool_invocation on the WebSocket), by a *data connection*, over
*http*, or is *built in* (hangUp, leaveVoicemail). Raises ``Invalid`` (with the field) for what the API
refuses with 400.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from voxrun.emulators.ultravox.values import Invalid, as_object, duration, members, optional_text
from voxrun.session.messages import Json, JsonObject

Kind: TypeAlias = Literal["client", "data_connection", "http", "built_in"]
Reaction: TypeAlias = Literal["speaks", "listens", "speaks-once"]

DEFAULT_TIMEOUT: Final = 2.5
MAX_TIMEOUT: Final = 40.0
_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_REACTIONS: Final[dict[str, Reaction]] = {
    "AGENT_REACTION_UNSPECIFIED": "speaks",
    "AGENT_REACTION_SPEAKS": "speaks",
    "AGENT_REACTION_LISTENS": "listens",
    "AGENT_REACTION_SPEAKS_ONCE": "speaks-once",
}
HANG_UP_ID: Final = "56294126-5a7d-4948-b67d-3b7e13d55ea7"
BUILT_IN: Final = frozenset({"hangUp", "leaveVoicemail", "playDtmfSounds", "queryCorpus", "coldTransfer"})


class Parameter(Struct, frozen=True):
    """A parameter that the model fills in."""

    name: str
    location: str = "PARAMETER_LOCATION_BODY"
    kind: str = ""
    """JSON schema type; "" where the schema has none."""
    required: bool = False
    choices: tuple[Json, ...] = ()


class Fixed(Struct, frozen=True):
    """A parameter whose value is given (static) or known to the platform (automatic)."""

    name: str
    location: str
    value: Json = None
    known: str = ""


class Tool(Struct, frozen=True):
    """One tool the agent may call."""

    name: str
    kind: Kind
    description: str = ""
    dynamic: tuple[Parameter, ...] = ()
    fixed: tuple[Fixed, ...] = ()
    timeout: float = DEFAULT_TIMEOUT
    precomputable: bool = False
    reaction: Reaction = "speaks"
    static_response: str | None = None
    url: str = ""
    method: str = "POST"
    built_in: str = ""
    """The platform's own name of a built-in tool (the call may give it another)."""

    @property
    def awaited(self) -> bool:
        """Whether somebody outside has to answer."""
        return self.kind != "built_in" and self.static_response is None


def read_tools(value: Json) -> dict[str, Tool]:
    """``selectedTools`` by name. Raises Invalid."""
    tools: dict[str, Tool] = {}
    if value is None:
        return tools
    if not isinstance(value, list):
        raise Invalid("selectedTools", "Expected a list of items.")
    for index, entry in enumerate(value):
        tool = _selected(as_object(entry, f"selectedTools[{index}]"), f"selectedTools[{index}]")
        if tool.name in tools:
            raise Invalid("selectedTools", f"Tool names must be unique: {tool.name}.")
        tools[tool.name] = tool
    return tools


def _selected(entry: JsonObject, where: str) -> Tool:
    given = [key for key in ("toolId", "toolName", "temporaryTool") if entry.get(key) is not None]
    if len(given) != 1:
        raise Invalid(where, "Exactly one of toolId, toolName and temporaryTool must be set.")
    override_values = members(entry, "parameterOverrides", where)
    name_override = optional_text(entry, "nameOverride", where)
    if given[0] == "temporaryTool":
        at = f"{where}.temporaryTool"
        tool = _temporary(as_object(entry["temporaryTool"], at), at)
    else:
        tool = _built_in(str(entry[given[0]]), where, given[0])
    return replace(
        tool,
        name=name_override or tool.name,
        description=optional_text(entry, "descriptionOverride", where) or tool.description,
        dynamic=tuple(each for each in tool.dynamic if each.name not in override_values),
        fixed=(
            *(each for each in tool.fixed if each.name not in override_values),
            *(Fixed(name, "PARAMETER_LOCATION_BODY", value) for name, value in override_values.items()),
        ),
    )


def _built_in(name: str, where: str, key: str) -> Tool:
    if name == HANG_UP_ID:
        name = "hangUp"
    if name not in BUILT_IN:
        raise Invalid(where, f"{key} {name!r} is not a tool of this emulator: declare it as a temporaryTool.")
    dynamic: tuple[Parameter, ...] = ()
    if name == "leaveVoicemail":
        dynamic = (Parameter("message", kind="string", required=True),)
    return Tool(name, "built_in", dynamic=dynamic, built_in=name)


def _temporary(entry: JsonObject, where: str) -> Tool:
    name = optional_text(entry, "modelToolName", where)
    if not _NAME.fullmatch(name):
        raise Invalid(f"{where}.modelToolName", "Must match ^[a-zA-Z0-9_-]{1,64}$.")
    kinds = [key for key in ("client", "dataConnection", "http") if entry.get(key) is not None]
    if len(kinds) != 1:
        raise Invalid(where, "Exactly one of http, client and dataConnection must be set.")
    kind: Kind = "http"
    if kinds[0] != "http":
        kind = "client" if kinds[0] == "client" else "data_connection"
    http = members(entry, "http", where)
    static = entry.get("staticResponse")
    reaction = optional_text(entry, "defaultReaction", where) or "AGENT_REACTION_SPEAKS"
    if reaction not in _REACTIONS:
        raise Invalid(f"{where}.defaultReaction", f'"{reaction}" is not a valid choice.')
    timeout = duration(entry.get("timeout"), f"{where}.timeout", DEFAULT_TIMEOUT)
    if timeout > MAX_TIMEOUT:
        raise Invalid(f"{where}.timeout", "Must be at most 40s.")
    return Tool(
        name,
        kind,
        description=optional_text(entry, "description", where),
        dynamic=tuple(_dynamic(each, kind, at) for each, at in _list(entry, "dynamicParameters", where)),
        fixed=(
            *(_fixed(each, kind, at) for each, at in _list(entry, "staticParameters", where)),
            *(_fixed(each, kind, at) for each, at in _list(entry, "automaticParameters", where)),
        ),
        timeout=timeout,
        precomputable=entry.get("precomputable") is True,
        reaction=_REACTIONS[reaction],
        static_response=None
        if static is None
        else optional_text(as_object(static, f"{where}.staticResponse"), "responseText", where),
        url=optional_text(http, "baseUrlPattern", where),
        method=optional_text(http, "httpMethod", where) or "POST",
    )


def _list(entry: JsonObject, key: str, where: str) -> list[tuple[JsonObject, str]]:
    value = entry.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise Invalid(f"{where}.{key}", "Expected a list of items.")
    return [(as_object(each, f"{where}.{key}[{i}]"), f"{where}.{key}[{i}]") for i, each in enumerate(value)]


def _place(entry: JsonObject, kind: Kind, where: str) -> tuple[str, str]:
    name = optional_text(entry, "name", where)
    if not name:
        raise Invalid(f"{where}.name", "This field is required.")
    location = optional_text(entry, "location", where) or "PARAMETER_LOCATION_BODY"
    if kind != "http" and location != "PARAMETER_LOCATION_BODY":
        raise Invalid(f"{where}.location", "Tools of this kind take PARAMETER_LOCATION_BODY only.")
    return name, location


def _dynamic(entry: JsonObject, kind: Kind, where: str) -> Parameter:
    name, location = _place(entry, kind, where)
    schema = members(entry, "schema", where)
    choices = schema.get("enum")
    found: list[Json] = list(choices) if isinstance(choices, list) else []
    for key in ("default", "example"):
        if schema.get(key) is not None and not found:
            found.append(schema[key])
    kind_name = schema.get("type")
    return Parameter(
        name,
        location,
        kind_name if isinstance(kind_name, str) else "",
        entry.get("required") is True,
        tuple(found),
    )


def _fixed(entry: JsonObject, kind: Kind, where: str) -> Fixed:
    name, location = _place(entry, kind, where)
    return Fixed(name, location, entry.get("value"), optional_text(entry, "knownValue", where))


def parameters(tool: Tool, args: JsonObject, known: Mapping[str, Json]) -> JsonObject:
    """The invocation's ``parameters``: what the model gave plus static and automatic ones."""
    fixed = {each.name: known.get(each.known) if each.known else each.value for each in tool.fixed}
    return {**args, **fixed}


class ToolAnswer(Struct, frozen=True):
    """What came back for an invocation."""

    result: str = ""
    error: str = ""
    response: str = "tool-response"
    """tool-response, hang-up, new-stage or send-to-thread."""
    reaction: Reaction | None = None
    state: JsonObject | None = None
    """New call state, when there is one."""


def answer_from_message(message: JsonObject) -> ToolAnswer:
    """A client_tool_result (or data_connection_tool_result) as an answer. Tolerates old spellings."""
    result = message.get("result")
    error_type = message.get("errorType") or message.get("error_type")
    error_message = message.get("errorMessage") or message.get("error_message")
    reaction = message.get("agentReaction") or message.get("agent_reaction")
    state = message.get("updateCallState")
    response = message.get("responseType") or message.get("response_type")
    return ToolAnswer(
        result="" if result is None else result if isinstance(result, str) else json.dumps(result),
        error=str(error_message or error_type) if error_type or error_message else "",
        response=response if isinstance(response, str) else "tool-response",
        reaction=reaction_named(reaction),
        state=state if isinstance(state, dict) else None,
    )


def reaction_named(value: Json) -> Reaction | None:
    if value == "listens":
        return "listens"
    if value == "speaks-once":
        return "speaks-once"
    return "speaks" if value == "speaks" else None


def hang_up_message(result: str) -> str:
    """The farewell in the result of a hang-up ("" for none)."""
    try:
        value = json.loads(result)
    except (ValueError, RecursionError):
        return ""
    message = value.get("message") if isinstance(value, dict) else None
    return message if isinstance(message, str) else ""
