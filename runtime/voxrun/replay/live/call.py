"""A call in real time: the same steps and expectations, each with a deadline."""

from __future__ import annotations

from typing import Final

from voxrun.errors import PeerError
from voxrun.replay.call import Call
from voxrun.replay.live.deadline import longest_ms, within
from voxrun.replay.reporting import told
from voxrun.replay.scene import Scene
from voxrun.replay.script import Step

SLACK_MS: Final = 500
"""How far things of one moment may lie apart, and how much later than ``within`` something may come:
signalling, journal and audio arrive on their own ways, and the machine has other things to do."""
END_S: Final = 30.0
"""For everybody to hang up."""


class LiveCall(Call):
    """``Call`` on a ``LiveStage``."""

    def __init__(self, stage: Scene, trouble: list[str]) -> None:
        super().__init__(stage, trouble, SLACK_MS)

    async def perform(self, step: Step) -> None:
        limit = longest_ms(step, self.stage.script.within_ms)
        try:
            async with within(limit / 1000, told(step, "the caller")):
                await super().perform(step)
        except PeerError as error:
            raise self._failed(str(error), step.where) from None

    async def finish(self) -> None:
        async with within(END_S, "hanging up at the end of the script"):
            await super().finish()
