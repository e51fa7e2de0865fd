"""What the calls of one process share: the speech process, recognisers, the realms' thread, the disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from voxrun.realm.inline import InlineRealms
from voxrun.replay.script import CallScript, Interrupt, Say
from voxrun.replay.spoken import KeptSpeech
from voxrun.speech.base import Speech, Voice
from voxrun.speech.client import SpeechProcess
from voxrun.speech.phrases import DEFAULT_VOICES, PhraseMatcher
from voxrun.speech.vocabulary import VocabularyTranscriber

T = TypeVar("T")


class AtOnce(Executor):
    """Does its work when it is given: in virtual time nobody waits for a disk, and threads only cost."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        done: Future[T] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # the one who waits for the result gets it
            done.set_exception(error)
        return done


class Resources(Struct):
    """``speech`` is closed by ``close``."""

    speech: Speech = field(default_factory=lambda: KeptSpeech(SpeechProcess(), AtOnce()))
    disk: Executor = field(default_factory=lambda: AtOnce())
    realms: InlineRealms = field(default_factory=InlineRealms)
    _matchers: dict[tuple[Voice, ...], PhraseMatcher] = field(default_factory=dict)

    def matcher(self, script: CallScript) -> PhraseMatcher:
        """The recogniser for a script: it knows the voices that speak in it, and no word of its steps."""
        voices = tuple(dict.fromkeys(replace(voice, volume=100) for voice in voices_of(script)))
        if voices not in self._matchers:
            self._matchers[voices] = PhraseMatcher(self.speech, voices)
        return self._matchers[voices]

    def transcriber(self, script: CallScript) -> VocabularyTranscriber:
        """What a scenario's ASR understands: whatever anybody says in a script, in any order."""
        return VocabularyTranscriber(self.matcher(script), (say.text for say in says_of(script) if say.text))

    async def close(self) -> None:
        self.disk.shutdown(wait=True)
        await self.realms.close()
        await self.speech.close()


def voices_of(script: CallScript) -> Iterator[Voice]:
    """The voices of everybody who speaks in a script."""
    yield script.voice
    for voice in (*(c.voice for c in script.callees), *(c.voice for c in script.callers)):
        if voice is not None:
            yield voice
    for say in says_of(script):
        if say.voice is not None:
            yield say.voice
        if say.audio is not None:  # somebody else's voice
            yield from DEFAULT_VOICES


def says_of(script: CallScript) -> Iterator[Say]:
    """Everything that anybody says in a script."""
    steps = [step.say if isinstance(step, Interrupt) else step for step in script.steps]
    for callee in script.callees:
        steps += callee.does
    return (step for step in steps if isinstance(step, Say))
