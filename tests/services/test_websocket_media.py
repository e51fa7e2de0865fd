"""A WebSocket's ports: streams by tag."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from voxrun.media.graph import Source
from voxrun.media.stream_codec import PCM8, PCM16
from voxrun.media.stream_protocol import StreamMedia, StreamStart, StreamStop
from voxrun.services.ticker import LoopTicker
from voxrun.services.units import EdgeOptions
from voxrun.services.websocket_media import MOST_TAGS, SocketMedia
from voxrun.session.virtual import run_virtual


class Room:
    """The media of a WebSocket, and what it tells."""

    default_encoding = PCM8

    def __init__(self) -> None:
        self.ticker = LoopTicker()
        self.events: list[tuple[str, Any]] = []
        self.warnings: list[str] = []
        self.sent: list[Any] = []
        self.media = SocketMedia(self, lambda message, is_audio: self.sent.append(message))

    def emit(self, kind: str, data: Any) -> None:
        self.events.append((kind, data))

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def link(self, **options: Any) -> Source:
        """A unit that sends."""
        source = Source()
        sink = self.media.input(EdgeOptions(**options))
        if sink is not None:
            source.connect(sink)
        return source

    def sent_events(self) -> list[tuple[str, str | None]]:
        return [(message["event"], message[message["event"]].get("tag")) for message in self.sent]


def within(test: Callable[[Room], None]) -> None:
    async def main(_: object) -> None:
        room = Room()
        test(room)
        room.media.close()
        room.ticker.close()

    run_virtual(main)


def test_streams_that_were_asked_for_before_begin_when_it_opens() -> None:
    def test(room: Room) -> None:
        room.link(tag="a")
        room.link()
        assert room.sent == []
        room.media.open()
        assert room.sent_events() == [("start", "a"), ("start", None)]

    within(test)


def test_the_same_options_are_the_same_stream() -> None:
    def test(room: Room) -> None:
        room.media.open()
        first = room.media.input(EdgeOptions("a", "PCM16", {"x": 1}))
        assert room.media.input(EdgeOptions("a", "", {"x": 1})) is first
        assert room.media.input(EdgeOptions("a", "PCM16", {"x": 2})) is not first

    within(test)


def test_a_new_encoding_takes_the_units_along() -> None:
    def test(room: Room) -> None:
        room.media.open()
        source = room.link()
        sink = room.media.input(EdgeOptions(encoding="PCM16"))
        assert source.sinks == [sink]
        assert room.sent_events() == [("start", None), ("stop", None), ("start", None)]

    within(test)


def test_there_are_only_so_many_streams() -> None:
    def test(room: Room) -> None:
        for number in range(MOST_TAGS + 1):
            room.link(tag=f"t{number}")
            room.media.output(EdgeOptions(f"t{number}"))
        assert "streams already" in room.warnings[0]
        assert len(room.media.outputs("")) == MOST_TAGS
        assert "there are" in room.media.take(StreamStart("one more", PCM16))

    within(test)


def test_ports_by_tag_and_all_of_them() -> None:
    def test(room: Room) -> None:
        for tag in ("", "a", "b"):
            room.link(tag=tag)
            room.media.output(EdgeOptions(tag))
        assert (len(room.media.inputs("a")), len(room.media.inputs(""))) == (1, 3)
        assert (len(room.media.outputs("b")), len(room.media.outputs("none"))) == (1, 0)

    within(test)


def test_messages_of_the_peer_are_told_apart_by_tag() -> None:
    def test(room: Room) -> None:
        assert (
            room.media.take(StreamMedia("a", b""))
            == 'media with tag "a" was ignored: there was no start before it'
        )
        assert room.media.take(StreamStart("a", PCM16, {"k": "v"})) == ""
        assert room.media.take(StreamMedia("a", b"\x01\x02" * 320)) == ""
        room.media.clear("b")
        assert room.media.take(StreamStop("a")) == ""
        assert room.media.take(StreamStop("unknown")) == ""
        fields = {"tag": "a", "encoding": "PCM16", "customParameters": {"k": "v"}}
        assert room.events == [("WebSocket.MediaEventStarted", fields)]
        room.media.clear("a")
        assert room.events[1:] == [("WebSocket.MediaEventEnded", {"tag": "a", "mediaInfo": {"duration": 0}})]

    within(test)


def test_after_the_end_there_is_no_way_in_or_out() -> None:
    def test(room: Room) -> None:
        room.media.open()
        source = room.link()
        out = room.media.output(EdgeOptions())
        assert out is not None
        room.media.close()
        assert room.sent_events() == [("start", None), ("stop", None)]
        assert source.sinks == []
        assert room.media.input(EdgeOptions()) is None
        assert room.media.output(EdgeOptions("new")) is None

    within(test)
