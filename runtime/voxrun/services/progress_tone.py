"""playProgressTone: a country's ringback tone, made here, until something else is played to the call."""

from __future__ import annotations

from typing import ClassVar

from voxrun.errors import ScenarioError
from voxrun.media.graph import Source, Ticker
from voxrun.media.tones import ToneGenerator, progress_tone
from voxrun.services.arguments import Arguments
from voxrun.services.base import Service, ServiceContext
from voxrun.services.call import CallState
from voxrun.services.calls import CallService
from voxrun.services.notes import warn
from voxrun.session.messages import Command

LONGEST_COUNTRY = 64


class TonePlayer:
    """Plays a tone into ``source`` for as long as anybody is connected to it."""

    def __init__(self, ticker: Ticker, tone: ToneGenerator) -> None:
        self.source = Source()
        self._ticker = ticker
        self._tone = tone

    def start(self) -> None:
        self._ticker.start(self)

    def stop(self) -> None:
        self._ticker.stop(self)
        self.source.disconnect_all()

    def tick(self) -> bool:
        frame = self._tone.next_frame() if self.source.sinks else None
        if frame is None:
            return False
        self.source.push(frame)
        return True


class ProgressToneService(Service):
    """One tone a call."""

    handles: ClassVar[frozenset[str]] = frozenset({"call.progress"})

    def __init__(self, context: ServiceContext, calls: CallService, ticker: Ticker) -> None:
        super().__init__(context)
        self._calls = calls
        self._ticker = ticker
        self._players: dict[str, TonePlayer] = {}

    def execute(self, command: Command) -> None:
        call = self._calls.needed(command)
        country = Arguments(command).needed("country", LONGEST_COUNTRY)
        try:
            tone = ToneGenerator(progress_tone(country))
        except ValueError as error:
            raise ScenarioError(f"call.playProgressTone: {error}") from None
        if call.audible:
            self._play(call, TonePlayer(self._ticker, tone))
        elif not call.over:
            warn(self.context, "playProgressTone ignored: before the answer it needs startEarlyMedia()")

    def _play(self, call: CallState, player: TonePlayer) -> None:
        self._stop(call.id)
        self._players[call.id] = player
        player.source.connect(call.sink)
        player.start()
        call.on_over.append(lambda: self._stop(call.id))

    def _stop(self, call_id: str) -> None:
        player = self._players.pop(call_id, None)
        if player is not None:
            player.stop()

    async def close(self) -> None:
        for call_id in tuple(self._players):
            self._stop(call_id)
