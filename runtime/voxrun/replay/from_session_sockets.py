"""WebSockets of a recorded session, as servers and clients of a call script that do the same again.

A journal has their texts, not what was said in their audio: a sentence stands for that. What a peer did after
a message of the scenario is its reply to that message; what it did before any, it does from the opening on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct, field

from voxrun.media.stream_codec import BY_NAME
from voxrun.replay.from_session_yaml import flow, quoted

OPENED: Final = "AppEvents.NewWebSocketConnection"
REFUSED: Final = "AppEvents.NewWebSocketFailed"
EVENTS: Final = ("WebSocket.", OPENED, REFUSED)
TOO_MANY: Final = 429
SPEECH: Final = "this stands for what was said"
WORTH_A_WAIT_MS: Final = 50
LONGEST_TEXT: Final = 200
"""Of a message by which it is known again, in characters."""
KINDS: Final = ("type", "event", "customEvent", "action", "method", "name")
"""Members of a message that tell messages from each other; others may differ from call to call."""
_STATUS: Final = re.compile(r"HTTP (\d{3})")
_CODES: Final = range(1000, 5000)
NO_CODE: Final = 1005
"""Of a close frame without a code."""


class Group(Struct):
    """What a peer did after a message: ``to`` is a text in it, or members of it; None: after nothing."""

    to: str | Mapping[str, str] | None = None
    deeds: list[dict[str, Any]] = field(default_factory=list)


class Socket(Struct):
    """One connection. ``url`` is "" where the peer came to the session's URL."""

    name: str
    url: str = ""
    path: str = ""
    refuse: str = ""
    """A status, or "unreachable"."""
    groups: list[Group] = field(default_factory=lambda: [Group()])


class _Peer(Struct):
    """A connection while it is told."""

    socket: Socket
    at: int = 0
    """When its last deed, or the message before it, was."""
    opened: bool = False
    closing: bool = False
    asked: list[str] = field(default_factory=list)
    """Messages of the scenario since its last deed."""
    expected: list[Any] = field(default_factory=list)
    speaking: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    """Streams by tag: when they began, and the deed."""


class SocketTeller:
    """Takes events and commands of WebSockets in order."""

    def __init__(self) -> None:
        self.sockets: list[Socket] = []
        self._peers: dict[str, _Peer] = {}

    def visit(self, t: int, kind: str, target: str, data: Mapping[str, Any]) -> Socket | None:
        """A client that came; its ``refuse`` is set where it was one too many."""
        if kind not in (OPENED, REFUSED):
            return None
        clients = sum(1 for socket in self.sockets if not socket.url)
        name = "guest" if not clients else f"guest {clients + 1}"
        # /request/<session>/<token> is another one next time
        path = "".join(f"/{part}" for part in str(data.get("path")).split("/")[4:])
        socket = Socket(name, path=path, refuse=str(TOO_MANY) if kind == REFUSED else "")
        self.sockets.append(socket)
        if kind == OPENED:
            self._peers[target] = _Peer(socket, t, opened=True)
        return socket

    def event(self, t: int, kind: str, target: str, data: Mapping[str, Any]) -> None:
        """What a peer did."""
        peer = self._peers.get(target)
        if peer is None:
            return
        match kind:
            case "WebSocket.Open":
                peer.opened, peer.at = True, t
            case "WebSocket.Message":
                self._does(t, peer, {"send": _message(str(data.get("text")))})
            case "WebSocket.MediaEventStarted":
                speech = _speech(data)
                self._does(t, peer, {"say": speech})
                peer.speaking[str(data.get("tag") or "")] = (t, speech)
            case "WebSocket.MediaEventEnded":
                self._spoken(t, peer, str(data.get("tag") or ""))
            case "WebSocket.Close" if not peer.opened:
                status = _STATUS.search(str(data.get("reason")))
                peer.socket.refuse = status[1] if status else "unreachable"
            case "WebSocket.Close" if not peer.closing:
                for tag in (*peer.speaking,):
                    self._spoken(t, peer, tag)
                self._does(t, peer, {"close": _close(data)})

    def command(self, t: int, kind: str, target: str, data: Mapping[str, Any]) -> tuple[str, Any] | None:
        """What the scenario did; gives name and ``to`` of a message that is the first of its kind."""
        if kind == "websocket.open":
            servers = sum(1 for socket in self.sockets if socket.url)
            name = "server" if not servers else f"server {servers + 1}"
            self._peers[target] = _Peer(Socket(name, str(data.get("url"))), t)
            self.sockets.append(self._peers[target].socket)
        elif kind == "session.terminate":
            for peer in self._peers.values():
                peer.closing = True
        elif kind == "websocket.close" and target in self._peers:
            self._peers[target].closing = True
        elif kind == "websocket.send" and target in self._peers:
            return self._sent(t, self._peers[target], str(data.get("text")))
        return None

    def _sent(self, t: int, peer: _Peer, text: str) -> tuple[str, Any] | None:
        peer.asked.append(text)
        peer.at = t
        to = known_by(text)
        if to in peer.expected:
            return None
        peer.expected.append(to)
        return peer.socket.name, to

    def _spoken(self, t: int, peer: _Peer, tag: str) -> None:
        began, speech = peer.speaking.pop(tag, (t, {}))
        if t > began:
            speech["for"] = f"{t - began}ms"
        peer.at = t

    def _does(self, t: int, peer: _Peer, deed: dict[str, Any]) -> None:
        if peer.asked:
            peer.socket.groups.append(Group(known_by(peer.asked[-1])))
            peer.asked.clear()
        deeds = peer.socket.groups[-1].deeds
        if t - peer.at >= WORTH_A_WAIT_MS and not peer.speaking:  # saying something takes its time as well
            deeds.append({"wait": f"{t - peer.at}ms"})
        deeds.append(deed)
        peer.at = t


