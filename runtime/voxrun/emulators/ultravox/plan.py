"""What an agent is going to do, item by item."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TypeAlias

from msgspec import Struct

from voxrun.emulators.ultravox.effects import EndReason
from voxrun.emulators.ultravox.mind import Action, HangUp, Say
from voxrun.emulators.ultravox.tools import ToolAnswer
from voxrun.session.messages import JsonObject


class Speak(Struct, frozen=True):
    """An utterance."""

    text: str
    uninterruptible: bool = False


class Invoke(Struct, frozen=True):
    """A tool call. ``answer`` is there when no one has to be asked."""

    name: str
    args: JsonObject
    invocation_id: str = ""
    answer: ToolAnswer | None = None
    forced: bool = False
    """The client wanted it: an interruption does not drop it."""


class Finish(Struct, frozen=True):
    """The end of the call. ``soft``: unless the caller gives a sign of life before."""

    reason: EndReason
    soft: bool = False


Planned: TypeAlias = Speak | Invoke | Finish


def planned(actions: Iterable[Action]) -> list[Planned]:
    """The mind's actions as items."""
    items: list[Planned] = []
    for action in actions:
        if isinstance(action, Say):
            items.append(Speak(action.text, action.uninterruptible))
        elif isinstance(action, HangUp):
            items.append(Finish("agent_hangup"))
        else:
            items.append(Invoke(action.name, action.args))
    return items


class Plan(deque[Planned]):
    """The items, next one first."""

    def put_first(self, items: list[Planned]) -> None:
        """Do ``items``, in their order, before everything else."""
        self.extendleft(reversed(items))

    def keep_forced(self) -> None:
        """Drop what the agent wanted itself."""
        self._keep([item for item in self if isinstance(item, Invoke) and item.forced])

    def forget_soft_end(self) -> None:
        """The caller is there after all."""
        self._keep([item for item in self if not (isinstance(item, Finish) and item.soft)])

    def _keep(self, items: list[Planned]) -> None:
        self.clear()
        self.extend(items)
