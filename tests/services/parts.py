"""What a service is given, for tests of one service by itself."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field

from voxrun.services.base import ServiceContext
from voxrun.session.clock import LoopClock
from voxrun.session.messages import Event, JsonObject


@dataclass
class Given:
    """A context that keeps what the service tells."""

    clock: LoopClock
    events: list[Event] = field(default_factory=list)
    notes: list[tuple[str, JsonObject]] = field(default_factory=list)
    ids: int = 0

    def note(self, kind: str, data: JsonObject) -> None:
        self.notes.append((kind, data))

    def new_id(self, kind: str) -> str:
        self.ids += 1
        return hashlib.sha256(f"{kind}:{self.ids}".encode()).hexdigest()[:32]

    @property
    def context(self) -> ServiceContext:
        return ServiceContext("session", self.clock, random.Random(1), self, self.events.append, self.new_id)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]
