"""What everybody in a call has understood so far: one ``Hearing`` for each line."""

from __future__ import annotations

from typing import Final

from voxrun.replay.hearing import Hearing
from voxrun.replay.people import Party
from voxrun.replay.scene import Scene
from voxrun.replay.texts import Wanted, words

LOOK_MS: Final = 20
"""The shortest wait before looking again."""
PATIENCE_MS: Final = 60_000
"""How long a speaker waits for the other side to stop, or to begin."""


class Ears:
    """Of all people on a stage."""

    def __init__(self, stage: Scene) -> None:
        self._stage = stage
        self._hearings: dict[str, Hearing] = {}

    def hear(self, person: Party) -> Hearing:
        """What a person has understood so far."""
        if person.name not in self._hearings:
            stream = self._stage.timeline.stream(f"heard {person.name}")
            self._hearings[person.name] = self._stage.hearing(person, stream)
        hearing = self._hearings[person.name]
        hearing.listen(self._stage.now)
        return hearing

    def forget(self, name: str) -> None:
        """Somebody has a new line to listen to."""
        self._hearings.pop(name, None)

    def until_heard(self, person: Party, wanted: Wanted) -> int:
        """Milliseconds in which ``wanted`` cannot be heard yet, as far as what is heard now goes on."""
        due = self.hear(person).due(() if wanted.regex else words(wanted.source))
        return PATIENCE_MS if due is None else max(LOOK_MS, due - self._stage.now)
