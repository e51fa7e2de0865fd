"""The body of a call's creation, checked and turned into a ``CallConfig``. Pure.

Refusals follow the published schema; the texts are ours (the platform's are not published). Fields that
the schema does not know do not refuse a call: they are named in ``CallConfig.warnings``, which becomes
warning events of the call.
"""

from __future__ import annotations

import difflib
import re
from typing import Final, Literal

from voxrun.emulators.ultravox.call_config import (
    ALL_FLAGS,
    DEFAULT_FLAGS,
    CallConfig,
    FirstSpeaker,
    SocketMedium,
    TimedMessage,
    Vad,
)
from voxrun.emulators.ultravox.tools import read_tools
from voxrun.emulators.ultravox.values import (
    Invalid,
    as_object,
    boolean,
    choice,
    duration,
    format_duration,
    integer,
    members,
    number,
    optional_text,
)
from voxrun.session.messages import Json, JsonObject

CALL_FIELDS: Final = frozenset(
    {
        "systemPrompt",
        "temperature",
        "model",
        "voice",
        "externalVoice",
        "voiceOverrides",
        "languageHint",
        "initialMessages",
        "joinTimeout",
        "maxDuration",
        "timeExceededMessage",
        "inactivityMessages",
        "selectedTools",
        "medium",
        "recordingEnabled",
        "firstSpeaker",
        "firstSpeakerSettings",
        "transcriptOptional",
        "initialOutputMedium",
        "vadSettings",
        "experimentalSettings",
        "metadata",
        "initialState",
        "dataConnection",
        "callbacks",
        "retentionPolicy",
        "sharedSecrets",
    }
)
AGENT_CALL_FIELDS: Final = frozenset(
    {
        "templateContext",
        "initialMessages",
        "metadata",
        "medium",
        "joinTimeout",
        "maxDuration",
        "recordingEnabled",
        "initialOutputMedium",
        "firstSpeakerSettings",
        "dataConnection",
        "experimentalSettings",
        "callbacks",
        "voice",
        "voiceOverrides",
        "toolOverrides",
        "retentionPolicy",
        "sharedSecrets",
        "agentId",
    }
)
MEDIA: Final = ("webRtc", "twilio", "telnyx", "plivo", "exotel", "serverWebSocket", "sip")
ROLES: Final = tuple(f"MESSAGE_ROLE_{role}" for role in ("USER", "AGENT", "TOOL_CALL", "TOOL_RESULT"))
MIN_RATE: Final = 8_000
MAX_RATE: Final = 96_000


def read_call(body: JsonObject, *, greeting_prompt: bool = True) -> CallConfig:
    """A StartCallRequest. Raises Invalid."""
    return _config(body, _unknown(body, CALL_FIELDS), greeting_prompt)


def read_agent_call(body: JsonObject, template: JsonObject) -> CallConfig:
    """A StartAgentCallRequest on top of the agent's call template. Raises Invalid."""
    for name in sorted(body.keys() & (CALL_FIELDS - AGENT_CALL_FIELDS)):
        if body[name] is not None:
            raise Invalid(
                name, "This field belongs to the agent: it cannot be set when a call to one is created."
            )
    given: JsonObject = {key: value for key, value in body.items() if value is not None}
    context = members(given, "templateContext")
    overrides = members(given, "toolOverrides")
    merged: JsonObject = {**template, **{key: value for key, value in given.items() if key in CALL_FIELDS}}
    merged["systemPrompt"] = _with_context(optional_text(template, "systemPrompt"), context)
    merged["selectedTools"] = _override_tools(template.get("selectedTools"), overrides)
    return _config(merged, _unknown(body, AGENT_CALL_FIELDS), True)


def _with_context(prompt: str, context: JsonObject) -> str:
    def value(match: re.Match[str]) -> str:
        found = context.get(match.group(1))
        return match.group() if found is None else str(found)

    return re.sub(r"\{\{\s*([\w.]+)\s*\}\}", value, prompt)


def _override_tools(tools: Json, overrides: JsonObject) -> Json:
    kept = list(tools) if isinstance(tools, list) else []
    removed = overrides.get("remove")
    names = set(map(str, removed)) if isinstance(removed, list) else set()
    if overrides.get("removeAll") is True:
        kept = []
    kept = [tool for tool in kept if _tool_name(tool) not in names]
    added = overrides.get("add")
    return [*kept, *(added if isinstance(added, list) else [])]


def _tool_name(entry: Json) -> str:
    if not isinstance(entry, dict):
        return ""
    temporary = entry.get("temporaryTool")
    inner = temporary.get("modelToolName") if isinstance(temporary, dict) else None
    return str(entry.get("nameOverride") or inner or entry.get("toolName") or entry.get("toolId") or "")


