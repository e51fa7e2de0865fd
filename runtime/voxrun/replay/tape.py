"""A cassette in a call script (``cassette:``): what the session finds on the network, as it was recorded.

The people of the call are the script's; the voice AI is the cassette's, and so are the answers to HTTP
requests and WebSockets of the scenario that the script has no stub for. What the scenario sends is compared
with the cassette (``cassette_compare.alike``), audio is not; a request or message that is not on it fails the
script with the line of the scenario, what came closest, and how that differs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import httpx

from voxrun.connectors.transport import ClientSocket, SocketClosed, Transports
from voxrun.media.stream_protocol import StreamMedia, read_message
from voxrun.replay.cassette import FILE_NAME, NET, PROVIDER, Cassette, TapedRequest
from voxrun.replay.cassette_compare import alike, differences
from voxrun.replay.cassette_play import (
    Account,
    TapedConnector,
    TapedHttp,
    TapeDifference,
    cassette_transports,
)
from voxrun.replay.cassette_session import TOKEN_NAME, stand_ins, stored
from voxrun.replay.tape_voice import spoken
from voxrun.replay.texts import shown, similarity
from voxrun.replay.timeline import Moment, Timeline
from voxrun.services.storage import Item
from voxrun.session.messages import Json, JsonObject

WHO: Final = "cassette"
"""Whom its WebSockets belong to on the timeline."""


class Tape:
    """The cassette of one call. ``place`` gives the scenario's line of the latest command of a kind;
    ``trouble`` is told what fails the script."""

    def __init__(
        self,
        cassette: Cassette,
        secrets: Mapping[str, str],
        token: str,
        zero: float,
        timeline: Timeline,
        place: Callable[[str], str],
        trouble: Callable[[str], None],
    ) -> None:
        self.cassette = cassette
        self._place = place
        self._trouble = trouble
        known = {**stand_ins(cassette), **secrets, TOKEN_NAME: token}
        self._account = _Account(cassette, known, zero, self._differs)
        self._net = TapedHttp(self._account, NET)
        self._connect = TapedConnector(self._account, NET)
        self._timeline = timeline

    @property
    def speaks(self) -> bool:
        """Whether a voice AI is on it."""
        return self.cassette.speaks

    def voice(self) -> Iterator[tuple[str, bytes]]:
        """What the recorded voice AI says, with the audio of it."""
        for text, pcm in spoken(self.cassette):
            yield self._account.reveal(text), pcm

    @property
    def stored(self) -> list[Item]:
        """What ApplicationStorage held at the beginning."""
        return stored(self.cassette, self._account.reveal)

    @property
    def transports(self) -> Transports:
        """The voice AI's provider."""
        return cassette_transports(self._account)

    @property
    def provider_urls(self) -> dict[str, str]:
        """Where it was."""
        given = self.cassette.header.get("providers")
        return {str(k): str(v) for k, v in given.items()} if isinstance(given, dict) else {}

    # -- the scenario's own requests

    def request(self, request: httpx.Request, body: bytes) -> JsonObject:
        """A request as cassettes hold it."""
        return self._account.hider.request(request, body)

    def find(self, actual: JsonObject) -> TapedRequest | None:
        """The first recorded request that is alike and was not asked for yet; it is used up by this."""
        for taped in self._requests():
            if not self._is_used(taped) and next(differences(taped.content, actual, alike), None) is None:
                self._account.used.add(("request", taped.number))
                self._account.requests += 1
                return taped
        return None

    async def answer(self, taped: TapedRequest, request: httpx.Request) -> httpx.Response:
        """What it got then, as long after it as then. Raises what was raised then."""
        return await self._net.answer(taped, request)

    def closest(self, actual: JsonObject) -> str:
        """What on the cassette is most like a request that is not on it, and how it differs."""
        found = self._requests()
        if not found:
            return f"the cassette {self.cassette.folder} holds no request of the scenario"
        asked = _named(actual)
        best = max(found, key=lambda each: (_score(each, asked, actual), not self._is_used(each)))
        name = f"{_named(best.content)} ({self.cassette.folder / FILE_NAME}:{best.line})"
        first = next(differences(best.content, actual, alike), None)
        if first is None:
            return f"closest on the cassette is {name}, which was asked for already: it came once there"
        was, now = shown(first.before), shown(first.after)
        return f"closest on the cassette is {name}: {first.path} is {now} now, it was {was}"

    def _requests(self) -> list[TapedRequest]:
        return [each for each in self.cassette.requests.values() if each.via == NET]

    def _is_used(self, taped: TapedRequest) -> bool:
        return ("request", taped.number) in self._account.used

    # -- the scenario's own WebSockets

    def has_socket(self, url: str) -> bool:
        """Whether there is a connection to that address that was not asked for yet."""
        return self._connect.find(url) is not None

    async def connect(self, url: str, headers: Mapping[str, str], protocols: Sequence[str]) -> ClientSocket:
        """Open it. Raises PeerError where it was refused then."""
        self._tell("socket_wanted", url)
        socket = await self._connect(url, headers, protocols)
        self._tell("socket_open", url)
        return _Told(socket, url, self._tell)

    def _tell(self, kind: str, text: str, data: JsonObject | None = None) -> None:
        self._timeline.add(Moment(self._account.now, kind, text, data or {}, WHO))

    # -- what is otherwise

    def _differs(self, found: TapeDifference) -> None:
        where = self._place(found.command)
        head = f"{where}: " if where else ""
        tape = self.cassette.folder / FILE_NAME
        if found.recorded is None:
            sent = shown(found.actual)
            text = f"{found.what} is not on the cassette {tape}, which has no more of them: {sent}"
        else:
            text = f"{found.what} is another than on the cassette {tape}"
            places = found.places
            if places:
                name = places[0].path or "it"
                text += f": {name} is {shown(places[0].after)} now, it was {shown(places[0].before)}"
            text += f" (and {len(places) - 1} more differences)" if len(places) > 1 else ""
        self._trouble(head + text)
        self._timeline.touch()

    def hints(self) -> list[str]:
        """What it waits for: why a provider may have been silent."""
        found = []
        for socket in self.cassette.sockets.values():
            sent = self._account.sent.get(socket.number, 0)
            waits = any(each.after > sent for each in socket.incoming)
            if ("socket", socket.number) in self._account.used and waits and sent < len(socket.outgoing):
                whose = "the voice AI" if socket.via == PROVIDER else f"the WebSocket {socket.host}"
                content = next(iter(socket.outgoing[sent][1].values()), None)
                found.append(
                    f"{whose} of the cassette goes on once it gets message {sent + 1}, which has not come: "
                    f"{shown(content)}"
                )
        return found


