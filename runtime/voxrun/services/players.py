"""Player objects: createTTSPlayer, createURLPlayer, createToneScriptPlayer, createSequencePlayer.

Events, "Player.*" or "SequencePlayer.*": Created, PlaybackReady, Started{duration ms}, then
PlaybackMarkerReached{offset ms} and Buffering, PlaybackFinished{error?} with Error{error} before it where it
failed, and Stopped after stop(). A player begins as soon as it is ready, whether or not anything hears it,
unless it was made paused.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from msgspec import Struct

from voxrun.errors import ScenarioError
from voxrun.services.arguments import Arguments
from voxrun.services.base import Service, ServiceContext
from voxrun.services.material import MOST_SEGMENTS, Preparer, Sequence, read_material
from voxrun.services.player import Marker
from voxrun.services.playing import Playing, Told
from voxrun.services.ports import Surroundings
from voxrun.services.units import Unit, Units
from voxrun.session.messages import Command, Event

MOST_MARKERS: Final = 1000
LATEST_MS: Final = 24 * 3600 * 1000
"""Markers are within a day of the beginning or the end."""

EVENTS: Final[dict[Told, str]] = {
    "ready": "PlaybackReady",
    "started": "Started",
    "marker": "PlaybackMarkerReached",
    "buffering": "Buffering",
    "error": "Error",
    "finished": "PlaybackFinished",
}


class _Owned(Struct):
    """A player until it is stopped. ``group`` begins the names of its events."""

    playing: Playing
    group: str
    markers: int = 0


class PlayerService(Service):
    """Owns the players of a session."""

    handles: ClassVar[frozenset[str]] = frozenset(
        {"player.create", "player.pause", "player.resume", "player.marker", "player.stop"}
    )

    def __init__(
        self, context: ServiceContext, units: Units, around: Surroundings, preparer: Preparer
    ) -> None:
        super().__init__(context)
        self._units = units
        self._around = around
        self._preparer = preparer
        self._players: dict[str, _Owned] = {}

    def execute(self, command: Command) -> None:
        data = Arguments(command)
        if command.kind == "player.create":
            self._create(command.target, data)
            return
        owned = self._players.get(command.target)
        if owned is None:
            raise ScenarioError(f"{command.kind}: no such player")
        match command.kind:
            case "player.pause":
                owned.playing.pause()
            case "player.resume":
                owned.playing.resume()
            case "player.marker":
                self._mark(owned, data)
            case "player.stop":
                self._stop(command.target)
                self._emit(f"{owned.group}.Stopped", command.target)

    def _create(self, player_id: str, data: Arguments) -> None:
        material = read_material(data)
        if self._units.get(player_id) is not None or player_id in self._players:
            raise ScenarioError("player.create: there is a unit of that id")
        most = self._around.limits.players
        if sum(not owned.playing.over for owned in self._players.values()) >= most:
            raise ScenarioError(f"player.create: more than {most} media players at a time")
        group = "SequencePlayer" if isinstance(material, Sequence) else "Player"

        def tell(what: Told, fields: dict[str, Any]) -> None:
            if playing.over:
                self._units.remove(player_id)
            self._emit(f"{group}.{EVENTS[what]}", player_id, fields)

        playing = Playing(self._around.ticker, tell, paused=data.flag("paused"))
        self._players[player_id] = _Owned(playing, group)
        self._units.add(Unit(player_id, playing.source))
        self._emit(f"{group}.Created", player_id)
        playing.begin(self._preparer, material)

    def _mark(self, owned: _Owned, data: Arguments) -> None:
        offset = int(data.number("offset", -LATEST_MS, LATEST_MS))
        segment = int(data.number("segment", -1, MOST_SEGMENTS - 1))
        owned.markers += 1
        if owned.markers > MOST_MARKERS:
            raise ScenarioError(f"player.marker: more than {MOST_MARKERS} markers")
        owned.playing.mark(Marker(offset, None if segment < 0 else segment))

    def _stop(self, player_id: str) -> None:
        self._players.pop(player_id).playing.stop()
        self._units.remove(player_id)

    def _emit(self, kind: str, player_id: str, fields: dict[str, Any] | None = None) -> None:
        self.context.emit(Event(kind, player_id, fields or {}))

    async def close(self) -> None:
        for player_id in tuple(self._players):
            self._stop(player_id)
