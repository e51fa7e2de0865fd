"""A Whisper model, by faster-whisper. Imported by the speech process only."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from faster_whisper import WhisperModel

from voxrun.media.levels import FULL_SCALE, samples
from voxrun.speech.base import Heard

NO_SPEECH: Final = 0.6
"""A segment that is silence or noise with this probability is left out."""
MOST_HINT_CHARACTERS: Final = 500
"""Whisper takes about 220 tokens of context."""
CODES: Final = {"cmn": "zh", "nb": "no", "fil": "tl", "iw": "he"}
"""Language codes that Whisper writes otherwise."""


class WhisperEngine:
    """The model in a folder (CTranslate2 format), loaded; nothing is fetched from anywhere."""

    def __init__(self, folder: str) -> None:
        """Raises ``RuntimeError`` when there is no model in the folder."""
        threads = max(1, (os.cpu_count() or 2) - 1)  # one core is left to the calls
        self._model: Any = WhisperModel(
            folder, device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
        )

    def hear(self, pcm: bytes, hints: list[str], language: str) -> Heard | None:
        """What was said in ``pcm`` (16 kHz mono s16le)."""
        if not pcm:
            return None
        segments, _ = self._model.transcribe(
            samples(pcm).astype(np.float32) / FULL_SCALE,
            language=code_for(language, self._model.supported_languages),
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            without_timestamps=True,
            hotwords=", ".join(hints)[:MOST_HINT_CHARACTERS] or None,
        )
        return _heard([segment for segment in segments if segment.no_speech_prob < NO_SPEECH])


def code_for(language: str, supported: list[str]) -> str | None:
    """The code as a model knows it; None lets it find out by itself."""
    code = CODES.get(language, language)
    return code if code in supported else None


def _heard(segments: Iterable[Any]) -> Heard | None:
    found = list(segments)
    text = " ".join(segment.text.strip() for segment in found).strip()
    if not text:
        return None
    likelihood = min(segment.avg_logprob for segment in found)
    return Heard(text, max(1, min(100, round(100 * math.exp(likelihood)))))
