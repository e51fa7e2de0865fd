"""Listening to one source for an ASR: when speech begins and ends, and what was said.

Speech is cut where it pauses for 400 ms, and each piece is recognised by itself. With ``single`` (the
platform's singleUtterance) each piece is an utterance with a result of its own; without, pieces belong
together until there have been 1,000 ms of quiet, or until a minute is over.

::

    CaptureStarted -> [InterimResult...] -> SpeechCaptured -> Result
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from msgspec import Struct

from voxrun.errors import VoxrunError
from voxrun.media.graph import Ticker
from voxrun.media.runs import Run
from voxrun.media.utterances import FLOOR_DBFS, Began, Ended, Utterances
from voxrun.media.vad import VadSettings
from voxrun.services.steady import Steady
from voxrun.speech.base import Heard, Transcriber

log = logging.getLogger(__name__)

PAUSE_MS: Final = 400
"""Quiet that ends a piece."""
SHORTEST_MS: Final = 120
"""Shorter sounds are no speech."""
QUIET_MS: Final = 1000
"""Quiet that ends an utterance of several pieces."""
LONGEST_MS: Final = 60_000
"""Platform: a result comes after a minute of speech at the latest."""
INTERIM_MS: Final = 400
"""Speech between two interim results."""

Tell = Callable[[str, dict[str, Any]], None]
"""(name of an event without its prefix, fields)"""

T = TypeVar("T")


class Wishes(Struct, frozen=True):
    """What a scenario asked of its ASR. ``language`` is a code, "" for none."""

    hints: tuple[str, ...] = ()
    language: str = ""
    interim: bool = False
    single: bool = False
    separate: bool = False
    """Results tell their channel."""


class Listener:
    """One source. ``begin_ms`` is how much audio the ASR had from sources before, ``channel`` its number."""

    def __init__(
        self,
        ticker: Ticker,
        transcriber: Transcriber,
        wishes: Wishes,
        tell: Tell,
        begin_ms: int = 0,
        channel: int = 1,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._steady = Steady(ticker, self._take)
        self._transcriber = transcriber
        self._wishes = wishes
        self._tell = tell
        self._begin = begin_ms
        self._channel = channel
        self._over = False
        settings = VadSettings(minimum_speech_ms=SHORTEST_MS, end_delay_ms=PAUSE_MS, floor_dbfs=FLOOR_DBFS)
        self._utterances = Utterances(settings)
        self._since: int | None = None
        """When the utterance began that is being captured."""
        self._end = 0
        """When its latest piece ended."""
        self._pieces: list[asyncio.Task[Heard | None]] = []
        self._shown = ""
        """The latest interim result of the utterance."""
        self._peek_at = INTERIM_MS
        self._peek: asyncio.Task[str | None] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._latest: asyncio.Task[Any] | None = None

    @property
    def heard_ms(self) -> int:
        """Audio that this source gave."""
        return self._utterances.now_ms

    def write(self, frame: bytes) -> None:
        """Take the next frame (640 bytes)."""
        self._steady.write(frame)

    def room(self, run: Run) -> int:
        """As ``Sink.room``: silence is nothing where nobody speaks."""
        waits = self._since is None and not self._utterances.open
        return self._steady.room(run) if run.pcm is None and waits else 0

    def write_run(self, run: Run) -> None:
        """Take the frames that ``room`` was asked about."""
        self._steady.came(run)
        self._utterances.feed_silence(run.count)

    def finish(self) -> None:
        """The source is gone: what was being said is over, and its result comes."""
        self._steady.stop()
        if self._over:
            return
        self._piece(self._utterances.finish())
        self._captured()

    def stop(self) -> None:
        """Forget everything; nothing is told any more."""
        self._over = True
        self._steady.stop()
        for task in tuple(self._tasks):
            task.cancel()

    # -- what is heard --------------------------------------------------------------------------------

    def _take(self, frame: bytes) -> bool:
        found = self._utterances.feed(frame)
        if isinstance(found, Began):
            self._began(found.at_ms)
        elif isinstance(found, Ended):
            self._piece(found)
        if self._since is None:
            return self._utterances.open
        quiet = not self._utterances.open and self._utterances.quiet_ms >= QUIET_MS
        if self._utterances.now_ms - self._since >= LONGEST_MS:
            self._piece(self._utterances.finish())
            self._captured()
        elif quiet or (self._wishes.single and isinstance(found, Ended)):
            self._captured()
        elif self._wishes.interim:
            self._look_ahead()
        return True

    def _began(self, at_ms: int) -> None:
        self._peek_at = INTERIM_MS
        if self._since is None:
            self._since = at_ms
            self._pieces, self._shown = [], ""
            self._tell("CaptureStarted", {})

    def _piece(self, piece: Ended | None) -> None:
        if piece is None:
            return
        self._end = piece.at_ms
        self._drop_peek()
        self._pieces.append(self._spawn(self._transcribe(piece.pcm)))
        if self._wishes.interim and not self._wishes.single:
            self._spawn(self._show_pieces(self._pieces))

    def _captured(self) -> None:
        if self._since is None:
            return
        self._since = None
        self._drop_peek()
        self._tell("SpeechCaptured", {})
        pieces, self._pieces = self._pieces, []
        self._latest = self._spawn(self._result(pieces, self._begin + self._end, self._latest))

    # -- what it was ----------------------------------------------------------------------------------

    async def _transcribe(self, pcm: bytes) -> Heard | None:
        wishes = self._wishes
        return await self._guarded(self._transcriber.transcribe(pcm, wishes.hints, wishes.language))

    async def _result(
        self, pieces: list[asyncio.Task[Heard | None]], end_ms: int, before: asyncio.Task[Any] | None
    ) -> None:
        """The result of an utterance, after that of the one ``before``."""
        heard = [one for piece in pieces if (one := await piece) is not None]
        if before is not None:
            await asyncio.wait({before})
        # Speech that was not understood has a result too, an empty one of confidence 0: scenarios ask again.
        text = " ".join(one.text for one in heard)
        confidence = min((one.confidence for one in heard), default=0)
        found = {"text": text, "confidence": confidence, "resultEndTime": end_ms / 1000}
        if self._wishes.separate:
            found["channelTag"] = self._channel
        language = self._wishes.language
        self._tell("Result", {**found, "languageCode": language} if text and language else found)

    # -- interim results ------------------------------------------------------------------------------

    def _look_ahead(self) -> None:
        """Recognise what has been said so far, now and then, unless that is still being done."""
        if self._utterances.speech_ms < self._peek_at or (self._peek is not None and not self._peek.done()):
            return
        self._peek_at = self._utterances.speech_ms + INTERIM_MS
        self._peek = self._spawn(self._show_beginning(self._utterances.so_far(), list(self._pieces)))

    def _drop_peek(self) -> None:
        if self._peek is not None:
            self._peek.cancel()
            self._peek = None

    async def _show_beginning(self, pcm: bytes, pieces: list[asyncio.Task[Heard | None]]) -> None:
        wishes = self._wishes
        words = await self._guarded(self._transcriber.so_far(pcm, wishes.hints, wishes.language))
        self._show([*_texts(pieces), words or ""])

    async def _show_pieces(self, pieces: list[asyncio.Task[Heard | None]]) -> None:
        await asyncio.wait(set(pieces))
        if self._pieces is pieces:  # else its result is on its way
            self._show(_texts(pieces))

    def _show(self, texts: list[str]) -> None:
        text = " ".join(filter(None, texts))
        if text and text != self._shown:
            self._shown = text
            self._tell("InterimResult", {"text": text})

    # -- helpers --------------------------------------------------------------------------------------

    async def _guarded(self, work: Coroutine[Any, Any, T]) -> T | None:
        """What ``work`` gives; its failure is told, and then it is nothing."""
        try:
            return await work
        except VoxrunError as error:
            self._tell("Error", {"error": str(error)})
        except Exception as error:  # the scenario waits for a result, whatever went wrong with us
            log.exception("an utterance could not be recognised")
            self._tell("Error", {"error": f"internal error: {error!r}"})
        return None

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _texts(pieces: list[asyncio.Task[Heard | None]]) -> list[str]:
    """What is known of ``pieces``."""
    done = [piece for piece in pieces if piece.done() and not piece.cancelled()]
    return [heard.text for piece in done if (heard := piece.result()) is not None]
