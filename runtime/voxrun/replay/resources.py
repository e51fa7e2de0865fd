"""What the calls of one process share: the speech process, recognisers and the disk thread."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace

from voxrun.replay.script import CallScript, Interrupt, Say
from voxrun.services.recording_file import disk_thread
from voxrun.speech.base import Speech, Voice
from voxrun.speech.client import SpeechProcess
from voxrun.speech.phrases import DEFAULT_VOICES, PhraseMatcher


@dataclass
class Resources:
    """``speech`` is closed by ``close``."""

    speech: Speech = field(default_factory=SpeechProcess)
    disk: Executor = field(default_factory=disk_thread)
    _matchers: dict[tuple[Voice, ...], PhraseMatcher] = field(default_factory=dict)

    def matcher(self, script: CallScript) -> PhraseMatcher:
        """The recogniser for a script: it knows the voices that speak in it, and no word of its steps."""
        voices = tuple(dict.fromkeys(replace(voice, volume=100) for voice in voices_of(script)))
        if voices not in self._matchers:
            self._matchers[voices] = PhraseMatcher(self.speech, voices)
        return self._matchers[voices]

    async def close(self) -> None:
        self.disk.shutdown(wait=True)
        await self.speech.close()


def voices_of(script: CallScript) -> Iterator[Voice]:
    """The voices of everybody who speaks in a script."""
    yield script.voice
    for callee in script.callees:
        if callee.voice is not None:
            yield callee.voice
    says = [step.say if isinstance(step, Interrupt) else step for step in script.steps]
    for callee in script.callees:
        says += callee.does
    for say in says:
        if isinstance(say, Say):
            if say.voice is not None:
                yield say.voice
            if say.audio is not None:  # somebody else's voice
                yield from DEFAULT_VOICES
