"""Decodes an audio file while it is still coming in: bytes in, 16 kHz mono s16le out.

FFmpeg asks for bytes and cannot be told to come back later, so it runs in a thread of its own that waits
where there are none. Each call hands over what has come and returns when FFmpeg has made of it what it can
and wants more: what comes out is a function of what went in, whatever the threads do. All methods block for
the decoding (live callers use an executor); a decoder that was begun is to be closed.
"""

from __future__ import annotations

import threading
from typing import Any, Final

from voxrun.errors import VoxrunError
from voxrun.media.ffmpeg import pyav
from voxrun.media.files import Blame, audio_stream, blocks_of, damaged, mix_down, open_demuxer
from voxrun.media.frames import BYTES_PER_SECOND, SAMPLE_RATE
from voxrun.media.resample import Converter

READ_BYTES: Final = 4096
"""FFmpeg asks for so much at a time: less than a quarter second of a usual MP3."""
PROBE: Final = {"probesize": "16384", "analyzeduration": "100000"}
"""So little is read before decoding begins (bytes, microseconds); of WAV files FFmpeg wants 64 KB all the
same, to see that they are no S/PDIF."""


class StreamDecoder:
    """One file. Give its bytes to ``feed``, then ``finish``; both give audio and raise ``error`` for what
    cannot be decoded, which says so with ``name`` in front."""

    def __init__(self, name: str, error: type[VoxrunError], max_seconds: float) -> None:
        self._blame = Blame(name, error)
        self._most = int(max_seconds * BYTES_PER_SECOND)
        self._given = bytearray()
        self._ended = False
        self._made: list[bytes] = []
        self._size = 0
        self._problem: BaseException | None = None
        self._hungry = False
        self._over = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="voxrun-stream", daemon=True)
        self._thread.start()

    def feed(self, data: bytes) -> bytes:
        """What can be heard now that ``data`` has come."""
        self._go_on(data)
        return self._take()

    def finish(self) -> bytes:
        """The rest, now that nothing comes any more."""
        self._go_on(b"", last=True)
        if self._problem is None and not self._size:
            raise self._blame("holds no audio.")
        return self._take()

    def close(self) -> None:
        """End the thread, and a ``feed`` that another thread is in. Idempotent."""
        with self._changed:
            self._given.clear()
        self._go_on(b"", last=True)
        self._thread.join()

    def _go_on(self, data: bytes, last: bool = False) -> None:
        """Give the thread more, and wait until it has used that up or has ended."""
        with self._changed:
            self._given += data
            self._ended = self._ended or last
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: self._over or (self._hungry and not self._given and not self._ended)
            )

    def _take(self) -> bytes:
        made, self._made = b"".join(self._made), []
        if not made and self._problem is not None:
            raise self._problem
        return made

    # -- in the thread ------------------------------------------------------------------------------

    def read(self, most: int) -> bytes:
        """FFmpeg's reads: waits for bytes; b"" is the end."""
        with self._changed:
            self._hungry = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._given or self._ended)
            self._hungry = False
            data = bytes(self._given[:most])
            del self._given[:most]
        return data

    def _work(self) -> None:
        try:
            with open_demuxer(_Bytes(self), self._blame, READ_BYTES, **PROBE) as container:
                self._decode(container)
        except (pyav().error.FFmpegError, ValueError):
            self._problem = self._blame(damaged(self._size / BYTES_PER_SECOND))
        except BaseException as problem:  # raised where the audio is waited for
            self._problem = problem
        finally:
            with self._changed:
                self._over = True
                self._changed.notify_all()

    def _decode(self, container: Any) -> None:
        stream, rate = audio_stream(container, self._blame)
        stream.codec_context.thread_count = 1  # several would each hold back a frame
        converter = Converter(rate, SAMPLE_RATE)
        for tracks in blocks_of(container, stream, rate):
            mono = tracks[0] if len(tracks) == 1 else mix_down(tracks)
            self._add(converter.process(mono.tobytes()))
        self._add(converter.finish())

    def _add(self, pcm: bytes) -> None:
        self._size += len(pcm)
        if self._size > self._most:
            seconds = self._most // BYTES_PER_SECOND
            raise self._blame(f"is longer than {seconds} seconds; shorten it.")
        if pcm:
            self._made.append(pcm)


class _Bytes:
    """What FFmpeg reads from: it can read and nothing else, so nothing is looked for at the end."""

    def __init__(self, decoder: StreamDecoder) -> None:
        self.read = decoder.read
