"""Audio files in, as PCM; and the writers of ``voxrun.media.writers``, under one name.

Whatever FFmpeg's usual audio demuxers read (WAV, MP3, Ogg, FLAC, M4A, WebM, ...) becomes 16 kHz mono s16le.
Files come from strangers too (URL players), so the demuxers are a fixed list without playlists, which would
open further files and addresses, and length is bounded while decoding.

Decoding blocks for some milliseconds for each second of audio: live callers use a thread.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from voxrun.errors import ConfigError, VoxrunError
from voxrun.media.ffmpeg import pyav
from voxrun.media.frames import SAMPLE_RATE
from voxrun.media.resample import RATES, convert, supported
from voxrun.media.writers import (
    AudioFileWriter,
    AudioFormat,
    AudioWriter,
    EncodedWriter,
    WavWriter,
    interleave,
    write_wav,
)

__all__ = [
    "AudioFileWriter",
    "AudioFormat",
    "AudioWriter",
    "EncodedWriter",
    "WavWriter",
    "decode_audio",
    "decode_stereo",
    "interleave",
    "write_wav",
]

Tracks: TypeAlias = npt.NDArray[np.int16]
"""Shape (channels, samples), one or two channels."""

DEMUXERS: Final = "wav,w64,mp3,ogg,flac,aiff,au,aac,amr,mov,mp4,m4a,matroska,webm,caf"
MAX_SECONDS: Final = 3600.0
"""Longest audio that is decoded unless told otherwise: an hour is 115 MB of PCM."""
CUT_SHORT_MS: Final = 250
"""A file that holds this much less than it says was cut off (encoders round up by a frame or two)."""
UNKNOWN_SIZES: Final = (0, 0xFFFFFFFF, 0x7FFFFFFF)
"""What programs write in a WAV header when they cannot go back to it."""


class Blame(NamedTuple):
    """How to complain: the file's name in messages and whose fault it is."""

    name: str
    error: type[VoxrunError]

    def __call__(self, what: str) -> VoxrunError:
        return self.error(f"{self.name}: {what}")


def decode_audio(
    source: str | Path | bytes,
    *,
    name: str | None = None,
    max_seconds: float = MAX_SECONDS,
    error: type[VoxrunError] = ConfigError,
    lenient: bool = False,
) -> bytes:
    """The audio of a file (path) or of a file's content (bytes) as 16 kHz mono s16le.

    ``name`` is what messages call it (default: the path). Raises ``error`` (ConfigError; pass PeerError for
    what came over the wire) saying whether the file cannot be read, is no audio, is cut off or damaged, or
    longer than ``max_seconds``. With ``lenient`` what can be decoded of a cut or damaged file is good enough.
    An Ogg file that was cut between two pages, and an MP3 file without a length in its first frame, cannot
    be told from whole ones.
    """
    tracks, rate = _decode(source, name, max_seconds, error, lenient)
    mono = tracks[0] if len(tracks) == 1 else mix_down(tracks)
    return convert(mono.tobytes(), rate, SAMPLE_RATE)


def decode_stereo(
    source: str | Path | bytes,
    *,
    name: str | None = None,
    max_seconds: float = MAX_SECONDS,
    error: type[VoxrunError] = ConfigError,
    lenient: bool = False,
) -> tuple[bytes, bytes]:
    """Left and right channel as 16 kHz mono s16le each (twice the same for a mono file).

    Arguments and errors as for ``decode_audio``.
    """
    tracks, rate = _decode(source, name, max_seconds, error, lenient)
    left, right = tracks[0].tobytes(), tracks[-1].tobytes()
    return convert(left, rate, SAMPLE_RATE), convert(right, rate, SAMPLE_RATE)


def _decode(
    source: str | Path | bytes,
    name: str | None,
    max_seconds: float,
    error: type[VoxrunError],
    lenient: bool,
) -> tuple[Tracks, int]:
    """Samples and rate of a file, checked for completeness."""
    blame = Blame(name or (str(source) if isinstance(source, str | Path) else "The audio"), error)
    with _open(source, blame) as file:
        if not lenient:
            _check_wav_size(file, blame)
        blocks: list[Tracks] = []
        with open_demuxer(file, blame) as container:
            stream, rate = audio_stream(container, blame)
            count = 0
            try:
                for block in blocks_of(container, stream, rate):
                    blocks.append(block)
                    count += block.shape[1]
                    if count > max_seconds * rate:
                        raise blame(f"is longer than {max_seconds:g} seconds; shorten it.")
            except (pyav().error.FFmpegError, ValueError) as problem:
                if not (lenient and blocks):
                    raise blame(damaged(count / rate)) from problem
            promised = _promised_seconds(container, stream)
    if not blocks:
        raise blame("holds no audio.")
    if not lenient and promised is not None and (promised - count / rate) * 1000 > CUT_SHORT_MS:
        raise blame(f"is cut off: it says {promised:.1f} s and holds {count / rate:.1f} s.")
    return np.concatenate(blocks, axis=1), rate


