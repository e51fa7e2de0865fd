"""A tolerant reader of SSML: what to say, how, and where to pause. Broken markup is read as far as it goes.

Understood: ``speak``, ``p``, ``s``, ``break`` (time, strength), ``prosody`` (rate, pitch, volume),
``emphasis``, ``say-as`` (characters, digits, telephone, ordinal, expletive), ``sub`` (alias), ``voice``
(its text), Yandex's ``sil<[500]>`` and ``**stress**``. Any other tag is dropped and its text is said.
Text without markup passes unchanged: "a < b" is no tag.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from voxrun.media.frames import SAMPLE_RATE
from voxrun.speech.base import Speech, Voice
from voxrun.speech.prosody import percent_of

MAX_BREAK_MS: Final = 10_000
"""The longest pause of one ``break``, as with the big vendors."""
_STRENGTH_MS: Final = {"none": 0, "x-weak": 100, "weak": 200, "medium": 400, "strong": 700, "x-strong": 1200}
_TAG = re.compile(
    r"</?\s*(speak|break|prosody|say-as|emphasis|sub|phoneme|voice|audio|mark|lang|amazon:|mstts:|p\b|s\b|w\b)",
    re.I,
)
_YANDEX_PAUSE = re.compile(r"sil<\[(\d+)\]>", re.I)
_YANDEX_STRESS = re.compile(r"\*\*(.+?)\*\*")
_TIME = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*(ms|s)?", re.I)
_SPELLED: Final = ("characters", "spell-out", "digits", "telephone", "verbatim")


class Say(Struct, frozen=True):
    """Text with its rate, pitch and volume in percent of the voice's own."""

    text: str
    rate: int = 100
    pitch: int = 100
    volume: int = 100


class Pause(Struct, frozen=True):
    """Silence."""

    ms: int


def read_markup(text: str) -> tuple[Say | Pause, ...]:
    """Plain text or SSML as a sequence of things to say and pauses."""
    text = _YANDEX_PAUSE.sub(r'<break time="\1ms"/>', text)
    if _TAG.search(text) is None:
        plain = text.strip()
        return (Say(plain),) if plain else ()
    reader = _Reader()
    reader.feed(_YANDEX_STRESS.sub(r"\1", text))
    reader.close()
    return tuple(reader.finish())


async def render_markup(speech: Speech, text: str, voice: Voice) -> bytes:
    """Render plain text or SSML with ``voice``: 16 kHz mono s16le. Errors as ``Speech.render``."""
    parts: list[bytes] = []
    for part in read_markup(text):
        if isinstance(part, Pause):
            parts.append(bytes(part.ms * SAMPLE_RATE // 1000 * 2))
            continue
        changed = replace(
            voice,
            rate=voice.rate * part.rate // 100,
            pitch=voice.pitch * part.pitch // 100,
            volume=voice.volume * part.volume // 100,
        )
        parts.append(await speech.render(part.text, changed))
    return b"".join(parts)


class _Reader(HTMLParser):
    """Collects parts; ``_stack`` holds (tag, style, interpret-as) of the elements that are open."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[Say | Pause] = []
        self._text = ""
        self._stack: list[tuple[str, Say, str]] = []
        self._style = Say("")
        self._interpret = ""

    def finish(self) -> list[Say | Pause]:
        self._flush()
        return self._parts

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag != "break":
            self.handle_endtag(tag)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "break":
            self._flush()
            self._parts.append(Pause(_break_ms(values)))
            return
        self._stack.append((tag, self._style, self._interpret))
        if tag == "prosody":
            self._flush()
            self._style = replace(
                self._style,
                rate=self._style.rate * percent_of("rate", values.get("rate")) // 100,
                pitch=self._style.pitch * percent_of("pitch", values.get("pitch")) // 100,
                volume=self._style.volume * percent_of("volume", values.get("volume")) // 100,
            )
        elif tag == "say-as":
            self._interpret = values.get("interpret-as", "").lower()
        elif tag == "sub" and values.get("alias"):
            self._text += values["alias"]
            self._interpret = "expletive"  # the alias is said instead of the content

    def handle_endtag(self, tag: str) -> None:
        if not any(opened == tag for opened, _, _ in self._stack):
            return
        while True:
            opened, style, self._interpret = self._stack.pop()
            if style != self._style:
                self._flush()
                self._style = style
            if opened == tag:
                break
        if tag in ("p", "s") and self._text.strip() and self._text.rstrip()[-1].isalnum():
            self._text = self._text.rstrip() + ". "

    def handle_data(self, data: str) -> None:
        self._text += _interpreted(data, self._interpret)

    def _flush(self) -> None:
        text = " ".join(self._text.split())
        self._text = ""
        if text:
            self._parts.append(replace(self._style, text=text))


def _break_ms(values: dict[str, str]) -> int:
    match = _TIME.fullmatch(values.get("time", "").strip())
    if match is None:
        return _STRENGTH_MS.get(values.get("strength", "medium").lower(), _STRENGTH_MS["medium"])
    unit_ms = 1000 if (match[2] or "ms").lower() == "s" else 1
    return min(MAX_BREAK_MS, round(float(match[1]) * unit_ms))


def _interpreted(text: str, kind: str) -> str:
    if kind in ("expletive", "bleep"):
        return ""
    if kind in _SPELLED:
        return ", ".join(character for character in text if character.isalnum())
    if kind == "ordinal" and text.strip().isascii() and text.strip().isdigit():
        return _ordinal(int(text.strip()))
    return text


def _ordinal(number: int) -> str:
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{suffix}"
