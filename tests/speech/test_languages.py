"""Every language a vendor's locale names has something that speaks it."""

from __future__ import annotations

import asyncio

import pytest

from voxrun.speech.base import Voice
from voxrun.speech.client import SpeechProcess
from voxrun.speech.languages import (
    COUNTRY_LANGUAGES,
    ESPEAK_LANGUAGES,
    LANGUAGE_WORDS,
    espeak_language,
    language_code,
    language_of_word,
)

VENDOR_LOCALES = """
    af_ZA am_ET ar_AE ar_XA arb as_IN az_AZ bg_BG bn_BD bs_BA ca_ES cmn_CN cs_CZ cy_GB da_DK de_AT de_CH de_DE
    el_GR en_AU en_CA en_GB en_IN en_US en_ZA es_AR es_ES es_LA es_MX es_US et_EE eu_ES fa_IR fi_FI fil_PH
    fr_BE fr_CA fr_CH fr_FR ga_IE gl_ES gu_IN he_IL hi_IN hr_HR hu_HU hy_AM id_ID is_IS it_IT iu_CA ja_JP
    jv_ID ka_GE kk_KK kk_KZ km_KH kn_IN ko_KR lo_LA lt_LT lv_LV mk_MK ml_IN mn_MN mr_IN ms_MY mt_MT my_MM
    nb_NO ne_NP nl_BE nl_NL or_IN pa_IN pl_PL ps_AF pt_BR pt_PT ro_RO ru_RU si_LK sk_SK sl_SI so_SO sq_AL
    sr_RS su_ID sv_SE sw_KE ta_IN te_IN th_TH tr_TR uk_UA ur_PK uz_UZ vi_VN wuu_CN yue_CN yue_HK zh_CN zh_HK
    zh_TW zu_ZA
"""


@pytest.mark.parametrize("locale", VENDOR_LOCALES.split())
def test_every_locale_of_the_vendors_has_a_voice(locale: str) -> None:
    assert espeak_language(*locale.split("_")) in ESPEAK_LANGUAGES


def test_every_language_of_the_table_speaks(speech: SpeechProcess) -> None:
    async def scene() -> list[str]:
        return [
            name for name in sorted(ESPEAK_LANGUAGES) if not await speech.render("1 2", Voice("espeak", name))
        ]

    assert asyncio.run(scene()) == []


def test_regions_matter_where_they_sound_different() -> None:
    assert espeak_language("pt", "BR") == "pt-br"
    assert espeak_language("pt", "PT") == "pt"
    assert espeak_language("es", "MX") == "es-419"
    assert espeak_language("en", "GB") == "en"
    assert espeak_language("en", "US") == "en-us"
    assert espeak_language("zh", "HK") == "yue"
    assert espeak_language("xx") is None


def test_words_are_found_even_misspelt() -> None:
    assert language_of_word("RUSSIAN") == "ru"
    assert language_of_word("RUSIAN") == "ru"
    assert language_of_word("Spanish") == "es"
    assert language_of_word("Mark") is None


def test_the_tables_point_at_languages_that_exist() -> None:
    assert all(espeak_language(code) for code in LANGUAGE_WORDS.values())
    assert all(espeak_language(code) for code in COUNTRY_LANGUAGES.values())


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("en-US", "en"),
        ("ASRProfileList.Google.en_US", "en"),
        ("ASRProfileList.Yandex.ru_RU", "ru"),
        ("ASRLanguage.RUSSIAN_RU", "ru"),
        ("ENGLISH_UK", "en"),
        ("cmn-Hans-CN", "cmn"),
        ("fil_PH", "fil"),
        ("de", "de"),
        ("ASRProfileList.Default", ""),
        ("", ""),
    ],
)
def test_the_language_of_a_recogniser_s_profile(name: str, code: str) -> None:
    assert language_code(name) == code
