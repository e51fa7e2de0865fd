"""Warnings of services."""

from __future__ import annotations

from tests.services.parts import Given

from voxrun.services.notes import warn
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import run_virtual


def test_a_warning_is_a_line_of_the_log_and_voxrun_s_own() -> None:
    async def main(clock: LoopClock) -> None:
        given = Given(clock)
        warn(given.context, "ignored")
        assert given.notes == [("log", {"level": "warning", "text": "ignored", "own": True})]

    run_virtual(main)
