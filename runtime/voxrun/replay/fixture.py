"""Calls in Python: the ``voxrun`` fixture, with the steps and expectations of call scripts.

::

    def test_weather(voxrun):
        async def story(call):
            await call.expect(agent_says="Hello")
            await call.say("weather in London")
            await call.expect(tool="getWeather", with_={"city": "London"}, within="3s")
            await call.hangup()

        voxrun.play(story, scenario="weather.js", agent="weather.agent.yaml")

``play`` takes every key of a call script but ``steps``; the steps are methods of ``call`` and take what the
script's steps take (``as_`` and ``with_`` for what are words of Python). Files are looked for beside the
test. A call that fails fails the test with the same text as a script.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
from msgspec.structs import replace

from voxrun.errors import ScriptError, VoxrunError
from voxrun.replay.call import Call
from voxrun.replay.failure import report
from voxrun.replay.format import load_script, parse_script
from voxrun.replay.format_steps import read_steps
from voxrun.replay.outcome import Outcome
from voxrun.replay.player import Player
from voxrun.replay.script import CallScript, Expect, Step
from voxrun.replay.socket_script import Visit
from voxrun.yamldoc import parse_document, suggestion


class Voxrun:
    """What a test gets. ``here`` is where pytest was started: paths are shown from there."""

    def __init__(
        self, player: Player, test: Path, node_id: str, note: Callable[[Outcome], None], here: Path
    ) -> None:
        self._player = player
        self._test = test
        self._here = here
        self._again = f"pytest {shlex.quote('::'.join([str(self._shown(test)), *node_id.split('::')[1:]]))}"
        self._title = node_id.rpartition("::")[2]
        self._name = re.sub(r"[^\w.\-\[\]]+", "-", self._title)[:80]
        self._note = note

    def play(
        self, story: Callable[[ScriptedCall], Awaitable[None]], scenario: str | list[str], **script: Any
    ) -> Outcome:
        """Play a call; fails the test where it goes otherwise than the story says, or where it is no call."""
        text = json.dumps(
            {"title": self._title, "scenario": scenario, **script, "steps": ["hangup"]}, ensure_ascii=False
        )
        __tracebackhide__ = True
        line = sys._getframe(1).f_lineno
        parsed = self._read(lambda: parse_script(text, self._test), line)

        async def run(call: Call) -> None:
            callees = tuple(callee.number for callee in parsed.callees)
            callers = tuple(caller.name for caller in parsed.callers)
            sockets = tuple(stub.name for stub in parsed.sockets)
            await story(ScriptedCall(call, self._test, callees, callers, sockets))

        return self._judged(
            lambda: self._player.play(parsed, run, self._name, self._again, shown=self._shown(self._test))
        )

    def script(self, path: str | Path) -> Outcome:
        """Play a call script."""
        __tracebackhide__ = True
        script = self._read(lambda: load_script(self._test.parent / path))
        return self._judged(
            lambda: self._player.play(script, again=self._again, shown=self._shown(script.path))
        )

    def _shown(self, path: Path) -> Path:
        """Found by its whole path, since a test may go to another folder; shown as people would type it."""
        return path.relative_to(self._here) if path.is_relative_to(self._here) else path

    def _read(self, read: Callable[[], CallScript], line: int = 0) -> CallScript:
        """A mistake in a script is told by its message alone; in what ``play`` was given, at its ``line``."""
        __tracebackhide__ = True
        script, problem = None, ""
        try:
            script = read()
        except VoxrunError as error:
            problem = str(error)
        if script is None:
            if line:
                within = re.escape(str(self._test)) + r":1:\d+(?=: )"
                problem = re.sub(f"^{within}", f"{self._test.name}:{line}", problem)
            pytest.fail(problem, pytrace=False)
        if reason := self._player.obstacle(script):
            pytest.skip(reason)
        return script

    def _judged(self, play: Callable[[], Outcome]) -> Outcome:
        __tracebackhide__ = True
        outcome, problem = None, ""
        try:
            outcome = play()
        except VoxrunError as error:
            problem = str(error)
        except Exception as error:
            # A mistake in the story: of the way to it only the test's own lines are of interest.
            raise error.with_traceback(_from(error.__traceback__, self._test)) from None
        if outcome is None:
            pytest.fail(problem, pytrace=False)
        self._note(outcome)
        if not outcome.ok:
            pytest.fail(report(outcome), pytrace=False)
        return outcome


def _from(traceback: TracebackType | None, file: Path) -> TracebackType | None:
    """The part of a traceback that begins in ``file``; all of it where there is none."""
    found = traceback
    while found is not None and Path(found.tb_frame.f_code.co_filename) != file:
        found = found.tb_next
    return found or traceback


class ScriptedCall:
    """A call under way; ``call`` is what is beneath (people, timeline)."""

    def __init__(
        self,
        call: Call,
        test: Path,
        callees: tuple[str, ...],
        callers: tuple[str, ...] = (),
        sockets: tuple[str, ...] = (),
    ) -> None:
        self.call = call
        self._test = test
        self._names = (callees, callers)
        self._sockets = [*sockets]

    def __getattr__(self, name: str) -> Any:
        __tracebackhide__ = True
        known = [each for each in vars(type(self)) if not each.startswith("_")]
        raise AttributeError(f"a call has no {name!r}{suggestion(name, known)}")

    async def say(self, text: str = "", **options: Any) -> None:
        """Speak, once the other side has stopped: ``audio=``, ``voice=``, ``as_=``."""
        await self._do({"say": {**({"text": text} if text else {}), **options}})

    async def interrupt(self, text: str = "", after: str = "1s", **options: Any) -> None:
        """Speak while the other side speaks."""
        await self._do({"interrupt": {**({"text": text} if text else {}), **options}, "after": after})

    async def dtmf(self, digits: str, **options: Any) -> None:
        """Press keys."""
        await self._do({"dtmf": digits, **options})

    async def silence(self, duration: str, **options: Any) -> None:
        """Say nothing for so long after the other side has stopped speaking."""
        await self._do({"silence": duration, **options})

    async def wait(self, duration: str) -> None:
        """Let time pass."""
        await self._do({"wait": duration})

    async def tone(self, hz: int, **options: Any) -> None:
        """Play a tone into the line: ``for_=``, ``as_=``."""
        await self._do({"tone": hz, **options})

    async def call_in(self, name: str) -> None:
        """One of the script's ``callers`` calls."""
        await self._do({"call": name})

    async def message(self, text: str, **options: Any) -> None:
        """Send a text message within the call."""
        await self._do({"message": text, **options})

    async def info(self, body: Any, **options: Any) -> None:
        """Send an INFO message: ``mime=``, ``headers=``, ``as_=``."""
        await self._do(_long("info", "body", body, options, ("mime", "headers")))

    async def hold(self, **options: Any) -> None:
        """Hold the call."""
        await self._do({"hold": options} if options else "hold")

    async def unhold(self, **options: Any) -> None:
        """Take the call back."""
        await self._do({"unhold": options} if options else "unhold")

    async def transfer(self, to: str, **options: Any) -> None:
        """Ask for a blind transfer: ``headers=``, ``as_=``."""
        await self._do(_long("transfer", "to", to, options, ("headers",)))

    async def reinvite(self, body: Any = "", **options: Any) -> None:
        """Re-INVITE the scenario: ``mime=``, ``headers=``, ``as_=``."""
        await self._do(_long("reinvite", "body", body, options, ("mime", "headers")))

    async def network(self, state: str, **options: Any) -> None:
        """``down`` or ``up``."""
        await self._do({"network": state, **options})

    async def http(self, **request: Any) -> None:
        """A request to the session's URL: ``method``, ``path``, ``headers``, ``body``, ``reply``."""
        await self._do({"http": request})

    async def websocket(self, **client: Any) -> None:
        """A client opens the session's URL as a WebSocket: ``name``, ``path``, ``does``, ``refused``..."""
        await self._do({"websocket": client})

    async def send(self, message: Any, **options: Any) -> None:
        """A WebSocket sends a message: ``as_=``."""
        await self._do({"send": message, **options})

    async def close(self, code: int = 1000, reason: str = "", **options: Any) -> None:
        """A WebSocket closes: ``as_=``."""
        await self._do({"close": {"code": code, "reason": reason}, **options})

    async def hangup(self, **options: Any) -> None:
        """Put the phone down."""
        await self._do({"hangup": options} if options else "hangup")

    async def expect(self, *wishes: Any, any_order: list[Any] | None = None, **wish: Any) -> None:
        """``expect("answered")``, ``expect(log="hello", within="2s")``, ``expect({...}, {...})`` in order,
        ``expect(any_order=[...])``."""
        if any_order is not None:
            await self._do({"expect": {"any_order": _plain(any_order), **wish}})
            return
        found = [*wishes, wish] if wish else [*wishes]
        await self._do({"expect": found})

    async def _do(self, step: Any) -> None:
        where = _caller(self._test)
        text = json.dumps([_plain(step)], ensure_ascii=False)
        try:
            document = parse_document(text, where, ScriptError)
            (read,) = read_steps(document, self._test.parent, *self._names, self._sockets)
        except ScriptError as error:
            raise ScriptError(re.sub(rf"^({re.escape(where)}):1:\d+", r"\1", str(error))) from None
        if isinstance(read, Visit):
            self._sockets.append(read.name)
        await self.call.perform(_placed(read, where))


def _long(step: str, name: str, value: Any, options: dict[str, Any], inside: tuple[str, ...]) -> Any:
    """The long form of a step: ``inside`` are the options that belong to its value."""
    own = {key: options.pop(key) for key in inside if key in options}
    return {step: {name: value, **own}, **options}


def _plain(value: Any) -> Any:
    """``as_`` and ``with_`` without their underscores."""
    if isinstance(value, dict):
        return {str(key).removesuffix("_"): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _placed(step: Step, where: str) -> Step:
    """The step at its place in the test."""
    if isinstance(step, Expect):
        wishes = tuple(replace(wish, where=where) for wish in step.wishes)
        return replace(step, wishes=wishes, where=where)
    return replace(step, where=where)


def _caller(test: Path) -> str:
    """file:line of the test that is calling."""
    frame = sys._getframe(2)
    while frame.f_back is not None and Path(frame.f_code.co_filename).name != test.name:
        frame = frame.f_back
    return f"{test.name}:{frame.f_lineno}"
