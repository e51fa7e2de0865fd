"""One end of a WebSocket as somebody in a call: what it does, hears and is told."""

from __future__ import annotations

import asyncio
import json
import wave
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.replay.test_audio_facts import tone
from tests.replay.test_stubs import NoSpeech

from voxrun.connectors.transport import SocketClosed
from voxrun.media.frames import FRAME_BYTES
from voxrun.media.stream_codec import PCM16, ULAW, Encoding, StreamDecoder, StreamEncoder
from voxrun.media.stream_protocol import StreamMedia, StreamWriter, read_message, written
from voxrun.replay.socket_party import Around, SocketParty, fits
from voxrun.replay.socket_script import Answer, Behaviour, Close, Deed, Pause, Send, Speak
from voxrun.replay.texts import Wanted
from voxrun.replay.timeline import Moment, Timeline
from voxrun.session.virtual import run_virtual

URL = "wss://bot.example/talk"


class Wire:
    """A ``ClientSocket``: what the party sends, with its time, and what comes to it."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, str | bytes]] = []
        self.closed: tuple[int, str] | None = None
        self._queue: asyncio.Queue[str | SocketClosed] = asyncio.Queue()

    @property
    def texts(self) -> list[str | bytes]:
        return [text for _, text in self.sent if not is_media(text)]

    def put(self, message: str) -> None:
        self._queue.put_nowait(message)

    def end(self, code: int = 1000) -> None:
        self._queue.put_nowait(SocketClosed(code, "", clean=code != 1006))

    async def send(self, message: str | bytes) -> None:
        self.sent.append((now(), message))

    async def recv(self) -> str | bytes:
        message = await self._queue.get()
        if isinstance(message, SocketClosed):
            raise message
        return message

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self.closed = (code, reason)
        self.end(code)


def now() -> int:
    return round(asyncio.get_running_loop().time() * 1000)


def is_media(message: str | bytes) -> bool:
    return isinstance(message, str) and isinstance(read_message(message), StreamMedia)


class Live:
    """A party with a connection."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.timeline = Timeline()
        self.trouble: list[str] = []
        self.wire = Wire()
        start = now()
        around = Around(self.timeline, NoSpeech(), lambda: now() - start, self.trouble.append)
        self.party = SocketParty("bot", behaviour, around)
        self.life = asyncio.create_task(self.party.live(self.wire, URL, "/talk", []))

    def told(self, kind: str) -> list[Moment]:
        return [moment for moment in self.timeline.moments if moment.kind == kind]


def live(behaviour: Behaviour, story: Callable[[Live], Awaitable[None]]) -> Live:
    async def main(_: object) -> Live:
        made = Live(behaviour)
        await story(made)
        made.life.cancel()
        await asyncio.gather(made.life, return_exceptions=True)
        return made

    return run_virtual(main)


def does(*deeds: Deed, **more: Any) -> Behaviour:
    return Behaviour(deeds, **more)


def test_it_does_one_thing_after_the_other_and_stays() -> None:
    made = live(does(Send("a"), Pause(300), Send(data=b"\x00\xff"), Send("b")), lambda made: asyncio.sleep(2))
    assert made.wire.sent == [(0, "a"), (300, b"\x00\xff"), (300, "b")]
    assert made.party.connected is False
    told = [(m.at, m.kind, m.text) for m in made.timeline.moments]
    assert told == [
        (0, "socket_open", URL),
        (0, "socket_says", "a"),
        (300, "socket_says", "2 bytes"),
        (300, "socket_says", "b"),
        (2000, "socket_closed", "1006"),
    ]
    assert made.trouble == []


def test_it_closes_with_a_code_or_breaks_off() -> None:
    async def wait(made: Live) -> None:
        assert await made.life is (made.wire.closed is None)

    closed = live(does(Pause(100), Close(4001, "enough")), wait)
    assert closed.wire.closed == (4001, "enough")
    assert [(m.at, m.text) for m in closed.told("socket_closed")] == [(100, "4001")]
    broken = live(does(Pause(100), Close(1006)), wait)
    assert broken.wire.closed is None
    assert [(m.at, m.text) for m in broken.told("socket_closed")] == [(100, "1006")]


