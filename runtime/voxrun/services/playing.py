"""One playback, from its preparation to its end: what call.say and player objects have in common."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from voxrun.errors import VoxrunError
from voxrun.media.graph import Source, Ticker
from voxrun.media.tape import Tape, whole_ms
from voxrun.services.material import Material, Preparer
from voxrun.services.player import Marker, Player

log = logging.getLogger(__name__)

Told: TypeAlias = Literal["ready", "started", "marker", "buffering", "error", "finished"]

Tell: TypeAlias = Callable[[Told, dict[str, Any]], None]
"""(what happened, its fields): started{duration ms}, marker{offset ms}, error{error}, finished{error?}."""


class Playing:
    """Plays one thing into ``source``. It begins by itself as soon as it is ready, unless ``paused``.

    ``tell`` hears of ready, started, marker and buffering, and at last of finished, with an error before it
    where it failed. Nothing is told once it was stopped.
    """

    def __init__(self, ticker: Ticker, tell: Tell, *, paused: bool = False) -> None:
        self.source = Source()
        self.over = False
        """It finished, failed or was stopped."""
        self._ticker = ticker
        self._tell = tell
        self._paused = paused
        self._player: Player | None = None
        self._duration = 0
        self._started = False
        self._markers: list[Marker] = []
        self._job: asyncio.Task[None] | None = None

    def begin(self, preparer: Preparer, material: Material) -> None:
        """Prepare it, and play."""
        self._job = asyncio.get_running_loop().create_task(self._run(preparer, material))

    def pause(self) -> None:
        self._paused = True
        if self._player is not None:
            self._player.stop()

    def resume(self) -> None:
        """Go on, or begin where it was made paused."""
        self._paused = False
        self._play()

    def mark(self, marker: Marker) -> None:
        """Tell when this place is reached."""
        if self._player is not None:
            self._player.mark(marker)
        else:
            self._markers.append(marker)

    def stop(self) -> None:
        """Be silent for good."""
        if self._job is not None:
            self._job.cancel()
        self._end()

    async def _run(self, preparer: Preparer, material: Material) -> None:
        try:
            tape, rest = await preparer.tape(material)
            self._ready(tape)
            if rest is not None:
                await rest
        except VoxrunError as error:
            self._fail(str(error))
        except Exception as error:  # the scenario waits for the end, whatever went wrong with us
            log.exception("a playback could not be prepared")
            self._fail(f"internal error while preparing the playback: {error!r}")

    def _ready(self, tape: Tape) -> None:
        self._player = Player(self._ticker, tape, self.source, self)
        for marker in self._markers:
            self._player.mark(marker)
        self._duration = whole_ms(tape.length or 0)
        self._tell("ready", {})
        self._play()

    def _play(self) -> None:
        if self._paused or self._player is None:
            return
        if not self._started:
            self._started = True
            self._tell("started", {"duration": self._duration})
        self._player.start()

    def _fail(self, error: str) -> None:
        if not self.over:
            self._end()
            self._tell("error", {"error": error})
            self._tell("finished", {"error": error})

    def _end(self) -> None:
        self.over = True
        player, self._player = self._player, None
        if player is not None:
            player.stop()
        self.source.disconnect_all()

    # -- what the player tells

    def finished(self) -> None:
        self._end()
        self._tell("finished", {})

    def reached(self, marker: Marker) -> None:
        self._tell("marker", {"offset": marker.offset_ms})

    def starved(self) -> None:
        self._tell("buffering", {})
