"""Audio files that grow while a call goes on: WAV, MP3, FLAC.

Every writer takes interleaved s16le and belongs to one file, created readable by its owner only (0600).
A process that is killed loses at most what came after the last flush (about a second): the WAV header is
brought up to date at each flush, after the audio it speaks of; MP3 and FLAC are streams of frames that
players read without their final header.

Encoding and writing happen in the caller's thread. A stereo frame of 20 ms took 1 us as WAV, 26 us as FLAC,
320 us as MP3 at 16 kHz and 210 us at 8 kHz (measured on a shared 2-core machine), so busy loops hand the
``write`` of an MP3 to a thread.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, Protocol, TypeAlias

import numpy as np

from voxrun.errors import ConfigError
from voxrun.media.ffmpeg import pyav
from voxrun.media.frames import SAMPLE_RATE
from voxrun.media.levels import samples
from voxrun.media.resample import Resampler

AudioFormat: TypeAlias = Literal["wav", "mp3", "flac"]

FLUSH_MS: Final = 1000
"""A WAV header is at most this much audio behind."""
HEADER: Final = struct.Struct("<4sI4s4sIHHIIHH4sI")
"""RIFF header, 16-byte "fmt " chunk and head of the "data" chunk: 44 bytes."""
LARGEST: Final = 0xFFFFFFFF
MP3_RATES: Final = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
MAX_FLAC_RATE: Final = 655_350


class AudioWriter(Protocol):
    """What all writers have in common."""

    def write(self, pcm: bytes) -> None:
        """Append interleaved s16le of any length. Raises ConfigError when the disk is full."""
        ...

    def close(self) -> None:
        """Finish the file. Idempotent; nothing may be written afterwards."""
        ...


def create_private(path: str | Path) -> BinaryIO:
    """Create (or empty) a file that only its owner may read. Raises ConfigError."""
    with _writing(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, 0o600)  # it may have been there with other rights
        return os.fdopen(descriptor, "w+b", buffering=0)


@contextmanager
def _writing(path: str | Path) -> Iterator[None]:
    """Faults of the disk (full, gone) as a ConfigError that names the file."""
    try:
        yield
    except (OSError, pyav().error.FFmpegError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise ConfigError(f"Cannot write the audio file {path}: {why}.") from error


def wav_header(data_bytes: int, channels: int, sample_rate: int) -> bytes:
    """The 44 bytes before ``data_bytes`` of s16le. Beyond 4 GB the sizes stay at their largest value,
    which readers take as "until the end"."""
    block = 2 * channels
    size, whole = min(data_bytes, LARGEST), min(data_bytes + HEADER.size - 8, LARGEST)
    return HEADER.pack(
        b"RIFF", whole, b"WAVE", b"fmt ", 16, 1, channels, sample_rate, sample_rate * block, block, 16,
        b"data", size,
    )  # fmt: skip


def write_wav(path: str | Path, pcm: bytes, channels: int = 1, sample_rate: int = SAMPLE_RATE) -> None:
    """Write a whole WAV file (0600) at once."""
    writer = WavWriter(path, channels, sample_rate)
    writer.write(pcm)
    writer.close()


class WavWriter:
    """A WAV file of s16le whose header is valid after every flush."""

    def __init__(self, path: str | Path, channels: int = 1, sample_rate: int = SAMPLE_RATE) -> None:
        """Create the file. Raises ConfigError when that is not possible."""
        _check(channels, sample_rate)
        self.path = Path(path)
        self._channels = channels
        self._rate = sample_rate
        self._file: BinaryIO | None = create_private(path)
        self._pending: list[bytes] = []
        self._waiting = 0
        self._written = 0
        self._flush_at = sample_rate * channels * 2 * FLUSH_MS // 1000
        with _writing(path):
            _write_all(self._file, wav_header(0, channels, sample_rate))

    def write(self, pcm: bytes) -> None:
        """Append interleaved s16le; flushed once a second of it is waiting."""
        if self._file is None:
            raise ValueError(f"{self.path} is closed")
        self._pending.append(pcm)
        self._waiting += len(pcm)
        if self._waiting >= self._flush_at:
            self.flush()

    def flush(self) -> None:
        """Hand everything that makes whole samples to the operating system, then the header."""
        if self._file is None:
            return
        whole = self._waiting - self._waiting % (2 * self._channels)
        if not whole:
            return
        pcm = b"".join(self._pending)
        with _writing(self.path):
            self._file.seek(HEADER.size + self._written)
            _write_all(self._file, pcm[:whole])
            self._file.seek(0)
            _write_all(self._file, wav_header(self._written + whole, self._channels, self._rate))
        self._pending = [pcm[whole:]]
        self._waiting -= whole
        self._written += whole

    def close(self) -> None:
        """Finish the file. Idempotent."""
        if self._file is None:
            return
        try:
            self.flush()
        finally:
            self._file.close()
            self._file = None


class RawWriter:
    """A file of PCM and nothing else, for who will make another of it."""

    def __init__(self, path: str | Path) -> None:
        """Create the file. Raises ConfigError when that is not possible."""
        self.path = Path(path)
        self._file = create_private(path)

    def write(self, pcm: bytes) -> None:
        """Append to the file."""
        with _writing(self.path):
            _write_all(self._file, pcm)

    def close(self) -> None:
        """Finish the file. Idempotent."""
        self._file.close()


class EncodedWriter:
    """An MP3 or FLAC file, encoded as it grows."""

    def __init__(
        self,
        path: str | Path,
        channels: int,
        audio_format: Literal["mp3", "flac"],
        sample_rate: int = SAMPLE_RATE,
        bit_rate: int | None = None,
    ) -> None:
        """Create the file. ``bit_rate`` (bits a second) is for MP3; None leaves it to the encoder.
        Raises ConfigError for a rate that the format does not have, or a file that cannot be created."""
        _check(channels, sample_rate)
        if audio_format == "mp3" and sample_rate not in MP3_RATES:
            raise ConfigError(
                f"MP3 has no sample rate of {sample_rate} Hz; use one of {', '.join(map(str, MP3_RATES))}."
            )
        self.path = Path(path)
        self._layout = "mono" if channels == 1 else "stereo"
        self._block = 2 * channels
        self._rate = sample_rate
        self._rest = b""
        self._file = create_private(path)
        self._container: Any = pyav().open(
            self._file, "w", format=audio_format, options={"flush_packets": "1"}
        )
        self._stream = self._add_stream("libmp3lame" if audio_format == "mp3" else "flac")
        if bit_rate is not None and audio_format == "mp3":
            self._stream.bit_rate = bit_rate
        with _writing(path):
            self._container.start_encoding()

    def write(self, pcm: bytes) -> None:
        """Append interleaved s16le."""
        if self._container is None:
            raise ValueError(f"{self.path} is closed")
        data = self._rest + pcm
        whole = len(data) - len(data) % self._block
        self._rest = data[whole:]
        if whole:
            with _writing(self.path):
                self._encode(self._container, self._frame(data[:whole]))

    def close(self) -> None:
        """Finish the file: what the encoder holds, then the container's final header. Idempotent."""
        if self._container is None:
            return
        container, self._container = self._container, None
        try:
            with _writing(self.path):
                self._encode(container, None)
                container.close()
        finally:
            self._file.close()

    def _add_stream(self, codec: str) -> Any:
        return self._container.add_stream(codec, rate=self._rate, layout=self._layout)

    def _frame(self, pcm: bytes) -> Any:
        packed = samples(pcm).reshape(1, -1)
        frame = pyav().AudioFrame.from_ndarray(
            np.ascontiguousarray(packed), format="s16", layout=self._layout
        )
        frame.sample_rate = self._rate
        return frame

    def _encode(self, container: Any, frame: Any) -> None:
        for packet in self._stream.encode(frame):
            container.mux(packet)


