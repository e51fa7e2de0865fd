"""Peer-to-peer calls: callUserDirect and answerDirect. The legs hear each other and nobody else does."""

from __future__ import annotations

from typing import ClassVar

from voxrun.errors import ScenarioError
from voxrun.services.arguments import Arguments
from voxrun.services.base import Service, ServiceContext
from voxrun.services.call import CallState
from voxrun.services.calls import CallService
from voxrun.session.messages import Command


class DirectService(Service):
    """Answers incoming calls towards calls that ``callUserDirect`` placed."""

    handles: ClassVar[frozenset[str]] = frozenset({"call.answerdirect"})

    def __init__(self, context: ServiceContext, calls: CallService) -> None:
        super().__init__(context)
        self._calls = calls

    def execute(self, command: Command) -> None:
        call, data = self._calls.needed(command), Arguments(command)
        peer = self._calls.get(data.needed("peer"))
        if peer is None or not peer.kind.direct:
            raise ScenarioError("call.answerdirect: the other call is none of callUserDirect")
        if call.over:
            return
        for one in (call, peer):
            one.on_connected.append(lambda: _join(call, peer))
        call.answer(self._calls.headers(data))
        _join(call, peer)  # where both talk already


def _join(one: CallState, other: CallState) -> None:
    """Connect the legs once both talk."""
    if not (one.connected and other.connected) or one.over or other.over or not one.sink.open:
        return
    for call, far in ((one, other), (other, one)):
        call.sink.open = False
        call.leg.audio.disconnect(call.way_out)
        call.leg.audio.connect(far.leg.sink)
    one.on_over.append(lambda: _part(one, other))
    other.on_over.append(lambda: _part(one, other))


def _part(one: CallState, other: CallState) -> None:
    one.leg.audio.disconnect(other.leg.sink)
    other.leg.audio.disconnect(one.leg.sink)
