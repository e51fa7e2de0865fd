"""What speech this installation can do, for ``voxrun doctor``."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from voxrun.speech.engines import ESPEAK, PIPER, SPHINX, WHISPER, engine_version, how_to_install


class Part(Struct, frozen=True):
    """One engine: its versions (None: not installed), what it is for, how to get it if it is missing."""

    name: str
    version: str | None
    purpose: str
    remedy: str


_PURPOSES: Final = {
    ESPEAK: "speaks, in every language, at once; without it nothing can be said",
    PIPER: "speaks English with a natural voice",
    SPHINX: "understands people who talk to the local agent or a scenario's ASR (English, phrases to expect)",
    WHISPER: "understands whatever people say to a scenario's ASR, with a model",
}


def status() -> tuple[Part, ...]:
    """Every engine, installed or not. Loads none of them."""
    return tuple(
        Part(name, engine_version(name), purpose, how_to_install(name)) for name, purpose in _PURPOSES.items()
    )
