"""ToneScript: the notation of Sipura adapters, read leniently."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from voxrun.media.tones import Beat, Section, Tone, ToneGenerator, Wave
from voxrun.media.tonescript import LONGEST, MOST_BEATS, MOST_WAVES, parse_tone_script

DIAL = (Wave(350, -19), Wave(440, -19))


def steady(*waves: int) -> Beat:
    return Beat(None, waves=waves)


@pytest.mark.parametrize(
    ("script", "tone"),
    [
        ("350@-19,440@-19;10(*/0/1+2)", Tone(DIAL, (Section((steady(0, 1),), 10),))),
        (
            "350@-19,440@-19;2(.1/.1/1+2);10(*/0/1+2)",
            Tone(DIAL, (Section((Beat(0.1, 0.1, (0, 1)),), 2), Section((steady(0, 1),), 10))),
        ),
        (
            "985@-16,1428@-16,1777@-16;20(.380/0/1,.380/0/2,.380/0/3,0/4/0)",
            Tone(
                (Wave(985, -16), Wave(1428, -16), Wave(1777, -16)),
                (
                    Section(
                        (Beat(0.38, 0, (0,)), Beat(0.38, 0, (1,)), Beat(0.38, 0, (2,)), Beat(0, 4, ())), 20
                    ),
                ),
            ),
        ),
        ("350@-19,440@-19;*(.5/.5/1+2)", Tone(DIAL, (Section((Beat(0.5, 0.5, (0, 1)),)),))),
        ("350@-19,440@-19;30(1/*/2)", Tone(DIAL, (Section((Beat(1, 0, (1,)), steady()), 30),))),
    ],
)  # fmt: skip
def test_scripts_of_the_handbooks(script: str, tone: Tone) -> None:
    assert parse_tone_script(script) == tone


@pytest.mark.parametrize(
    "script",
    [
        "1000@-16;1(*/.0/1))",  # seen in the wild
        "1000@-16;1(*/0/1",
        " 1000 @ -16 ; 1 ( * / 0 / 1 ) ; ",
        "1000@-16;;1(*/0/1);",
        "1000@-16,;1(*/0/1,)",
        "'1000@-16;1(*/0/1)'",
        "1000@-16;1",
        "1000@-16;1()",
        "1000@-16;1.0(*//)",
        "1000@-16;1(*/0/1+)",
        "1000@-16;1(*/0/1+1)",
        "1000@-16;1(*/0/1/7)",
    ],
)
def test_untidy_scripts_play_all_the_same(script: str) -> None:
    assert parse_tone_script(script) == Tone((Wave(1000, -16),), (Section((steady(0),), 1.0),))


def test_what_is_left_out() -> None:
    assert parse_tone_script("425") == Tone((Wave(425, -19),), (Section((steady(0),)),))
    assert parse_tone_script("425@9;1(1/1/1)").waves == (Wave(425, 3.0),)
    assert parse_tone_script("425@-200").waves == (Wave(425, -100.0),)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("", "has no frequency"),
        (";10(1/1/1)", "has no frequency"),
        ("60(2/4)", "'60(2/4' where a number belongs"),
        ("beep", "'beep' where a number belongs"),
        ("425@loud", "'loud' where a number belongs"),
        ("425@-19;10(*/0/2)", "wants frequency 2 of 1"),
        ("425@-19;10(*/0/-1)", "wants frequency -1 of 1"),
        ("425@-19;10(0/0/1)", "has no beat that lasts"),
        ("425@-19;10(.0004/0/1)", "has no beat that lasts"),
        ("425@-19;-1(1/1/1)", "has a negative length"),
        ("425@-19;1(1/-1/1)", "has a negative length"),
        ("8000@-19", "8000 Hz is not between 0 and 8000 Hz"),
        ("0@-19", "0 Hz is not between"),
        ("1e3@-19", "where a number belongs"),
        (",".join(["425"] * (MOST_WAVES + 1)), "at most 16"),
        ("425;1(" + ",".join(["1/1/1"] * (MOST_BEATS + 1)) + ")", "more than 64 beats"),
        ("4" * (LONGEST + 1), "at most 4096"),
        ("4" * 400, "where a number belongs"),
    ],
)
def test_what_makes_no_sense_is_told(script: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_tone_script(script)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 250


LENGTHS = st.sampled_from([0.0, 0.02, 0.1, 0.38, 0.5, 1.0, 2.5, 10.0])
WAVES = st.lists(
    st.builds(Wave, st.integers(1, 7999).map(float), st.integers(-60, 3).map(float)), min_size=1, max_size=6
)


@st.composite
def beats(draw: st.DrawFn, waves: int) -> Beat:
    on = draw(st.none() | LENGTHS)
    off = 0.0 if on is None else draw(LENGTHS.filter(lambda value: bool(value or on)))
    which = draw(st.lists(st.integers(0, waves - 1), unique=True, max_size=waves))
    return Beat(on, off, tuple(which))


@st.composite
def tones(draw: st.DrawFn) -> Tone:
    waves = draw(WAVES)
    section = st.builds(
        Section,
        st.lists(beats(len(waves)), min_size=1, max_size=6).map(tuple),
        st.none() | LENGTHS,
    )
    return Tone(tuple(waves), tuple(draw(st.lists(section, min_size=1, max_size=2))))


def written(tone: Tone) -> str:
    """A tone in the words of the notation."""
    return ";".join(
        [
            ",".join(f"{wave.hz:g}@{wave.dbm0:g}" for wave in tone.waves),
            *(f"{_length(s.seconds)}({','.join(map(_beat, s.beats))})" for s in tone.sections),
        ]
    )


def _beat(beat: Beat) -> str:
    return f"{_length(beat.on)}/{beat.off:g}/{'+'.join(str(i + 1) for i in beat.waves) or '0'}"


def _length(seconds: float | None) -> str:
    return "*" if seconds is None else f"{seconds:g}"


@settings(max_examples=50)
@given(tones())
def test_every_tone_can_be_written_and_read(tone: Tone) -> None:
    assert parse_tone_script(written(tone)) == tone


@settings(max_examples=50)
@given(tones(), st.lists(st.tuples(st.integers(0, 200), st.sampled_from([" ", "\t", "'", '"'])), max_size=8))
def test_blanks_do_not_count(tone: Tone, blanks: Sequence[tuple[int, str]]) -> None:
    script = written(tone)
    for place, blank in blanks:
        script = script[: place % len(script)] + blank + script[place % len(script) :]
    assert parse_tone_script(script) == tone


@settings(max_examples=50)
@given(tones(), st.integers(0, 3))
def test_surplus_brackets_at_the_end_of_a_section_do_not_count(tone: Tone, more: int) -> None:
    assert parse_tone_script(written(tone).replace(")", ")" * (1 + more))) == tone


@given(st.text("0123456789.@-+,;()/* x", max_size=80))
@example("1@1;*(.001/.001/1)")
def test_whatever_is_given_there_is_a_tone_that_plays_or_a_value_error(script: str) -> None:
    try:
        tone = parse_tone_script(script)
    except ValueError:
        return
    generator = ToneGenerator(tone)
    for _ in range(3):
        generator.next_frame()
    assert tone.length is None or tone.length >= 0
