"""sendMediaTo, stopMediaTo, sendMediaBetween, stopMediaBetween: edges of the media graph."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from voxrun.errors import ScenarioError
from voxrun.services.arguments import Arguments
from voxrun.services.base import Service, ServiceContext
from voxrun.services.notes import warn
from voxrun.services.units import EdgeOptions, Unit, Units
from voxrun.session.messages import Command

LONGEST_OPTION: Final = 200
LONGEST_CUSTOM: Final = 64 * 1024


class MediaService(Service):
    """Connects and disconnects units."""

    handles: ClassVar[frozenset[str]] = frozenset({"media.connect", "media.disconnect"})

    def __init__(self, context: ServiceContext, units: Units, early_links: str = "wait") -> None:
        super().__init__(context)
        self._units = units
        self._early_links = early_links

    def execute(self, command: Command) -> None:
        data = Arguments(command)
        options = edge_options(data.mapping("options"))
        source = self._units.get(command.target)
        target = self._units.get(data.needed("to"))
        if data.flag("early") and self._early_links == "ignore":
            warn(self.context, "sendMediaTo ignored: the outgoing call is not connected yet")
            return
        if source is None or target is None:
            # A unit that is already over: closing races are normal and the platform ignores them.
            return
        if command.kind == "media.connect":
            connect(source, target, options)
        else:
            disconnect(source, target, options.tag)

    async def close(self) -> None:
        self._units.clear()


def connect(source: Unit, target: Unit, options: EdgeOptions) -> None:
    """Audio of ``source`` goes to ``target`` from now on."""
    output = source.output(options)
    sink = target.input(options) if output is not None else None
    if output is not None and sink is not None:
        output.connect(sink)


def disconnect(source: Unit, target: Unit, tag: str) -> None:
    """And no more: only what has this tag, everything for ""."""
    for output in source.outputs(tag):
        for sink in target.inputs(tag):
            output.disconnect(sink)


def edge_options(given: Mapping[str, Any]) -> EdgeOptions:
    """The options of a command. Raises ScenarioError for what has no sensible size or type."""
    texts: dict[str, str] = {}
    for name in ("tag", "encoding"):
        value = given.get(name)
        if isinstance(value, bool | int | float):
            value = str(value)
        if value is not None and not (isinstance(value, str) and len(value) <= LONGEST_OPTION):
            raise ScenarioError(f"sendMediaTo: {name} must be a text of at most {LONGEST_OPTION} characters")
        texts[name] = value or ""
    custom = given.get("customParameters")
    if custom is not None and len(json.dumps(custom)) > LONGEST_CUSTOM:
        raise ScenarioError(f"sendMediaTo: customParameters have more than {LONGEST_CUSTOM} characters")
    return EdgeOptions(texts["tag"], texts["encoding"], custom)
