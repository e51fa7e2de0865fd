"""What a scenario asks of a recording, and what its file is called.

Formats: MP3 at 8 kHz and 32 kbit/s unless ``hd_audio``, FLAC with ``lossless``, WAV where ``format`` says so.
The platform's hd_audio has 48 kHz; the graph's own 16 kHz is the most that there is to record.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from msgspec import Struct

from voxrun.services.arguments import Arguments
from voxrun.services.listening import Wishes
from voxrun.services.recording_file import Form, Format
from voxrun.speech.languages import language_code

LONGEST_NAME: Final = 120
"""Bytes of a file's name, without endings."""
LONGEST_TEXT: Final = 1000
MOST_HINTS: Final = 5000
FORMATS: Final[dict[str, Format]] = {"mp3": "mp3", "flac": "flac", "wav": "wav"}

_UNSAFE: Final = re.compile(r"[^\w.-]+")
_EXTENSION: Final = re.compile(r"\.(mp3|flac|wav|ogg|opus|m4a|mp4|webm)$", re.I)
_OWN: Final = re.compile(r"recording(-\d+)?\.wav")
"""Names of the session's own recordings."""


class TranscriptWish(Struct, frozen=True):
    """How a transcript is made: what the recogniser is told, who speaks on which side, JSON or plain text."""

    wishes: Wishes
    labels: tuple[str, ...]
    json: bool


class RecordWish(Struct, frozen=True):
    """A recording that was asked for. ``name`` is of the file, without its ending; "" for none."""

    name: str
    stereo: bool
    hd: bool
    format: Format
    transcript: TranscriptWish | None

    def form(self, path: Path) -> Form:
        """How the file is written."""
        fine = self.hd or self.format != "mp3"
        return Form(path, self.stereo, self.format, 16_000 if fine else 8_000, None if self.hd else 32_000)


def read_wish(data: Arguments) -> RecordWish:
    """The wish of a command. Raises ScenarioError."""
    name = data.text("file", LONGEST_TEXT) or data.text("name", LONGEST_TEXT)
    prefix = data.text("prefix", LONGEST_TEXT)
    found = FORMATS.get(data.text("format", LONGEST_TEXT))
    return RecordWish(
        name=safe_name(prefix + name),
        stereo=data.flag("stereo"),
        hd=data.flag("hd"),
        format=found or ("flac" if data.flag("lossless") else "mp3"),
        transcript=_transcript(data) if data.flag("transcribe") else None,
    )


def _transcript(data: Arguments) -> TranscriptWish:
    hints = tuple(data.texts("hints", MOST_HINTS, LONGEST_TEXT))
    return TranscriptWish(
        Wishes(hints=hints, language=language_code(data.text("language", LONGEST_TEXT))),
        tuple(data.texts("labels", 2, LONGEST_TEXT)),
        data.flag("json"),
    )


def safe_name(wanted: str) -> str:
    """``wanted`` as the name of a file: no folders, no spaces, no ending, not hidden."""
    plain = _UNSAFE.sub("-", _EXTENSION.sub("", wanted)).strip(".-")
    return plain.encode()[:LONGEST_NAME].decode("utf-8", "ignore").rstrip(".-")


class Names:
    """Names of a session's recordings, each given once."""

    def __init__(self) -> None:
        self._given: set[str] = set()
        self._nameless = 0

    def take(self, wanted: str, ending: str) -> str:
        """A name like ``wanted``, with ``ending``; record-1, record-2... where nothing is wanted."""
        if not wanted:
            self._nameless += 1
            wanted = f"record-{self._nameless}"
        if _OWN.fullmatch(f"{wanted}.{ending}".lower()):
            wanted = f"record-{wanted}"
        name, number = f"{wanted}.{ending}", 1
        while name.lower() in self._given:
            number += 1
            name = f"{wanted}-{number}.{ending}"
        self._given.add(name.lower())
        return name
