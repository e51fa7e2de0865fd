"""The media side of one WebSocket: its streams by tag, both ways; a unit's ports (``services.units``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from voxrun.media.graph import Sink, Source, Ticker
from voxrun.media.stream_codec import Encoding, encoding_of
from voxrun.media.stream_protocol import StreamMedia, StreamStart, StreamStop, StreamWriter
from voxrun.services.units import EdgeOptions
from voxrun.services.websocket_streams import StreamIn, StreamOut
from voxrun.session.messages import JsonObject

MOST_TAGS: Final = 32
"""Streams by tag, in each direction."""


class MediaHost(Protocol):
    """What the media of a WebSocket needs of its session."""

    @property
    def ticker(self) -> Ticker: ...

    @property
    def default_encoding(self) -> Encoding:
        """Of streams to the peer."""
        ...

    def emit(self, kind: str, data: JsonObject) -> None:
        """Raise an event on the WebSocket."""
        ...

    def warn(self, text: str) -> None:
        """A warning for the session's log."""
        ...


class SocketMedia:
    """``send(message, is_audio)`` takes what goes to the peer; nothing does before ``open``."""

    def __init__(self, host: MediaHost, send: Callable[[JsonObject, bool], None]) -> None:
        self._host = host
        self._send = send
        self._in: dict[str, StreamIn] = {}
        self._out: dict[str, StreamOut] = {}
        self._open = False
        self._over = False

    @property
    def dropped_ms(self) -> int:
        """Audio of the peer that was discarded because more than 10 s waited."""
        return sum(stream.dropped_ms for stream in self._in.values())

    # -- ports

    def output(self, options: EdgeOptions) -> Source | None:
        stream = self._stream_in(options.tag)
        return None if stream is None else stream.source

    def outputs(self, tag: str) -> Sequence[Source]:
        return [stream.source for stream in self._streams_in(tag)]

    def inputs(self, tag: str) -> Sequence[Sink]:
        return [stream for name, stream in self._out.items() if tag in ("", name)]

    def input(self, options: EdgeOptions) -> Sink | None:
        """The stream with this tag; another encoding or other parameters make it stop and start anew."""
        if self._over:
            return None
        old = self._out.get(options.tag)
        encoding = self._encoding(options, old)
        if old is None:
            if len(self._out) >= MOST_TAGS:
                self._host.warn(f"sendMediaTo ignored: the WebSocket has {MOST_TAGS} streams already")
                return None
            return self._new(encoding, options)
        if old.writer.encoding == encoding and old.writer.custom == options.custom:
            return old
        sources = [*old.sources]
        self._drop(old)
        stream = self._new(encoding, options)
        for source in sources:
            source.connect(stream)
        return stream

    def _new(self, encoding: Encoding, options: EdgeOptions) -> StreamOut:
        writer = StreamWriter(encoding, options.tag, options.custom)
        stream = self._out[options.tag] = StreamOut(self._host.ticker, writer, self._send, self._idle)
        said = self._stream_in(options.tag)
        stream.own = None if said is None else said.source
        if self._open:
            stream.begin()
        return stream

    def _encoding(self, options: EdgeOptions, old: StreamOut | None) -> Encoding:
        default = self._host.default_encoding if old is None else old.writer.encoding
        if not options.encoding:
            return default
        try:
            return encoding_of(options.encoding)
        except ValueError as error:
            self._host.warn(f"sendMediaTo: {error} (enum WebSocketAudioEncoding); {default.name} is sent")
            return default

    def _idle(self, stream: StreamOut) -> None:
        """The last unit has gone: the stream is over."""
        if self._out.get(stream.writer.tag) is stream:
            del self._out[stream.writer.tag]
        stream.end()

    def _drop(self, stream: StreamOut) -> None:
        for source in tuple(stream.sources):
            source.disconnect(stream)
        self._idle(stream)

    def _streams_in(self, tag: str) -> list[StreamIn]:
        return [stream for name, stream in self._in.items() if tag in ("", name)]

    def _stream_in(self, tag: str) -> StreamIn | None:
        """The stream with this tag, made when it is first asked for; None where there may be no more."""
        stream = self._in.get(tag)
        if stream is None and not self._over and len(self._in) < MOST_TAGS:
            stream = self._in[tag] = self._new_in(tag)
        return stream

    def _new_in(self, tag: str) -> StreamIn:
        named: JsonObject = {"tag": tag} if tag else {}

        def started(start: StreamStart) -> None:
            fields: JsonObject = {"encoding": start.encoding.name, "customParameters": {**start.custom}}
            self._host.emit("WebSocket.MediaEventStarted", {**named, **fields})

        def ended(seconds: int) -> None:
            self._host.emit("WebSocket.MediaEventEnded", {**named, "mediaInfo": {"duration": seconds}})

        return StreamIn(Source(), self._host.ticker, started, ended)

    # -- life

    def open(self) -> None:
        """The peer listens from now on."""
        self._open = True
        for stream in tuple(self._out.values()):
            stream.begin()

    def close(self) -> None:
        """Stop every stream, for good. Idempotent."""
        self._over = True
        for out in tuple(self._out.values()):
            self._drop(out)
        for stream in self._in.values():
            stream.close()
            stream.source.disconnect_all()

    def clear(self, tag: str) -> None:
        """Drop the audio of the peer that was not played: of the stream with this tag, of all for ""."""
        for stream in self._streams_in(tag):
            stream.clear()

    def take(self, message: StreamStart | StreamMedia | StreamStop) -> str:
        """A media message of the peer. Gives "", or why it was ignored."""
        name = f' with tag "{message.tag}"' if message.tag else ""
        match message:
            case StreamStart():
                stream = self._stream_in(message.tag)
                why = f"there are {MOST_TAGS} streams" if stream is None else stream.start(message)
                return f"a start{name} was ignored: {why}" if why else ""
            case StreamMedia():
                stream = self._in.get(message.tag)
                why = "there was no start before it" if stream is None else stream.media(message.payload)
                return f"media{name} was ignored: {why}" if why else ""
            case StreamStop():
                if message.tag in self._in:
                    self._in[message.tag].stop()
                return ""
