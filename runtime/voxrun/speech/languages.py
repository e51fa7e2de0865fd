"""Languages: from the codes and words that scenarios use to the nearest voice espeak-ng has."""

from __future__ import annotations

import difflib
import re
from typing import Final

_NAMES: Final = """
    af am ar as az be bg bn bs ca cmn cs cy da de el en en-029 en-us en-gb-scotland eo es es-419 et eu fa
    fi fr fr-be fr-ch ga gd gu hak he hi hr ht hu hy id is it ja ka kk kl kn ko ku ky la lb lt lv mi mk ml mr
    ms mt my nb ne nl om or pa pl pt pt-br ro ru sd si sk sl sq sr sv sw ta te th tk tn tr tt ug uk ur uz vi
    yue
"""
ESPEAK_LANGUAGES: Final = frozenset(_NAMES.split())
"""Names that ``espeak_SetVoiceByName`` of 1.52 takes and that the vendors' locales need."""

NEAREST: Final = {
    "arb": "ar",
    "fil": "id",
    "gl": "pt",
    "iu": "kl",
    "iw": "he",
    "jv": "id",
    "km": "vi",
    "lo": "th",
    "mn": "kk",
    "nn": "nb",
    "no": "nb",
    "ps": "fa",
    "so": "om",
    "su": "id",
    "tl": "id",
    "wuu": "cmn",
    "zh": "cmn",
    "zu": "tn",
}
"""Languages without a voice of their own: the nearest one in sound or script."""

_SPANISH_AMERICA: Final = "ar bo cl co cr cu do ec gt hn la mx ni pa pe pr py sv us uy ve"
_LATIN_AMERICA: Final = frozenset(_SPANISH_AMERICA.split())
_AMERICAN_ENGLISH: Final = frozenset(("", "us", "ca", "ph"))

_REGIONAL: Final = {
    ("zh", "hk"): "yue",
    ("zh", "mo"): "yue",
    ("pt", "br"): "pt-br",
    ("fr", "be"): "fr-be",
    ("fr", "ch"): "fr-ch",
}

LANGUAGE_WORDS: Final = {
    "afrikaans": "af",
    "arabic": "ar",
    "bulgarian": "bg",
    "catalan": "ca",
    "chinese": "cmn",
    "mandarin": "cmn",
    "cantonese": "yue",
    "croatian": "hr",
    "czech": "cs",
    "danish": "da",
    "dutch": "nl",
    "english": "en",
    "estonian": "et",
    "finnish": "fi",
    "french": "fr",
    "german": "de",
    "greek": "el",
    "hebrew": "he",
    "hindi": "hi",
    "hungarian": "hu",
    "icelandic": "is",
    "indonesian": "id",
    "italian": "it",
    "japanese": "ja",
    "kazakh": "kk",
    "korean": "ko",
    "latvian": "lv",
    "lithuanian": "lt",
    "malay": "ms",
    "norwegian": "nb",
    "persian": "fa",
    "polish": "pl",
    "portuguese": "pt",
    "romanian": "ro",
    "russian": "ru",
    "serbian": "sr",
    "slovak": "sk",
    "slovenian": "sl",
    "spanish": "es",
    "swedish": "sv",
    "tamil": "ta",
    "thai": "th",
    "turkish": "tr",
    "ukrainian": "uk",
    "urdu": "ur",
    "uzbek": "uz",
    "vietnamese": "vi",
    "welsh": "cy",
}
"""Words in the old ``Language`` members ("RU_RUSSIAN_MALE") and in names such as "Maria-Spanish"."""

COUNTRY_LANGUAGES: Final = {
    "br": "pt",
    "cn": "cmn",
    "cz": "cs",
    "dk": "da",
    "gb": "en",
    "jp": "ja",
    "kr": "ko",
    "kz": "kk",
    "mx": "es",
    "se": "sv",
    "tw": "cmn",
    "ua": "uk",
    "uk": "en",
    "us": "en",
}
"""Country codes that begin old ``Language`` members and are not the code of the language."""


def espeak_language(language: str, region: str = "") -> str | None:
    """The espeak-ng name for a language code ("pt") and region ("BR"); None for an unknown language."""
    language, region = language.lower(), region.lower()
    if language == "en":
        return "en-us" if region in _AMERICAN_ENGLISH else "en"
    if language == "es" and region in _LATIN_AMERICA:
        return "es-419"
    if (language, region) in _REGIONAL:
        return _REGIONAL[(language, region)]
    name = NEAREST.get(language, language)
    return name if name in ESPEAK_LANGUAGES else None


def language_of_word(word: str) -> str | None:
    """ "RUSSIAN", "Spanish", even "RUSIAN": the language code; None for a word that is no language."""
    found = difflib.get_close_matches(word.lower(), LANGUAGE_WORDS, n=1, cutoff=0.82)
    return LANGUAGE_WORDS[found[0]] if found else None


def language_code(name: str) -> str:
    """ "en" of "en-US", "ASRProfileList.Google.en_US" or "ENGLISH_US"; "" where no language is named."""
    last = name.rsplit(".", 1)[-1]
    code = re.match(r"([a-z]{2,3})(?:[_-]|$)", last)
    if code is not None:
        return code[1]
    return next((found for word in re.split(r"[_\W]+", last) if (found := language_of_word(word))), "")