def known_by(text: str) -> str | dict[str, str]:
    """What a message is known by in another call: members that name its kind, else its beginning."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    members = found if isinstance(found, dict) else {}
    kinds = {key: members[key] for key in KINDS if isinstance(members.get(key), str)}
    if kinds:
        return kinds
    if not text.strip():
        return r"/^\s*$/"
    text = text[:LONGEST_TEXT]
    return f"/{re.escape(text)}/" if text.startswith("/") else text


def _message(text: str) -> Any:
    """Written as an object where that gives the same text."""
    try:
        value = json.loads(text)
        plain = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, dict | list) and plain == text else text


def _speech(data: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"text": SPEECH}
    encoding = str(data.get("encoding") or "")
    if encoding in BY_NAME and encoding != "PCM16":
        found["encoding"] = encoding
    if data.get("tag"):
        found["tag"] = str(data["tag"])
    if data.get("customParameters"):
        found["custom"] = data["customParameters"]
    return found


def _close(data: Mapping[str, Any]) -> Any:
    code = data.get("code")
    if not data.get("wasClean") or not isinstance(code, int):
        return 1006
    code = code if code in _CODES and code != NO_CODE else 1000
    return {"code": code, "reason": str(data["reason"])} if data.get("reason") else code


# -- as YAML ------------------------------------------------------------------------------------------


def servers(sockets: list[Socket]) -> Iterator[str]:
    """Lines of ``websockets``."""
    urls = [socket.url.partition("?") for socket in sockets if socket.url]
    found = [socket for socket in sockets if socket.url]
    if found:
        yield "websockets:"
    for socket, (url, query, _) in zip(found, urls, strict=True):
        yield f"  - url: {quoted(url + '*' if query else url)}"
        yield f"    name: {socket.name}"
        if sum(1 for other in urls if other[0] == url) > 1:
            yield "    times: 1"
        if socket.refuse:
            yield f"    refuse: {socket.refuse}"
        else:
            yield from _behaviour(socket, "    ")


def client(socket: Socket) -> Iterator[str]:
    """Lines of the step that lets it come."""
    about: dict[str, Any] = {"name": socket.name}
    if socket.path:
        about["path"] = socket.path
    if socket.refuse:
        yield f"  - websocket: {flow({**about, 'refused': int(socket.refuse)})}"
        return
    yield "  - websocket:"
    for key, value in about.items():
        yield f"      {key}: {quoted(value)}"
    yield from _behaviour(socket, "      ")


def _behaviour(socket: Socket, indent: str) -> Iterator[str]:
    first, *replies = socket.groups
    if first.deeds:
        yield f"{indent}does:"
        yield from _deeds(first, f"{indent}  ")
    if replies:
        yield f"{indent}replies:"
    for group in replies:
        to = quoted(group.to) if isinstance(group.to, str) else flow(group.to)
        yield f"{indent}  - to: {to}"
        yield f"{indent}    times: 1"
        yield f"{indent}    does:"
        yield from _deeds(group, f"{indent}      ")


def _deeds(group: Group, indent: str) -> Iterator[str]:
    for deed in group.deeds:
        ((kind, value),) = deed.items()
        is_text = kind == "send" and isinstance(value, str)
        yield f"{indent}- {kind}: {quoted(value) if is_text else flow(value)}"
