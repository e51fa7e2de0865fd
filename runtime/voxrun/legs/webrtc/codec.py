"""Audio codecs of a WebRTC call: RTP payloads to 16 kHz mono PCM and back.

==========  =============================================================================
Opus        libopus itself at 16 kHz (``opus``); PyAV at 48 kHz where there is no libopus
G.722       PyAV
PCMU, PCMA  tables (``media.g711``) and a resampler between 8 and 16 kHz
==========  =============================================================================

Decoding never raises: a payload that is no audio gives b"". One ``AudioCodec`` serves one call and keeps
the state of its decoder, its encoder and its resamplers (a fresh resampler each frame would click).
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from voxrun.legs.webrtc import opus
from voxrun.legs.webrtc.conceal import Repeater
from voxrun.legs.webrtc.sdp import Codec
from voxrun.media import g711
from voxrun.media.frames import FRAME_SAMPLES, SAMPLE_RATE
from voxrun.media.resample import Resampler

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame

log = logging.getLogger(__name__)


class OpusOptions(Struct, frozen=True):
    """How Opus is sent. ``mode`` "lowdelay" costs a sixth of "voip"; FEC and DTX exist in "voip" only."""

    mode: Literal["lowdelay", "voip"] = "lowdelay"
    bitrate: int = 96_000
    complexity: int = 0
    fec: bool = False
    dtx: bool = False


class AudioCodec(ABC):
    """Decoder and encoder of one call."""

    def __init__(self, codec: Codec) -> None:
        self.codec = codec
        self.frame_units = codec.clock_rate // 50
        """RTP timestamp units in a frame of 20 ms."""

    @abstractmethod
    def decode(self, payload: bytes) -> bytes:
        """PCM (16 kHz mono s16le) of one payload; b"" if it is none."""

    @abstractmethod
    def conceal(self, samples: int) -> bytes:
        """PCM that bridges so many lost samples (at 16 kHz)."""

    @abstractmethod
    def encode(self, frame: bytes) -> bytes:
        """The payload of one 20 ms frame; b"" when the encoder held it back."""

    def recover(self, payload: bytes, samples: int) -> bytes:
        """PCM of the packet lost before ``payload``."""
        return self.conceal(samples)


def make_codec(codec: Codec, options: OpusOptions | None = None) -> AudioCodec:
    """The codec that was agreed on, ready for one call."""
    if codec.name in _LAWS:
        return LawCodec(codec)
    if codec.name != "opus":
        return LibavCodec(codec)
    try:
        return OpusCodec(codec, options or OpusOptions())
    except opus.OpusMissing as error:
        log.warning("libopus was not found (%s): Opus goes through PyAV, at about five times the CPU", error)
        return LibavCodec(codec)


class OpusCodec(AudioCodec):
    """Opus on libopus."""

    def __init__(self, codec: Codec, options: OpusOptions) -> None:
        super().__init__(codec)
        self._decoder = opus.Decoder()
        self._encoder = opus.Encoder(
            options.mode,
            options.bitrate,
            options.complexity,
            fec=options.fec,
            dtx=options.dtx,
            expected_loss=10 if options.fec else 0,
        )

    def decode(self, payload: bytes) -> bytes:
        return self._decoder.decode(payload) if payload else b""

    def conceal(self, samples: int) -> bytes:
        return self._decoder.conceal(samples)

    def recover(self, payload: bytes, samples: int) -> bytes:
        return self._decoder.recover(payload, samples)

    def encode(self, frame: bytes) -> bytes:
        return self._encoder.encode(frame)


_LAWS: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "PCMU": (g711.decode_ulaw, g711.encode_ulaw),
    "PCMA": (g711.decode_alaw, g711.encode_alaw),
}


class LawCodec(AudioCodec):
    """G.711."""

    def __init__(self, codec: Codec) -> None:
        super().__init__(codec)
        self._from_law, self._to_law = _LAWS[codec.name]
        self._up, self._down = Resampler(8_000, SAMPLE_RATE), Resampler(SAMPLE_RATE, 8_000)
        self._repeater = Repeater()

    def decode(self, payload: bytes) -> bytes:
        pcm = self._up.process(self._from_law(payload))
        self._repeater.heard(pcm)
        return pcm

    def conceal(self, samples: int) -> bytes:
        return self._repeater.conceal(samples)

    def encode(self, frame: bytes) -> bytes:
        return self._to_law(self._down.process(frame))


_LIBRARY = {"opus": "libopus", "G722": "g722"}
_DECODED = {"opus": ("stereo", 48_000), "G722": ("mono", 16_000)}
_OPUS_ENCODER = {"application": "lowdelay", "compression_level": "0", "frame_duration": "20"}


class LibavCodec(AudioCodec):
    """Whatever PyAV's libraries know."""

    def __init__(self, codec: Codec) -> None:
        super().__init__(codec)
        import av
        from av.audio.resampler import AudioResampler

        self._av: Any = av
        self._decoder: Any = self._av.CodecContext.create(_LIBRARY[codec.name], "r")
        self._decoder.format = "s16"
        self._decoder.layout, self._decoder.sample_rate = _DECODED[codec.name]
        self._from_far = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        self._encoder: Any = self._av.CodecContext.create(_LIBRARY[codec.name], "w")
        self._encoder.format, self._encoder.layout = "s16", "mono"
        self._encoder.sample_rate = SAMPLE_RATE
        if codec.name == "opus":
            self._encoder.bit_rate = 96_000
            self._encoder.options = _OPUS_ENCODER
        self._pts = 0
        self._late = bytes(64) if codec.name == "opus" else b""
        """The resampler holds a few samples back: without these the first frame would wait for the second."""
        self._repeater = Repeater()

    def decode(self, payload: bytes) -> bytes:
        if not payload:
            return b""
        try:
            frames = self._decoder.decode(self._av.Packet(payload))
            pcm = b"".join(_pcm(out) for frame in frames for out in self._resample(frame))
        except (self._av.FFmpegError, ValueError):
            return b""
        late, self._late = self._late, b""
        self._repeater.heard(pcm)
        return late + pcm

    def conceal(self, samples: int) -> bytes:
        return self._repeater.conceal(samples)

    def encode(self, frame: bytes) -> bytes:
        source = self._av.AudioFrame(format="s16", layout="mono", samples=FRAME_SAMPLES)
        source.sample_rate = SAMPLE_RATE
        source.pts = self._pts
        self._pts += FRAME_SAMPLES
        source.planes[0].update(frame)
        return b"".join(bytes(packet) for packet in self._encoder.encode(source))

    def _resample(self, frame: AudioFrame) -> Any:
        frame.pts = None  # the resampler would fill what looks like a hole in time
        return self._from_far.resample(frame)


def _pcm(frame: AudioFrame) -> bytes:
    plane: Any = frame.planes[0]
    return bytes(plane)[: frame.samples * 2]
