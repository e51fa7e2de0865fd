"""call.say, call.startPlayback, call.stopPlayback: the player inside a call.

Events: Call.PlaybackReady, Call.PlaybackStarted{duration ms}, Call.PlaybackFinished{error?}. A new
playback replaces the one before without an event for it; stopPlayback gives no event either.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from voxrun.errors import ScenarioError, VoxrunError
from voxrun.media.frames import duration_ms
from voxrun.services.arguments import Arguments
from voxrun.services.base import Service, ServiceContext
from voxrun.services.call import CallState
from voxrun.services.calls import CallService
from voxrun.services.download import Downloader
from voxrun.services.player import Player
from voxrun.services.ports import Surroundings
from voxrun.session.messages import Command, Event
from voxrun.speech.voices import resolve_voice

log = logging.getLogger(__name__)

LONGEST_URL = 8192


class PlaybackService(Service):
    """One player a call."""

    handles: ClassVar[frozenset[str]] = frozenset({"call.say", "call.play", "call.stopplay"})

    def __init__(
        self, context: ServiceContext, calls: CallService, around: Surroundings, fetch: Downloader
    ) -> None:
        super().__init__(context)
        self._calls = calls
        self._around = around
        self._fetch = fetch
        self._jobs: dict[str, asyncio.Task[None]] = {}
        self._players: dict[str, Player] = {}
        calls.on_call.append(lambda call: call.on_over.append(lambda: self._stop(call.id)))

    def execute(self, command: Command) -> None:
        call = self._calls.get(command.target)
        if call is None:
            raise ScenarioError(f"{command.kind}: no such call")
        data = Arguments(command)
        if command.kind == "call.say":
            self._say(call, data)
        elif command.kind == "call.play":
            url, loop = data.needed("url", LONGEST_URL), data.flag("loop")
            self._begin(call, lambda: self._fetch.audio(url), loop)
        else:
            self._stop(call.id)

    def _say(self, call: CallState, data: Arguments) -> None:
        text = data.needed("text")
        voice = resolve_voice(data.text("voice"), data.mapping("options"))
        most = self._around.limits.say_chars
        if len(text) > most:
            self._stop(call.id)
            self._finished(call.id, f"the text has {len(text)} characters, the limit is {most}")
            return
        self._begin(call, lambda: self._around.speech.render(text, voice), loop=False)

    def _begin(self, call: CallState, audio: Callable[[], Awaitable[bytes]], loop: bool) -> None:
        self._stop(call.id)
        if call.over:
            return
        task = asyncio.get_running_loop().create_task(self._play(call, audio, loop))
        self._jobs[call.id] = task
        task.add_done_callback(lambda done: self._forget(call.id, done))

    async def _play(self, call: CallState, audio: Callable[[], Awaitable[bytes]], loop: bool) -> None:
        try:
            pcm = await audio()
        except VoxrunError as error:
            self._finished(call.id, str(error))
            return
        except Exception as error:  # the scenario waits for PlaybackFinished, whatever went wrong with us
            log.exception("a playback could not be prepared")
            self._finished(call.id, f"internal error while preparing the playback: {error!r}")
            return
        if call.over:
            return
        player = Player(self._around.ticker, pcm, loop, lambda: self._ended(call.id))
        self._players[call.id] = player
        player.source.connect(call.sink)
        self._emit("Call.PlaybackReady", call.id)
        self._emit("Call.PlaybackStarted", call.id, duration=duration_ms(pcm))
        player.start()

    def _forget(self, call_id: str, task: asyncio.Task[None]) -> None:
        if self._jobs.get(call_id) is task:
            del self._jobs[call_id]

    def _ended(self, call_id: str) -> None:
        self._players.pop(call_id, None)
        self._finished(call_id, None)

    def _finished(self, call_id: str, error: str | None) -> None:
        if error is None:
            self._emit("Call.PlaybackFinished", call_id)
        else:
            self._emit("Call.PlaybackFinished", call_id, error=error)

    def _stop(self, call_id: str) -> None:
        job = self._jobs.pop(call_id, None)
        if job is not None:
            job.cancel()
        player = self._players.pop(call_id, None)
        if player is not None:
            player.stop()

    def _emit(self, kind: str, call_id: str, **fields: Any) -> None:
        call = self._calls.get(call_id)
        if call is not None and not call.over:
            self.context.emit(Event(kind, call_id, fields))

    async def close(self) -> None:
        for call_id in {*self._jobs, *self._players}:
            self._stop(call_id)
