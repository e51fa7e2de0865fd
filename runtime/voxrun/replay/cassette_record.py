"""Records a session on a cassette: listens to its transports, its legs and its journal (``session.tap``)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import httpx

from voxrun.connectors.transport import ClientSocket, Door, SocketClosed, SocketConnector, Transports
from voxrun.errors import ConfigError, VoxrunError
from voxrun.legs.base import Leg, LegEvent
from voxrun.media.graph import Sink, Source
from voxrun.media.stream_protocol import StreamMedia, read_message
from voxrun.replay.cassette import NET, PROVIDER, VERSION
from voxrun.replay.cassette_asr import RecordingTranscriber
from voxrun.replay.cassette_redact import TRANSPORT_HEADERS, Hider
from voxrun.replay.cassette_writer import CassetteWriter, make_folder, make_root
from voxrun.services.storage import DEFAULT_TTL
from voxrun.session.messages import Json, JsonObject
from voxrun.session.setup import save_scripts
from voxrun.session.tap import SessionTap, TapInfo, TapMaker
from voxrun.speech.base import Transcriber

MOST_BODY: Final = 16 * 1024 * 1024
"""Bytes of an answer's body that are kept."""


def cassette_maker(root: Path) -> TapMaker:
    """Records each session in a folder of its own below ``root``. Raises ConfigError where that cannot be."""
    make_root(root)
    return lambda info: SessionRecorder(root, info)


