"""Who said what, and what becomes of words that came late or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from voxrun.replay.from_session_items import Deed, Heard, Item, Said
from voxrun.replay.from_session_talk import TalkTeller

Step: TypeAlias = Callable[[TalkTeller, list[Item]], Any]
ENDED = Deed(900, "ended", "caller")


def told(*happen: Step, by_caller: bool = True) -> list[Item]:
    """``happen`` are the events, in order; the caller hangs up at the end unless he did before."""
    items: list[Item] = []
    talk = TalkTeller(items)
    for each in happen:
        each(talk, items)
    if ENDED not in items:
        items.append(ENDED)
    talk.finish(by_caller)
    return items


def words(t: int, role: str, ordinal: int = 0, final: bool = False, **text: str) -> Step:
    payload = {"role": role, "medium": "voice", "ordinal": ordinal, "final": final, **text}
    return lambda talk, _: talk.transcript(t, payload)


def of_asr(t: int, kind: str, text: str = "") -> Step:
    return lambda talk, _: talk.of_asr(t, f"ASR.{kind}", "asr", text)


def thinks(t: int) -> Step:
    return lambda talk, _: talk.thinks(t)


def clears(t: int) -> Step:
    return lambda talk, _: talk.clears(t)


def forced(text: str) -> Step:
    return lambda talk, _: talk.forced.append(text)


def listens(talk: TalkTeller, _: list[Item]) -> None:
    talk.listens("asr")


def hangup(_: TalkTeller, items: list[Item]) -> None:
    items.append(ENDED)


HELLO = words(100, "agent", 0, True, text="Hello.")


def test_words_that_are_understood_after_the_call_were_said_before_its_end() -> None:
    answer = words(1500, "agent", 2, True, text="Hm.")
    late = words(950, "user", 1, True, text="bye"), answer, words(1600, "user", 3, True, text="then")
    assert told(HELLO, hangup, *late) == [
        Said(100, "Hello."),
        Heard(950, "bye then"),
        ENDED,
        Said(1500, "Hm."),
    ]


def test_a_sentence_that_the_caller_did_not_end_is_kept_as_far_as_it_was_understood() -> None:
    begun = words(300, "user", 1, text="I want"), words(400, "user", 1, text="", delta=" to")
    assert told(HELLO, *begun) == [Said(100, "Hello."), Heard(300, "I want to"), ENDED]
    final = words(500, "user", 1, True, text="I want tea")
    assert told(HELLO, *begun, final)[1:] == [Heard(500, "I want tea"), ENDED]
    assert told(HELLO, *begun, by_caller=False) == [Said(100, "Hello."), ENDED]


def test_words_that_are_nowhere_in_the_journal_were_said_all_the_same() -> None:
    """The voice AI had stopped for them, or begun to think of an answer."""
    assert told(HELLO, thinks(600)) == [Said(100, "Hello."), Heard(600, "", lost=True), ENDED]
    cut = [Said(100, "Hello.", cut=True), Heard(101, "", interrupts=True, lost=True), ENDED]
    assert told(HELLO, clears(101)) == cut
    known = told(HELLO, clears(101), words(150, "user", 1, text="stop"))
    assert known == [cut[0], Heard(150, "stop", interrupts=True), ENDED]
    assert told(HELLO, clears(101), by_caller=False) == [cut[0], ENDED]
    # The scenario let it stop, and say something else.
    assert told(HELLO, clears(101), forced("Sorry."), words(700, "agent", 1, True, text="Sorry.")) == [
        cut[0],
        ENDED,
    ]


def test_a_sentence_to_the_scenarios_own_asr_is_kept_too() -> None:
    started, interim = of_asr(200, "CaptureStarted"), of_asr(300, "InterimResult", "my or")
    assert told(listens, started, interim) == [Heard(200, "my or", asr=True), ENDED]
    assert told(listens, started, interim, of_asr(400, "Result", "my order"))[0] == Heard(
        200, "my order", asr=True
    )
    assert told(listens, started) == [Heard(200, "", asr=True, lost=True), ENDED]
    assert told(listens, started, by_caller=False) == [ENDED]
    assert told(listens, started, of_asr(400, "Result")) == [ENDED]
    assert told(started, interim) == [ENDED]  # it hears somebody else
