"""Streams of a WebSocket in time: paced out in real time, counted in 20 ms, ended by silence."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from voxrun.media.frames import FRAME_BYTES, SILENCE
from voxrun.media.graph import Sink, Source
from voxrun.media.stream_codec import PCM8, PCM16, ULAW
from voxrun.media.stream_protocol import StreamStart, StreamWriter
from voxrun.services.ticker import LoopTicker
from voxrun.services.websocket_streams import MOST_PARTS, StreamIn, StreamOut
from voxrun.session.virtual import run_virtual

LOUD = b"\x10\x20" * 320
START = StreamStart("", PCM16)


def ms(length: int) -> bytes:
    """Sound as PCM16."""
    return LOUD[: length % 20 * 32] + LOUD * (length // 20)


class Ear(Sink):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[int, bytes]] = []
        self.flushed = 0

    def write(self, frame: bytes, source: Source) -> None:
        self.heard.append((round(asyncio.get_running_loop().time() * 1000), frame))

    def flush(self, source: Source) -> None:
        self.flushed += 1

    @property
    def sound(self) -> int:
        """Milliseconds of sound."""
        return 20 * sum(frame.count(0) < FRAME_BYTES for _, frame in self.heard)


class Room:
    """A stream from the peer, who hears it, and what was told."""

    def __init__(self) -> None:
        self.ear = Ear()
        self.told: list[tuple[int, Any]] = []
        self.ticker = LoopTicker()
        source = Source()
        source.connect(self.ear)
        self.stream = StreamIn(
            source, self.ticker, lambda start: self._tell(start), lambda seconds: self._tell(seconds)
        )

    def _tell(self, what: Any) -> None:
        self.told.append((round(asyncio.get_running_loop().time() * 1000), what))

    @property
    def words(self) -> list[str]:
        return ["ended" if isinstance(what, int) else "started" for _, what in self.told]


def play(story: Callable[[Room], Awaitable[None]]) -> Room:
    async def main(_: object) -> Room:
        room = Room()
        await story(room)
        room.stream.close()
        room.ticker.close()
        return room

    return run_virtual(main)


# -- from the peer ------------------------------------------------------------------------------------


def test_audio_that_came_at_once_is_played_in_real_time() -> None:
    async def story(room: Room) -> None:
        room.stream.start(START)
        room.stream.media(ms(1000))
        await asyncio.sleep(0.51)
        assert room.ear.sound == 500
        await asyncio.sleep(1)
        assert room.ear.sound == 1000
        times = [at for at, _ in room.ear.heard]
        assert {later - earlier for earlier, later in itertools.pairwise(times)} == {20}

    play(story)


def test_more_than_ten_seconds_are_discarded() -> None:
    async def story(room: Room) -> None:
        room.stream.start(START)
        for _ in range(13):
            assert room.stream.media(ms(1000)) == ""
        await asyncio.sleep(20)

    room = play(story)
    assert room.ear.sound == 10_000
    assert room.stream.dropped_ms == 3000
    assert room.told[-1] == (11_000, 10)


def test_media_started_comes_with_a_valid_start_and_tells_what_it_said() -> None:
    start = StreamStart("", ULAW, {"id": "5"})

    async def story(room: Room) -> None:
        room.stream.start(start)
        assert room.told == [(0, start)]
        await asyncio.sleep(0.1)

    play(story)


def test_media_ended_comes_when_a_stopped_stream_has_been_played() -> None:
    async def story(room: Room) -> None:
        room.stream.start(START)
        room.stream.media(ms(1600))
        room.stream.stop()
        assert room.words == ["started"]
        await asyncio.sleep(5)

    assert play(story).told == [(0, START), (1600, 2)]


def test_media_ended_comes_at_once_where_nothing_is_left_to_play() -> None:
    async def story(room: Room) -> None:
        room.stream.start(START)
        room.stream.stop()
        assert room.told == [(0, START), (0, 0)]

    play(story)


def test_media_ended_comes_after_a_second_of_silence_and_media_started_when_it_goes_on() -> None:
    async def story(room: Room) -> None:
        room.stream.start(START)
        room.stream.media(ms(500))
        await asyncio.sleep(4)
        room.stream.media(ms(200))
        await asyncio.sleep(4)

    room = play(story)
    assert room.words == ["started", "ended", "started", "ended"]
    assert [at for at, _ in room.told] == [0, 1500, 4020, 5200]
    assert [what for _, what in room.told if isinstance(what, int)] == [1, 0]


def test_zeros_are_silence_too() -> None:
    async def story(room: Room) -> None:
        room.stream.start(START)
        room.stream.media(ms(200) + bytes(32 * 3000))
        await asyncio.sleep(4)

    room = play(story)
    assert [at for at, _ in room.told] == [0, 1200]
    assert sum(frame is SILENCE for _, frame in room.ear.heard) == 150


def test_after_an_end_by_silence_stop_tells_nothing_more() -> None:
    async def story(room: Room) -> None:
        room.stream.start(START)
        await asyncio.sleep(2)
        room.stream.stop()
        await asyncio.sleep(2)

    assert play(story).words == ["started", "ended"]


def test_streams_that_came_at_once_are_played_one_after_the_other() -> None:
    async def story(room: Room) -> None:
        for length in (400, 600):
            room.stream.start(START)
            room.stream.media(ms(length))
            room.stream.stop()
        await asyncio.sleep(3)

    room = play(story)
    assert room.words == ["started", "ended", "started", "ended"]
    assert [at for at, _ in room.told] == [0, 400, 400, 1000]


def test_a_new_start_ends_the_stream_before_and_may_change_the_encoding() -> None:
    async def story(room: Room) -> None:
        room.stream.start(START)
        room.stream.media(ms(100))
        room.stream.start(StreamStart("", ULAW))
        room.stream.media(b"\x80" * 800)  # the loudest code: 100 ms
        await asyncio.sleep(0.3)
        assert room.words == ["started", "ended", "started"]
        assert room.ear.sound == 200

    play(story)


def test_media_before_a_start_and_after_a_stop_is_not_played() -> None:
    async def story(room: Room) -> None:
        assert room.stream.media(ms(100)) == "there was no start before it"
        room.stream.start(START)
        room.stream.media(ms(100))
        room.stream.stop()
        assert room.stream.media(ms(100)) == "there was no start before it"
        await asyncio.sleep(1)
        assert room.ear.sound == 100

    play(story)


def test_clearing_takes_effect_with_the_next_tick_and_reaches_what_the_unit_holds() -> None:
    async def story(room: Room) -> None:
        room.stream.start(START)
        room.stream.media(ms(5000))
        await asyncio.sleep(0.99)
        room.stream.clear()
        assert room.ear.flushed == 1
        await asyncio.sleep(3)
        assert room.ear.sound == 980
        room.stream.media(ms(100))  # the stream was not stopped: it goes on
        await asyncio.sleep(0.2)
        assert room.ear.sound == 1080

    room = play(story)
    assert room.words == ["started", "ended", "started"]
    assert [at for at, _ in room.told][1] == 1980


def test_clearing_ends_a_stream_that_was_stopped_and_forgets_those_behind_it() -> None:
    async def story(room: Room) -> None:
        for _ in range(3):
            room.stream.start(START)
            room.stream.media(ms(1000))
            room.stream.stop()
        await asyncio.sleep(0.5)
        room.stream.clear()
        assert room.words == ["started", "ended"]
        room.stream.start(START)
        assert room.words == ["started", "ended", "started"]

    play(story)


def test_a_rest_shorter_than_a_frame_waits_a_tick_and_is_filled_up() -> None:
    async def story(room: Room) -> None:
        room.stream.start(START)
        room.stream.media(LOUD[:200])
        await asyncio.sleep(0.1)

    room = play(story)
    assert [frame for _, frame in room.ear.heard] == [LOUD[:200] + bytes(440)]


def test_a_flood_of_starts_is_bounded() -> None:
    async def story(room: Room) -> None:
        why = []
        for _ in range(200):
            why.append(room.stream.start(START))
            room.stream.media(ms(20))
        assert why.count("") == MOST_PARTS
        assert "wait to be played already" in why[-1]

    play(story)


def test_after_the_end_nothing_is_told() -> None:
    async def story(room: Room) -> None:
        room.stream.start(START)
        room.stream.media(ms(500))
        room.stream.close()
        await asyncio.sleep(3)
        assert room.words == ["started"]
        assert room.ear.sound == 0

    play(story)


DEEDS = st.one_of(
    st.just("start"),
    st.just("stop"),
    st.just("clear"),
    st.integers(1, 3000).map(lambda length: ("media", length)),
    st.integers(1, 3000).map(lambda length: ("wait", length)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(DEEDS, max_size=14))
def test_whatever_a_peer_does_beginnings_and_ends_alternate_and_no_sound_is_made_up(deeds: list[Any]) -> None:
    given_ms = 0

    async def story(room: Room) -> None:
        nonlocal given_ms
        for deed in deeds:
            match deed:
                case "start":
                    room.stream.start(START)
                case "stop":
                    room.stream.stop()
                case "clear":
                    room.stream.clear()
                case ("media", length):
                    if not room.stream.media(ms(length)):
                        given_ms += length
                case (_, length):
                    await asyncio.sleep(length / 1000)
        await asyncio.sleep(15)

    room = play(story)
    assert room.words == ["started", "ended"] * (len(room.words) // 2)
    assert room.ear.sound <= given_ms + 20 * len(deeds)
    assert room.ear.sound <= 20 * len(room.ear.heard)


# -- to the peer --------------------------------------------------------------------------------------


class Out:
    """A stream to the peer and what it sent: (ms, message, is audio)."""

    def __init__(self, writer: StreamWriter) -> None:
        self.sent: list[tuple[int, Any, bool]] = []
        self.idle = 0
        self.ticker = LoopTicker()
        self.stream = StreamOut(self.ticker, writer, self._take, self._left)
        self.source = Source()

    def _take(self, message: Any, is_audio: bool) -> None:
        self.sent.append((round(asyncio.get_running_loop().time() * 1000), message, is_audio))

    def _left(self, stream: StreamOut) -> None:
        self.idle += 1

    @property
    def events(self) -> list[str]:
        return [message["event"] for _, message, _ in self.sent]


def send(story: Callable[[Out], Awaitable[None]], **writer: Any) -> Out:
    async def main(_: object) -> Out:
        out = Out(StreamWriter(writer.pop("encoding", PCM8), **writer))
        await story(out)
        out.stream.close()
        out.ticker.close()
        return out

    return run_virtual(main)


def test_a_stream_is_20_ms_every_20_ms_with_silence_where_its_unit_gave_none() -> None:
    async def story(out: Out) -> None:
        out.source.connect(out.stream)
        out.stream.begin()
        for _ in range(10):
            out.source.push(LOUD)
            await asyncio.sleep(0.02)
        await asyncio.sleep(1.8)
        out.stream.end()

    out = send(story)
    assert out.events[0] == "start"
    assert out.events[-1] == "stop"
    media = [message["media"] for _, message, audio in out.sent if audio]
    assert [body["chunk"] for body in media] == list(range(len(media)))
    assert 98 <= len(media) <= 101
    assert out.sent[-1][1]["stop"]["mediaInfo"]["duration"] == 2


def test_before_it_begins_audio_is_lost_and_it_begins_once() -> None:
    async def story(out: Out) -> None:
        out.source.connect(out.stream)
        out.source.push(LOUD)
        assert out.sent == []
        out.stream.begin()
        out.stream.begin()
        out.stream.end()
        out.stream.end()

    assert send(story).events == ["start", "stop"]


def test_a_stream_that_never_began_ends_without_a_word() -> None:
    async def story(out: Out) -> None:
        out.stream.end()

    assert send(story).sent == []


def test_when_the_last_unit_leaves_it_is_told() -> None:
    async def story(out: Out) -> None:
        other = Source()
        out.source.connect(out.stream)
        other.connect(out.stream)
        out.source.disconnect(out.stream)
        assert out.idle == 0
        other.disconnect(out.stream)
        assert out.idle == 1

    send(story)
