"""Plays the provider's side of a cassette: HTTP and WebSockets that answer as they were recorded.

What the provider sent comes again as long after the client message it followed as it did then, in the same
order. What the client says is compared (``cassette_compare.alike``); audio is not. At the first message that
is another, both sides are noted in ``Account.difference`` and nothing more is answered.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import httpx
from msgspec import Struct

from voxrun.connectors.transport import ClientSocket, Door, SocketClosed, Transports
from voxrun.errors import PeerError
from voxrun.replay.cassette import (
    NET,
    PROVIDER,
    VISIT,
    Answer,
    Cassette,
    Incoming,
    TapedRequest,
    TapedSocket,
    body_bytes,
)
from voxrun.replay.cassette_compare import Place, alike, differences
from voxrun.replay.cassette_record import host_of, is_media
from voxrun.replay.cassette_redact import JOIN_LABEL, Hider
from voxrun.session.messages import Json, JsonObject

JOIN_URL: Final = "wss://join-{}.invalid/"
"""Stands for the n-th address that the cassette does not hold (RFC 2606)."""


class TapeDifference(Struct, frozen=True):
    """The first thing that is another now. ``recorded``/``actual`` None: there is nothing on that side."""

    t: int
    what: str
    """ "message 2 to the provider", "request 1 to the provider", "call to 100", "the end of the session"."""
    recorded: Json
    actual: Json
    command: str = ""
    """Kind of the command that such a thing comes from."""

    @property
    def places(self) -> tuple[Place, ...]:
        """Where the two sides differ."""
        return tuple(differences(self.recorded, self.actual, alike))


class Account:
    """What a playback has done and what has differed. ``over`` is set at the first difference."""

    def __init__(self, cassette: Cassette, secrets: Mapping[str, str], zero: float) -> None:
        """``secrets`` are what the playing scenario has by these names, ``zero`` the loop's time of t = 0."""
        self.cassette = cassette
        self.urls = {
            JOIN_LABEL.format(n): JOIN_URL.format(n) for n in range(1, 1 + len(cassette.sockets) * 2)
        }
        self.hider = Hider(secrets, ((url, label) for label, url in self.urls.items()))
        self.secrets = secrets
        self.zero = zero
        self.difference: TapeDifference | None = None
        self.over = asyncio.Event()
        self.sent: dict[int, int] = {}
        """Messages of the client that were compared and alike, by socket."""
        self.requests = 0
        self.used: set[tuple[str, int]] = set()
        """("request" or "socket" or "leg", number) of what was played."""

    @property
    def messages(self) -> int:
        """Messages of the client that were compared and alike."""
        return sum(self.sent.values())

    @property
    def now(self) -> int:
        """Milliseconds of session time."""
        return round((asyncio.get_running_loop().time() - self.zero) * 1000)

    def differ(self, what: str, recorded: Json, actual: Json, command: str = "") -> None:
        """Note the first difference; later ones mean nothing."""
        if self.difference is None:
            self.difference = TapeDifference(self.now, what, recorded, actual, command)
            self.over.set()

    def check(self, what: str, recorded: JsonObject, actual: JsonObject, command: str) -> bool:
        """Compare; True where they are alike."""
        if next(differences(recorded, actual, alike), None) is None:
            return True
        self.differ(what, _unwrapped(recorded), _unwrapped(actual), command)
        return False

    def reveal(self, text: str) -> str:
        """``text`` with what stands for secrets in this playback instead of their labels."""
        for label, url in self.urls.items():
            text = text.replace(label, url)
        for name, value in self.secrets.items():
            text = text.replace(f"«secret:{name}»", value)
        return text


def _unwrapped(content: JsonObject) -> Json:
    """What people want to see of a message: the JSON or text itself."""
    if set(content) <= {"json"} or set(content) <= {"text"}:
        return next(iter(content.values()), None)
    return content


def cassette_transports(account: Account) -> Transports:
    """The provider of a cassette."""
    return Transports(TapedConnector(account, PROVIDER), TapedHttp(account, PROVIDER))


