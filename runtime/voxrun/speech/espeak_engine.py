"""espeak-ng through ctypes. Imported by the speech process only (GPL-3.0 library).

State left by an utterance (noise generator, wave phase) changes the next one, and initialising again does
not clear it; so the speech process initialises once and speaks every phrase in a forked copy.
"""

from __future__ import annotations

import ctypes
from typing import Any, Final

import espeakng_loader

from voxrun.speech.base import Voice
from voxrun.speech.engines import UnknownVoice

# Values of espeak-ng's speak_lib.h.
_OUTPUT_SYNCHRONOUS: Final = 2
_DONT_EXIT: Final = 0x8000
_POSITION_CHARACTER: Final = 1
_TEXT_IS_UTF8: Final = 1
_RATE: Final = 1
_PITCH: Final = 3
_AS_IPA: Final = 2

SEED: Final = 1
NORMAL_WORDS_A_MINUTE: Final = 175
SLOWEST, FASTEST = 80, 450
NORMAL_PITCH: Final = 50

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class EspeakEngine:
    """The library, initialised and not used yet."""

    def __init__(self) -> None:
        self._library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
        self._phonemes = self._library.espeak_TextToPhonemes
        self._phonemes.restype = ctypes.c_char_p
        data = espeakng_loader.get_data_path().encode()
        self.sample_rate = int(self._library.espeak_Initialize(_OUTPUT_SYNCHRONOUS, 0, data, _DONT_EXIT))
        if self.sample_rate <= 0:
            raise RuntimeError(f"espeak-ng did not start with its data in {data.decode()}")

    def speak(self, text: str, voice: Voice) -> tuple[bytes, int]:
        """Mono s16le of ``text`` and its sample rate. Raises ``UnknownVoice`` for an unknown voice."""
        chunks: list[bytes] = []

        def take(samples: Any, count: int, _events: Any) -> int:
            if samples and count > 0:
                chunks.append(ctypes.string_at(samples, count * 2))
            return 0

        callback = _Callback(take)  # must stay referenced while the library may call it
        self._library.espeak_SetSynthCallback(callback)
        self._seed()
        self._select(voice)
        data = text.replace("\0", " ").encode("utf-8", "replace")
        self._library.espeak_Synth(
            data, ctypes.c_size_t(len(data) + 1), 0, _POSITION_CHARACTER, 0, _TEXT_IS_UTF8, None, None
        )
        self._library.espeak_Synchronize()
        return b"".join(chunks), self.sample_rate

    def ipa(self, text: str) -> str:
        """How American English pronounces ``text``, in IPA."""
        self._select(Voice(name="en-us"))
        buffer = ctypes.c_char_p(text.replace("\0", " ").encode("utf-8", "replace"))
        rest = ctypes.pointer(ctypes.cast(buffer, ctypes.c_void_p))
        parts: list[str] = []
        while rest.contents.value:
            parts.append((self._phonemes(rest, _TEXT_IS_UTF8, _AS_IPA) or b"").decode("utf-8"))
        return "".join(parts)

    def _seed(self) -> None:
        """Start the noise of breathy voices from one place; the library seeds it with the time of day."""
        ctypes.CDLL(None).srand(SEED)
        if hasattr(self._library, "espeak_ng_SetRandSeed"):  # since 1.52
            self._library.espeak_ng_SetRandSeed(ctypes.c_long(SEED))

    def _select(self, voice: Voice) -> None:
        name = f"{voice.name}+{voice.variant}" if voice.variant else voice.name
        if self._library.espeak_SetVoiceByName(name.encode("utf-8", "replace")) != 0:
            raise UnknownVoice(f"espeak-ng has no voice {name!r}")
        rate = NORMAL_WORDS_A_MINUTE * voice.rate // 100
        self._library.espeak_SetParameter(_RATE, max(SLOWEST, min(FASTEST, rate)), 0)
        pitch = NORMAL_PITCH * voice.pitch // 100
        self._library.espeak_SetParameter(_PITCH, max(0, min(100, pitch)), 0)
