"""What people do by themselves who are called in a script: they ring, are heard, answer or fail, go on."""

from __future__ import annotations

import asyncio

from voxrun.replay.acting import Acting
from voxrun.replay.people import Party
from voxrun.replay.scene import Scene
from voxrun.replay.script import Callee, PersonStep


class Callees:
    """All of a call. ``trouble`` takes what goes wrong with them."""

    def __init__(self, stage: Scene, acting: Acting, trouble: list[str]) -> None:
        self._stage = stage
        self._acting = acting
        self._trouble = trouble
        self._tasks: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        """Nobody does anything more."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def dialled(self, callee: Callee, person: Party) -> None:
        """Somebody is called, and behaves from now on."""
        task = asyncio.get_running_loop().create_task(self._behave(callee, person))
        self._tasks.add(task)
        task.add_done_callback(self._behaved)

    def _behaved(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._trouble.append(str(error))
            self._stage.timeline.touch()

    async def _behave(self, callee: Callee, person: Party) -> None:
        began = self._stage.now
        last = callee.fails_ms if callee.fails_code else callee.answers_ms
        early: asyncio.Task[None] | None = None
        if callee.rings_ms is not None and (last is None or callee.rings_ms < last):
            await asyncio.sleep(callee.rings_ms / 1000)
            person.hand.ring()
            if callee.early_media:
                person.hand.early_media()
                early = asyncio.get_running_loop().create_task(self._do_all(person, callee.early_does))
                self._tasks.add(early)
                early.add_done_callback(self._behaved)
        if last is None:
            return
        await asyncio.sleep((last - (self._stage.now - began)) / 1000)
        if early is not None and not early.done():
            early.cancel()
            person.hand.fall_silent()
        if callee.fails_code:
            person.hand.refuse(callee.fails_code, callee.fails_reason)
            return
        self._acting.answer(person, callee.headers, callee.custom_data, callee.where)
        if not person.over:
            person.tell_moment("picked_up")
        await person.up()
        await self._do_all(person, callee.does)

    async def _do_all(self, person: Party, steps: tuple[PersonStep, ...]) -> None:
        for step in steps:
            if person.over:
                return
            await self._acting.do(person, step)
