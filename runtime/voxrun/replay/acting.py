"""What people do in a call, one step at a time: speaking when it is quiet or into the other side's words,
pressing keys, and what ``telephone`` does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from voxrun.errors import ScriptError
from voxrun.media import dtmf
from voxrun.media.files import decode_audio
from voxrun.media.tones import beep
from voxrun.replay import telephone
from voxrun.replay.ears import LOOK_MS, PATIENCE_MS, Ears
from voxrun.replay.outcome import CallFailed
from voxrun.replay.people import Party
from voxrun.replay.scene import Scene
from voxrun.replay.script import (
    After,
    Beep,
    Dtmf,
    Hangup,
    Interrupt,
    Message,
    PersonStep,
    Say,
    Silence,
    Wait,
)
from voxrun.replay.texts import find_speech

POLITE_MS: Final = 500
"""Quiet after which the other side has finished: longer than the pause at a comma."""
KEY_MS: Final = 160
"""From one key to the next."""
LISTEN_MS: Final = 100
ENDED: Final = frozenset({"ended"})


class Acting:
    """``failed(text, where)`` makes the failure that is raised."""

    def __init__(self, stage: Scene, ears: Ears, failed: Callable[[str, str], CallFailed]) -> None:
        self._stage = stage
        self._ears = ears
        self._failed = failed

    async def do(self, person: Party, step: PersonStep) -> None:
        """Let somebody do a step."""
        match step:
            case Say():
                await self._until_quiet(person, POLITE_MS, step.where)
                await self._pause(person)
                await self._speak(person, step)
            case Dtmf():
                await self._press(person, step)
            case Silence():
                await self._until_quiet(person, step.ms, step.where)
            case Wait():
                await asyncio.sleep(step.ms / 1000)
            case Beep():
                data = {"ms": step.ms, "file": True, "interrupts": False}
                person.tell_moment("said", f"a tone of {step.hz} Hz", **data)
                await person.speak(beep(step.hz, step.ms))
            case Hangup():
                person.hand.hang_up()
            case Message():
                person.hand.message(step.text)
                person.tell_moment("sent", step.text)
            case _:
                self._by_phone(step.where, telephone.do, person, step)

    async def interrupt(self, person: Party, step: Interrupt) -> None:
        """Let somebody speak over the other side."""
        pcm = await self._audio(person, step.say)
        await self._until_speech(person, step.after, step.where)
        person.interrupted_at = self._stage.now
        self._tell_said(person, step.say, pcm, interrupts=True)
        await person.speak(pcm)

    def answer(self, person: Party, headers: Mapping[str, str], custom_data: str, where: str) -> None:
        """Let somebody pick up."""
        self._by_phone(where, telephone.answer, person, headers, custom_data)

    def _by_phone(self, where: str, act: Callable[..., None], *what: Any) -> None:
        try:
            act(*what)
        except ScriptError as error:
            raise self._failed(str(error), where) from None

    async def _until_quiet(self, person: Party, quiet_ms: int, where: str) -> None:
        """Until ``person`` has heard nothing for so long."""
        began = self._stage.now
        while (missing := quiet_ms - min(person.quiet_for(), self._stage.now - began)) > 0:
            # Quiet from before the step counts, but not so for a step that says how long to be silent.
            if quiet_ms == POLITE_MS and person.quiet_for() >= quiet_ms:
                return
            if self._stage.now - began > PATIENCE_MS + quiet_ms:
                raise self._failed(
                    f"the other side has been speaking for {PATIENCE_MS // 1000} s: to speak over it, use "
                    "'interrupt'",
                    where,
                )
            await asyncio.sleep(max(LOOK_MS, missing) / 1000)

    async def _pause(self, person: Party) -> None:
        """Between two sentences of one's own there is a pause, by which listeners tell them apart."""
        if person.voice.last is not None:
            await asyncio.sleep(max(0, POLITE_MS - (self._stage.now - person.voice.last)) / 1000)

    async def _speak(self, person: Party, step: Say) -> None:
        pcm = await self._audio(person, step)
        if person.over:
            return
        self._tell_said(person, step, pcm)
        await person.speak(pcm)

    @staticmethod
    def _tell_said(person: Party, step: Say, pcm: bytes, interrupts: bool = False) -> None:
        text = step.audio.name if step.audio is not None else step.text
        data = {"ms": len(pcm) // 32, "file": step.audio is not None, "interrupts": interrupts}
        person.tell_moment("said", text, **data)

    async def _audio(self, person: Party, step: Say) -> bytes:
        if step.audio is not None:
            return decode_audio(step.audio)
        self._stage.vocabulary.learn(step.text)
        script = self._stage.script
        voices = {caller.name: caller.voice for caller in script.callers}
        voices |= {callee.number: callee.voice for callee in script.callees}
        voice = step.voice or voices.get(person.name) or script.voice
        return await self._stage.speech.render(step.text, voice)

    async def _until_speech(self, person: Party, after: After, where: str) -> None:
        """Until the other side has spoken for a part of its utterance, and still speaks."""
        begin = self._stage.now
        first = len(self._ears.hear(person).stream.words)
        while self._stage.now - begin < PATIENCE_MS and not person.over:
            if self._far_enough(person, after, begin, first):
                return
            wait = max(1, self._until_far_enough(person, after, begin))
            await self._stage.timeline.changed(wait / 1000, ENDED)
        what = f"said {after.words}" if after.words else "spoke for so long"
        raise self._failed(f"there was nothing to interrupt: the other side never {what}", where)

    def _far_enough(self, person: Party, after: After, begin: int, first: int) -> bool:
        now = self._stage.now
        if person.quiet_for() > LISTEN_MS * 2:
            return False
        if after.words is not None:
            return find_speech(after.words, self._ears.hear(person).stream.words, first) is not None
        spoken = now - _utterance_start(person, begin)
        if after.percent:
            length = self._ears.hear(person).length_ms
            return length is not None and spoken * 100 >= length * after.percent
        return spoken >= after.ms

    def _until_far_enough(self, person: Party, after: After, begin: int) -> int:
        """How long the other side cannot have spoken for long enough, unless it begins only now."""
        if after.words is not None:
            return self._ears.until_heard(person, after.words)
        if person.quiet_for() > LISTEN_MS * 2:
            return PATIENCE_MS
        wanted = after.ms
        if after.percent:
            length = self._ears.hear(person).length_ms
            if length is None:
                return LISTEN_MS
            wanted = -(-length * after.percent // 100)
        return max(LOOK_MS, wanted - (self._stage.now - _utterance_start(person, begin)))

    async def _press(self, person: Party, step: Dtmf) -> None:
        person.tell_moment("pressed", step.digits)
        if step.method == "inband":
            await person.speak(dtmf.generate(step.digits))
            return
        for digit in step.digits:
            if person.over:
                return
            self._by_phone(step.where, telephone.press, person, digit, step.method)
            await asyncio.sleep(KEY_MS / 1000)


def _utterance_start(person: Party, begin: int) -> int:
    """When the utterance that is being heard began: pauses within it do not count."""
    start: int | None = None
    end = 0
    for first, last in person.sound.stretches:
        if start is None or first - end > POLITE_MS:
            start = first
        end = last
    return max(start if start is not None else begin, 0)
