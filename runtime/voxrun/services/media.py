"""sendMediaTo, stopMediaTo, sendMediaBetween, stopMediaBetween: edges of the media graph."""

from __future__ import annotations

from typing import ClassVar

from voxrun.services.arguments import Arguments
from voxrun.services.base import Service, ServiceContext
from voxrun.services.units import Units
from voxrun.session.messages import Command


class MediaService(Service):
    """Connects and disconnects units."""

    handles: ClassVar[frozenset[str]] = frozenset({"media.connect", "media.disconnect"})

    def __init__(self, context: ServiceContext, units: Units) -> None:
        super().__init__(context)
        self._units = units

    def execute(self, command: Command) -> None:
        source = self._units.get(command.target)
        target = self._units.get(Arguments(command).needed("to"))
        if source is None or target is None:
            # A unit that is already over: closing races are normal and the platform ignores them.
            return
        if source.source is None or target.sink is None:
            return
        if command.kind == "media.connect":
            source.source.connect(target.sink)
        else:
            source.source.disconnect(target.sink)

    async def close(self) -> None:
        self._units.clear()
