"""One playback from its preparation to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from voxrun.errors import PeerError
from voxrun.media.graph import Sink, Source
from voxrun.media.tape import AHEAD, GrowingTape, PcmTape, Tape
from voxrun.services.material import Material, Script
from voxrun.services.player import Marker
from voxrun.services.playing import Playing, Told
from voxrun.services.ticker import LoopTicker
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import run_virtual

SECOND = bytes(32_000)


class Count(Sink):
    frames = 0

    def write(self, frame: bytes, source: Source) -> None:
        self.frames += 1


class Shop:
    """Prepares what it was given, after a second."""

    def __init__(self, tape: Tape | Exception, rest: Callable[[], Awaitable[None]] | None = None) -> None:
        self._tape = tape
        self._rest = rest

    async def tape(self, material: Material) -> tuple[Tape, Awaitable[None] | None]:
        await asyncio.sleep(1)
        if isinstance(self._tape, Exception):
            raise self._tape
        return self._tape, self._rest() if self._rest else None


Story = Callable[[Playing], Awaitable[None]]


def told(shop: Shop, story: Story | None = None, paused: bool = False) -> tuple[list[Any], int]:
    """(what was told: name, fields and ms; frames heard)."""

    async def main(clock: LoopClock) -> tuple[list[Any], int]:
        out: list[Any] = []
        ear = Count()

        def tell(what: Told, fields: dict[str, Any]) -> None:
            out.append((what, *fields.values(), round(clock.now() * 1000)))

        playing = Playing(LoopTicker(), tell, paused=paused)
        playing.source.connect(ear)
        playing.begin(shop, Script(""))  # type: ignore[arg-type]
        if story is not None:
            await story(playing)
        await asyncio.sleep(10)
        return out, ear.frames

    return run_virtual(main)


def test_it_begins_by_itself_when_it_is_ready() -> None:
    assert told(Shop(PcmTape(SECOND))) == (
        [("ready", 1000), ("started", 1000, 1000), ("finished", 2020)],
        50,
    )


def test_made_paused_it_begins_when_it_is_resumed() -> None:
    async def story(playing: Playing) -> None:
        await asyncio.sleep(3)
        playing.resume()

    assert told(Shop(PcmTape(SECOND)), story, paused=True)[0] == [
        ("ready", 1000), ("started", 1000, 3000), ("finished", 4020),
    ]  # fmt: skip


def test_resumed_before_it_is_ready_it_begins_then() -> None:
    async def story(playing: Playing) -> None:
        playing.resume()

    assert told(Shop(PcmTape(SECOND)), story, paused=True)[0][1] == ("started", 1000, 1000)


def test_it_starts_once_however_often_it_is_paused() -> None:
    async def story(playing: Playing) -> None:
        await asyncio.sleep(1.5)
        playing.pause()
        playing.pause()
        await asyncio.sleep(1)
        playing.resume()
        playing.resume()

    assert told(Shop(PcmTape(SECOND)), story) == (
        [("ready", 1000), ("started", 1000, 1000), ("finished", 3020)],
        50,
    )


def test_markers_may_come_before_and_after_it_is_ready() -> None:
    async def story(playing: Playing) -> None:
        playing.mark(Marker(100))
        await asyncio.sleep(1.5)
        playing.mark(Marker(-100))

    assert [row for row in told(Shop(PcmTape(SECOND)), story)[0] if row[0] == "marker"] == [
        ("marker", 100, 1120),
        ("marker", -100, 1920),
    ]


@pytest.mark.parametrize("after", [0.5, 1.5])
def test_stopped_it_is_silent_and_tells_nothing_more(after: float) -> None:
    async def story(playing: Playing) -> None:
        await asyncio.sleep(after)
        playing.stop()
        playing.resume()
        playing.mark(Marker(0))
        assert playing.over
        assert playing.source.sinks == []

    rows, frames = told(Shop(PcmTape(SECOND)), story)
    assert "finished" not in [row[0] for row in rows]
    assert frames <= 25


@pytest.mark.parametrize(
    ("error", "text"),
    [(PeerError("no such file"), "no such file"), (KeyError("x"), "internal error while preparing")],
)
def test_what_cannot_be_prepared_fails_with_an_error(
    error: Exception, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    rows, frames = told(Shop(error))
    assert [row[0] for row in rows] == ["error", "finished"]
    assert text in rows[0][1]
    assert rows[0][1:] == rows[1][1:]
    assert frames == 0


def test_what_fails_while_it_plays_ends_there() -> None:
    tape = GrowingTape()
    tape.append(bytes(2 * AHEAD))

    async def rest() -> None:
        await asyncio.sleep(2)
        raise PeerError("the line broke")

    assert told(Shop(tape, rest))[0] == [
        ("ready", 1000), ("started", 0, 1000), ("buffering", 1220),
        ("error", "the line broke", 3000), ("finished", "the line broke", 3000),
    ]  # fmt: skip


def test_what_is_still_fetched_is_given_up_when_it_is_stopped() -> None:
    given_up: list[bool] = []
    tape = GrowingTape()
    tape.append(bytes(2 * AHEAD))

    async def rest() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            given_up.append(True)
            raise

    async def story(playing: Playing) -> None:
        await asyncio.sleep(1.1)
        playing.stop()
        await asyncio.sleep(0)

    told(Shop(tape, rest), story)
    assert given_up == [True]
