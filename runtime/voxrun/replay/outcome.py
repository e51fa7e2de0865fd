"""What came of one call script: the data that the terminal, the report and the tests read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct, field

from voxrun.errors import VoxrunError
from voxrun.realm.port import Listening
from voxrun.replay.expectations import Near
from voxrun.replay.people import Sound
from voxrun.replay.script import CallScript, Step, Wish
from voxrun.replay.shelf import Shelf
from voxrun.replay.timeline import Stream, Timeline


class CallFailed(VoxrunError):
    """The call went otherwise than its script says. ``failure`` has the details."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.headline)
        self.failure = failure


class Failure(Struct, frozen=True):
    """Why a script failed. ``where`` is its line; ``wish`` the expectation, None where a step, the scenario
    or the surroundings are to blame. Times in ms on the timeline."""

    headline: str
    where: str = ""
    wish: Wish | None = None
    at: int = 0
    since: int = 0
    """From when on things counted."""
    near: Near | None = None
    measured: str = ""
    """What an audio fact measured."""
    moments: int = 1 << 30
    """How many moments the timeline had: what came later is the call being cleared away."""
    began: int | None = None
    """When the wait for the wish began."""


class Met(Struct, frozen=True):
    """An expectation that was met (or stayed absent): the moment, what met it, when the wait for it began."""

    wish: Wish
    at: int
    text: str
    began: int | None = None


class Done(Struct, frozen=True):
    """A step that was done, from when to when."""

    step: Step
    began: int
    ended: int


class Ear(Struct, frozen=True):
    """What one person heard and said."""

    name: str
    heard: Sound
    said: Sound


class Outcome(Struct):
    """One call that was played."""

    script: CallScript
    timeline: Timeline
    failure: Failure | None = None
    met: list[Met] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    listeners: list[Listening] = field(default_factory=list)
    people: list[Ear] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What the local voice AI complained about."""
    hints: list[str] = field(default_factory=list)
    """Why it may have failed, from those who stood for the network, or the machine itself (real time)."""
    folder: Path | None = None
    """The session's folder: journal, log, recordings."""
    report: Path | None = None
    """Its report, where one was written."""
    no_report: str = ""
    """Why it could not be."""
    seed: int = 1
    length_ms: int = 0
    real_time: bool = False
    ai: str = "local"
    """Which voice AI: "local" or "cloud"."""
    again: str = ""
    """The command that plays it once more, where it is not ``voxrun test``."""
    records: list[dict[str, Any]] = field(default_factory=list)
    """The journal."""
    shelf: Shelf = field(default_factory=Shelf)
    """Recordings that are to be encoded where somebody keeps them."""

    @property
    def ok(self) -> bool:
        return self.failure is None

    def stream(self, name: str) -> Stream:
        """Words by stream: "agent_says", "agent_hears", "heard caller"."""
        return self.timeline.stream(name)
