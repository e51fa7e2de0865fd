"""A call script that tells a recorded session: what people did, and what they must see again."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from msgspec.structs import replace

from voxrun.replay.from_session_items import Callee, Deed, Heard, Item, Request, Said, Story, Tool
from voxrun.replay.from_session_sockets import client, servers
from voxrun.replay.from_session_story import PHONE
from voxrun.replay.from_session_yaml import flow, quoted, scalar
from voxrun.replay.texts import words
from voxrun.session.limits import Limits

PATIENT_MS: Final = 7_000
"""What took longer than this gets a ``within`` of its own."""
SLACK_S: Final = 8
WORTH_A_DELAY_MS: Final = 50
NOT_UNDERSTOOD: Final = "these are words that nobody here understands"
NOT_IN_IT: Final = "   # what was said is not in the journal"
CUT_WORDS: Final = 3
PAUSE_MS: Final = 200
"""Shorter pauses before the caller does something are of no account."""
TO_NOTICE_MS: Final = 1_000
"""From the first word of an interruption until the voice AI stops, about."""
LINGER_MS: Final = 1_000
TO_CAPTURE_MS: Final = 500
"""From a ``say`` step to CaptureStarted."""


def call_text(
    story: Story,
    scenarios: Sequence[str],
    agent: str,
    cassette: str = "",
    conferences: Mapping[str, str | list[str]] | None = None,
) -> str:
    """The call script; with a ``cassette`` that is what answers. ``conferences`` are scripts by name."""
    lines = [f"title: {quoted('From the session of ' + _date(story))}"]
    lines.append(f"scenario: {flow(list(scenarios)) if len(scenarios) != 1 else quoted(scenarios[0])}")
    lines += _beginning(story)
    if conferences:
        lines.append(f"conferences: {flow(conferences)}")
    if story.storage:
        lines.append("storage:")
        lines += [f"  {quoted(key)}: {flow(value)}" for key, value in story.storage.items()]
    if cassette:
        lines.append(f"cassette: {quoted(cassette)}")
    elif story.has_agent:
        lines.append(f"agent: {quoted(agent)}")
    lines += _callees(story)
    if not cassette:
        lines += [*_stubs(story), *servers(story.sockets), *_faults(story)]
    if story.secrets:
        lines.append(f"secrets: {flow(story.secrets)}   # stand-ins: the real ones are not in the journal")
    limits = _limits(story)
    if limits:
        lines.append(f"limits: {flow(limits)}")
    lines.append(f"at: {quoted(_date(story))}")
    lines.append(f"seed: {story.header['seed']}")
    if story.rejects:
        lines.append("connector_errors: reject")
    if story.header.get("keepGoing"):
        lines.append("keep_going: true")
    lines += ["steps:", *_steps(_as_taped(story) if cassette else story, taped=bool(cassette))]
    return "\n".join(lines) + "\n"


def _date(story: Story) -> str:
    moment = datetime.fromtimestamp(int(str(story.header["startMs"])) / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _beginning(story: Story) -> Iterator[str]:
    custom_data = story.header.get("customData")
    if story.caller is None:
        yield f"start: {flow({'custom_data': str(custom_data)} if custom_data else {})}"
        return
    caller = story.caller
    yield "call:"
    yield f"  from: {quoted(str(caller.get('callerid') or 'caller'))}"
    yield f"  to: {quoted(str(caller.get('destination') or '100'))}"
    if caller.get("displayName"):
        yield f"  display_name: {quoted(str(caller['displayName']))}"
    headers = caller.get("headers")
    own = (
        {k: str(v) for k, v in headers.items() if k != "VI-Client-Type"} if isinstance(headers, dict) else {}
    )
    if own:
        yield f"  headers: {flow(own)}"
    if caller.get("customData") or custom_data:
        yield f"  custom_data: {quoted(str(caller.get('customData') or custom_data))}"
    if caller.get("clientType") in ("pstn", "sip", "wab"):
        yield f"  client: {caller['clientType']}"


def _limits(story: Story) -> dict[str, int]:
    given = story.header.get("limits")
    plain = Limits().as_dict()
    names = set(Limits.__struct_fields__)
    found = given.items() if isinstance(given, dict) else ()
    return {name: int(str(value)) for name, value in found if name in names and plain[name] != value}


# -- the world around ---------------------------------------------------------------------------------


def _callees(story: Story) -> Iterator[str]:
    seen: set[str] = set()
    for callee in story.callees:
        if callee.number not in seen:
            seen.add(callee.number)
            if len(seen) == 1:
                yield "callees:"
            yield f"  {quoted(callee.number)}: {flow(_callee(callee))}"


def _callee(callee: Callee) -> dict[str, Any]:
    rings = "never" if callee.ringing is None else _seconds(callee.ringing - callee.dialled)
    if callee.failed is not None:
        after = _seconds(callee.failed - callee.dialled)
        return {"rings": rings, "fails": {"code": max(300, callee.code), "after": after}}
    if callee.connected is None:
        return {"rings": rings, "answers": "never"}
    found: dict[str, Any] = {"rings": rings, "answers": _seconds(callee.connected - callee.dialled)}
    does = [*_does(callee, callee.connected)]
    if does:
        found["does"] = does
    return found


def _does(callee: Callee, connected: int) -> Iterator[Any]:
    """What a callee did by itself, as long after another as it did."""
    at = connected
    if callee.voice is not None and not callee.deeds:
        begins, length, file = callee.voice
        if begins > at:
            yield {"wait": _seconds(begins - at)}
        yield {"say": {"audio": file}}
        at = max(begins, at) + length
    for deed in callee.deeds:
        if deed.t - at >= PAUSE_MS:
            yield {"wait": _seconds(deed.t - at)}
        at = deed.t
        match deed.what:
            case "keys":
                yield {"dtmf": deed.text}
            case "hold" | "unhold":
                yield deed.what
            case "info" | "reinvite":
                yield {deed.what: {"body": deed.text, "mime": str(deed.data.get("mimeType") or "")}}
            case _:
                yield {deed.what: deed.text}
    if callee.hung_up is not None:
        yield {"wait": _seconds(callee.hung_up - at)}
        yield "hangup"


def _stubs(story: Story) -> Iterator[str]:
    by_target: dict[tuple[str, str], list[Request]] = {}
    for request in story.requests:
        by_target.setdefault((request.method, request.url), []).append(request)
    if by_target or story.audio_urls:
        yield "http:"
    for (method, url), requests in by_target.items():
        yield f"  - url: {quoted(url)}"
        yield f"    method: {scalar(method)}"
        replies = [_reply(request) for request in requests]
        yield f"    reply: {flow(replies[0] if len(replies) == 1 else replies)}"
    for url in dict.fromkeys(story.audio_urls):
        yield f"  - url: {quoted(url)}"
        yield "    reply: {says: this stands for a sound file}"


def _reply(request: Request) -> dict[str, Any]:
    if request.status == 0:
        return {"timeout": True}
    if request.status < 0:
        return {"timeout": True} if request.status == -7 else {"status": 503}
    reply: dict[str, Any] = {"status": request.status}
    if request.text:
        try:
            value = json.loads(request.text)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict | list):
            reply["json"] = value
        else:
            reply["text"] = request.text
    if request.delay >= WORTH_A_DELAY_MS:
        reply["delay"] = f"{request.delay}ms"
    return reply


def _faults(story: Story) -> Iterator[str]:
    if story.refused:
        yield f"faults: {{refuse: {story.refused}}}"
    elif story.broken is not None:
        after, code = story.broken
        yield f"faults: {{close: {{after: {after}ms, code: {code}}}}}"


# -- steps --------------------------------------------------------------------------------------------


def _as_taped(story: Story) -> Story:
    """The same where WebSockets are a cassette's: they go by their addresses."""
    urls = {socket.name: socket.url for socket in story.sockets if socket.url}
    items = [
        replace(item, text=urls.get(item.text, item.text))
        if isinstance(item, Deed) and item.what == "websocket"
        else item
        for item in story.items
    ]
    return replace(story, items=items)


