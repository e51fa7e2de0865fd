"""Plays call scripts in real time: one call in, one ``Outcome`` out."""

from __future__ import annotations

import asyncio
from pathlib import Path

from msgspec.structs import replace

from voxrun.replay.live.call import LiveCall
from voxrun.replay.live.plan import LivePlan
from voxrun.replay.live.stage import LiveStage
from voxrun.replay.outcome import Outcome
from voxrun.replay.resources import Resources
from voxrun.replay.runner import Story, tell
from voxrun.replay.script import CallScript


def play_live(
    script: CallScript, story: Story, resources: Resources, plan: LivePlan, folder: Path | None = None
) -> Outcome:
    """Play a script in real time. ``folder`` keeps the session."""

    async def main() -> Outcome:
        trouble: list[str] = []
        stage = LiveStage(script, resources, plan, folder, trouble.append)
        outcome = await tell(stage, story, LiveCall(stage, trouble))
        outcome.real_time, outcome.ai = True, plan.ai
        outcome.hints += stage.pulse.told()
        return outcome

    script = replace(script, secrets={**script.secrets, **plan.secrets})
    return asyncio.run(main())
