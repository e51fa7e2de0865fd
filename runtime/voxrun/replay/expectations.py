"""Whether the timeline holds what a script expects, and what came closest where it does not. Pure.

``look`` finds the first thing from a ``Cursor`` on that meets a ``Wish``. The cursor says from which time
on things count, and which of each kind were used up by the expectations before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct, field

from voxrun.replay.script import SPEECH_KINDS, Wish
from voxrun.replay.texts import Wanted, find_speech, mismatch, shown, similarity
from voxrun.replay.timeline import Moment, Stream, Timeline
from voxrun.session.messages import JsonObject

SPEECH_SLACK_MS: Final = 1000
"""Speech is transcribed a little after, or before, it sounds: across kinds its order is known to a second."""


class Found(Struct, frozen=True):
    """What met a wish: when, and as it reads. ``next`` is the first index of its kind that is unused."""

    at: int
    text: str
    next: int


class Cursor(Struct):
    """From where on things count."""

    at: int = 0
    used: dict[str, int] = field(default_factory=dict)
    """By kind: the first index that is unused."""
    taken: set[int] | None = None
    """Within a group of any order: single moments that are used up."""

    def copy(self) -> Cursor:
        return Cursor(self.at, dict(self.used))

    def take(self, wish: Wish, found: Found) -> None:
        """Go on behind what was found."""
        self.at = max(self.at, found.at)
        if self.taken is not None and wish.kind not in SPEECH_KINDS:
            self.taken.add(found.next - 1)
        self.used[_stream_key(wish)] = found.next

    def join(self, other: Cursor) -> None:
        """Go on behind all that another has used."""
        self.at = max(self.at, other.at)
        for key, index in other.used.items():
            self.used[key] = max(index, self.used.get(key, 0))


class Near(Struct, frozen=True):
    """Something that was almost it."""

    at: int
    text: str
    why: str
    score: float


def look(wish: Wish, timeline: Timeline, cursor: Cursor, who: str, slack: int = 0) -> Found | None:
    """The first thing that meets ``wish``; ``who`` is the person where the wish names none.

    ``slack``: how many ms things of one moment may lie apart (real time).
    """
    who = wish.who or who
    if wish.kind in SPEECH_KINDS:
        return _look_in_speech(wish, speech(wish, timeline, who), cursor, slack)
    first = cursor.used.get(_stream_key(wish), 0)
    for index, moment in timeline.of_kind(wish.kind, first):
        if (
            moment.at >= cursor.at - slack
            and not (cursor.taken and index in cursor.taken)
            and is_about(wish, moment, who)
            and not objection(wish, moment, timeline, slack)
        ):
            return Found(moment.at, describe(moment), index + 1)
    return None


def kinds_of(wish: Wish) -> frozenset[str]:
    """What may meet ``wish``, or make it fail: kinds of moments, and the stream of a speech wish."""
    return frozenset({wish.kind, "error"} | ({"tool_result"} if wish.kind == "tool" else set()))


def speech(wish: Wish, timeline: Timeline, who: str) -> Stream:
    """The stream of words that a speech wish looks at."""
    return timeline.stream(f"heard {who}" if wish.kind == "caller_hears" else wish.kind)


def _look_in_speech(wish: Wish, stream: Stream, cursor: Cursor, slack: int) -> Found | None:
    assert wish.text is not None
    first = cursor.used.get(_stream_key(wish), 0)
    while first < len(stream.words) and stream.times[first] < cursor.at - SPEECH_SLACK_MS - slack:
        first += 1
    place = find_speech(wish.text, stream.words, first)
    if place is None:
        return None
    start, end = place
    return Found(stream.times[start], " ".join(stream.words[start:end]), end)


def _stream_key(wish: Wish) -> str:
    return f"{wish.kind} {wish.who}" if wish.kind == "caller_hears" else wish.kind


# -- one moment ---------------------------------------------------------------------------------------

PERSONAL: Final = frozenset(
    {
        "answered", "ringing", "early_media", "rejected", "dtmf", "message", "info", "ended", "transfer",
        "transferred", "reinvite", "reinvite_accepted", "reinvite_rejected",
    }
)  # fmt: skip
"""Kinds that are about one person."""


def is_about(wish: Wish, moment: Moment, who: str) -> bool:
    """Whether a moment is of the wish's kind (and person)."""
    if moment.kind != wish.kind:
        return False
    if wish.kind == "error" and moment.data.get("own"):
        return False
    return wish.kind not in PERSONAL or moment.who == who


