"""What happened in a recorded session, as people would tell it: who said what, which keys, which tools.

Times are milliseconds of session time. Journals hide secrets; a stand-in takes the place of each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import unescape
from typing import Any, Final

from msgspec.structs import replace

from voxrun.replay.from_session_items import Callee, Deed, Heard, Request, Said, Story, Tool, revealed
from voxrun.replay.from_session_sockets import EVENTS, SocketTeller
from voxrun.replay.from_session_talk import TalkTeller
from voxrun.replay.from_session_world import player_urls, stand_ins, stored
from voxrun.replay.sightings import CLEARED, TOOL_RESULTS, TOOLS, TRANSCRIPTS
from voxrun.session.replay import Recording

STATES: Final = frozenset({"Ultravox.WebSocketAPI.State"})
TYPED: Final = frozenset({"userTextMessage", "inputTextMessage"})
CLEAN_CLOSES: Final = frozenset({1000, 1001, 1005, 1011})
PHONE: Final = {
    "Call.InfoReceived": "info",
    "Call.OnHold": "hold",
    "Call.OffHold": "unhold",
    "Call.BlindTransferRequested": "transfer",
    "Call.ReInviteReceived": "reinvite",
}
"""What people do with their telephones: event -> step."""
ONE_ENTRY_MS: Final = 2_000
"""Keys with longer pauses between them are told one by one."""
ONE_GO_MS: Final = 600
"""Nobody waits for an answer between keys that follow each other as fast as this."""
LONGEST_RESULT: Final = 200
"""Characters of a tool's answer that a script repeats."""
_STATUS: Final = re.compile(r"HTTP ([45]\d\d)\b")
_TAG: Final = re.compile(r"<[^>]*>")


def read_story(recording: Recording, addresses: Mapping[str, str] | None = None) -> Story:
    """Tell a recorded session. ``addresses`` stand for secrets that are some, where they must be these."""
    known = stand_ins(recording)
    secrets = {name: (addresses or {}).get(name, known[name]) for name in known}
    story = Story(recording.header, secrets=secrets, storage=revealed(stored(recording), secrets))
    story.end_ms = max((turn.t for turn in recording.turns), default=0)
    teller = _Teller(story)
    for turn in recording.turns:
        if turn.event is not None:
            teller.event(turn.t, turn.event.kind, turn.event.target, revealed(dict(turn.event.data), secrets))
        for record in turn.outputs:
            if record["k"] == "command":
                data = record.get("data")
                fields = revealed(data, secrets) if isinstance(data, dict) else {}
                t = record.get("t")
                at = t if isinstance(t, int) else turn.t
                teller.command(at, str(record["kind"]), str(record["id"]), fields)
    return teller.finish()