def _unknown(body: JsonObject, known: frozenset[str]) -> tuple[str, ...]:
    warnings = []
    for name in body:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            warnings.append(f"Unknown field {name!r} in the request was ignored{hint}")
    return tuple(warnings)


def _config(body: JsonObject, warnings: tuple[str, ...], greeting_prompt: bool) -> CallConfig:
    if body.get("voice") is not None and body.get("externalVoice") is not None:
        raise Invalid("voice", "voice and externalVoice exclude each other.")
    metadata = members(body, "metadata")
    for key, value in metadata.items():
        if not isinstance(value, str) or key.startswith("ultravox."):
            raise Invalid("metadata", 'Values must be texts, and keys must not start with "ultravox.".')
    number(body, "temperature", 0, 1, 0)
    language = optional_text(body, "languageHint")
    if len(language) > 16:
        raise Invalid("languageHint", "Ensure this field has no more than 16 characters.")
    media = ("MESSAGE_MEDIUM_VOICE", "MESSAGE_MEDIUM_TEXT")
    output = choice(body, "initialOutputMedium", media, media[0])
    return CallConfig(
        system_prompt=optional_text(body, "systemPrompt"),
        voice=optional_text(body, "voice"),
        language=language,
        tools=read_tools(body.get("selectedTools")),
        medium=_medium(members(body, "medium")),
        first=_first_speaker(body),
        greets=greeting_prompt,
        join_timeout=duration(body.get("joinTimeout"), "joinTimeout", 30.0),
        max_duration=duration(body.get("maxDuration"), "maxDuration", 3600.0),
        time_exceeded_message=optional_text(body, "timeExceededMessage"),
        inactivity=_inactivity(body.get("inactivityMessages")),
        vad=_vad(members(body, "vadSettings")),
        output="text" if output.endswith("TEXT") else "voice",
        messages=_messages(body.get("initialMessages")),
        state=members(body, "initialState"),
        metadata={key: str(value) for key, value in metadata.items()},
        echo=_echo(body),
        warnings=warnings,
    )


def _echo(body: JsonObject) -> JsonObject:
    """Fields that the Call object shows as they were given, with the API's defaults."""
    defaults: JsonObject = {
        "systemPrompt": None,
        "temperature": 0.0,
        "model": "ultravox-v0.7",
        "voice": None,
        "externalVoice": None,
        "voiceOverrides": None,
        "languageHint": None,
        "timeExceededMessage": None,
        "inactivityMessages": [],
        "medium": {"webRtc": {}},
        "recordingEnabled": False,
        "firstSpeakerSettings": None,
        "transcriptOptional": True,
        "initialOutputMedium": "MESSAGE_MEDIUM_VOICE",
        "vadSettings": None,
        "experimentalSettings": None,
        "metadata": {},
        "initialState": {},
        "callbacks": None,
    }
    shown: JsonObject = {
        key: default if body.get(key) is None else body[key] for key, default in defaults.items()
    }
    if shown["model"] == "fixie-ai/ultravox":
        shown["model"] = "ultravox-v0.7"
    shown["joinTimeout"] = format_duration(duration(body.get("joinTimeout"), "joinTimeout", 30.0))
    shown["maxDuration"] = format_duration(duration(body.get("maxDuration"), "maxDuration", 3600.0))
    shown["firstSpeaker"] = _first_name(body)
    shown["dataConnectionConfig"] = body.get("dataConnection")
    auto = optional_text(body, "retentionPolicy").endswith("AUTO_DELETE")
    shown["retentionPolicy"] = "auto_delete" if auto else "retain"
    return shown


def _first_name(body: JsonObject) -> str:
    return "FIRST_SPEAKER_AGENT" if _first_speaker(body).agent else "FIRST_SPEAKER_USER"


