from __future__ import annotations

from voxrun.nearest import did_you_mean, nearest


def test_a_slip_finds_the_right_name() -> None:
    assert nearest("Conected", ["Connected", "Disconnected", "Failed"]) == "Connected"


def test_letter_case_and_underscores_weigh_nothing() -> None:
    assert nearest("mediaEnded", ["OPEN", "MEDIA_ENDED"]) == "MEDIA_ENDED"


def test_a_word_that_is_near_nothing_finds_nothing() -> None:
    assert nearest("zzz", ["port", "host"]) == ""
    assert did_you_mean("zzz", ["port", "host"]) == ""


def test_the_hint_is_a_sentence() -> None:
    assert did_you_mean("prot", ["port", "host"]) == ' Did you mean "port"?'
