"""A scenario's own ASR on a cassette: noted as it understood, given again in the same order and time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from voxrun.errors import PeerError
from voxrun.replay.cassette import Cassette
from voxrun.replay.cassette_asr import CUT_OFF, RecordingTranscriber, TapedTranscriber
from voxrun.replay.cassette_read import read_cassette
from voxrun.replay.cassette_redact import Hider
from voxrun.replay.cassette_writer import CassetteWriter
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import run_virtual
from voxrun.speech.base import Heard


class Slow:
    """Understands the bytes it is given; "boom" fails, "?" is nothing."""

    def missing(self, hints: tuple[str, ...], language: str) -> str:
        return ""

    async def prepare(self, hints: tuple[str, ...], language: str) -> None: ...

    async def transcribe(self, pcm: bytes, hints: tuple[str, ...], language: str) -> Heard | None:
        await asyncio.sleep(0.2)
        if pcm == b"boom":
            raise PeerError("the engine is gone")
        return Heard(pcm.decode(), 70) if pcm != b"?" else None

    async def so_far(self, pcm: bytes, hints: tuple[str, ...], language: str) -> str:
        return pcm.decode()


def taped(folder: Path) -> Cassette:
    async def main(clock: LoopClock) -> None:
        writer = CassetteWriter(folder, lambda: round(clock.now() * 1000), pytest.fail)
        writer.note("header", version=1, journal={"seed": 1, "startMs": 0})
        asr = RecordingTranscriber(Slow(), writer, Hider({"PIN": "4711 0815"}))
        assert asr.missing((), "en") == ""
        await asr.prepare((), "en")
        await asyncio.sleep(1)
        assert await asr.so_far(b"my pin", (), "") == "my pin"
        assert await asr.transcribe(b"my pin is 4711 0815", (), "") == Heard("my pin is 4711 0815", 70)
        assert await asr.transcribe(b"?", (), "") is None
        with pytest.raises(PeerError):
            await asr.transcribe(b"boom", (), "")
        writer.close()

    run_virtual(main)
    return read_cassette(folder)


def test_what_was_understood_is_understood_again(tmp_path: Path) -> None:
    cassette = taped(tmp_path)
    assert "0815" not in (tmp_path / "cassette.jsonl").read_text("utf-8")

    async def main(clock: LoopClock) -> None:
        now = lambda: round(clock.now() * 1000)  # noqa: E731
        asr = TapedTranscriber(cassette, lambda text: text.replace("«secret:PIN»", "1234 5678"), now)
        assert asr.missing((), "en") == ""
        await asr.prepare((), "en")
        assert await asr.so_far(b"", (), "") == ""
        await asyncio.sleep(1)
        assert await asr.so_far(b"", (), "") == "my pin"
        assert await asr.transcribe(b"other sound", (), "") == Heard("my pin is 1234 5678", 70)
        assert now() == 1200
        assert await asr.so_far(b"", (), "") == ""
        assert await asr.transcribe(b"", (), "") is None
        with pytest.raises(PeerError, match="the engine is gone"):
            await asr.transcribe(b"", (), "")
        assert await asr.transcribe(b"more than then", (), "") is None

    run_virtual(main)


def test_an_utterance_that_a_kill_cut_off_is_told(tmp_path: Path) -> None:
    cassette = taped(tmp_path)
    cassette.utterances[0].answered = None

    async def main(clock: LoopClock) -> None:
        with pytest.raises(PeerError, match=CUT_OFF):
            await TapedTranscriber(cassette, str, lambda: 0).transcribe(b"", (), "")

    run_virtual(main)
