"""PhoneNumber.getInfo: known numbers, every error, and the answers of the library whose data it reads."""

from __future__ import annotations

import random
from typing import Any

import phonenumbers
import pytest
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType
from tests.realm.js.conftest import EVALUATE, Platform

from voxrun.realm.countries import COUNTRIES

ERRORS = {
    NumberParseException.INVALID_COUNTRY_CODE: "INVALID_COUNTRY_CODE",
    NumberParseException.NOT_A_NUMBER: "NOT_A_NUMBER",
    NumberParseException.TOO_SHORT_AFTER_IDD: "TOO_SHORT_AFTER_IDD",
    NumberParseException.TOO_SHORT_NSN: "TOO_SHORT_NSN",
    NumberParseException.TOO_LONG: "TOO_LONG_NSN",
}
TYPES = {value: name for name, value in vars(PhoneNumberType).items() if name.isupper()}


def known(text: str, country: str) -> dict[str, Any]:
    """What the library says."""
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException as error:
        return {
            "number": text, "numberType": "UNKNOWN", "region": "", "location": "", "isPossibleNumber": False,
            "isValidNumber": False, "isValidNumberForRegion": False, "error": ERRORS[error.error_type],
        }  # fmt: skip
    region = phonenumbers.region_code_for_number(number) or ""
    return {
        "number": phonenumbers.format_number(number, PhoneNumberFormat.E164),
        "numberType": TYPES[phonenumbers.number_type(number)],
        "region": region,
        "location": COUNTRIES.get(region, ""),
        "isPossibleNumber": phonenumbers.is_possible_number(number),
        "isValidNumber": phonenumbers.is_valid_number(number),
        "isValidNumberForRegion": phonenumbers.is_valid_number_for_region(number, country),
    }


@pytest.fixture
def ask(platform: Platform) -> Any:
    """(numbers with their countries) -> what getInfo gives for each."""
    platform.boot("// PhoneNumber is asked below\n" + EVALUATE)

    def many(*questions: tuple[Any, ...]) -> list[Any]:
        found: list[Any] = []
        for at in range(0, len(questions), 50):  # a log line has an end
            found += platform.evaluate(
                "e.questions.map((question) => PhoneNumber.getInfo(...question))",
                questions=questions[at : at + 50],
            )
        return found

    return many


@pytest.mark.covers("PhoneNumber.getInfo")
def test_a_number_is_put_into_e164_and_judged(ask: Any) -> None:
    (info,) = ask(("(650) 253-0000", "US"))
    assert info == {
        "number": "+16502530000", "numberType": "FIXED_LINE_OR_MOBILE", "region": "US",
        "location": "United States", "isPossibleNumber": True, "isValidNumber": True,
        "isValidNumberForRegion": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("question", "number", "kind", "region"),
    [
        (("01174951234567", "US"), "+74951234567", "FIXED_LINE", "RU"),
        (("8 (916) 123-45-67", "RU"), "+79161234567", "MOBILE", "RU"),
        (("+7 727 250 0000",), "+77272500000", "FIXED_LINE", "KZ"),
        (("030/123456", "de"), "+4930123456", "FIXED_LINE", "DE"),
        (("+44 7400 123456", "US"), "+447400123456", "MOBILE", "GB"),
        (("+39 02 3661 8300",), "+390236618300", "FIXED_LINE", "IT"),
        (("+54 9 343 555 1212",), "+5493435551212", "MOBILE", "AR"),
        (("0343 15 555 1212", "AR"), "+5493435551212", "MOBILE", "AR"),
        (("1-800-FLOWERS", "US"), "+18003569377", "TOLL_FREE", "US"),
        (("+800 1234 5678",), "+80012345678", "TOLL_FREE", "001"),
        (("\uff0b\uff11 650 253 0000",), "+16502530000", "FIXED_LINE_OR_MOBILE", "US"),
        (("tel: +1 650 253 0000 ext. 12",), "+16502530000", "FIXED_LINE_OR_MOBILE", "US"),
        (("16502530000",), "+16502530000", "FIXED_LINE_OR_MOBILE", "US"),
        ((79161234567,), "+79161234567", "MOBILE", "RU"),
    ],
)
def test_numbers_as_people_write_them(
    ask: Any, question: tuple[Any, ...], number: str, kind: str, region: str
) -> None:
    (info,) = ask(question)
    assert (info["number"], info["numberType"], info["region"]) == (number, kind, region)
    assert "error" not in info


