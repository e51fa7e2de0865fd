"""ToneScript, the notation of Sipura and Linksys adapters for tones with a cadence.

::

    350@-19,440@-19;10(*/0/1+2)                                  a dial tone of 10 s
    350@-19,440@-19;2(.1/.1/1+2);10(*/0/1+2)                     the same after 2 s of stutter
    985@-16,1428@-16,1777@-16;20(.380/0/1,.380/0/2,.380/0/3,0/4/0)   "number not in service"

Frequencies in Hz at levels in dBm, then sections: ``length(on/off/frequencies,...)``. Lengths are seconds or
``*`` (without end), ``frequencies`` their numbers from 1 joined by ``+``; 0 is silence. A section repeats its
beats until its length is over.

Read leniently, for scripts in the wild are untidy and play all the same: blanks, surplus or missing brackets
and empty parts do not count, a frequency without a level has -19 dBm, a beat without frequencies sounds all
of them, a script without sections sounds without end. Adapters stop at 6 frequencies, 2 sections, 6 beats
and 127 characters; here there may be more.
"""

from __future__ import annotations

import re
from typing import Final

from voxrun.media.tones import Beat, Section, Tone, Wave

LONGEST: Final = 4096
"""Characters of a script."""
MOST_WAVES: Final = 16
MOST_BEATS: Final = 64
"""In one section."""
SHORTEST: Final = 0.001
"""Lengths below this count as none, s: a frame of 20 ms is made of a few spans and not of hundreds."""
USUAL_DBM: Final = -19.0
LOUDEST: Final = 3.0
SOFTEST: Final = -100.0
"""Levels beyond these are taken for these, dBm."""

_NUMBER: Final = re.compile(r"[+-]?(\d{1,9}(\.\d{0,9})?|\.\d{1,9})")
_UNTIDY: Final = re.compile(r"[\s\"']+")


def parse_tone_script(script: str) -> Tone:
    """Read a script. Raises ValueError saying what of it makes no sense."""
    if len(script) > LONGEST:
        raise ValueError(f"the ToneScript has {len(script)} characters, at most {LONGEST} are read")
    first, *rest = _UNTIDY.sub("", script).split(";")
    waves = tuple(_wave(part) for part in _parts(first))
    if not waves:
        raise ValueError(f"the ToneScript {_shown(script)} has no frequency: it begins like 350@-19,440@-19")
    if len(waves) > MOST_WAVES:
        raise ValueError(f"the ToneScript has {len(waves)} frequencies, at most {MOST_WAVES} are possible")
    sections = tuple(_section(part, len(waves)) for part in rest if part.strip("()"))
    return Tone(waves, sections or (Section((Beat(None, waves=_all(len(waves))),)),))


def _wave(part: str) -> Wave:
    hertz, _, level = part.partition("@")
    dbm = _number(level, part) if level else USUAL_DBM
    return Wave(_number(hertz, part), min(LOUDEST, max(SOFTEST, dbm)))


def _section(part: str, waves: int) -> Section:
    length, _, body = part.partition("(")
    written = [beat for piece in _parts(body) for beat in _beats(piece, waves)]
    beats = tuple(beat for beat in written if beat.on is None or beat.on + beat.off)
    if len(beats) > MOST_BEATS:
        raise ValueError(f"the ToneScript section {_shown(part)} has more than {MOST_BEATS} beats")
    if not beats and body.strip("()"):
        raise ValueError(f"the ToneScript section {_shown(part)} has no beat that lasts")
    return Section(beats or (Beat(None, waves=_all(waves)),), _seconds(length.strip("()") or "*", part))


def _beats(piece: str, waves: int) -> list[Beat]:
    """One beat as written, or two where its silence has no end."""
    on, off, indexes = (*piece.split("/"), "", "")[:3]
    sound, silence = _seconds(on or "0", piece), _seconds(off or "0", piece)
    which = _indexes(indexes, waves, piece)
    if silence is None and sound is not None:
        return [Beat(sound, 0.0, which), Beat(None, waves=())]
    return [Beat(sound, silence or 0.0, which)]


def _indexes(text: str, waves: int, piece: str) -> tuple[int, ...]:
    if not text:
        return _all(waves)
    numbers = [int(_number(part, piece)) for part in text.split("+") if part]
    for number in numbers:
        if not 0 <= number <= waves:
            raise ValueError(f"the ToneScript beat {_shown(piece)} wants frequency {number} of {waves}")
    return tuple(dict.fromkeys(number - 1 for number in numbers if number))


def _all(waves: int) -> tuple[int, ...]:
    return tuple(range(waves))


def _seconds(text: str, where: str) -> float | None:
    """A length; None for one without end."""
    if text == "*":
        return None
    value = _number(text, where)
    if value < 0:
        raise ValueError(f"the ToneScript part {_shown(where)} has a negative length")
    return value if value >= SHORTEST else 0.0


def _number(text: str, where: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"the ToneScript part {_shown(where)} has {_shown(text)} where a number belongs")
    return float(text)


def _parts(text: str) -> list[str]:
    """Pieces between commas, without brackets; empty ones do not count."""
    return [part for part in (piece.strip("()") for piece in text.split(",")) if part]


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:59] + "…")
