"""SSML and plain text become things to say and pauses."""

from __future__ import annotations

import asyncio

import pytest

from voxrun.speech.base import Speech, Voice
from voxrun.speech.ssml import MAX_BREAK_MS, Pause, Say, read_markup, render_markup


@pytest.mark.parametrize("text", ["Hello", "a < b and c > d", "Tom & Jerry", "<3"])
def test_plain_text_passes_unchanged(text: str) -> None:
    assert read_markup(text) == (Say(text),)


@pytest.mark.parametrize("text", ["", "  ", "<speak></speak>", "<speak> <p/> </speak>"])
def test_nothing_to_say_is_nothing(text: str) -> None:
    assert read_markup(text) == ()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("<speak>Hello <b>there</b></speak>", (Say("Hello there"),)),
        ('<speak>One<break time="500ms"/>two</speak>', (Say("One"), Pause(500), Say("two"))),
        ('One <break time="1.5s"> two', (Say("One"), Pause(1500), Say("two"))),
        ('a<break strength="strong"/>b', (Say("a"), Pause(700), Say("b"))),
        ("a<break/>b", (Say("a"), Pause(400), Say("b"))),
        ('a<break time="99s"/>', (Say("a"), Pause(MAX_BREAK_MS))),
        ('<prosody rate="slow" pitch="+20%">low</prosody> end', (Say("low", 75, 120), Say("end"))),
        (
            '<prosody volume="soft">a<prosody rate="200%">b</prosody>c</prosody>',
            (Say("a", volume=50), Say("b", 200, 100, 50), Say("c", volume=50)),
        ),
        ('code <say-as interpret-as="characters">A1b</say-as>', (Say("code A, 1, b"),)),
        ('the <say-as interpret-as="ordinal">22</say-as> of May', (Say("the 22nd of May"),)),
        ('<say-as interpret-as="expletive">darn</say-as> it', (Say("it"),)),
        ('<sub alias="World Wide Web">WWW</sub> page', (Say("World Wide Web page"),)),
        ("<speak><p>First</p><p>Second</p></speak>", (Say("First. Second."),)),
        ("<speak>Tom &amp; Jerry &lt;3", (Say("Tom & Jerry <3"),)),
        ("Wait sil<[300]> now", (Say("Wait"), Pause(300), Say("now"))),
        ("<speak>unclosed <prosody rate='fast'>tail", (Say("unclosed"), Say("tail", 130))),
        ("</prosody></speak>stray", (Say("stray"),)),
    ],
)
def test_markup_is_understood(text: str, parts: tuple[Say | Pause, ...]) -> None:
    assert read_markup(text) == parts


def test_a_pause_is_silence_between_the_words(speech: Speech) -> None:
    voice = Voice("espeak", "en-us")

    async def scene() -> None:
        whole = await render_markup(speech, 'One<break time="500ms"/>two', voice)
        one, two = await speech.render("One", voice), await speech.render("two", voice)
        assert whole == one + bytes(16_000) + two

    asyncio.run(scene())


def test_prosody_changes_the_sound(speech: Speech) -> None:
    voice = Voice("espeak", "en-us", volume=50)

    async def scene() -> None:
        slow = await render_markup(speech, '<prosody rate="50%">Good morning</prosody>', voice)
        normal = await render_markup(speech, "Good morning", voice)
        assert len(slow) > 1.5 * len(normal)

    asyncio.run(scene())