class TapedHttp(httpx.AsyncBaseTransport):
    """Answers requests of one kind (``via``) as recorded: each the first unused one of its method and URL."""

    def __init__(self, account: Account, via: str) -> None:
        self._account = account
        self._via = via
        self._whose = "to the provider" if via == PROVIDER else "of the scenario"
        self._command = "connector.create" if via == PROVIDER else "http.request"

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        account = self._account
        actual = account.hider.request(request, await request.aread())
        taped = self._find(actual)
        if taped is None:
            expected = self._next()
            account.differ(
                self._name(expected), None if expected is None else expected.content, actual, self._command
            )
            raise httpx.ConnectError("this request is not on the cassette", request=request)
        account.used.add(("request", taped.number))
        if not account.check(self._name(taped), taped.content, actual, self._command):
            raise httpx.ConnectError("this request is another on the cassette", request=request)
        account.requests += 1
        return await self.answer(taped, request)

    def _find(self, actual: JsonObject) -> TapedRequest | None:
        keys = ("method", "url")
        return next(
            (taped for taped in self._unused() if all(taped.content[k] == actual[k] for k in keys)), None
        )

    def _next(self) -> TapedRequest | None:
        return next(iter(self._unused()), None)

    def _unused(self) -> list[TapedRequest]:
        requests = self._account.cassette.requests.values()
        return [r for r in requests if r.via == self._via and ("request", r.number) not in self._account.used]

    def _name(self, taped: TapedRequest | None) -> str:
        same = [r.number for r in self._account.cassette.requests.values() if r.via == self._via]
        number = same.index(taped.number) + 1 if taped is not None else len(same) + 1
        return f"request {number} {self._whose}"

    async def answer(self, taped: TapedRequest, request: httpx.Request) -> httpx.Response:
        """What it got then, as long after it. Raises what was raised then."""
        answer = taped.answer
        if answer is None:  # the recording ended before there was one
            await asyncio.get_running_loop().create_future()
        assert answer is not None
        await asyncio.sleep((answer.t - taped.t) / 1000)
        if answer.error:
            raise _failure(answer, request)
        content = body_bytes(self._account.cassette, answer.body, self._account.reveal)
        return httpx.Response(answer.status, headers=answer.headers, content=content)


def _failure(answer: Answer, request: httpx.Request) -> Exception:
    """The error that was recorded; one of httpx's where it is known there."""
    kind = getattr(httpx, answer.error, None)
    if isinstance(kind, type) and issubclass(kind, httpx.RequestError):
        return kind(answer.message, request=request)
    return PeerError(answer.message)


class TapedConnector:
    """``SocketConnector``: a connection of its kind (``via``) is the first unused one of that address."""

    def __init__(self, account: Account, via: str) -> None:
        self._account = account
        self._via = via
        self._count = 0

    async def __call__(
        self, url: str, headers: Mapping[str, str], protocols: Sequence[str] = ()
    ) -> ClientSocket:
        account = self._account
        command = "connector.create" if self._via == PROVIDER else "websocket.open"
        taped = self.find(url) or next(iter(self._unused()), None)
        self._count += 1
        what = f"connection {self._count} {_whose(self._via)}"
        if taped is None:
            account.differ(what, None, {"connect": host_of(url)}, command)
            raise PeerError("this connection is not on the cassette")
        account.used.add(("socket", taped.number))
        if not self._fits(taped, url):
            account.differ(what, {"connect": taped.host}, {"connect": host_of(url)}, command)
            raise PeerError("this connection is another on the cassette")
        if taped.refused is not None:
            await asyncio.sleep((taped.refused_t - taped.t) / 1000)
            raise PeerError(taped.refused)
        if taped.opened is None:
            await asyncio.get_running_loop().create_future()
        assert taped.opened is not None
        await asyncio.sleep((taped.opened - taped.t) / 1000)
        return TapedClientSocket(taped, account)

    def find(self, url: str) -> TapedSocket | None:
        """The connection that the next one to this address is."""
        return next((taped for taped in self._unused() if self._fits(taped, url)), None)

    def _unused(self) -> Iterator[TapedSocket]:
        for taped in self._account.cassette.sockets.values():
            if taped.via == self._via and ("socket", taped.number) not in self._account.used:
                yield taped

    def _fits(self, taped: TapedSocket, url: str) -> bool:
        return self._account.hider.label(url) == taped.url or host_of(url) == taped.host


def _whose(via: str) -> str:
    return {PROVIDER: "to the provider", NET: "of the scenario", VISIT: "to a visitor"}[via]


class TapedDoor:
    """``Door`` of a WebSocket that came in when the cassette was recorded."""

    def __init__(self, taped: TapedSocket, account: Account) -> None:
        self._taped = taped
        self._account = account

    @property
    def path(self) -> str:
        return self._account.reveal(self._taped.url)

    @property
    def headers(self) -> Sequence[tuple[str, str]]:
        return [(name, self._account.reveal(value)) for name, value in self._taped.headers]

    async def accept(self) -> ClientSocket:
        self._account.used.add(("socket", self._taped.number))
        return TapedClientSocket(self._taped, self._account)

    async def refuse(self, status: int, text: str) -> None:
        self._account.differ("a WebSocket to the session's URL", "let in", f"refused: {text}")


