"""An audio file that grows in a thread of its own, so that encoding and disks never hold up the loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

from msgspec import Struct

from voxrun.errors import VoxrunError
from voxrun.media.writers import AudioFileWriter, AudioWriter

log = logging.getLogger(__name__)

T = TypeVar("T")
Format = Literal["wav", "mp3", "flac"]

MOST_WAITING = 16 * 1024 * 1024
"""Bytes that may wait for a slow disk, four minutes of stereo; a recording that falls further behind ends."""


def disk_thread() -> ThreadPoolExecutor:
    """The one thread that writes all recordings of a process, in the order in which they give their work."""
    return ThreadPoolExecutor(1, thread_name_prefix="voxrun-disk")


class Form(Struct, frozen=True):
    """How a recording is written. ``bit_rate`` in bits a second is for MP3 (None: the encoder's choice)."""

    path: Path
    stereo: bool
    format: Format
    sample_rate: int
    bit_rate: int | None = None


def open_writer(form: Form) -> AudioWriter:
    """Create the file; what is written to it is encoded at once. Raises ConfigError."""
    return AudioFileWriter(
        form.path, 2 if form.stereo else 1, form.format, form.sample_rate, bit_rate=form.bit_rate
    )


class Writing(Struct, frozen=True):
    """How recordings are written: ``open`` gives the writer of a file, which has what was recorded every
    ``every_s`` seconds. The recorder holds back 0.5 s and a WAV writer up to 1 s, so a process that is killed
    loses at most 2 s."""

    open: Callable[[Form], AudioWriter] = open_writer
    every_s: float = 0.5


class RecordingFile:
    """One file. Its methods return at once and never raise.

    ``opened`` is called when the file is there; ``failed(message)`` at most once, when it cannot be opened
    or written any more: what was written stays, what comes later is dropped.
    """

    def __init__(
        self,
        thread: Executor,
        form: Form,
        opened: Callable[[], None],
        failed: Callable[[str], None],
        open_writer: Callable[[Form], AudioWriter] = open_writer,
    ) -> None:
        self.form = form
        self._open_writer = open_writer
        self.broken = False
        self._thread = thread
        self._opened = opened
        self._failed = failed
        self._loop = asyncio.get_running_loop()
        self._writer: AudioWriter | None = None
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._waiting = 0
        self._finished = False
        self._task = self._loop.create_task(self._run())

    def write(self, pcm: bytes) -> None:
        """Append interleaved 16 kHz s16le."""
        if self.broken or self._finished or not pcm:
            return
        self._waiting += len(pcm)
        if self._waiting > MOST_WAITING:
            self._fail("the disk does not keep up")
        else:
            self._queue.put_nowait(pcm)

    def finish(self, then: Callable[[], None] = lambda: None) -> None:
        """No more audio: write what waits and close the file, then call ``then``. Once."""
        if self._finished:
            return
        self._finished = True
        self._task.add_done_callback(lambda task: None if task.cancelled() else then())
        self._queue.put_nowait(None)

    async def closed(self) -> None:
        """Until the file is complete."""
        await asyncio.shield(self._task)

    async def _run(self) -> None:
        try:
            self._writer = await self._attempt(partial(self._open_writer, self.form))
            if self._writer is not None:
                self._opened()
            while (pcm := await self._queue.get()) is not None:
                if self._writer is not None and not self.broken:
                    await self._attempt(partial(self._writer.write, pcm))
                self._waiting -= len(pcm)
        except asyncio.CancelledError:  # the loop ends without warning
            self._hand_over_rest()
            raise
        finally:
            await self._close()

    def _hand_over_rest(self) -> None:
        """Give what waits to the thread, which outlives the loop."""
        while self._writer is not None and not self.broken and not self._queue.empty():
            pcm = self._queue.get_nowait()
            if pcm is not None:
                self._thread.submit(self._writer.write, pcm)

    async def _close(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            await self._attempt(writer.close)

    async def _attempt(self, work: Callable[[], T]) -> T | None:
        """Do ``work`` in the thread; None when it failed, which is told."""
        try:
            # Shielded: cancelled before its turn it would never be done.
            return await asyncio.shield(self._loop.run_in_executor(self._thread, work))
        except (OSError, VoxrunError) as error:
            self._fail(str(error))
        except Exception as error:  # a fault of the encoder ends this recording, not the call
            log.exception("the recording %s failed", self.form.path)
            self._fail(repr(error))
        return None

    def _fail(self, why: str) -> None:
        if not self.broken:
            self.broken = True
            self._failed(f"recording {self.form.path.name} stopped: {why}")
