"""IPA becomes phones of the recogniser."""

from __future__ import annotations

import pytest

from voxrun.speech.pronounce import PHONES, phones_of

CMU = """
    AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH
"""


@pytest.mark.parametrize(
    ("ipa", "phones"),
    [
        ("həlˈoʊ", "HH AH L OW"),
        ("vˈɑːksɪmplˌænt", "V AA K S IH M P L AE N T"),
        ("tʃˈɜːtʃ", "CH ER CH"),
        ("fˈaɪɚ", "F AY ER"),
        ("ˈ ː ˌ", ""),
        ("", ""),
    ],
)
def test_ipa_is_read(ipa: str, phones: str) -> None:
    assert phones_of(ipa) == phones


def test_the_table_gives_only_phones_of_the_model() -> None:
    assert {phone for value in PHONES.values() for phone in value.split()} <= set(CMU.split())