def test_replies_come_in_order_each_as_often_as_it_may() -> None:
    answers = (
        Answer(text=Wanted("hello"), does=(Pause(100), Send("once")), times=1),
        Answer(json={"type": "ping"}, does=(Send("pong"),)),
        Answer(text=Wanted("/h.*o/"), does=(Send("always"),)),
    )

    async def story(made: Live) -> None:
        for text in ("hello", 'x {"type":"ping"}', '{"type":"ping","n":1}', "hello", "nothing"):
            made.wire.put(text)
        await asyncio.sleep(1)

    made = live(Behaviour(replies=answers), story)
    assert made.wire.sent == [(100, "once"), (100, "pong"), (100, "always")]
    heard = made.told("websocket")
    assert [m.text for m in heard][:2] == ["hello", 'x {"type":"ping"}']
    assert [m.data["json"] for m in heard] == [None, None, {"type": "ping", "n": 1}, None, None]
    assert {(m.who, m.data["url"]) for m in heard} == {("bot", URL)}


def test_media_is_no_message_and_answers_nothing() -> None:
    async def story(made: Live) -> None:
        for message in stream(ULAW, tone(60)):
            made.wire.put(message)
        await asyncio.sleep(1)

    made = live(Behaviour(replies=(Answer(text=Wanted("event"), does=(Send("heard"),)),)), story)
    assert [json.loads(m.text)["event"] for m in made.told("websocket")] == ["start", "stop"]
    assert made.wire.texts == ["heard", "heard"]


def stream(encoding: Encoding, pcm: bytes, tag: str = "") -> list[str]:
    """Messages of one stream."""
    writer, encoder = StreamWriter(encoding, tag), StreamEncoder(encoding)
    frames = [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm), FRAME_BYTES)]
    media = [written(writer.media(encoder.encode(frame))) for frame in frames]
    return [written(writer.start()), *media, written(writer.stop())]


def test_it_hears_what_is_sent_to_it_in_every_stream() -> None:
    async def story(made: Live) -> None:
        await asyncio.sleep(1)
        for message in stream(PCM16, tone(60), "a"):
            made.wire.put(message)
        await asyncio.sleep(1)
        for message in stream(ULAW, tone(40), "b"):
            made.wire.put(message)
        made.wire.put(stream(PCM16, tone(20), "never started")[1])
        await asyncio.sleep(1)

    made = live(Behaviour(), story)
    assert [begin for begin, _ in made.party.sound.stretches] == [1000, 2000]


def test_speech_is_a_stream_and_takes_its_time() -> None:
    made = live(
        does(Speak("hello", encoding=ULAW, tag="t", custom={"a": 1}), Send("then")),
        lambda made: asyncio.sleep(1),
    )
    start, stop, _ = made.wire.texts
    assert json.loads(start)["start"] == {
        "mediaFormat": {"encoding": "ULAW", "sampleRate": 8000, "channels": 1},
        "tag": "t",
        "customParameters": '{"a":1}',
    }
    assert json.loads(stop)["event"] == "stop"
    media = [json.loads(text)["media"] for _, text in made.wire.sent if is_media(text)]
    assert [body["timestamp"] for body in media] == [0]
    assert made.wire.sent[-1] == (10, "then")  # 10 ms of speech
    assert [(m.text, m.data["ms"]) for m in made.told("said")] == [("hello", 10)]
    assert made.party.voice.stretches == [[0, 20]]


def test_it_speaks_in_real_time_and_leaves_the_stream_open(tmp_path: Path) -> None:
    file = tmp_path / "a.wav"
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(tone(80))
    made = live(does(Speak(audio=file, paced=True, stop=False)), lambda made: asyncio.sleep(1))
    assert [at for at, text in made.wire.sent if is_media(text)] == [0, 20, 40, 60]
    assert [json.loads(text)["event"] for text in made.wire.texts] == ["start"]
    assert made.told("said")[0].text == "a.wav"