def _steps(story: Story, taped: bool = False) -> Iterator[str]:
    before = answered = 0
    cut: Said | None = None
    hung_up = any(isinstance(item, Deed) and item.what == "ended" for item in story.items)
    empty = True
    for index, item in enumerate(story.items):
        if isinstance(item, Said) and item.cut and _is_interrupted(story.items[index + 1 :]):
            cut = item  # told together with the interruption
            continue
        gap = item.t - before
        if not any(isinstance(earlier, Said) for earlier in story.items[:index]):
            yield from _pause(item, gap)
        if taped and isinstance(item, Said | Tool):
            gap = item.t - answered  # a recorded voice AI keeps its time, whatever the steps take
            answered = item.t
        for line in _step(item, cut, gap, taped):
            empty = False
            yield line
        if isinstance(item, Heard):
            cut = None
        before = item.t
    if not hung_up:
        # Who is called by a session that nobody called stays until it is over.
        rest = max(0, story.end_ms - before) if story.caller is None else 0
        yield f"  - wait: {_seconds(rest + LINGER_MS)}"
    elif empty:
        yield "  - expect: ended"


def _pause(item: Item, gap: int) -> Iterator[str]:
    """Where no voice AI speaks, people do things as long after another as they did."""
    if isinstance(item, Heard) and item.asr:
        gap -= TO_CAPTURE_MS
    elif not isinstance(item, Deed) or item.what not in ("keys", "visit", *PHONE.values()):
        return
    if gap >= PAUSE_MS:
        yield f"  - wait: {_seconds(gap)}"


