"""Audio codecs of a WebRTC call: RTP payloads to 16 kHz mono PCM and back, on PyAV's libraries.

Decoding never raises: a payload that is no audio gives b"". One ``AudioCodec`` serves one call and keeps
the state of its decoder, its encoder and its resamplers (a fresh resampler each frame would click).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.packet import Packet

from voxrun.legs.webrtc.sdp import Codec
from voxrun.media.frames import FRAME_SAMPLES, SAMPLE_RATE

_LIBRARY = {"opus": "libopus", "G722": "g722", "PCMU": "pcm_mulaw", "PCMA": "pcm_alaw"}
_RATE = {"opus": 48000, "G722": 16000, "PCMU": 8000, "PCMA": 8000}
_OPUS_ENCODER = {"application": "lowdelay", "compression_level": "0", "frame_duration": "20"}
"""Measured: lowdelay at 48 kb/s and complexity 0 sounds as good as voip at 24 kb/s for a sixth of its CPU."""


class AudioCodec:
    """Decoder and encoder of one call."""

    def __init__(self, codec: Codec) -> None:
        self.codec = codec
        self.frame_units = codec.clock_rate // 50
        """RTP timestamp units in a frame of 20 ms."""
        self._decoder = _decoder(codec.name)
        self._from_far = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        self._encoder = _encoder(codec.name)
        self._to_far = (
            None
            if codec.name in ("opus", "G722")
            else AudioResampler(format="s16", layout="mono", rate=_RATE[codec.name])
        )
        self._pts = 0

    def decode(self, payload: bytes) -> bytes:
        """PCM (16 kHz mono s16le) of one payload; b"" if it is none."""
        if not payload:
            return b""
        try:
            frames = self._decoder.decode(Packet(payload))
            return b"".join(_pcm(out) for frame in frames for out in self._resample(frame))
        except (av.FFmpegError, ValueError):
            return b""

    def encode(self, frame: bytes) -> bytes:
        """The payload of one 20 ms frame; b"" when the encoder held it back (start of PCMU)."""
        source = AudioFrame(format="s16", layout="mono", samples=FRAME_SAMPLES)
        source.sample_rate = SAMPLE_RATE
        source.pts = self._pts
        self._pts += FRAME_SAMPLES
        source.planes[0].update(frame)
        frames: Sequence[AudioFrame] = [source] if self._to_far is None else self._to_far.resample(source)
        return b"".join(bytes(packet) for f in frames for packet in self._encoder.encode(f))

    def _resample(self, frame: AudioFrame) -> Sequence[AudioFrame]:
        frame.pts = None  # the resampler would fill what looks like a hole in time
        return self._from_far.resample(frame)


def _pcm(frame: AudioFrame) -> bytes:
    return bytes(cast(Any, frame.planes[0]))[: frame.samples * 2]


def _decoder(name: str) -> AudioCodecContext:
    context = cast(AudioCodecContext, av.CodecContext.create(_LIBRARY[name], "r"))
    context.format = "s16"
    context.layout = "stereo" if name == "opus" else "mono"
    context.sample_rate = _RATE[name]
    return context


def _encoder(name: str) -> AudioCodecContext:
    context = cast(AudioCodecContext, av.CodecContext.create(_LIBRARY[name], "w"))
    context.format = "s16"
    context.layout = "mono"
    context.sample_rate = SAMPLE_RATE if name == "opus" else _RATE[name]
    if name == "opus":
        context.bit_rate = 48000
        context.options = _OPUS_ENCODER
    return context