def objection(wish: Wish, moment: Moment, timeline: Timeline, slack: int = 0) -> str:
    """ "" where the moment is what the wish wants, else what is wrong with it. ``slack`` as for ``look``."""
    text = wish.text
    match wish.kind:
        case "tool":
            return _tool(wish, moment, timeline)
        case "log":
            level = wish.fields.get("$level")
            if level is not None and level != moment.data.get("level"):
                return f"its level is {moment.data.get('level')}"
            return "" if text is None or text.inside(moment.text) else "the text is another"
        case "http":
            if text is not None and not text.like(moment.text) and not _is_regex_in(text, moment.text):
                return "the URL is another"
            return _request(wish.fields, moment.data)
        case "websocket":
            return _to_socket(wish, moment)
        case "call" | "transfer":
            if text is not None and not text.like(moment.text):
                return "the number is another"
        case "recording":
            return _recording(wish, moment, slack)
        case "ended":
            if text is not None and not text.equals(moment.text):
                return f"it was ended by {moment.text}"
        case "event" | "rejected" | "dtmf" | "transferred" | "reinvite_rejected":
            if text is not None and not text.equals(moment.text):
                return "it is another"
        case _:
            if text is not None and not text.inside(moment.text):
                return "the text is another"
    return mismatch(dict(wish.fields), _plain(moment.data)) if wish.fields else ""


def _is_regex_in(text: Any, url: str) -> bool:
    return text.regex is not None and text.inside(url)


def _tool(wish: Wish, moment: Moment, timeline: Timeline) -> str:
    if wish.text is not None and not wish.text.equals(moment.text):
        return f"the tool is {moment.text}"
    wanted = {name: value for name, value in wish.fields.items() if name != "$result"}
    problem = mismatch(wanted, moment.data["arguments"])
    if problem or "$result" not in wish.fields:
        return problem
    for _, other in timeline.of_kind("tool_result"):
        if other.data["id"] == moment.data["id"]:
            return _result(wish.fields["$result"], other.data)
    return "it has no result yet"


def _result(wanted: Any, data: Mapping[str, Any]) -> str:
    if isinstance(wanted, str):
        raw = data.get("result")
        text = raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False)
        return "" if Wanted(wanted).inside(text) else f"the result is {shown(raw)}"
    return mismatch(wanted, data.get("result"), "result")


def _request(fields: JsonObject, data: Mapping[str, Any]) -> str:
    for name, wanted in fields.items():
        if name == "headers" and isinstance(wanted, dict):
            lower = {str(key).lower(): value for key, value in wanted.items()}
            problem = mismatch(lower, data["headers"], "headers")
        elif name == "body" and isinstance(wanted, dict | list):
            problem = mismatch(wanted, data["json"], "body")
        elif name == "body":
            problem = _body(wanted, str(data["body"]))
        else:
            problem = mismatch(wanted, data.get(name), name)
        if problem:
            return problem
    return ""


def _to_socket(wish: Wish, moment: Moment) -> str:
    """A message of the scenario to a WebSocket, which is named by its URL or its name."""
    where = wish.text
    url = str(moment.data["url"])
    if where is not None and not (where.like(url) or where.equals(moment.who) or _is_regex_in(where, url)):
        return f"it was sent to {moment.who} at {url}"
    text = wish.fields.get("$text")
    if text is not None and not Wanted(str(text)).inside(moment.text):
        return "the text is another"
    members = _plain(wish.fields)
    return mismatch(members, moment.data["json"]) if members else ""