def visits(account: Account) -> list[tuple[float, Door]]:
    """WebSockets that came in, with the loop's time when they did."""
    sockets = account.cassette.sockets.values()
    return [(account.zero + each.t / 1000, TapedDoor(each, account)) for each in sockets if each.via == VISIT]


class TapedClientSocket:
    """``ClientSocket`` of a cassette."""

    def __init__(self, taped: TapedSocket, account: Account) -> None:
        self._taped = taped
        self._account = account
        self._loop = asyncio.get_running_loop()
        self._anchors = [self._loop.time()]
        """When it opened, and when each message of the client went out."""
        self._next = 0
        self._ended: SocketClosed | None = None
        self._woken = asyncio.Event()

    async def send(self, message: str | bytes) -> None:
        if self._ended is not None:
            raise self._ended
        if isinstance(message, bytes) or is_media(message):
            return
        number = len(self._anchors)
        command = "connector.call" if self._taped.via == PROVIDER else "websocket.send"
        actual = self._account.hider.message(message)
        expected = self._taped.outgoing[number - 1][1] if number <= len(self._taped.outgoing) else None
        what = f"message {number} {_whose(self._taped.via)}"
        if expected is None:
            self._account.differ(what, None, _unwrapped(actual), command)
        elif self._account.check(what, without_counts(expected), without_counts(actual), command):
            self._account.sent[self._taped.number] = number
            self._anchors.append(self._loop.time())
            self._woken.set()

    async def recv(self) -> str | bytes:
        while True:
            if self._ended is not None:
                raise self._ended
            wait = self._wait()
            if wait == 0:
                return self._take()
            self._woken.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._woken.wait()

    def _wait(self) -> float | None:
        """Seconds until the next message of the provider is due; None: not before something happens."""
        item = self._item()
        if item is None or item.after >= len(self._anchors) or self._account.difference is not None:
            return None
        due = self._anchors[item.after] + item.delay / 1000
        # Half a millisecond: sums of floats, and the cassette counts in milliseconds.
        return 0 if due <= self._loop.time() + 0.0005 else due - self._loop.time()

    def _item(self) -> Incoming | None:
        incoming = self._taped.incoming
        return incoming[self._next] if self._next < len(incoming) else None

    def _take(self) -> str | bytes:
        item = self._item()
        assert item is not None
        self._next += 1
        if isinstance(item.payload, SocketClosed):
            self._ended = item.payload
            raise self._ended
        return self._account.reveal(item.payload) if isinstance(item.payload, str) else item.payload

    async def close(self, code: int = 1000, reason: str = "") -> None:
        if self._ended is None:
            self._ended = SocketClosed(code, reason, clean=True)
            self._woken.set()


def without_counts(content: JsonObject) -> JsonObject:
    """A message as it is compared: the numbers in a stream's start and stop count audio, which is not."""
    message = content.get("json")
    if not isinstance(message, dict) or message.get("event") not in ("start", "stop"):
        return content
    kept = {key: value for key, value in message.items() if key != "sequenceNumber"}
    stop = kept.get("stop")
    if isinstance(stop, dict):
        kept["stop"] = {key: value for key, value in stop.items() if key != "mediaInfo"}
    return {**content, "json": kept}


def missing(account: Account) -> None:
    """Note the first thing that the cassette holds and that the scenario did not ask for; after its end."""
    absent = sorted(_absent(account), key=lambda each: each[0])
    if absent:
        _, what, recorded = absent[0]
        account.differ(what, recorded, None)


def _absent(account: Account) -> Iterator[tuple[int, str, Json]]:
    """(time, name, content) of each."""
    cassette, used = account.cassette, account.used
    for request in cassette.requests.values():
        if ("request", request.number) not in used:
            whose = "of the scenario" if request.via == NET else "to the provider"
            yield request.t, f"a request {whose}", request.content
    for socket in cassette.sockets.values():
        if ("socket", socket.number) not in used:
            yield socket.t, f"a connection {_whose(socket.via)}", {"connect": socket.host}
        sent = account.sent.get(socket.number, 0)
        for number, (t, content) in enumerate(socket.outgoing[sent:], sent + 1):
            yield t, f"message {number} {_whose(socket.via)}", _unwrapped(content)
    for leg in cassette.legs.values():
        if not leg.incoming and ("leg", leg.number) not in used:
            wish: JsonObject = {key: leg.info.get(key) for key in ("kind", "destination")}
            yield leg.t, f"call to {leg.info.get('destination')}", wish