class _Teller:
    """Takes events and commands in order."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self._call = ""
        self._callees: dict[str, Callee] = {}
        self._requests: dict[str, Request] = {}
        self._sockets = SocketTeller()
        self._hung_up: set[str] = set()
        self._closed: set[str] = set()
        self._begun: dict[str, int] = {}
        self._ended_by = ""
        self._key_at = 0
        self._prompt = ""
        """What call.say is saying."""
        self._talk = TalkTeller(story.items)

    def finish(self) -> Story:
        self.story.sockets = self._sockets.sockets
        self._talk.finish(caller_hung_up=self._ended_by == "caller")
        return self.story

    # -- events

    def event(self, t: int, kind: str, target: str, data: dict[str, Any]) -> None:
        payload = _object(_object(data.get("data")).get("payload"))
        if kind == "Application.CallAlerting":
            self._call, self.story.caller = target, data
        elif kind == "Application.HttpRequest":
            self._deed(t, "access", "", data)
        elif kind == "@http":
            self._answered(t, target, data)
        elif kind == "@wsclose":
            self._ai_gone(t, target, int(data.get("code") or 0))
        elif kind in TRANSCRIPTS:
            self._talk.transcript(t, payload)
        elif kind in TOOLS:
            name, call_id = str(payload.get("toolName")), str(payload.get("invocationId"))
            self.story.items.append(Tool(t, name, _object(payload.get("parameters")), call_id))
        elif kind in CLEARED:
            self._talk.clears(t)
        elif kind in STATES and payload.get("state") == "thinking":
            self._talk.thinks(t)
        elif kind == "@reject" and self.story.has_agent and not self._begun:
            status = _STATUS.search(str(data.get("message")))
            self.story.rejects, self.story.refused = True, int(status[1]) if status else 503
        elif kind.endswith(".ConnectorInformation"):
            self._begun[target] = t
        elif kind.endswith(".HTTPResponse"):
            status = payload.get("status")
            self.story.refused = status if isinstance(status, int) and status >= 400 else 0
        elif kind == "Recorder.Started":
            self._deed(t, "recording")
        elif kind.startswith(EVENTS):
            self._sockets.event(t, kind, target, data)
            if (visit := self._sockets.visit(t, kind, target, data)) is not None:
                self._deed(t, "visit", visit.name, {"socket": visit})
        elif kind.startswith("ASR.") and not self._begun:
            # With a voice AI on the line its transcripts tell what was said.
            self._talk.of_asr(t, kind, target, str(data.get("text") or "").strip())
        elif kind.startswith("Call."):
            self._of_call(t, kind, target, data)

    def _of_call(self, t: int, kind: str, target: str, data: dict[str, Any]) -> None:
        if target in self._callees:
            self._of_callee(t, kind, target, data)
        elif kind == "Call.ToneReceived":
            self._keys(t, str(data.get("tone")))
        elif kind == "Call.MessageReceived":
            self._deed(t, "message", str(data.get("text")))
        elif kind in PHONE:
            self._deed(t, PHONE[kind], str(data.get("transferTo") or data.get("body") or ""), data)
        elif kind == "Call.RecordStarted":
            self._deed(t, "recording")
        elif kind == "Call.PlaybackFinished" and target == self._call and self._prompt:
            self._deed(t, "prompt", self._prompt)
            self._prompt = ""
        elif kind in ("Call.Disconnected", "Call.Failed") and target == self._call:
            self._end(t, "scenario" if target in self._hung_up else "caller")

    def _of_callee(self, t: int, kind: str, target: str, data: dict[str, Any]) -> None:
        callee = self._callees[target]
        if kind == "Call.Ringing":
            callee.ringing = t
        elif kind == "Call.Connected":
            callee.connected = t
        elif kind == "Call.Failed":
            callee.failed, callee.code = t, int(data.get("code") or 480)
            if target in self._hung_up:
                callee.failed, callee.code = None, 0  # the scenario had lost its patience
        elif kind == "Call.Disconnected" and target not in self._hung_up:
            callee.hung_up = t
        elif kind == "Call.ToneReceived":
            _add_key(callee.deeds, t, str(data.get("tone")))
        elif kind == "Call.MessageReceived":
            callee.deeds.append(Deed(t, "message", str(data.get("text"))))
        elif kind in PHONE:
            text = str(data.get("transferTo") or data.get("body") or "")
            callee.deeds.append(Deed(t, PHONE[kind], text, data))

    def _end(self, t: int, by: str) -> None:
        if not self._ended_by:
            self._ended_by = by
            self._deed(t, "ended", by)

    def _keys(self, t: int, digit: str) -> None:
        items, since = self.story.items, t - self._key_at
        self._key_at = t
        place = len(items) - 1
        while since <= ONE_GO_MS and place >= 0 and isinstance(items[place], Said):
            place -= 1  # the voice AI ended a sentence while the keys were pressed
        last = items[place] if place >= 0 else None
        if isinstance(last, Deed) and last.what == "keys" and since <= ONE_ENTRY_MS:
            items[place] = replace(last, text=last.text + digit)
        else:
            self._deed(t, "keys", digit)

    def _answered(self, t: int, target: str, data: dict[str, Any]) -> None:
        request = self._requests.get(target)
        if request is not None:
            request.delay, request.status = t - request.t, int(data.get("code") or 0)
            request.text = str(data.get("text") or "")

    def _ai_gone(self, t: int, target: str, code: int) -> None:
        if target in self._closed:
            return
        if code not in CLEAN_CLOSES:
            self.story.broken = (max(0, t - self._begun.get(target, t)), code)
        elif code != 1011:
            self.story.agent_hung_up = True

    # -- commands

    def command(self, t: int, kind: str, target: str, data: dict[str, Any]) -> None:
        own = target == self._call
        if (sent := self._sockets.command(t, kind, target, data)) is not None:
            self._deed(t, "websocket", sent[0], {"to": sent[1]})
        match kind:
            case "call.answer" if own:
                self._deed(t, "answered")
            case "call.reject" if own:
                self._hung_up.add(target)
                self._deed(t, "rejected", str(data.get("code")))
            case "call.hangup":
                self._hung_up.add(target)
            case "call.ring" if own:
                self._deed(t, "ringing")
            case "call.dtmf" if own:
                self._deed(t, "sent keys", str(data.get("digits")))
            case "call.message" if own:
                self._deed(t, "sent message", str(data.get("text")))
            case "call.dial" if data.get("kind") == "conference":
                self._deed(t, "call", str(data.get("destination")))
            case "call.dial":
                self._callees[target] = Callee(str(data.get("destination")), t)
                self.story.callees.append(self._callees[target])
                self._deed(t, "call", str(data.get("destination")))
            case "http.request":
                url = str(data.get("url")) + ("*" if data.get("params") else "")
                self._requests[target] = Request(t, str(data.get("method") or "GET"), url)
                self.story.requests.append(self._requests[target])
            case "connector.create":
                self.story.has_agent = True
                self._talk.prompts = _prompts_of(data)
            case "connector.close":
                self._closed.add(target)
            case "connector.call":
                self._told_ai(t, str(data.get("method")), _object(data.get("argument")))
            case "session.terminate":
                if self._call not in self._hung_up:
                    self._hung_up.add(self._call)
                    self._ending(t)
            case "media.connect" if own:
                self._talk.listens(str(data.get("to")))
            case "call.say" if own:
                self._prompt = unescape(_TAG.sub(" ", str(data.get("text")))).strip()
            case "call.stopplay" if own:
                self._prompt = ""
            case "call.play":
                self._prompt = "" if own else self._prompt
                self.story.audio_urls.append(str(data.get("url")))
            case "player.create":
                self.story.audio_urls += player_urls(data)

    def _ending(self, t: int) -> None:
        if self._call and any(isinstance(i, Deed) and i.what == "answered" for i in self.story.items):
            self._end(t, "scenario")

    def _told_ai(self, t: int, method: str, argument: Mapping[str, Any]) -> None:
        if method in TYPED:
            self._talk.heard(Heard(t, str(argument.get("text") or ""), typed=True))
        elif method == "forcedAgentMessage":
            content = argument.get("content")
            self._talk.forced.append(
                str(_object(content).get("text") if isinstance(content, dict) else content)
            )
        elif method in TOOL_RESULTS:
            ends, failed = argument.get("responseType") == "hang-up", bool(argument.get("errorType"))
            result = None if ends or failed else _short(argument.get("result"))
            for index, item in enumerate(self.story.items):
                if isinstance(item, Tool) and item.id == argument.get("invocationId"):
                    self.story.items[index] = replace(item, ends=ends, failed=failed, result=result)

    def _deed(self, t: int, what: str, text: str = "", data: Mapping[str, Any] | None = None) -> None:
        self.story.items.append(Deed(t, what, text, data or {}))


def _add_key(deeds: list[Deed], t: int, digit: str) -> None:
    last = deeds[-1] if deeds else None
    if last is not None and last.what == "keys" and t - last.t <= ONE_ENTRY_MS:
        deeds[-1] = replace(last, text=last.text + digit)
    else:
        deeds.append(Deed(t, "keys", digit))


def _prompts_of(data: Mapping[str, Any]) -> frozenset[str]:
    """Sentences for silence in the body of a request that makes a call."""
    body = _object(_object(data.get("params")).get("body"))
    messages = body.get("inactivityMessages")
    found = messages if isinstance(messages, list) else []
    return frozenset(str(_object(each).get("message") or "").strip() for each in found)


def _short(result: Any) -> Any:
    """A tool's result as it is to be expected; None where it is too much, or nothing."""
    if isinstance(result, str):
        text = result
        try:
            result = json.loads(text)
        except (ValueError, RecursionError):
            return text if 0 < len(text) <= LONGEST_RESULT and not text.startswith("/") else None
    short = isinstance(result, dict) and bool(result) and len(json.dumps(result)) <= LONGEST_RESULT
    return result if short else None


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
