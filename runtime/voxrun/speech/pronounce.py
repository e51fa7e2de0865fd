"""From espeak-ng's IPA to the phones of the recogniser's English model, for words its dictionary lacks.

With it a grammar takes any word: names, numbers written with digits, product names.
"""

from __future__ import annotations

from typing import Final

PHONES: Final = {
    "aɪə": "AY AH",
    "aɪɚ": "AY ER",
    "aɪ": "AY",
    "aʊ": "AW",
    "eɪ": "EY",
    "oʊ": "OW",
    "əʊ": "OW",
    "ɔɪ": "OY",
    "tʃ": "CH",
    "dʒ": "JH",
    "ɑː": "AA",
    "ɔː": "AO",
    "iː": "IY",
    "uː": "UW",
    "ɜː": "ER",
    "oː": "AO",
    "eə": "EH R",
    "ɪɹ": "IH R",
    "ʊɹ": "UH R",
    "əl": "AH L",
    "ɐ": "AH",
    "a": "AA",
    "æ": "AE",
    "ɑ": "AA",
    "ʌ": "AH",
    "ə": "AH",
    "ɔ": "AO",
    "ɛ": "EH",
    "e": "EH",
    "ɚ": "ER",
    "ɜ": "ER",
    "ɪ": "IH",
    "ᵻ": "IH",
    "i": "IY",
    "o": "OW",
    "ʊ": "UH",
    "u": "UW",
    "b": "B",
    "ç": "HH",
    "d": "D",
    "ð": "DH",
    "f": "F",
    "ɡ": "G",
    "g": "G",
    "h": "HH",
    "j": "Y",
    "k": "K",
    "x": "K",
    "l": "L",
    "ɬ": "L",
    "m": "M",
    "n": "N",
    "ŋ": "NG",
    "p": "P",
    "ɹ": "R",
    "r": "R",
    "s": "S",
    "ʃ": "SH",
    "t": "T",
    "ɾ": "T",
    "ʔ": "T",
    "θ": "TH",
    "v": "V",
    "w": "W",
    "z": "Z",
    "ʒ": "ZH",
}
"""IPA as espeak-ng writes American English, the longest first, and CMU phones."""

_LONGEST: Final = 3


def phones_of(ipa: str) -> str:
    """CMU phones with blanks between; signs that are no sound (stress, length) are left out."""
    found: list[str] = []
    position = 0
    while position < len(ipa):
        for length in range(_LONGEST, 0, -1):
            phone = PHONES.get(ipa[position : position + length])
            if phone is not None:
                found.append(phone)
                position += length
                break
        else:
            position += 1
    return " ".join(found)