class SessionRecorder(SessionTap):
    """One session's cassette. Raises ConfigError when it cannot be made."""

    def __init__(self, root: Path, info: TapInfo) -> None:
        self._info = info
        self._hider = Hider(info.secrets)
        folder = make_folder(root, info.name)
        self._writer = CassetteWriter(folder, lambda: info.clock.unix_ms() - info.start_ms, info.trouble)
        self._requests = _Counter()
        self._sockets = _Counter()
        self._legs: dict[str, int] = {}
        self._dials: dict[str, Json] = {}
        """What the scenario wished of calls that have no leg yet."""
        self._asked: dict[str, tuple[str, str]] = {}
        """Operations of ApplicationStorage that are under way: kind and key."""
        self._known: set[str] = set()
        """Keys whose first use is noted: what comes later is of the scenario's own making."""
        try:
            save_scripts(folder, info.scripts)
        except OSError as error:
            self._writer.close()
            raise ConfigError(f"cannot write the cassette {folder}: {error.strerror}") from None

    def transports(self, transports: Transports) -> Transports:
        http = transports.http
        return Transports(
            RecordingConnector(transports.connect, self._writer, self._hider, PROVIDER, self._sockets),
            None
            if http is None
            else RecordingHttp(http, self._writer, self._hider, PROVIDER, self._requests),
        )

    def http(self, transport: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        return RecordingHttp(transport, self._writer, self._hider, NET, self._requests)

    def sockets(self, connect: SocketConnector) -> SocketConnector:
        return RecordingConnector(connect, self._writer, self._hider, NET, self._sockets)

    def transcriber(self, transcriber: Transcriber) -> Transcriber:
        return RecordingTranscriber(transcriber, self._writer, self._hider)

    def door(self, door: Door) -> Door:
        return _RecordingDoor(door, self._writer, self._hider, self._sockets)

    def call(self, call_id: str, leg: Leg, incoming: bool) -> None:
        number = self._legs[call_id] = len(self._legs) + 1
        self._writer.note("leg", leg=number, incoming=incoming, client=leg.client_type)
        if call_id in self._dials:
            self._writer.note("dial", leg=number, data=self._dials.pop(call_id))
        leg.audio.connect(_Ear(self._writer, number))
        leg.tap(lambda event: self._party(number, event))

    def _party(self, number: int, event: LegEvent) -> None:
        self._writer.note("party", leg=number, what=event.kind, data=self._hider.value(dict(event.data)))

    def record(self, record: JsonObject) -> None:
        """Take from the journal what is seen nowhere else."""
        kind, what = record["k"], str(record.get("kind"))
        if kind == "header":
            self._header(record)
        elif kind == "event" and what == "Application.CallAlerting":
            self._of_leg("alerting", record, data=record["data"])
        elif kind == "event" and what == "Application.HttpRequest":
            fields = record["data"]
            assert isinstance(fields, dict)
            self._writer.note("access", **{key: fields.get(key, "") for key in _ACCESS})
        elif kind == "command" and what.startswith("storage.") and isinstance(record["data"], dict):
            self._asked[str(record["id"])] = (what, str(record["data"].get("key", "")))
        elif kind == "event" and what == "@storage":
            self._stored(record)
        elif kind == "command" and what == "call.dial":
            self._dials[str(record["id"])] = record["data"]
        elif kind == "command" and what.startswith("call."):
            self._of_leg("command", record, kind=what)
        elif kind == "session" and record["state"] == "ended":
            self._writer.note("end", reason=record.get("reason", ""))
            self._writer.close()

    def _header(self, record: JsonObject) -> None:
        journal: JsonObject = {key: value for key, value in record.items() if key not in ("n", "t", "k")}
        self._writer.note(
            "header",
            version=VERSION,
            journal=journal,
            providers=dict(self._info.provider_urls),
            connectorErrors=self._info.connector_errors,
        )

    def _stored(self, record: JsonObject) -> None:
        """A value that was there before the scenario came."""
        what, key = self._asked.pop(str(record["id"]), ("", ""))
        fields = record["data"]
        item = fields.get("value") if isinstance(fields, dict) else None
        first = key not in self._known
        self._known.add(key)
        if first and what in ("storage.get", "storage.remove") and isinstance(item, dict) and item["value"]:
            left = DEFAULT_TTL if what == "storage.remove" else 0  # what was removed has no time left
            expires = int(str(item["expireAt"])) + left
            self._writer.note("stored", key=key, value=self._hider.text(str(item["value"])), expireAt=expires)

    def _of_leg(self, note: str, record: JsonObject, /, **fields: Json) -> None:
        number = self._legs.get(str(record["id"]))
        if number is not None:
            self._writer.note(note, leg=number, **fields)


_ACCESS: Final = ("method", "path", "content", "headers")


class _Counter:
    """Numbers of requests, one after the other."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        self._last += 1
        return self._last


class _Ear(Sink):
    """Hears the far end of a leg."""

    def __init__(self, writer: CassetteWriter, leg: int) -> None:
        super().__init__()
        self._writer = writer
        self._leg = leg

    def write(self, frame: bytes, source: Source) -> None:
        self._writer.frame(self._leg, frame)


class RecordingHttp(httpx.AsyncBaseTransport):
    """Notes requests and answers of another transport; an answer once its body was read to the end."""

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        writer: CassetteWriter,
        hider: Hider,
        via: str,
        counter: _Counter,
    ) -> None:
        self._inner = inner
        self._writer = writer
        self._hider = hider
        self._via = via
        self._counter = counter

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        number = self._counter.next()
        content = self._hider.request(request, await request.aread())
        names: list[Json] = [*dict.fromkeys(name.lower() for name in request.headers)]
        self._writer.note("request", http=number, via=self._via, headers=names, **content)
        try:
            response = await self._inner.handle_async_request(request)
        except (httpx.HTTPError, VoxrunError, OSError) as error:
            self._failed(number, error)
            raise
        if response.is_closed:  # it was whole from the beginning: nobody will read its stream
            self._answered(number, response, response.content, encoded=False)
            return response
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Tee(response.stream, lambda body: self._answered(number, response, body))
        return response

    def _failed(self, number: int, error: BaseException) -> None:
        name = type(error).__name__
        self._writer.note("failure", http=number, error=name, message=self._hider.text(str(error)))

    def _answered(self, number: int, response: httpx.Response, raw: bytes, *, encoded: bool = True) -> None:
        pairs = [(name, value) for name, value in response.headers.multi_items()]
        body = self._body(number, decoded(response.status_code, pairs, raw) if encoded else raw)
        headers: list[Json] = [
            self._hider.value([name, value]) for name, value in pairs if name.lower() not in TRANSPORT_HEADERS
        ]
        self._writer.note("response", http=number, status=response.status_code, headers=headers, body=body)

    def _body(self, number: int, content: bytes) -> JsonObject:
        if not content:
            return {}
        try:
            message = content.decode("utf-8")
        except UnicodeDecodeError:
            name = f"body-{number}.bin"
            self._writer.append(name, content)
            return {"file": name}
        if self._via == PROVIDER:
            self._hider.learn_urls(message)
        return self._hider.message(message)

    async def aclose(self) -> None:
        await self._inner.aclose()


def decoded(status: int, headers: list[tuple[str, str]], raw: bytes) -> bytes:
    """A body without its content encoding; as it came where that is broken."""
    if not raw or not any(name.lower() == "content-encoding" for name, _ in headers):
        return raw
    try:
        return httpx.Response(status, headers=headers, content=raw).content
    except httpx.DecodingError:
        return raw


class _Tee(httpx.AsyncByteStream):
    """A body that is read by somebody else; ``done`` gets it at its end, or what was read of it."""

    def __init__(self, inner: httpx.AsyncByteStream, done: Any) -> None:
        self._inner = inner
        self._done = done
        self._parts: list[bytes] = []
        self._size = 0
        self._told = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._inner:
            self._size += len(part)
            if self._size <= MOST_BODY:
                self._parts.append(part)
            yield part
        self._tell()

    async def aclose(self) -> None:
        self._tell()
        await self._inner.aclose()

    def _tell(self) -> None:
        if not self._told:
            self._told = True
            self._done(b"".join(self._parts))


class RecordingConnector:
    """``SocketConnector`` that notes connections of another."""

    def __init__(
        self, inner: SocketConnector, writer: CassetteWriter, hider: Hider, via: str, counter: _Counter
    ) -> None:
        self._inner = inner
        self._writer = writer
        self._hider = hider
        self._via = via
        self._counter = counter

    async def __call__(
        self, url: str, headers: Mapping[str, str], protocols: Sequence[str] = ()
    ) -> ClientSocket:
        number = self._counter.next()
        self._hider.learn_headers(headers.items())
        about: JsonObject = {"via": self._via, "url": self._hider.label(url), "host": host_of(url)}
        if secret := self._hider.secret_of(url):
            about |= {"secret": secret, "scheme": url.partition(":")[0]}
        self._writer.note("connect", socket=number, **about)
        try:
            socket = await self._inner(url, headers, protocols)
        except VoxrunError as error:
            self._writer.note("refused", socket=number, message=self._hider.text(str(error)))
            raise
        self._writer.note("open", socket=number)
        return RecordingSocket(socket, number, self._writer, self._hider)


def host_of(url: str) -> str:
    """The host and port of an address, "" where it has none."""
    try:
        return httpx.URL(url).netloc.decode("ascii", "replace")
    except (httpx.InvalidURL, TypeError):
        return ""


class RecordingSocket:
    """``ClientSocket`` that notes the messages of another."""

    def __init__(self, inner: ClientSocket, number: int, writer: CassetteWriter, hider: Hider) -> None:
        self._inner = inner
        self._number = number
        self._writer = writer
        self._hider = hider
        self._over = False

    async def send(self, message: str | bytes) -> None:
        # Noted before it goes out: an answer must not come before its question.
        self._note("out", message)
        await self._inner.send(
            message
        )  # where it is closed, recv tells: what came before is still to be read

    async def recv(self) -> str | bytes:
        try:
            message = await self._inner.recv()
        except SocketClosed as closed:
            self._ended(PROVIDER, closed)
            raise
        self._note("in", message)
        return message

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self._ended("client", SocketClosed(code, reason, clean=True))
        await self._inner.close(code, reason)

    def _note(self, way: str, message: str | bytes) -> None:
        if self._over:
            return
        if isinstance(message, bytes):
            self._writer.append(f"socket-{self._number}-{way}.pcm", message)
            self._writer.note(way, socket=self._number, audio=len(message))
        elif way == "out" and is_media(message):
            # Audio is not compared; of what the peer sent it is needed.
            self._writer.note(way, socket=self._number, media=len(message))
        else:
            self._writer.note(way, socket=self._number, **self._hider.message(message))

    def _ended(self, by: str, closed: SocketClosed) -> None:
        if self._over:
            return
        self._over = True
        reason = self._hider.text(closed.reason)
        self._writer.note(
            "closed", socket=self._number, by=by, code=closed.code, reason=reason, clean=closed.clean
        )


def is_media(message: str | bytes) -> bool:
    """Whether a message carries 20 ms of a stream: audio, written as text."""
    return isinstance(message, str) and isinstance(read_message(message), StreamMedia)


class _RecordingDoor(Door):
    """``Door`` that notes who comes in and what is said then."""

    def __init__(self, inner: Door, writer: CassetteWriter, hider: Hider, counter: _Counter) -> None:
        self._inner = inner
        self._writer = writer
        self._hider = hider
        self._counter = counter

    @property
    def path(self) -> str:
        return self._inner.path

    @property
    def headers(self) -> Sequence[tuple[str, str]]:
        return self._inner.headers

    async def accept(self) -> ClientSocket:
        socket = await self._inner.accept()
        number = self._counter.next()
        headers: list[Json] = [
            self._hider.value([name, value]) for name, value in self.headers if name.startswith("x-")
        ]
        self._writer.note("visit", socket=number, path=self._hider.text(self.path), headers=headers)
        return RecordingSocket(socket, number, self._writer, self._hider)

    async def refuse(self, status: int, text: str) -> None:
        await self._inner.refuse(status, text)