class _Account(Account):
    """``Account`` that tells of the first difference at once."""

    def __init__(
        self,
        cassette: Cassette,
        secrets: Mapping[str, str],
        zero: float,
        differs: Callable[[TapeDifference], None],
    ) -> None:
        super().__init__(cassette, secrets, zero)
        self._differs = differs

    def differ(self, what: str, recorded: Json, actual: Json, command: str = "") -> None:
        first = self.difference is None
        super().differ(what, recorded, actual, command)
        if first and self.difference is not None:
            self._differs(self.difference)


class _Told:
    """``ClientSocket`` whose messages are told on the timeline, audio excepted."""

    def __init__(self, inner: ClientSocket, url: str, tell: Callable[[str, str, JsonObject], None]) -> None:
        self._inner = inner
        self._url = url
        self._tell = tell

    async def send(self, message: str | bytes) -> None:
        if isinstance(message, str) and not isinstance(read_message(message), StreamMedia):
            self._tell("websocket", message, {"url": self._url, "json": _json(message)})
        await self._inner.send(message)

    async def recv(self) -> str | bytes:
        try:
            message = await self._inner.recv()
        except SocketClosed as closed:
            self._tell("socket_closed", str(closed.code), {})
            raise
        if isinstance(message, str) and not isinstance(read_message(message), StreamMedia):
            self._tell("socket_says", message, {})
        return message

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self._inner.close(code, reason)


def _named(content: Mapping[str, Json]) -> str:
    return f"{content['method']} {content['url']}"


def _score(taped: TapedRequest, asked: str, actual: JsonObject) -> float:
    """The same address first, then the fewest differences."""
    name = _named(taped.content)
    if name != asked:
        return similarity(name, asked)
    count = sum(1 for _ in differences(taped.content, actual, alike))
    return 3.0 - count / (count + 1)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
