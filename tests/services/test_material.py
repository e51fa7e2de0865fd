"""What players play: read from commands that may be anything, made into tapes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.harness import StubNet, ToneSpeech
from tests.services.test_arguments import JSON
from tests.services.test_download import wav

from voxrun.connectors.transport import Transports
from voxrun.errors import PeerError, ScenarioError, VoxrunError
from voxrun.media.tape import GrowingTape, Tape
from voxrun.services.arguments import Arguments
from voxrun.services.download import AudioCache, AudioRequest, Downloader
from voxrun.services.material import File, Material, Phrase, Preparer, Script, Sequence, read_material
from voxrun.services.ports import Surroundings
from voxrun.services.recording_file import disk_thread
from voxrun.services.ticker import LoopTicker
from voxrun.session.clock import LoopClock
from voxrun.session.limits import Limits
from voxrun.session.messages import Command
from voxrun.session.virtual import run_virtual
from voxrun.speech.base import Voice
from voxrun.speech.voices import resolve_voice


def read(**data: Any) -> Material:
    return read_material(Arguments(Command("player.create", "p1", data)))


def test_every_kind_is_read() -> None:
    voice = resolve_voice("Language.RU_RUSSIAN_MALE")
    assert read(kind="tts", text="hi", voice="Language.RU_RUSSIAN_MALE", progressive=True) == Phrase(
        "hi", voice, True
    )
    assert read(kind="tone", script="425", loop=True) == Script("425", True)
    assert read(
        kind="url", url="u", method="POST", headers=[["A", "b"]], body={"bytes": "AAE="}, loop=True
    ) == File(AudioRequest("u", "POST", (("A", "b"),), b"\x00\x01"), True)
    assert read(kind="sequence", segments=[{"kind": "url", "url": "u"}]) == Sequence(
        (File(AudioRequest("u")),)
    )


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"kind": "film"},
        {"kind": "tts"},
        {"kind": "url"},
        {"kind": "url", "url": "u", "method": "DELETE"},
        {"kind": "url", "url": "u", "headers": {"A": "b"}},
        {"kind": "url", "url": "u", "body": {"bytes": "?"}},
        {"kind": "sequence"},
        {"kind": "sequence", "segments": []},
        {"kind": "sequence", "segments": [{"kind": "tone", "script": "425"}]},
        {"kind": "sequence", "segments": ["u"]},
        {"kind": "sequence", "segments": [{"kind": "url", "url": "u"}] * 101},
    ],
)
def test_what_the_realm_should_not_have_sent_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ScenarioError):
        read(**data)


@given(
    st.dictionaries(
        st.sampled_from(["kind", "text", "voice", "options", "url", "method", "headers", "body", "segments"]),
        JSON | st.sampled_from(["tts", "url", "tone", "sequence"]),
    )
)
def test_reading_gives_material_or_a_scenario_error(data: dict[str, Any]) -> None:
    try:
        read(**data)
    except ScenarioError:
        pass


Routes = dict[str, Callable[[httpx.Request], Any]]


def prepared(
    material: Material,
    routes: Routes | None = None,
    story: Callable[[Tape, Awaitable[None] | None], Awaitable[None]] | None = None,
) -> tuple[Tape, StubNet, ToneSpeech, int]:
    """The tape (complete), and the ms that it took to be there."""

    async def main(clock: LoopClock) -> tuple[Tape, StubNet, ToneSpeech, int]:
        net, speech = StubNet(), ToneSpeech()
        net.routes.update(routes or {})
        around = Surroundings(
            ticker=LoopTicker(),
            speech=speech,
            dialer=None,  # type: ignore[arg-type]
            transports=Transports(None, net),  # type: ignore[arg-type]
            limits=Limits(),
            http=net,
            disk=disk_thread(),
            audio_cache=AudioCache(),
        )
        preparer = Preparer(around, Downloader(net, Limits(), AudioCache()))
        tape, rest = await preparer.tape(material)
        ms = round(clock.now() * 1000)
        if story is not None:
            await story(tape, rest)
        elif rest is not None:
            await rest
        return tape, net, speech, ms

    return run_virtual(main)


def file(url: str, **more: Any) -> File:
    return File(AudioRequest(url), **more)


SLOW = 32_000  # bytes a second


async def dripping(data: bytes, broken: bool = False) -> AsyncIterator[bytes]:
    for start in range(0, len(data), SLOW // 10):
        await asyncio.sleep(0.1)
        yield data[start : start + SLOW // 10]
    if broken:
        raise httpx.ReadError("the line broke")


def test_a_text_is_spoken_and_one_over_the_limit_is_not() -> None:
    tape, _, speech, _ = prepared(Phrase("Hello. You there?", Voice()))
    assert (tape.length, speech.said) == (17 * 960, [("Hello. You there?", Voice())])
    with pytest.raises(VoxrunError, match="the text has 1501 characters, the limit is 1500"):
        prepared(Phrase("x. " * 500 + "y", Voice(), progressive=True))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("First one. Second! Third? Yes", ["First one.", "Second!", "Third?", "Yes"]),
        ("Only one", ["Only one"]),
        ("<speak>One. Two.</speak>", ["<speak>One. Two.</speak>"]),
    ],
)
def test_progressively_sentences_are_spoken_one_by_one_and_ssml_whole(text: str, said: list[str]) -> None:
    tape, _, speech, _ = prepared(Phrase(text, Voice(), progressive=True))
    assert [words for words, _ in speech.said] == said
    assert tape.length == 960 * sum(map(len, said))


def test_a_tone_that_makes_no_sense_is_an_error() -> None:
    assert prepared(Script("425;2"))[0].length == 32_000
    with pytest.raises(VoxrunError, match="has no frequency"):
        prepared(Script(""))


def test_a_request_is_sent_as_it_was_asked_for_and_answers_to_a_body_are_not_kept() -> None:
    request = AudioRequest("http://x/say", "POST", (("X-Key", "k"), ("User-Agent", "me")), b"words")
    routes: Routes = {"/say": lambda r: httpx.Response(200, content=wav(len(r.content)))}

    tape, net, _, _ = prepared(Sequence((File(request), File(request))), routes)
    assert tape.length == 10
    assert len(net.requests) == 2
    sent = net.requests[0]
    assert (sent.method, sent.headers["x-key"], sent.headers["user-agent"]) == ("POST", "k", "me")


def test_progressively_a_file_is_heard_while_it_is_fetched() -> None:
    data = wav(5 * 16_000)

    async def story(tape: Tape, rest: Awaitable[None] | None) -> None:
        assert isinstance(tape, GrowingTape)
        assert (tape.enough, tape.length) == (True, None)
        assert rest is not None
        await rest

    routes: Routes = {"/a.wav": lambda r: httpx.Response(200, content=dripping(data))}
    tape, _, _, ms = prepared(file("http://x/a.wav", progressive=True), routes, story)
    assert tape.length == 5 * 16_000
    assert ms < 2500  # FFmpeg wants 64 KB of a WAV file before it believes it


def test_progressively_what_is_short_or_has_its_index_at_the_end_comes_whole() -> None:
    routes: Routes = {"/a.wav": lambda r: httpx.Response(200, content=wav(800))}
    tape, _, _, _ = prepared(file("http://x/a.wav", progressive=True), routes)
    assert tape.length == 800


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda r: httpx.Response(404), "answered 404"),
        (lambda r: httpx.Response(200, content=b"no audio"), "cannot play http://x/a: is not an audio file"),
        (lambda r: httpx.Response(200, content=b""), "cannot play http://x/a: is empty"),
        (lambda r: httpx.Response(200, content=dripping(wav(80_000), True)), "the line broke"),
        (lambda r: httpx.Response(200, content=wav(5_300_000)), "is larger than 10485760 bytes"),
        (lambda r: httpx.Response(302, headers={"Location": "/a"}), "more than 5 redirects"),
    ],
)
def test_progressively_failures_say_what_happened(answer: Any, message: str) -> None:
    with pytest.raises(PeerError) as caught:
        prepared(file("http://x/a", progressive=True), {"/a": answer})
    assert message in str(caught.value)


def test_a_pause_of_the_server_may_not_be_longer_than_the_limit() -> None:
    async def stuck() -> AsyncIterator[bytes]:
        yield wav(80_000)[:70_000]
        await asyncio.sleep(60)

    with pytest.raises(PeerError, match="Timeout is reached: http://x/a took longer than 12 s"):
        prepared(file("http://x/a", progressive=True), {"/a": lambda r: httpx.Response(200, content=stuck())})


def test_segments_are_joined_in_their_order_whichever_is_there_first() -> None:
    async def late(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(2)
        return httpx.Response(200, content=wav(100))

    routes: Routes = {"/late": late, "/a": lambda r: httpx.Response(200, content=wav(50))}
    tape, _, _, ms = prepared(
        Sequence((file("http://x/late"), Phrase("hi", Voice()), file("http://x/a"))), routes
    )
    assert (ms, tape.length) == (2000, 100 + 2 * 960 + 50)
    assert tape.place(0, 1) == 100


def test_one_segment_that_fails_fails_all_of_them_and_the_others_are_given_up() -> None:
    given_up: list[bool] = []

    async def never(request: httpx.Request) -> httpx.Response:
        try:
            await asyncio.sleep(11)
        except asyncio.CancelledError:
            given_up.append(True)
            raise
        return httpx.Response(404)

    routes: Routes = {"/never": never, "/gone": lambda r: httpx.Response(410)}
    with pytest.raises(PeerError, match="answered 410"):
        prepared(Sequence((file("http://x/never"), file("http://x/gone"))), routes)
    assert given_up == [True]


def test_segments_have_a_length_that_they_may_have_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voxrun.services.material.MAX_SECONDS", 0.1)
    with pytest.raises(ScenarioError, match=r"longer than 0\.1 seconds together"):
        prepared(Sequence((Phrase("x", Voice()), Phrase("y", Voice()))))
