"""What every client of a scenario is: an id, its parameters, a source of audio of its own."""

from __future__ import annotations

from typing import Any

from voxrun.connectors.base import Connector
from voxrun.media.graph import Sink
from voxrun.session.messages import JsonObject


class Plain(Connector):
    """The least a connector can be."""

    @property
    def sink(self) -> Sink:
        return Sink()

    async def open(self) -> None: ...

    def call(self, method: str, argument: JsonObject) -> None: ...

    def clear_media_buffer(self) -> None: ...

    async def close(self) -> None: ...


def test_two_clients_share_nothing() -> None:
    host: Any = object()
    one, two = Plain("1", {"a": 1}, host), Plain("2", {}, host)
    assert (one.id, dict(one.params), one.host) == ("1", {"a": 1}, host)
    assert one.source is not two.source
    assert one.source.sinks == []