class AudioFileWriter:
    """A file of any of the formats, at ``sample_rate``, from the house's 16 kHz PCM.

    Where the rates differ each channel is converted on the way (VoxEngine's default recordings are MP3 at
    8 kHz and 32 kbit/s, "hd" ones 48 kHz).
    """

    def __init__(
        self,
        path: str | Path,
        channels: int,
        format: AudioFormat = "wav",  # the name that callers know from VoxEngine's options
        sample_rate: int = SAMPLE_RATE,
        *,
        pcm_rate: int = SAMPLE_RATE,
        bit_rate: int | None = None,
    ) -> None:
        """Create the file. ``pcm_rate`` is the rate of what is written, should it not be 16 kHz.
        Raises ConfigError (see ``EncodedWriter``, ``WavWriter``)."""
        if format not in ("wav", "mp3", "flac"):
            raise ConfigError(f"Unknown audio format {format!r}; use wav, mp3 or flac.")
        self.path = Path(path)
        self._channels = channels
        self._rest = b""
        self._inner: AudioWriter = (
            WavWriter(path, channels, sample_rate)
            if format == "wav"
            else EncodedWriter(path, channels, format, sample_rate, bit_rate)
        )
        self._converters = (
            [] if sample_rate == pcm_rate else [Resampler(pcm_rate, sample_rate) for _ in range(channels)]
        )

    def write(self, pcm_interleaved: bytes) -> None:
        """Append interleaved s16le at ``pcm_rate``."""
        if not self._converters:
            self._inner.write(pcm_interleaved)
            return
        data = self._rest + pcm_interleaved
        whole = len(data) - len(data) % (2 * self._channels)
        self._rest = data[whole:]
        tracks = samples(data[:whole]).reshape(-1, self._channels).T
        self._inner.write(
            interleave(
                [
                    converter.process(track.tobytes())
                    for converter, track in zip(self._converters, tracks, strict=True)
                ]
            )
        )

    def close(self) -> None:
        """Finish the file. Idempotent."""
        rest = [converter.flush() for converter in self._converters]
        self._converters = []
        try:
            if rest and rest[0]:
                self._inner.write(interleave(rest))
        finally:
            self._inner.close()


def interleave(tracks: list[bytes]) -> bytes:
    """Mono tracks of one length as one interleaved track."""
    if len(tracks) == 1:
        return tracks[0]
    return np.stack([samples(track) for track in tracks], axis=1).tobytes()


def _check(channels: int, sample_rate: int) -> None:
    if channels not in (1, 2):
        raise ConfigError(f"An audio file has 1 or 2 channels here, not {channels}.")
    if not 1 <= sample_rate <= MAX_FLAC_RATE:
        raise ConfigError(f"A sample rate of {sample_rate} Hz is not possible in an audio file.")


def _write_all(file: BinaryIO, data: bytes) -> None:
    """An unbuffered file may take less than it is given."""
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]