@pytest.mark.parametrize(
    ("question", "error"),
    [
        (("+0 123 456",), "INVALID_COUNTRY_CODE"),
        (("12345", "XX"), "INVALID_COUNTRY_CODE"),
        (("hello", "US"), "NOT_A_NUMBER"),
        ((), "NOT_A_NUMBER"),
        ((None, "US"), "NOT_A_NUMBER"),
        (({}, "US"), "NOT_A_NUMBER"),
        (("1" * 251, "US"), "NOT_A_NUMBER"),
        (("011 5", "US"), "TOO_SHORT_AFTER_IDD"),
        (("+491", "DE"), "TOO_SHORT_NSN"),
        (("+1 6502530000 6502530000",), "TOO_LONG_NSN"),
    ],
)
def test_every_error_of_the_platform(ask: Any, question: tuple[Any, ...], error: str) -> None:
    (info,) = ask(question)
    assert info["error"] == error
    assert info["isValidNumber"] is info["isPossibleNumber"] is info["isValidNumberForRegion"] is False


def test_a_number_may_be_possible_and_not_valid_or_valid_elsewhere(ask: Any) -> None:
    wrong, elsewhere, short = ask(("+1 650 000 0000",), ("+49 30 123456", "US"), ("253-0000", "US"))
    assert (wrong["isPossibleNumber"], wrong["isValidNumber"], wrong["numberType"]) == (
        True,
        False,
        "UNKNOWN",
    )
    assert (elsewhere["isValidNumber"], elsewhere["isValidNumberForRegion"]) == (True, False)
    assert (short["isPossibleNumber"], short["isValidNumber"]) == (True, False)


def test_examples_of_every_country_and_kind_are_judged_as_by_the_library(ask: Any) -> None:
    questions = [
        (phonenumbers.format_number(number, form), region)
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        for kind in TYPES
        if (number := phonenumbers.example_number_for_type(region, kind)) is not None
        for form in (PhoneNumberFormat.E164, PhoneNumberFormat.NATIONAL)
    ]
    assert len(questions) > 2000
    found = ask(*questions)
    wrong = [(q, f) for q, f in zip(questions, found, strict=True) if f != known(*q)]
    assert wrong == []


def test_whatever_is_written_is_judged_as_by_the_library(ask: Any) -> None:
    """Seeded, so that a failure stays one."""
    rng = random.Random(7)
    regions = [*sorted(phonenumbers.SUPPORTED_REGIONS), "ZZ"]

    def text() -> str:
        kind = rng.random()
        if kind < 0.35:
            return "+" + "".join(rng.choices("0123456789", k=rng.randint(1, 18)))
        if kind < 0.7:
            return rng.choice(("", "0", "00", "011", "8", "1")) + "".join(
                rng.choices("0123456789", k=rng.randint(1, 16))
            )
        return "".join(rng.choices("0123456789+-() ./xabcA#*,", k=rng.randint(1, 20)))

    questions = [(text(), rng.choice(regions)) for _ in range(3000)]
    found = ask(*questions)
    wrong = [
        (q, {k: (v, known(*q).get(k)) for k, v in f.items() if v != known(*q).get(k)})
        for q, f in zip(questions, found, strict=True)
        if f != known(*q)
    ]
    assert wrong == []


def test_a_scenario_that_hides_the_name_is_told_what_to_do(platform: Platform) -> None:
    result = platform.boot("globalThis['Phone' + 'Number'].getInfo('+1 650 253 0000');")
    assert result.error is not None
    assert "the scenario has to name PhoneNumber in its text" in result.error.message


def test_it_works_in_spite_of_overwritten_built_ins(platform: Platform) -> None:
    platform.boot(
        "RegExp.prototype.exec = JSON.parse = String.prototype.slice = null;"
        "Array.prototype[Symbol.iterator] = null;"
        "Logger.write(PhoneNumber.getInfo('+49 30 123456').number);"
    )
    assert platform.logs() == ["+4930123456"]