def _is_interrupted(rest: Sequence[Item]) -> bool:
    heard = next((item for item in rest if isinstance(item, Heard) and not item.typed), None)
    return heard is not None and heard.interrupts


def _step(item: Item, cut: Said | None, gap: int, taped: bool) -> Iterator[str]:
    match item:
        case Heard(typed=True):
            return
        case Heard(interrupts=True) if cut is not None:
            # A recorded voice keeps its time: that is surer than its words, of which one may be misheard.
            last = " ".join(words(cut.text)[-CUT_WORDS:])
            after = f", after: {_seconds(cut.ms - TO_NOTICE_MS)}" if cut.ms > TO_NOTICE_MS else ""
            if not taped:
                after = f", after: {quoted(last)}" if last else ""
            said = NOT_UNDERSTOOD if item.lost else quoted(item.text)
            yield f"  - {{interrupt: {said}{after}}}{NOT_IN_IT if item.lost else ''}"
        case Heard(lost=True):
            yield f"  - say: {NOT_UNDERSTOOD}{NOT_IN_IT}"
        case Heard():
            yield f"  - say: {quoted(item.text)}"
        case Said():
            yield _expect({"agent_says": item.text}, gap)
        case Tool():
            wish: dict[str, Any] = {"tool": item.name}
            arguments = {"with": dict(item.arguments)} if item.arguments else {}
            result = {"result": item.result} if item.result is not None else {}
            yield _expect({**wish, **arguments, **result}, gap)
        case Deed():
            yield from _deed(item, gap)


def _deed(item: Deed, gap: int) -> Iterator[str]:
    match item.what:
        case "answered" | "ringing" | "recording":
            yield _expect({item.what: None}, gap) if gap > PATIENT_MS else f"  - expect: {item.what}"
        case "rejected":
            yield _expect({"rejected": int(item.text) if item.text.isdigit() else item.text}, gap)
        case "prompt":
            yield _expect({"caller_hears": item.text}, gap)
        case "keys":
            yield f"  - dtmf: {quoted(item.text)}"
        case "hold" | "unhold":
            yield f"  - {item.what}"
        case "info" | "reinvite":
            wish = {"body": item.text, "mime": str(item.data.get("mimeType") or "")}
            yield f"  - {item.what}: {flow(wish)}"
        case "transfer":
            yield f"  - transfer: {quoted(item.text)}"
        case "message":
            yield f"  - message: {quoted(item.text)}"
        case "sent keys":
            yield _expect({"dtmf": item.text.replace("p", "").replace("P", "")}, gap)
        case "sent message":
            yield _expect({"message": item.text}, gap)
        case "call":
            yield _expect({"call": item.text}, gap)
        case "visit":
            yield from client(item.data["socket"])
        case "websocket":
            to = item.data["to"]
            yield _expect(
                {"websocket": item.text, **({"text": to} if isinstance(to, str) else {"with": to})}, gap
            )
        case "access":
            fields_of = {key: str(item.data.get(name) or default) for key, name, default in _ACCESS}
            yield f"  - http: {flow(fields_of)}"
        case "ended" if item.text == "caller":
            yield "  - hangup"
            yield "  - expect: {ended: caller}"
        case "ended":
            yield _expect({"ended": "scenario"}, gap)


_ACCESS: Final = (("method", "method", "POST"), ("path", "path", "/"), ("body", "content", ""))


def _expect(wish: dict[str, Any], gap: int) -> str:
    if gap > PATIENT_MS:
        wish = {**wish, "within": f"{math.ceil(gap / 1000) + SLACK_S}s"}
    return f"  - expect: {flow(wish)}"


def _seconds(ms: int) -> str:
    return f"{max(0, ms)}ms"
