"""call.say, call.startPlayback, call.stopPlayback: the player inside a call.

Events: Call.PlaybackReady, Call.PlaybackStarted{duration ms}, Call.PlaybackFinished{error?}. A new
playback replaces the one before without an event for it; stopPlayback gives no event either.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from voxrun.errors import ScenarioError
from voxrun.services.arguments import Arguments
from voxrun.services.base import Service, ServiceContext
from voxrun.services.call import CallState
from voxrun.services.calls import CallService
from voxrun.services.material import Material, Preparer, read_file, read_phrase
from voxrun.services.notes import warn
from voxrun.services.playing import Playing, Told
from voxrun.services.ports import Surroundings
from voxrun.session.messages import Command, Event

EVENTS: Final[dict[Told, str]] = {
    "ready": "Call.PlaybackReady",
    "started": "Call.PlaybackStarted",
    "finished": "Call.PlaybackFinished",
}

UNHEARD: Final = {
    True: "before answer() it needs startEarlyMedia()",
    False: "the call is not answered; wait for Connected",
}
"""By whether the call came in."""


class PlaybackService(Service):
    """One player a call."""

    handles: ClassVar[frozenset[str]] = frozenset({"call.say", "call.play", "call.stopplay"})

    def __init__(
        self, context: ServiceContext, calls: CallService, around: Surroundings, preparer: Preparer
    ) -> None:
        super().__init__(context)
        self._calls = calls
        self._around = around
        self._preparer = preparer
        self._playing: dict[str, Playing] = {}
        calls.on_call.append(lambda call: call.on_over.append(lambda: self._stop(call.id)))

    def execute(self, command: Command) -> None:
        call = self._calls.get(command.target)
        if call is None:
            raise ScenarioError(f"{command.kind}: no such call")
        data = Arguments(command)
        if command.kind == "call.say":
            self._begin(call, "say", read_phrase(data))
        elif command.kind == "call.play":
            self._begin(call, "startPlayback", read_file(data))
        else:
            self._stop(call.id)

    def _begin(self, call: CallState, name: str, material: Material) -> None:
        self._stop(call.id)
        if call.over:
            return
        if not call.audible:
            warn(self.context, f"{name} is heard by nobody yet: {UNHEARD[call.incoming]}")

        def tell(what: Told, fields: dict[str, Any]) -> None:
            if what == "ready":  # the call hears what it heard before until there is something to hear
                playing.source.connect(call.sink)
            elif what == "finished":
                self._playing.pop(call.id, None)
            if what in EVENTS:
                self.context.emit(Event(EVENTS[what], call.id, fields))

        playing = self._playing[call.id] = Playing(self._around.ticker, tell)
        playing.begin(self._preparer, material)

    def _stop(self, call_id: str) -> None:
        playing = self._playing.pop(call_id, None)
        if playing is not None:
            playing.stop()

    async def close(self) -> None:
        for call_id in tuple(self._playing):
            self._stop(call_id)
