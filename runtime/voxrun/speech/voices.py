"""From every voice a scenario can name to something audible.

What a scenario may pass, and what reaches ``resolve_voice`` (JSON, as the realm sends it):

- a member of ``VoiceList``: its path, ``"VoiceList.Amazon.en_US_Joanna"``; of the old ``Language`` enum:
  ``"Language.RU_RUSSIAN_MALE"``, ``"Language.Premium.US_ENGLISH_FEMALE"``, also misspelt ones;
- any other string as it is: ``"en-US-Wavenet-A"``, ``"ru"``, ``"Mark"``, an id;
- an object with ``path``, ``name``, ``voice``, ``voiceId``, ``id`` or ``language`` holding one of these;
- nothing (an undefined member): the platform's default, ``VoiceList.Amazon.en_US_Joanna``.

The language decides the engine's voice, the name its gender, and a hash of the name small differences of
pitch, speed and variant, so that two names sound different and one name always the same.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from voxrun.speech.base import Voice
from voxrun.speech.engines import PIPER, PIPER_VOICE, engine_version
from voxrun.speech.languages import COUNTRY_LANGUAGES, espeak_language, language_of_word
from voxrun.speech.names import gender_of
from voxrun.speech.prosody import percent_of

DEFAULT_NAME: Final = "Joanna"
"""First name of the platform's default voice; it is the local default voice, unchanged."""

_LOCALE = re.compile(
    r"([A-Za-z]{2,3})(?:[_-][A-Z][a-z]{3}(?=[_-]))?(?:[_-]([A-Za-z]{2}|\d{3})(?![^_-]))?(?:[_-]+(.*))?$", re.S
)
_OLD_MEMBER = re.compile(r"[A-Z]{2}_[A-Z]{4}")
_TECHNICAL = re.compile(
    r"(?:(?:Turbo|Expressive|Multilingual|Dialects)*Neural2?|Wavenet|Standard|Studio|Polyglot|News|Casual"
    r"|Chirp3?|HD|Expressive|V\d|premium)$",
    re.I,
)
_WORDS = re.compile(r"[^0-9A-Za-z]+")

MALE_VARIANTS: Final = ("m1", "m2", "m3", "m4", "m6", "m7", "m8")
FEMALE_VARIANTS: Final = ("f1", "f2", "f3", "f4", "f5")
_FEMALE_PITCH, _MALE_PITCH = (112, 117, 122, 127), (84, 88, 92, 96, 104)
_RATES: Final = (94, 97, 100, 103, 106)
_ESPEAK_PITCHES: Final = (90, 95, 100, 105, 110)


class Named(Struct, frozen=True):
    """What a voice's name says: language and region codes, a first name (or ""), "f", "m" or ""."""

    language: str
    region: str
    name: str
    gender: str


def resolve_voice(value: object, options: Mapping[str, object] | None = None) -> Voice:
    """The local voice for what a scenario named, with ``ttsOptions`` (pitch, rate or speed, volume).

    Never fails: what cannot be understood is the default voice.
    """
    text = _text_of(value)
    voice = Voice() if text is None else _sound(read_name(text))
    return apply_options(voice, options or {})


def apply_options(voice: Voice, options: Mapping[str, object]) -> Voice:
    """``voice`` changed by ``ttsOptions``; what is absent or nonsense changes nothing."""
    rate = options.get("rate") if options.get("rate") is not None else options.get("speed")
    return replace(
        voice,
        rate=voice.rate * percent_of("rate", rate) // 100,
        pitch=voice.pitch * percent_of("pitch", options.get("pitch")) // 100,
        volume=voice.volume * percent_of("volume", options.get("volume")) // 100,
    )


def read_name(text: str) -> Named:
    """Take a voice's name apart; the language is "en" where the name tells none."""
    path = text.strip().split(".")
    last = path[-1]
    if path[0] == "Language" or _OLD_MEMBER.match(last):
        return _read_old_member(last)
    match = _LOCALE.match(last)
    if match and espeak_language(match[1]) and (match[2] or match[3] is None or match[1].islower()):
        name = _first_name(match[3] or "")
        return Named(match[1].lower(), (match[2] or "").lower(), name, gender_of(name))
    words = {word: language_of_word(word) for word in _WORDS.split(last) if word}
    name = _first_name(" ".join(word for word, language in words.items() if language is None))
    return Named(next(filter(None, words.values()), "en"), "", name, gender_of(name))


def _read_old_member(member: str) -> Named:
    """Members of ``Language``: country, language word and gender in capitals, any of them misspelt."""
    words = [word for word in _WORDS.split(member) if word]
    country = words[0].lower() if words and len(words[0]) == 2 else ""
    found = (language_of_word(word) for word in words if len(word) > 3)
    language = next((code for code in found if code), None)
    if language is None:
        language = COUNTRY_LANGUAGES.get(country, country)
    if espeak_language(language) is None:
        language = "en"
    gender = "f" if "FEM" in member.upper() else "m" if "MAL" in member.upper() else ""
    region = "gb" if country == "uk" else country
    return Named(language, region, member if gender else "", gender)


def _first_name(text: str) -> str:
    """ "Chirp3_HD_Kore" -> "Kore", "AriaNeural" -> "Aria", "Wavenet_A" -> "A", "lola_ru" -> "lola"."""
    words = [_TECHNICAL.sub("", word) for word in _WORDS.split(text)]
    kept = [word for word in words if word]
    best = max(kept, key=lambda word: (len(word) > 3, word[0].isupper(), len(word)), default="")
    return kept[-1] if len(best) < 3 and kept else best


def _sound(named: Named) -> Voice:
    language = espeak_language(named.language, named.region) or "en-us"
    english = language.startswith("en")
    if english and named.name in ("", DEFAULT_NAME):
        return Voice(name=language)
    number = int.from_bytes(hashlib.sha256(f"{language} {named.name}".encode()).digest()[:8], "little")
    if english and engine_version(PIPER):
        pitches = _FEMALE_PITCH if named.gender == "f" else _MALE_PITCH
        return Voice(PIPER, PIPER_VOICE, "", _pick(_RATES, number >> 8), _pick(pitches, number))
    if not named.name:
        return Voice(name=language)
    variants = FEMALE_VARIANTS if named.gender == "f" else MALE_VARIANTS
    variant = variants[number % len(variants)]
    return Voice(
        "espeak", language, variant, _pick(_RATES, number >> 8), _pick(_ESPEAK_PITCHES, number >> 16)
    )


def _pick(choices: tuple[int, ...], number: int) -> int:
    return choices[number % len(choices)]


def _text_of(value: object) -> str | None:
    """The name inside a JSON value; None where there is none."""
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, Mapping):
        for key in ("path", "name", "voice", "voiceId", "id", "language"):
            found = _text_of(value.get(key))
            if found is not None:
                return found
    return None
