"""A leg that never came to be, for a limit or a wrong number: it fails at once and does nothing."""

from __future__ import annotations

from voxrun.legs.base import Headers, Leg
from voxrun.media.graph import Sink, Source


class _Nowhere(Sink):
    exclusive = True

    def write(self, frame: bytes, source: Source) -> None:
        return


class RefusedLeg(Leg):
    """Outgoing; its one event is ``failed`` with the code it was made with."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__()
        self._sink = _Nowhere()
        self.emit("failed", code=code, reason=reason, headers={})

    @property
    def sink(self) -> Sink:
        return self._sink

    def ring(self, headers: Headers) -> None:
        return

    def early_media(self, headers: Headers) -> None:
        return

    def answer(self, headers: Headers) -> None:
        return

    def reject(self, code: int, reason: str, headers: Headers) -> None:
        return

    def hangup(self, headers: Headers) -> None:
        return

    def send_dtmf(self, digits: str) -> None:
        return

    def send_info(self, mime: str, body: str, headers: Headers) -> None:
        return

    def send_message(self, text: str) -> None:
        return

    def transfer(self, to: str, attended: Leg | None, headers: Headers) -> None:
        return

    def reinvite(self, mime: str, body: str, headers: Headers) -> None:
        return

    async def close(self) -> None:
        self.on_event = None
