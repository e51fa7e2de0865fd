"""Callees who are away (``away`` of a call script): on no device, until a push notification fetches them.

A call to one who is away fails at once, as on the platform (480, User Offline). Where the scenario has the
module for push notifications, one is sent, the call waits (``DialRequest.push_seconds``), and rings whoever
comes in that time. Who has come stays.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from voxrun.legs.base import OFFLINE, DialRequest
from voxrun.replay.script import Callee

OFFLINE_CODE = 480


class Absence(Struct, frozen=True):
    """What a call to somebody who is away is in for. ``comes_ms``: when they come; None: not in time."""

    pushed: bool
    comes_ms: int | None
    patience_ms: int
    """How long the call waits."""

    def delayed(self, callee: Callee) -> Callee:
        """The callee as this call finds them: later, or not at all."""
        late = self.comes_ms
        if late is None:
            return replace(
                callee,
                rings_ms=None,
                early_media=False,
                answers_ms=None,
                fails_code=OFFLINE_CODE,
                fails_reason=OFFLINE,
                fails_ms=self.patience_ms,
            )
        return replace(
            callee,
            rings_ms=None if callee.rings_ms is None else callee.rings_ms + late,
            answers_ms=None if callee.answers_ms is None else callee.answers_ms + late,
            fails_ms=callee.fails_ms + late,
        )


class Whereabouts:
    """Who is there. ``now`` gives milliseconds."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._back: dict[str, int] = {}
        """When those came, or will come, whom a push notification reached."""

    def absence(self, callee: Callee, request: DialRequest) -> Absence | None:
        """What a call finds; None where the callee is there."""
        back = self._back.get(callee.number)
        if not callee.away or (back is not None and back <= self._now()):
            return None
        patience = round(request.push_seconds * 1000)
        if not patience:
            return Absence(False, None, 0)
        comes = callee.comes_ms if back is None else back - self._now()
        if comes is None or comes >= patience:
            return Absence(True, None, patience)
        self._back.setdefault(callee.number, self._now() + comes)
        return Absence(True, comes, patience)
