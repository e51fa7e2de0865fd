"""Every voice a scenario can name is something audible."""

from __future__ import annotations

import asyncio
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxrun.speech.base import Voice
from voxrun.speech.client import SpeechProcess
from voxrun.speech.engines import engine_version, pick_engine
from voxrun.speech.languages import ESPEAK_LANGUAGES
from voxrun.speech.voices import FEMALE_VARIANTS, MALE_VARIANTS, Named, read_name, resolve_voice


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("VoiceList.Amazon.en_US_Joanna", Named("en", "us", "Joanna", "f")),
        ("VoiceList.Google.en_US_Chirp3_HD_Kore", Named("en", "us", "Kore", "f")),
        ("VoiceList.Google.de_DE_Wavenet_B", Named("de", "de", "B", "m")),
        ("VoiceList.Google.fil_ph_Neural2_A", Named("fil", "ph", "A", "f")),
        ("VoiceList.Microsoft.Neural.zh_CN_shandong_YunxiangNeural", Named("zh", "cn", "Yunxiang", "m")),
        ("VoiceList.Microsoft.Neural.iu_Cans_CA_SiqiniqNeural", Named("iu", "ca", "Siqiniq", "f")),
        ("VoiceList.Microsoft.Neural.en_US_AvaMultilingualNeural", Named("en", "us", "Ava", "f")),
        ("VoiceList.IBM.Neural.en_US_Allison_Expressive", Named("en", "us", "Allison", "f")),
        ("VoiceList.YandexV3.ru_RU_lola_ru", Named("ru", "ru", "lola", "f")),
        ("VoiceList.Amazon.en_GB_WLS_Geraint", Named("en", "gb", "Geraint", "m")),
        ("VoiceList.Amazon.arb_Zeina", Named("arb", "", "Zeina", "f")),
        ("VoiceList.ElevenLabs.Charlie", Named("en", "", "Charlie", "m")),
        ("VoiceList.Default.da_DK_Male", Named("da", "dk", "Male", "m")),
        ("Language.US_ENGLISH_FEMALE", Named("en", "us", "US_ENGLISH_FEMALE", "f")),
        ("Language.RU_RUSSIAN_MALE", Named("ru", "ru", "RU_RUSSIAN_MALE", "m")),
        ("Language.RU_RUSIAN_FEMALE", Named("ru", "ru", "RU_RUSIAN_FEMALE", "f")),
        ("Language.Premium.BR_PORTUGUESE_FEMALE", Named("pt", "br", "BR_PORTUGUESE_FEMALE", "f")),
        ("Language.UK_ENGLISH_MALE", Named("en", "gb", "UK_ENGLISH_MALE", "m")),
        ("Language.JP_JAPANEZE_FEMALE", Named("ja", "jp", "JP_JAPANEZE_FEMALE", "f")),
        ("Language.undefined", Named("en", "", "", "")),
        ("RU_RUSSIAN_FEMALE", Named("ru", "ru", "RU_RUSSIAN_FEMALE", "f")),
        ("en-US", Named("en", "us", "", "")),
        ("en-US-Wavenet-D", Named("en", "us", "D", "m")),
        ("ru", Named("ru", "", "", "")),
        ("Mark", Named("en", "", "Mark", "m")),
        ("Maria-Spanish", Named("es", "", "Maria", "f")),
    ],
)
def test_a_name_is_taken_apart(text: str, named: Named) -> None:
    assert read_name(text) == named


@pytest.mark.parametrize("value", [None, "", 5, [], {}, {"name": None}, "VoiceList.Amazon.en_US_Joanna"])
def test_an_undefined_voice_is_the_platforms_default(value: object) -> None:
    assert resolve_voice(value) == Voice()


def test_an_object_is_read_by_its_name_or_path() -> None:
    plain = resolve_voice("VoiceList.Amazon.ru_RU_Maxim")
    assert resolve_voice({"path": "VoiceList.Amazon.ru_RU_Maxim"}) == plain
    assert resolve_voice({"name": "VoiceList.Amazon.ru_RU_Maxim"}) == plain
    assert resolve_voice({"language": "VoiceList.Amazon.ru_RU_Maxim"}) == plain


def test_languages_speak_with_their_own_voice_and_gender() -> None:
    assert resolve_voice("VoiceList.Amazon.ru_RU_Maxim").name == "ru"
    assert resolve_voice("VoiceList.Amazon.ru_RU_Maxim").variant in MALE_VARIANTS
    assert resolve_voice("VoiceList.Amazon.ru_RU_Tatyana").variant in FEMALE_VARIANTS
    assert resolve_voice("VoiceList.Google.pt_BR_Wavenet_A").name == "pt-br"


def test_english_is_natural_where_piper_is_installed() -> None:
    engine = "piper" if engine_version("piper") else "espeak"
    for name in ("VoiceList.Amazon.en_US_Matthew", "Language.US_ENGLISH_FEMALE", "Mark"):
        assert pick_engine(resolve_voice(name)).engine == engine


def test_different_voices_sound_different_and_one_voice_always_the_same() -> None:
    names = [
        "Joanna",
        "Joey",
        "Kendra",
        "Kimberly",
        "Matthew",
        "Salli",
        "Ivy",
        "Justin",
        "Kevin",
        "Ruth",
        "Gregory",
        "Stephen",
    ]
    voices = [resolve_voice(f"VoiceList.Amazon.en_US_{name}") for name in names]
    assert len(set(voices)) >= len(names) - 1
    assert voices == [resolve_voice(f"VoiceList.Amazon.en_US_{name}") for name in names]


def test_options_change_the_voice() -> None:
    plain = resolve_voice("VoiceList.Amazon.en_US_Joanna")
    assert resolve_voice(None, {"rate": "fast"}).rate == 130
    assert resolve_voice(None, {"speed": "1.5"}).rate == 150
    assert resolve_voice(None, {"pitch": "low", "volume": "loud"}) == Voice(pitch=85, volume=140)
    assert resolve_voice(None, {"rate": "rapid", "pitch": None, "emotion": "joy"}) == plain


@given(st.text(alphabet=string.ascii_letters + string.digits + "._- йé", max_size=40))
def test_any_string_is_some_voice(text: str) -> None:
    voice = resolve_voice(text)
    assert voice.engine == "piper" or voice.name in ESPEAK_LANGUAGES
    assert 50 <= voice.rate <= 200


def test_resolved_voices_are_heard(speech: SpeechProcess) -> None:
    names = [
        "VoiceList.Amazon.Neural.yue_CN_Hiujin",
        "VoiceList.Microsoft.Neural.zu_ZA_ThandoNeural",
        "Language.RU_RUSSIAN_FEMALE",
        "VoiceList.Google.hi_IN_Wavenet_C",
        "Mark",
    ]

    async def scene() -> None:
        for name in names:
            assert len(await speech.render("1 2 3", resolve_voice(name))) > 10_000, name

    asyncio.run(scene())


@pytest.mark.parametrize("variant", FEMALE_VARIANTS + MALE_VARIANTS)
def test_every_variant_exists(speech: SpeechProcess, variant: str) -> None:
    assert asyncio.run(speech.render("one", Voice("espeak", "de", variant)))
