"""A call while it is played: the steps of a call script as an async API.

``perform(step)`` is what the runner calls for each step; tests in Python call ``say``, ``expect``... which
make the same steps. Everything raises ``CallFailed`` with the reason.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Container
from typing import Any, Final

from voxrun.connectors.transport import SocketClosed
from voxrun.errors import PeerError, ScriptError
from voxrun.patterns import EndlessPattern
from voxrun.replay import stored
from voxrun.replay.acting import LISTEN_MS, Acting
from voxrun.replay.audio_facts import Line, judge
from voxrun.replay.callees import Callees
from voxrun.replay.ears import LOOK_MS, PATIENCE_MS, Ears
from voxrun.replay.expectations import Cursor, closest, kinds_of, look
from voxrun.replay.outcome import CallFailed, Done, Failure, Met
from voxrun.replay.people import Party
from voxrun.replay.scene import Scene
from voxrun.replay.script import (
    CallIn,
    Expect,
    HttpCall,
    Interrupt,
    Step,
    Wait,
    Wish,
)
from voxrun.replay.socket_party import SocketParty
from voxrun.replay.socket_script import SocketStep, Visit
from voxrun.replay.texts import mismatch, shown
from voxrun.replay.timeline import ANY

LENGTH_SLACK_MS: Final = 200
"""By how much lengths of sound may be off in real time."""
STORED_MS: Final = 1000
"""What is stored may end by itself, by the second."""


class Call:
    """See the module docstring. ``trouble`` holds what fails the script whatever it expects."""

    def __init__(self, stage: Scene, trouble: list[str], slack_ms: int = 0) -> None:
        self.stage = stage
        self.met: list[Met] = []
        self.done: list[Done] = []
        self._trouble = trouble
        self._slack = slack_ms
        self._cursor = Cursor()
        self._acted = 0
        """When the latest step began that was no expectation."""
        self._began = 0
        """When the wait for the present expectation began."""
        self._standing: list[tuple[Wish, Cursor]] = []
        self._ears = Ears(stage)
        self._acting = Acting(stage, self._ears, self._failed)
        self._errors_expected = any(
            wish.kind == "error"
            for step in stage.script.steps
            if isinstance(step, Expect)
            for wish in step.wishes
        )
        self._callees = Callees(stage, self._acting, trouble)
        stage.on_dialled = self._callees.dialled

    # -- steps ----------------------------------------------------------------------------------------

    async def perform(self, step: Step) -> None:
        """Do one step of the script."""
        try:
            await self._perform(step)
        except EndlessPattern as endless:
            raise self._failed(endless.text, endless.where or step.where) from None

    async def _perform(self, step: Step) -> None:
        began = self.stage.now
        if not isinstance(step, Expect):
            self._cursor.at = self._acted = began
        match step:
            case Expect():
                await self._expect(step)
            case Interrupt():
                await self._acting.interrupt(await self._somebody(step.say.who, step.where), step)
            case HttpCall():
                await self._http(step)
            case Wait():
                await asyncio.sleep(step.ms / 1000)
            case CallIn():
                await self._call_in(step)
            case Visit():
                await self._visit(step)
            case SocketStep():
                await self._socket(step)
            case _:
                await self._acting.do(await self._somebody(step.who, step.where), step)
        self.done.append(Done(step, began, self.stage.now))
        self._check_trouble()

    async def _call_in(self, step: CallIn) -> None:
        try:
            await self.stage.call_in(step.who)
        except ScriptError as error:
            raise self._failed(str(error), step.where) from None
        self._ears.forget(step.who)
        self.stage.people[step.who].tell_moment("calls", self.stage.calling(step.who).destination)

    async def finish(self) -> None:
        """The end of the script: hang up what is up, let the session end, check what had to stay away."""
        for person in self.stage.people.values():
            if not person.over:
                person.hand.hang_up()
        await asyncio.sleep(1)
        await self._callees.stop()
        for wish, cursor in self._standing:
            self._began = cursor.at
            try:
                self._must_be_absent(wish, cursor)
            except EndlessPattern as endless:
                raise self._failed(endless.text, endless.where or wish.where) from None
            self._note_met(wish, self.stage.now, "it did not come")
        self._check_trouble()

    def listen(self) -> None:
        """Understand all that everybody heard so far."""
        for person in self.stage.people.values():
            self._ears.hear(person)

    async def _somebody(self, who: str, where: str) -> Party:
        """The person a step is about, once there is a line to it."""
        end = self.stage.now + PATIENCE_MS
        while (person := self.person(who)) is None or not (person.connected or person.over):
            if self.stage.now >= end:
                name, what = who or "the caller", "not in a call"
                if any(stub.name == who for stub in self.stage.script.sockets):
                    what = "a WebSocket that the scenario has not opened"
                raise self._failed(f"{name} is {what} after {PATIENCE_MS // 1000} s", where)
            await self._pass(1000)
        if person.over:
            raise self._failed(f"{person.name} is not in the call any more", where)
        return person

    def person(self, who: str = "") -> Party | None:
        """The person of that name; "" for the one the script follows."""
        people = self.stage.people
        if who:
            return self.stage.party(who)
        return people.get("caller") or next(iter(people.values()), None)

    def _name(self, who: str) -> str:
        person = self.person(who)
        return person.name if person else who or "caller"

    # -- the session's URL

    async def _http(self, step: HttpCall) -> None:
        try:
            reply = await self.stage.http(step.method, step.path, step.body, dict(step.headers))
        except ScriptError as error:
            raise self._failed(str(error), step.where) from None
        if step.reply is None:
            return
        body = reply.body.decode("utf-8", "replace")
        problem = ""
        if reply.status != step.reply.status:
            problem = f"its status is {reply.status}, expected {step.reply.status}"
        elif step.reply.text is not None and not step.reply.text.inside(body):
            problem = f"it has no {step.reply.text} in it"
        elif step.reply.json is not None:
            try:
                problem = mismatch(step.reply.json, json.loads(body))
            except ValueError:
                problem = "it is not JSON"
        if problem:
            raise self._failed(f"the reply of the session's URL is {shown(body)}: {problem}", step.where)

    # -- WebSockets

    async def _visit(self, step: Visit) -> None:
        refusal = ""
        try:
            await self.stage.visit(step)
        except PeerError as error:
            refusal = str(error)
        except ScriptError as error:
            raise self._failed(str(error), step.where) from None
        if refusal and f"HTTP {step.refused} " not in f"{refusal} ":
            raise self._failed(f"the session's URL took no WebSocket: {refusal}", step.where)
        if step.refused and not refusal:
            raise self._failed(
                f"the WebSocket was to be refused with {step.refused}, but it is open", step.where
            )

    async def _socket(self, step: SocketStep) -> None:
        party = await self._somebody(step.who, step.where)
        assert isinstance(party, SocketParty), "the format sees to it"
        try:
            await party.do(step.deed)
        except SocketClosed:
            raise self._failed(f"the WebSocket {step.who} is closed", step.where) from None

    # -- expectations ---------------------------------------------------------------------------------

    async def _expect(self, step: Expect) -> None:
        if step.any_order:
            await self._any_order(step)
            return
        for wish in step.wishes:
            await self._await(wish, self._cursor)

    async def _any_order(self, step: Expect) -> None:
        within = step.within_ms if step.within_ms is not None else self.stage.script.within_ms
        end = self.stage.now + within
        start, taken, done = self._cursor.copy(), set[int](), []
        for wish in step.wishes:
            cursor = start.copy()
            cursor.taken = taken
            left = max(0, end - self.stage.now)
            await self._await(wish, cursor, left if wish.within_ms is None else min(left, wish.within_ms))
            done.append(cursor)
        for cursor in done:
            self._cursor.join(cursor)

    async def _await(self, wish: Wish, cursor: Cursor, within_ms: int | None = None) -> None:
        within = within_ms if within_ms is not None else wish.within_ms
        self._began = self.stage.now
        if wish.absent:
            await self._await_absence(wish, cursor.copy(), within)
            return
        within = self.stage.script.within_ms if within is None else within
        since, patience = self.stage.now, within + self._slack
        left = wish.count
        while True:
            if wish.kind == "storage":
                if self._storage_holds(wish):
                    return
            elif wish.kind == "audio":
                if self._audio_holds(wish, cursor, self.stage.now - since >= patience):
                    return
            elif self._look(wish, cursor):
                left -= 1
                if left == 0:
                    return
                continue
            self._check_trouble()
            if self.stage.now - since >= patience:
                raise self._missed(wish, cursor, since, within, left)
            await self._pass(min(self._interval(wish), patience - (self.stage.now - since)), kinds_of(wish))

    def _interval(self, wish: Wish) -> int:
        """How long nothing needs looking at unless something happens."""
        if wish.kind == "audio":
            return LOOK_MS
        if wish.kind == "storage":
            return STORED_MS
        if wish.kind != "caller_hears" or wish.text is None:
            return PATIENCE_MS
        person = self.person(wish.who)
        return LISTEN_MS if person is None else self._ears.until_heard(person, wish.text)

    def _look(self, wish: Wish, cursor: Cursor) -> bool:
        found = self._find(wish, cursor)
        if found is None:
            return False
        cursor.take(wish, found)
        self._note_met(wish, found.at, found.text)
        return True

    def _note_met(self, wish: Wish, at: int, text: str) -> None:
        self.met.append(Met(wish, at, text, min(self._began, at)))

    def _find(self, wish: Wish, cursor: Cursor) -> Any:
        if wish.kind == "caller_hears" and (person := self.person(wish.who)) is not None:
            self._ears.hear(person)
        return look(wish, self.stage.timeline, cursor, self._name(wish.who), self._slack)

    async def _await_absence(self, wish: Wish, cursor: Cursor, within: int | None) -> None:
        if within is None:
            self._standing.append((wish, cursor))
            return
        late = min(self._slack, within // 2)  # what comes in the end may have been meant for after it
        end = self.stage.now + within - late
        while self.stage.now < end:
            self._must_be_absent(wish, cursor)
            self._check_trouble()
            await self._pass(min(self._interval(wish), end - self.stage.now), kinds_of(wish))
        self._must_be_absent(wish, cursor)
        if late:
            await asyncio.sleep(late / 1000)
        self._note_met(wish, self.stage.now, "it did not come")

    def _storage_holds(self, wish: Wish) -> bool:
        """What is stored is a state: it does not matter since when."""
        item = stored.find(wish, self.stage.stored())
        if item is not None:
            self._note_met(wish, self.stage.now, stored.described(item))
        return item is not None

    def _must_be_absent(self, wish: Wish, cursor: Cursor) -> None:
        if wish.kind == "storage":
            item = stored.find(wish, self.stage.stored())
            if item is not None:
                raise self._failed(
                    f"this must not be stored, but it is: {stored.described(item)}", wish.where, wish
                )
            return
        if wish.kind == "audio":
            verdict = judge(wish, self._line(wish, cursor))
            if verdict.holds:
                raise self._failed("this must not come, but it did", wish.where, wish, measured=verdict.text)
            return
        found = self._find(wish, cursor)
        if found is not None:
            text = f"this must not come, but it did at {found.at / 1000:.3f} s: {found.text}"
            raise self._failed(text, wish.where, wish)

    def _audio_holds(self, wish: Wish, cursor: Cursor, last: bool) -> bool:
        verdict = judge(wish, self._line(wish, cursor))
        if verdict.holds:
            self._note_met(wish, verdict.at, verdict.text)
            return True
        if verdict.holds is False or last:
            raise self._failed(
                "the sound on the line is not as expected", wish.where, wish, measured=verdict.text
            )
        return False

    def _line(self, wish: Wish, cursor: Cursor) -> Line:
        person = self.person(wish.who)
        if person is None:
            raise self._failed("there is nobody on the line", wish.where, wish)
        since = cursor.at if wish.audio in ("silence", "tone") else self._acted
        slack = 0 if wish.absent else min(self._slack, LENGTH_SLACK_MS)
        return Line(person.sound, person.voice, since, self.stage.now, person.interrupted_at, slack)

    async def _pass(self, ms: int, kinds: Container[str] = ANY) -> None:
        """Let something of ``kinds`` happen, or so much time pass."""
        await self.stage.timeline.changed(max(1, ms) / 1000, kinds)

    # -- failing --------------------------------------------------------------------------------------

    def _check_trouble(self) -> None:
        if self._trouble:
            raise self._failed(self._trouble[0])
        if self._errors_expected:
            return
        error = self.stage.timeline.last("error")
        if error is not None:
            raise self._failed(f"the scenario failed: {error.text}")

    def _missed(self, wish: Wish, cursor: Cursor, since: int, within: int, left: int) -> CallFailed:
        if wish.kind == "caller_hears" and (person := self.person(wish.who)) is not None:
            self._ears.hear(person)
        if wish.kind == "storage":
            near = stored.closest(wish, self.stage.stored(), self.stage.now)
        else:
            near = closest(wish, self.stage.timeline, cursor, self._name(wish.who))
        came = f" ({wish.count - left} of {wish.count} came)" if wish.count > 1 else ""
        more = f" (and {self._slack} ms more, in real time)" if self._slack else ""
        limit = f"{within / 1000:g} s{more} after {since / 1000:.3f} s"
        text = f"expected within {limit}, but it did not come{came}"
        now, moments = self.stage.now, len(self.stage.timeline.moments)
        return CallFailed(Failure(text, wish.where, wish, now, cursor.at, near, "", moments, self._began))

    def _failed(self, text: str, where: str = "", wish: Wish | None = None, measured: str = "") -> CallFailed:
        now, moments = self.stage.now, len(self.stage.timeline.moments)
        began = self._began if wish is not None else None
        return CallFailed(Failure(text, where, wish, now, self._cursor.at, None, measured, moments, began))