def _first_speaker(body: JsonObject) -> FirstSpeaker:
    speakers = ("FIRST_SPEAKER_AGENT", "FIRST_SPEAKER_USER")
    old = choice(body, "firstSpeaker", speakers, "")
    settings: JsonObject = {
        key: each for key, each in members(body, "firstSpeakerSettings").items() if each is not None
    }
    where = "firstSpeakerSettings"
    if len(settings.keys() & {"agent", "user"}) > 1:
        raise Invalid(where, "Only one of agent and user can be set.")
    by_user = "user" in settings if settings else old == "FIRST_SPEAKER_USER"
    if old and settings and by_user != (old == "FIRST_SPEAKER_USER"):
        raise Invalid("firstSpeaker", "firstSpeaker and firstSpeakerSettings do not agree.")
    if by_user:
        fallback = members(members(settings, "user", where), "fallback", f"{where}.user")
        at = f"{where}.user.fallback"
        delay = duration(fallback.get("delay"), f"{at}.delay", 0.0) if fallback else None
        return FirstSpeaker(False, False, optional_text(fallback, "text", at), delay)
    agent = members(settings, "agent", where)
    at = f"{where}.agent"
    return FirstSpeaker(
        True,
        boolean(agent, "uninterruptible", False, at),
        optional_text(agent, "text", at),
        duration(agent.get("delay"), f"{at}.delay", 0.0),
    )


def _medium(medium: JsonObject) -> SocketMedium:
    given = [key for key in medium if medium[key] is not None]
    if len(given) > 1:
        raise Invalid("medium", "At most one medium can be set.")
    if given and given[0] not in MEDIA:
        raise Invalid("medium", f"Unknown medium {given[0]!r}.")
    if given != ["serverWebSocket"]:
        raise Invalid(
            "medium", "This emulator serves calls with medium serverWebSocket {inputSampleRate} only."
        )
    where = "medium.serverWebSocket"
    socket = as_object(medium["serverWebSocket"], where)
    input_rate = integer(socket, "inputSampleRate", where, MIN_RATE, MAX_RATE)
    if input_rate is None:
        raise Invalid(f"{where}.inputSampleRate", "This field is required.")
    output_rate = integer(socket, "outputSampleRate", where, MIN_RATE, MAX_RATE)
    buffer_ms = integer(socket, "clientBufferSizeMs", where, 0, 3_600_000)
    idle = duration(socket.get("mediaIdleTimeout"), f"{where}.mediaIdleTimeout", 0.0)
    return SocketMedium(
        input_rate,
        output_rate or input_rate,
        60 if buffer_ms is None else buffer_ms,
        max(10.0, idle) if idle else None,
        _flags(members(socket, "dataMessages", where), f"{where}.dataMessages"),
    )


def _flags(given: JsonObject, where: str) -> frozenset[str]:
    flags = set(DEFAULT_FLAGS)
    for name in given.keys() & ALL_FLAGS:
        if given[name] is not None and boolean(given, name, False, where):
            flags.add(name)
        elif given[name] is not None:
            flags.discard(name)
    return frozenset(flags)


def _inactivity(value: Json) -> tuple[TimedMessage, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise Invalid("inactivityMessages", "Expected a list of items.")
    ends: dict[str, Literal["", "soft", "strict"]] = {
        "": "",
        "END_BEHAVIOR_UNSPECIFIED": "",
        "END_BEHAVIOR_HANG_UP_SOFT": "soft",
        "END_BEHAVIOR_HANG_UP_STRICT": "strict",
    }
    found: list[TimedMessage] = []
    for index, item in enumerate(value):
        where = f"inactivityMessages[{index}]"
        entry = as_object(item, where)
        end = optional_text(entry, "endBehavior", where)
        if end not in ends:
            raise Invalid(f"{where}.endBehavior", f'"{end}" is not a valid choice.')
        after = duration(entry.get("duration"), f"{where}.duration", 0.0)
        found.append(TimedMessage(after, optional_text(entry, "message", where), ends[end]))
    return tuple(found)


def _vad(settings: JsonObject) -> Vad:
    where = "vadSettings"
    default = Vad()
    activation = settings.get("frameActivationThreshold")
    if activation is not None and not (
        isinstance(activation, int | float) and not isinstance(activation, bool) and 0.1 <= activation <= 1
    ):
        raise Invalid(f"{where}.frameActivationThreshold", "Must be from 0.1 to 1.")

    def seconds(key: str, fallback: float) -> float:
        return duration(settings.get(key), f"{where}.{key}", fallback)

    return Vad(
        seconds("turnEndpointDelay", default.turn_endpoint_delay),
        seconds("minimumTurnDuration", default.minimum_turn),
        seconds("minimumInterruptionDuration", default.minimum_interruption),
        default.activation if activation is None else float(activation),
    )


def _messages(value: Json) -> tuple[JsonObject, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise Invalid("initialMessages", "Expected a list of items.")
    found = tuple(as_object(item, f"initialMessages[{i}]") for i, item in enumerate(value))
    for index, message in enumerate(found):
        if optional_text(message, "role", f"initialMessages[{index}]") not in ROLES:
            raise Invalid(f"initialMessages[{index}].role", "Must be one of " + ", ".join(ROLES) + ".")
    return found