def _open(source: str | Path | bytes, blame: Blame) -> io.BufferedIOBase:
    if isinstance(source, bytes):
        file: io.BufferedIOBase = io.BytesIO(source)
    else:
        try:
            file = Path(source).open("rb")  # noqa: SIM115  (the caller closes it)
        except OSError as problem:
            raise blame(f"cannot be read: {problem.strerror or problem}.") from problem
    try:
        empty = not file.read(1)
        file.seek(0)
    except OSError as problem:
        file.close()
        raise blame(f"cannot be read: {problem.strerror or problem}.") from problem
    if empty:
        file.close()
        raise blame("is empty.")
    return file


def open_demuxer(file: Any, blame: Blame, buffer_size: int = 32_768, **options: str) -> Any:
    """FFmpeg's container of an open file, whatever kind of audio it is. Raises what ``blame`` makes."""
    options = {"format_whitelist": DEMUXERS, "protocol_whitelist": "", **options}
    try:
        return pyav().open(file, "r", buffer_size=buffer_size, options=options)
    except (pyav().error.FFmpegError, ValueError) as problem:
        raise blame("is not an audio file that can be read (WAV, MP3, Ogg, FLAC, M4A...).") from problem


def audio_stream(container: Any, blame: Blame) -> tuple[Any, int]:
    """The first audio stream, and the rate to decode it at."""
    if not container.streams.audio:
        raise blame("holds no audio.")
    stream = container.streams.audio[0]
    context = stream.codec_context
    if context is None:
        raise blame("is in an audio codec that is not known here.")
    rate = context.sample_rate
    if not rate or not context.channels:
        raise blame(damaged(0.0))
    if rate not in RATES and not supported(rate, SAMPLE_RATE, "file"):
        rate = 48_000  # an odd rate: FFmpeg brings it to one that converts exactly
    return stream, rate


def blocks_of(container: Any, stream: Any, rate: int) -> Iterator[Tracks]:
    """Decode to s16, at most two channels."""
    layout = "mono" if stream.channels == 1 else "stereo"
    resampler: Any = pyav().AudioResampler(format="s16p", layout=layout, rate=rate)
    for frame in container.decode(stream):
        frame.pts = None  # gaps in the time stamps are none in the audio
        for part in resampler.resample(frame):
            yield _tracks(part)
    for part in resampler.resample(None):
        yield _tracks(part)


def _tracks(frame: Any) -> Tracks:
    tracks: Tracks = frame.to_ndarray()
    return tracks


def mix_down(tracks: Tracks) -> Tracks:
    """Both channels at half volume each."""
    mixed: Tracks = ((tracks[0].astype(np.int32) + tracks[1] + 1) >> 1).astype(np.int16)
    return mixed


def _promised_seconds(container: Any, stream: Any) -> float | None:
    """The length that the file claims, where the claim does not come from its size."""
    if container.format.name == "wav":
        return None  # FFmpeg corrects it by the size; see _check_wav_size
    if stream.duration is None or stream.time_base is None:
        return None
    return float(stream.duration * stream.time_base)


def _check_wav_size(file: io.BufferedIOBase, blame: Blame) -> None:
    """Raise where the "data" chunk of a WAV file is larger than the file."""
    head = file.read(12)
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        while len(chunk := file.read(8)) == 8:
            kind, size = struct.unpack("<4sI", chunk)
            if kind == b"data":
                _compare(file, size, blame)
                break
            file.seek(size + size % 2, io.SEEK_CUR)
    file.seek(0)


def _compare(file: io.BufferedIOBase, size: int, blame: Blame) -> None:
    start = file.tell()
    held = file.seek(0, io.SEEK_END) - start
    if size not in UNKNOWN_SIZES and held < size:
        raise blame(f"is cut off: it says {size} bytes of audio and holds {held}.")


def damaged(seconds: float) -> str:
    return f"is damaged or cut off after {seconds:.1f} s of audio." if seconds else "is damaged or cut off."
