"""From journal records to moments of the timeline: what a voice AI said, asked and got, whatever its name.

Providers differ in the names of their events; the tables here are all that is known of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from voxrun.replay.timeline import Moment, Timeline, Utterance
from voxrun.session.messages import JsonObject

TRANSCRIPTS: Final = frozenset({"Ultravox.WebSocketAPI.Transcript"})
TOOLS: Final = frozenset({"Ultravox.WebSocketAPI.ClientToolInvocation"})
TOOL_RESULTS: Final = frozenset({"clientToolResult"})
CLEARED: Final = frozenset({"Ultravox.WebSocketAPI.PlaybackClearBuffer"})


class Sightings:
    """Reads the journal of one session into a timeline; ``began`` is when it started there (ms)."""

    def __init__(self, timeline: Timeline, began: int = 0) -> None:
        self._timeline = timeline
        self._began = began
        self._open: dict[tuple[str, str, Any], Utterance] = {}
        self._tools: dict[str, str] = {}
        self._recordings: dict[str, tuple[int, str, str]] = {}
        """By recorder: when it began, the recording's URL, the call it is of ("" for a recorder object)."""

    def record(self, record: JsonObject) -> None:
        """Take one journal record."""
        at, where = self._began + int(str(record["t"])), str(record.get("where") or "")
        match record["k"]:
            case "log":
                data = {"level": record["level"], "own": bool(record.get("own"))}
                self._add(at, "log", str(record["text"]), data, where=where)
            case "event":
                self._event(at, record)
            case "command":
                self._command(at, record, where)
            case "error":
                self._add(at, "error", str(record["message"]), {"own": bool(record.get("own"))}, where=where)
            case "session":
                if record["state"] == "ended":
                    for recorder in tuple(self._recordings):
                        self._recorded(at, recorder)
                    self._add(at, "session_ended", str(record.get("reason") or ""))

    def _add(
        self,
        at: int,
        kind: str,
        text: str,
        data: Mapping[str, Any] | None = None,
        who: str = "",
        where: str = "",
    ) -> None:
        self._timeline.add(Moment(at, kind, text, data or {}, who, where))

    def _event(self, at: int, record: JsonObject) -> None:
        kind, data = str(record["kind"]), _object(record["data"])
        if kind.startswith("@"):
            return
        fields = {"$id": record["id"], **data}
        payload = _object(_object(data.get("data")).get("payload"))
        if kind in TRANSCRIPTS:
            self._transcript(at, str(record["id"]), payload)
        elif kind in TOOLS:
            self._tool(at, payload)
        else:
            self._recording(at, kind, str(record["id"]), data)
        self._add(at, "event", kind, fields)

    def _recording(self, at: int, kind: str, target: str, data: Mapping[str, Any]) -> None:
        """What an event says of recordings: those of calls, and recorder objects."""
        url, recorder = str(data.get("url", "")), str(data.get("recorder", target))
        match kind:
            case "Call.RecordStarted" | "Recorder.Started":
                call = target if kind.startswith("Call.") else ""
                self._recordings[recorder] = (at, url, call)
                self._add(at, "recording", _name(url), {"$started": True})
            case "Call.RecordStopped" | "Recorder.Stopped":
                self._recorded(at, recorder, data.get("duration"))
            case "Call.Disconnected":
                for each, (_, _, call) in tuple(self._recordings.items()):
                    if call == target:
                        self._recorded(at, each)

    def _recorded(self, at: int, recorder: str, seconds: Any = None) -> None:
        """A recording is complete, at the latest when its call or the session is over: the scenario may not
        be there to see the event."""
        began, url, _ = self._recordings.pop(recorder, (0, "", ""))
        if url:
            duration = seconds if isinstance(seconds, int) else (at - began + 500) // 1000
            self._add(at, "recording", _name(url), {"url": url, "duration": duration})

    def _tool(self, at: int, payload: Mapping[str, Any]) -> None:
        name, call_id = str(payload.get("toolName", "")), str(payload.get("invocationId", ""))
        self._tools[call_id] = name
        self._add(at, "tool", name, {"arguments": _object(payload.get("parameters")), "id": call_id}, "agent")

    def _command(self, at: int, record: JsonObject, where: str) -> None:
        kind, data = str(record["kind"]), _object(record["data"])
        self._add(at, "command", kind, {"$id": record["id"], **data}, where=where)
        if kind == "call.dial":
            self._add(at, "call", str(data.get("destination", "")), data, where=where)
        elif kind == "connector.call" and data.get("method") in TOOL_RESULTS:
            argument = _object(data.get("argument"))
            call_id = str(argument.get("invocationId", ""))
            result = argument.get("result", argument.get("errorMessage", ""))
            fields = {**argument, "id": call_id, "result": _parsed(result)}
            self._add(at, "tool_result", self._tools.get(call_id, ""), fields, where=where)

    def _transcript(self, at: int, client: str, payload: Mapping[str, Any]) -> None:
        role = str(payload.get("role", ""))
        stream = self._timeline.stream("agent_says" if role == "agent" else "agent_hears")
        key = (client, role, payload.get("ordinal"))
        utterance = self._open.get(key)
        if utterance is None:
            utterance = self._open[key] = stream.begin(at)
        text = payload.get("text")
        delta = str(payload.get("delta") or "")  # beside it the platform sends an empty text
        whole = str(text) if isinstance(text, str) and not delta else utterance.text + delta
        if utterance is stream.utterances[-1]:
            stream.grow(utterance, whole, at)
            self._timeline.touch("agent_says" if role == "agent" else "agent_hears")
        if payload.get("final"):
            del self._open[key]
            utterance.final = True
            kind = "agent_says" if role == "agent" else "agent_hears"
            self._add(at, kind, whole.strip(), {"began": utterance.at}, "agent")


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _parsed(value: Any) -> Any:
    """A tool's result as data, where it is JSON."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _name(url: str) -> str:
    """A recording's address without what opens it to those who have it: a server's ends in a token."""
    return url.partition("?")[0]
