"""The call as people tell it: one line a thing, in order of time."""

from __future__ import annotations

from collections.abc import Container
from typing import Final

from msgspec import Struct

from voxrun.replay.script import CallScript, Incoming
from voxrun.replay.texts import shown
from voxrun.replay.timeline import Moment, Stream, Timeline

QUIET: Final = frozenset({"event", "command", "sent"})
OWN_LEVELS: Final = frozenset({"warning", "error", "system"})


class Row(Struct, frozen=True):
    """``at`` in ms; ``who`` is the word in front ("agent", "caller", "log")."""

    at: int
    who: str
    text: str


def conversation(
    script: CallScript, timeline: Timeline, moments: int | None = None, until: int | None = None
) -> list[Row]:
    """All that a person wants to see of a call, oldest first; only the first ``moments`` of it, and what was
    being said ``until`` then (ms)."""
    told = timeline.moments[:moments]
    rows = [_beginning(script)]
    rows += [row for moment in told if (row := _row(moment)) is not None]
    whole = {moment.data["began"] for moment in told if moment.kind == "agent_says"}
    rows += _cut_off(timeline.stream("agent_says"), whole, until)
    rows += _understood(timeline)
    return sorted(rows, key=lambda row: row.at)  # stable: equal times as they came


def _beginning(script: CallScript) -> Row:
    call = script.call
    if isinstance(call, Incoming):
        return Row(0, "call", f"{call.caller} calls {call.destination}")
    if call.conference:
        return Row(0, "call", f"the conference {call.conference} is started with {shown(call.custom_data)}")
    return Row(0, "call", f"the session is started with {shown(call.custom_data)}")


def _row(moment: Moment) -> Row | None:
    at, who, text, data = moment.at, moment.who, moment.text, moment.data
    match moment.kind:
        case "agent_says":
            return Row(int(data["began"]), "agent", text)
        case "said":
            over = " (interrupting)" if data.get("interrupts") else ""
            return Row(at, who, f"{text}{over}")
        case "pressed":
            return Row(at, who, f"presses {text}")
        case "tool":
            return Row(at, "tool", f"{text}({shown(data['arguments'])})")
        case "tool_result":
            return Row(at, "tool", f"{text} -> {shown(data['result'])}")
        case "log" if data.get("own") or data["level"] in OWN_LEVELS:
            return Row(at, "note", text)
        case "log":
            return Row(at, "log", text)
        case "error":
            return Row(at, "error", text)
        case "http":
            stub = "" if data.get("stub") else " (no stub)"
            return Row(at, "http", f"{data['method']} {text}{stub}")
        case "call":
            return Row(at, "call", f"the scenario calls {data.get('kind')} {text}")
        case "pushed":
            return Row(at, "call", f"a push notification is sent to {who}")
        case "answered" | "ringing":
            return Row(at, "call", f"the scenario {'answers' if moment.kind == 'answered' else 'rings'}")
        case "early_media":
            return Row(at, "call", "the scenario opens early media")
        case "rejected":
            return Row(at, "call", f"the scenario rejects the call with {text}")
        case "calls":
            return Row(at, "call", f"{who} calls {text}")
        case "picked_up":
            return Row(at, who, "answers")
        case "ended":
            return Row(at, "call", f"{who}'s call is over: ended by {text}, code {data['code']}")
        case "transfer":
            with_ = f", to whom {data['attended']} is" if data.get("attended") else ""
            return Row(at, "call", f"the scenario transfers {who} to {text}{with_}")
        case "transferred":
            return Row(at, "call", f"the scenario answers {who}'s transfer: {text}")
        case "reinvite":
            return Row(at, "call", f"the scenario re-INVITEs {who}: {text}")
        case "reinvite_accepted" | "reinvite_rejected":
            return Row(at, "call", f"the scenario answers {who}'s re-INVITE: {moment.kind[9:]} {text}")
        case "does":
            return Row(at, who, text)
        case "dtmf":
            return Row(at, "call", f"the scenario presses {text}")
        case "message" | "info":
            return Row(at, "call", f"the scenario sends {who} a {moment.kind}: {text}")
        case "recording" if data.get("$started"):
            return Row(at, "call", "a recording begins")
        case "socket_wanted" | "socket_refused":
            return Row(at, who, f"the scenario opens a WebSocket to {text}")
        case "socket_open":
            return Row(at, who, "its WebSocket is open")
        case "websocket":
            return Row(at, who, f"is sent {text}")
        case "socket_says":
            return Row(at, who, f"sends {text}")
        case "socket_closed":
            return Row(at, who, f"its WebSocket is closed{': ' + text if text else ''}")
        case "session_ended":
            return Row(at, "call", f"the session is over: {text}")
    return None


def _cut_off(stream: Stream, whole: Container[int], until: int | None) -> list[Row]:
    """Speech that was under way at the end: whatever began and was not told as a whole. It may have gone on
    while the call was cleared away."""
    rows = []
    for number, utterance in enumerate(stream.utterances):
        following = stream.utterances[number + 1 : number + 2]
        last = following[0].first if following else len(stream.words)
        words = range(utterance.first, last)
        said = " ".join(stream.words[n] for n in words if until is None or stream.times[n] <= until)
        if said and utterance.at not in whole:
            rows.append(Row(utterance.at, "agent", f"{said} …"))
    return rows


def _understood(timeline: Timeline) -> list[Row]:
    """What the agent made of the caller, where it is not what was said."""
    said = {moment.text for moment in timeline.moments if moment.kind == "said"}
    heard = (m for m in timeline.moments if m.kind == "agent_hears" and m.text not in said)
    return [Row(m.at, "agent", f"understands: {m.text}") for m in heard]


def printable(text: str) -> str:
    """``text`` without what could move a cursor or recolour a terminal: scenarios are untrusted."""
    return "".join(c if c.isprintable() else " " if c in "\n\t" else f"\\x{ord(c):02x}" for c in text)