def _body(wanted: Any, body: str) -> str:

    return "" if Wanted(str(wanted)).inside(body) else f"body is {shown(body)}"


def _recording(wish: Wish, moment: Moment, slack: int) -> str:
    if wish.text is not None and not wish.text.inside(moment.text):
        return "the name is another"
    if not wish.fields:
        return ""
    if moment.data.get("$started"):
        return "it is not complete"
    fields, seconds = dict(wish.fields), wish.fields.get("duration")
    if slack and isinstance(seconds, int) and abs(moment.data["duration"] - seconds) <= 1:
        del fields["duration"]  # whole seconds: half a one more may make the next
    return mismatch(fields, dict(moment.data))


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if not key.startswith("$")}


def describe(moment: Moment) -> str:
    """A moment in a few words."""
    match moment.kind:
        case "tool":
            return f"{moment.text}({shown(moment.data['arguments'])})"
        case "http":
            return f"{moment.data['method']} {moment.text} {moment.data['body']}".rstrip()
        case "event":
            return f"{moment.text} {shown(_plain(moment.data))}"
        case "call":
            return f"{moment.data.get('kind')} {moment.text}"
        case "websocket":
            return f"to {moment.who}: {moment.text}"
        case "ended":
            return f"by {moment.text}, code {moment.data.get('code')}"
    return moment.text


# -- what came closest --------------------------------------------------------------------------------


def closest(wish: Wish, timeline: Timeline, cursor: Cursor, who: str) -> Near | None:
    """What was nearest to ``wish`` in the whole call, also before the cursor; None when nothing was."""
    who = wish.who or who
    if wish.kind in SPEECH_KINDS:
        return _closest_speech(wish, speech(wish, timeline, who), cursor)
    best: Near | None = None
    for index, moment in enumerate(timeline.moments):
        if not is_about(wish, moment, who):
            continue
        why = objection(wish, moment, timeline)
        score = _score(wish, moment) if why else 2.0
        if not why:
            why = _why_not_counted(moment.at, index, cursor, wish)
        if best is None or score > best.score:
            best = Near(moment.at, describe(moment), why, score)
    return best if best is not None and best.score > 0.3 else None


def _why_not_counted(at: int, index: int, cursor: Cursor, wish: Wish) -> str:
    if at < cursor.at:
        return f"but that was before {cursor.at / 1000:.3f} s: expectations come in order (or use any_order)"
    if index < cursor.used.get(_stream_key(wish), 0):
        return "but that met an expectation before"
    return "but it came too late"


def _score(wish: Wish, moment: Moment) -> float:
    if wish.text is None:
        return 0.5
    if wish.kind == "websocket":
        return 0.5 if wish.text.equals(moment.who) or wish.text.like(str(moment.data["url"])) else 0.35
    if wish.text.source == moment.text:
        return 1.0  # the right tool, URL, event: its fields are wrong
    score = similarity(wish.text.source, moment.text)
    return max(score, 0.35) if wish.kind not in ("log", "event") else score


def _closest_speech(wish: Wish, stream: Stream, cursor: Cursor) -> Near | None:
    assert wish.text is not None
    place = find_speech(wish.text, stream.words)
    if place is not None:
        start, end = place
        text = " ".join(stream.words[start:end])
        return Near(
            stream.times[start], text, _why_not_counted(stream.times[start], start, cursor, wish), 2.0
        )
    best: Near | None = None
    for utterance in stream.utterances:
        if not utterance.text.strip():
            continue
        score = similarity(wish.text.source, utterance.text)
        if best is None or score > best.score:
            best = Near(utterance.at, utterance.text.strip(), "", score)
    return best