def test_speech_of_a_given_length_is_cut_or_followed_by_silence() -> None:
    made = live(
        does(Speak("hello", ms=5), Speak("hello", ms=40), Send("then")), lambda made: asyncio.sleep(1)
    )
    media = [read_message(text) for _, text in made.wire.sent if isinstance(text, str) and is_media(text)]
    pieces = [each.payload for each in media if isinstance(each, StreamMedia)]
    assert [len(piece.rstrip(b"\0")) for piece in pieces] == [160, 320, 0]
    assert made.wire.sent[-1] == (45, "then")


def test_a_step_makes_it_speak_as_it_is_used_to_and_after_what_it_says() -> None:
    async def story(made: Live) -> None:
        await asyncio.gather(made.party.speak(tone(40)), made.party.speak(tone(40)))

    made = live(does(encoding=ULAW, tag="t"), story)
    events = [json.loads(text)["event"] for _, text in made.wire.sent]
    assert events == ["start", "media", "media", "stop"] * 2
    assert [at for at, text in made.wire.sent if not is_media(text)] == [0, 0, 40, 40]
    first = json.loads(made.wire.texts[0])["start"]
    assert (first["mediaFormat"]["encoding"], first["tag"]) == ("ULAW", "t")
    decoder = StreamDecoder(ULAW)
    media = [read_message(text) for _, text in made.wire.sent if isinstance(text, str) and is_media(text)]
    assert all(decoder.decode(each.payload) for each in media if isinstance(each, StreamMedia))


def test_what_it_does_on_a_closed_connection_is_told_to_who_asks_and_to_nobody_else() -> None:
    async def story(made: Live) -> None:
        await asyncio.sleep(0.05)
        made.wire.end()
        assert await made.life is False
        with pytest.raises(SocketClosed):
            await made.party.do(Send("late"))
        await made.party.speak(tone(20))

    made = live(does(Pause(100), Send("never")), story)
    assert made.wire.sent == []
    assert made.trouble == []
    assert made.told("socket_closed")[0].text == "1000"


def test_a_deed_that_fails_is_trouble(tmp_path: Path) -> None:
    (tmp_path / "bad.wav").write_bytes(b"no sound")
    made = live(does(Speak(audio=tmp_path / "bad.wav")), lambda made: asyncio.sleep(1))
    (trouble,) = made.trouble
    assert "bad.wav" in trouble


def test_a_scenario_that_connects_again_finds_the_same_one() -> None:
    answer = Answer(text=Wanted("hello"), does=(Send("welcome"),), times=1)

    async def story(made: Live) -> None:
        made.wire.put("hello")
        await asyncio.sleep(0.1)
        made.wire.end()
        await made.life
        made.wire = Wire()
        made.life = asyncio.create_task(made.party.live(made.wire, URL, "/talk", []))
        made.wire.put("hello")
        await asyncio.sleep(0.1)
        assert made.party.connected

    made = live(Behaviour((Send("open"),), (answer,)), story)
    assert made.wire.texts == ["open"]  # once is once


@pytest.mark.parametrize(
    ("answer", "text", "found"),
    [
        (Answer(text=Wanted("hello")), "well, hello there", True),
        (Answer(text=Wanted("/^hello/")), "well, hello there", False),
        (Answer(json={"a": {"b": 1}}), '{"a":{"b":1,"c":2}}', True),
        (Answer(json={"a": {"b": 1}}), '{"a":{"b":2}}', False),
        (Answer(json={"a": 1}), '["a", 1]', False),
        (Answer(json={"a": 1}), "[" * 100_000, False),
        (Answer(json=[1]), "[1", False),
    ],
)
def test_what_an_answer_is_for(answer: Answer, text: str, found: bool) -> None:
    assert fits(answer, text) is found
