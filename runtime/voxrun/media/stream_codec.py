"""Audio inside messages: the encodings of VoxEngine's media over WebSockets.

=====  ======  ===================================
name   Hz      what a payload holds
=====  ======  ===================================
PCM8   8 000   16-bit linear, little-endian
PCM16  16 000  the same
ULAW   8 000   G.711 mu-law, a byte a sample
ALAW   8 000   G.711 A-law, a byte a sample
OPUS   48 000  one Opus packet (RFC 6716)
=====  ======  ===================================

Names are the values of the enum WebSocketAudioEncoding. Everything is mono. On this side of the codecs audio
is what units speak: 16 kHz mono s16le.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct

from voxrun.media.ffmpeg import pyav
from voxrun.media.frames import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE
from voxrun.media.g711 import decode_alaw, decode_ulaw, encode_alaw, encode_ulaw
from voxrun.media.resample import Resampler

OPUS_BIT_RATE: Final = 32_000
_OPUS_ENCODER: Final = {"application": "lowdelay", "compression_level": "0", "frame_duration": "20"}
LARGEST_OPUS: Final = 4096
"""Bytes of an Opus packet that is looked at: three frames of 60 ms at the highest rate are less."""


class Encoding(Struct, frozen=True):
    """How the audio of one stream is written. ``rate`` in Hz is that of its timestamps too."""

    name: str
    rate: int

    @property
    def frame_units(self) -> int:
        """Samples of 20 ms, as timestamps count them."""
        return self.rate * FRAME_MS // 1000

    def milliseconds(self, payload: bytes) -> int:
        """How long a payload sounds; a packet of Opus is taken for 20 ms."""
        if self.name == "OPUS":
            return FRAME_MS
        return len(payload) * 1000 // (self.rate * (1 if self.name in ("ULAW", "ALAW") else 2))


PCM8: Final = Encoding("PCM8", 8_000)
PCM16: Final = Encoding("PCM16", 16_000)
ULAW: Final = Encoding("ULAW", 8_000)
ALAW: Final = Encoding("ALAW", 8_000)
OPUS: Final = Encoding("OPUS", 48_000)
PCM16_AT_8K: Final = Encoding("PCM16", 8_000)
"""Declared by some peers; one reports that the platform took it, another that it did not."""

BY_NAME: Final = {encoding.name: encoding for encoding in (PCM8, PCM16, ULAW, ALAW, OPUS)}

_OTHER_NAMES: Final = {
    "AUDIO/X-MULAW": "ULAW",
    "AUDIO/BASIC": "ULAW",
    "AUDIO/PCMU": "ULAW",
    "PCMU": "ULAW",
    "MULAW": "ULAW",
    "AUDIO/X-ALAW": "ALAW",
    "AUDIO/PCMA": "ALAW",
    "PCMA": "ALAW",
    "AUDIO/L16": "PCM16",
    "L16": "PCM16",
    "LINEAR16": "PCM16",
    "AUDIO/OPUS": "OPUS",
}
"""Media types and names of other vendors' protocols that peers declare."""


def encoding_of(name: object, rate: object = None) -> Encoding:
    """The encoding that a peer declares; ``rate`` None: it did not say.

    Raises ValueError, whose text tells people what was declared and what can be.
    """
    upper = str(name).strip().upper()
    known = BY_NAME.get(_OTHER_NAMES.get(upper, upper))
    if known is None:
        raise ValueError(f"the encoding {name!r:.60} is none of {', '.join(BY_NAME)}")
    if rate is None or rate == known.rate:
        return known
    if known is PCM16 and rate == PCM16_AT_8K.rate:
        return PCM16_AT_8K
    raise ValueError(f"{known.name} has {known.rate} samples a second, not {rate!r:.20}")


class StreamEncoder:
    """Encodes one stream, 20 ms at a time."""

    def __init__(self, encoding: Encoding) -> None:
        self.encoding = encoding
        self._encode = _encoder(encoding)

    def encode(self, frame: bytes) -> bytes:
        """The payload of one frame (640 bytes of 16 kHz mono s16le)."""
        return self._encode(frame)


class StreamDecoder:
    """Decodes one stream, payload by payload."""

    def __init__(self, encoding: Encoding) -> None:
        self.encoding = encoding
        self._decode = _decoder(encoding)

    def decode(self, payload: bytes) -> bytes:
        """16 kHz mono s16le of any length. Never raises: what is no audio gives b""."""
        return self._decode(payload)


def _encoder(encoding: Encoding) -> Callable[[bytes], bytes]:
    if encoding is OPUS:
        return _OpusEncoder().encode
    resample = Resampler(SAMPLE_RATE, encoding.rate).process
    law = {"ULAW": encode_ulaw, "ALAW": encode_alaw}.get(encoding.name)
    return resample if law is None else lambda frame: law(resample(frame))


def _decoder(encoding: Encoding) -> Callable[[bytes], bytes]:
    if encoding is OPUS:
        return _OpusDecoder().decode
    resample = Resampler(encoding.rate, SAMPLE_RATE).process
    law = {"ULAW": decode_ulaw, "ALAW": decode_alaw}.get(encoding.name)
    if law is not None:
        return lambda payload: resample(law(payload))
    # Half a sample at the end of a payload is a slip: kept, it would turn all that follows into noise.
    return lambda payload: resample(payload[: len(payload) & ~1])


class _OpusEncoder:
    def __init__(self) -> None:
        self._av = pyav()
        self._codec: Any = self._av.CodecContext.create("libopus", "w")
        self._codec.format = "s16"
        self._codec.layout = "mono"
        self._codec.sample_rate = SAMPLE_RATE
        self._codec.bit_rate = OPUS_BIT_RATE
        self._codec.options = _OPUS_ENCODER
        self._pts = 0

    def encode(self, frame: bytes) -> bytes:
        source = self._av.AudioFrame(format="s16", layout="mono", samples=FRAME_SAMPLES)
        source.sample_rate = SAMPLE_RATE
        source.pts = self._pts
        self._pts += FRAME_SAMPLES
        source.planes[0].update(frame)
        return b"".join(bytes(packet) for packet in self._codec.encode(source))


class _OpusDecoder:
    def __init__(self) -> None:
        self._av = pyav()
        self._codec: Any = self._av.CodecContext.create("libopus", "r")
        self._codec.format = "s16"
        self._codec.layout = "stereo"
        self._codec.sample_rate = OPUS.rate
        self._resampler = self._av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)

    def decode(self, payload: bytes) -> bytes:
        if not 0 < len(payload) <= LARGEST_OPUS:
            return b""
        try:
            frames = self._codec.decode(self._av.Packet(payload))
            return b"".join(_pcm(out) for frame in frames for out in self._resampled(frame))
        except (self._av.FFmpegError, ValueError):
            return b""

    def _resampled(self, frame: Any) -> Any:
        frame.pts = None  # the resampler would fill what looks like a hole in time
        return self._resampler.resample(frame)


def _pcm(frame: Any) -> bytes:
    return bytes(frame.planes[0])[: frame.samples * 2]
