"""Calls where the fast path does not work: aiortc's own tracks serve."""

from __future__ import annotations

import asyncio

import pytest
from tests.legs.webrtc.test_leg import WebRtc, WebRtcLine, play, talk, voice

from voxrun.legs.webrtc.path import AudioPath
from voxrun.legs.webrtc.peer import PeerConfig
from voxrun.legs.webrtc.stock import StockMedia
from voxrun.media.levels import correlation

pytestmark = pytest.mark.live


class NoFastPath(AudioPath):
    async def fast(self) -> bool:
        return False


def stock(pcm: bytes = b"") -> WebRtc:
    return WebRtc(pcm, PeerConfig(path=NoFastPath()))


@pytest.mark.alone
def test_audio_goes_both_ways_and_it_is_told_when_it_begins() -> None:
    up, down = voice(1), voice(2)

    async def story(line: WebRtcLine) -> None:
        await talk(line)
        await line.wait("first_audio")
        await line.say(down)
        await asyncio.sleep(0.6)
        assert isinstance(line.leg._media, StockMedia)
        assert correlation(up, b"".join(line.ear.frames)).value > 0.9
        assert correlation(down, bytes(line.caller.heard)).value > 0.9
        assert line.leg._media.quality.received > 50
        line.leg.hangup({})
        await line.wait("ended")

    play(stock(up), story)


def test_keys_are_sent_as_tones_because_telephone_event_is_not_offered() -> None:
    async def story(line: WebRtcLine) -> None:
        await talk(line)
        line.leg.send_dtmf("5")
        await asyncio.sleep(0.3)
        assert line.told() == [("dtmf", "5")]
        assert line.leg._media is not None
        assert not line.leg._media.can_send_keys

    play(stock(), story)


def test_a_unit_that_fails_behind_the_call_does_not_end_its_audio() -> None:
    async def story(line: WebRtcLine) -> None:
        await talk(line)
        told: list[str] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, what: told.append(what["message"]))
        media = line.leg._media
        assert isinstance(media, StockMedia)
        again = asyncio.Event()

        def broken(frame: bytes) -> None:
            media.on_frame = lambda frame: again.set()
            raise ValueError("a unit failed")

        media.on_frame = broken
        await asyncio.wait_for(again.wait(), 10)
        assert told == ["webrtc: a frame of the far end was not digested"]

    play(stock(voice(1)), story)
