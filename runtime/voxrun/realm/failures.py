"""Why a turn failed, in words for people: what happened, where, what to do."""

from __future__ import annotations

import re
from typing import Any

from voxrun.realm.codeframe import code_frame, name_callee
from voxrun.realm.engine import JOBS_WITHOUT_END, EngineError
from voxrun.realm.hints import hint
from voxrun.realm.port import RealmError
from voxrun.realm.positions import Frame, ScriptMap
from voxrun.realm.sources import Platform

_THROWS_NULL = re.compile(r"(?:throw|reject\()\s*null")
_KINDS = {"syntax", "exception", "rejection", "cpu", "memory", "stack", "limit", "killed", "internal"}


class Explainer:
    """Turns what the realm reports into a ``RealmError``."""

    def __init__(self, scripts: ScriptMap, files: Platform | None = None) -> None:
        self._map = scripts
        self._platform = files
        self._cpu = 1.0
        self._heap = 16 << 20
        self.script = ""
        """The script being evaluated, "" afterwards."""
        self.event = ""
        """The event of the present turn."""

    def limits(self, cpu: float, heap: int) -> None:
        """The figures in force: seconds of CPU a turn, bytes of heap."""
        self._cpu = cpu
        self._heap = heap

    def engine_error(self, error: EngineError, event: str = "", listener: str = "") -> RealmError:
        """For a turn that the engine cut off, in the listener of ``event`` that was added at ``listener``."""
        kind = error.kind
        if kind == "exception" and self._is_syntax_error(str(error), error.stack):
            kind = "syntax"
        return self._error(kind, str(error), error.stack, event, listener)

    def killed(self, how: str, stack: str = "") -> RealmError:
        """For a turn in which the realm's process ended: ``how`` says why, ``stack`` where it was."""
        frames = self._map.frames(stack)
        lines = [how, *self._trail("hung", frames, "", "")]
        if not frames:
            names = ", ".join(script.name for script in self._map.scripts)
            lines.append(
                f"  while it handled {self.event}" if self.event else f"  while {names} was evaluated"
            )
        where = str(frames[0].position) if frames else ""
        return RealmError("killed", "\n".join(line for line in lines if line), where)

    def hung(self, stack: str = "") -> RealmError:
        """For a turn that could not even be interrupted."""
        return self.killed(
            f"the scenario ran for more than {self._cpu:g} s without a pause, in a built-in function that "
            "cannot be interrupted: the platform ends a session whose callback takes longer than 1 s",
            stack,
        )

    def report(self, entry: dict[str, Any]) -> RealmError:
        """For a report that boot.js made."""
        stack = entry["stack"]
        kind = entry["kind"]
        if kind == "exception" and self.script and self._is_syntax_error(entry["text"], stack):
            kind = "syntax"
        text = entry["text"]
        if entry["thrown"] and kind in ("exception", "rejection") and self._is_empty_error(text):
            kind = "memory"
        elif entry["thrown"]:
            text = f"thrown: {text}"
        return self._error(kind, text, stack, entry["event"], entry["listener"])

    def _own_place(self, stack: str) -> str:
        place = self._platform.locate(stack) if self._platform is not None else ""
        return f"  at {place}, a file of voxrun's own" if place else ""

    def _is_syntax_error(self, text: str, stack: str) -> bool:
        """Whether the script itself could not be read: the first place is in it and in no function."""
        first = stack.partition("\n")[0]
        return text.startswith("SyntaxError") and "(" not in first and bool(self._map.frames(first))

    def _is_empty_error(self, text: str) -> bool:
        """Whether a thrown value is what the engine throws when there is no memory left for an error."""
        return text == "[uninitialized]" or (text == "null" and not _THROWS_NULL.search(self._map.text))

    def _error(self, kind: str, text: str, stack: str, event: str, listener: str) -> RealmError:
        frames = self._map.frames(stack)
        where = str(frames[0].position) if frames else self._map.where(listener) or self.script
        if frames:
            text = name_callee(text, self._map.line_text(frames[0].position), frames[0].position.column)
            text += hint(text, self._map.text)
        parts = [self._headline(kind, text), *self._trail(kind, frames, event, listener)]
        if not frames and kind in ("exception", "rejection"):
            parts.append(self._own_place(stack))
        if text == JOBS_WITHOUT_END:
            parts.append("  in callbacks of promises (then, await) that follow one another without an end")
        known: Any = kind if kind in _KINDS else "internal"
        return RealmError(known, "\n".join(part for part in parts if part), where)

    def _headline(self, kind: str, text: str) -> str:
        if kind == "cpu":
            return (
                f"the scenario ran for more than {self._cpu:g} s without a pause: "
                "the platform ends a session whose callback takes longer than 1 s"
            )
        if kind == "memory":
            return (
                f"the scenario used more than {self._heap >> 20} MB of memory: "
                "the platform gives a session 16 MB"
            )
        if kind == "stack":
            return "too many calls within calls (recursion without an end?): Maximum call stack size exceeded"
        if kind == "rejection":
            return f"a promise was rejected and nothing handles it: {text}"
        return text

    def _trail(self, kind: str, frames: list[Frame], event: str, listener: str) -> list[str]:
        lines = []
        if frames:
            # The engine notes only calls: a loop without one is somewhere after this place.
            word = "at or after" if kind == "cpu" else "at"
            lines.append(f"  {word} {_call(frames[0])}")
            lines.append(code_frame(self._map, frames[0].position))
            lines.extend(f"  called from {call}" for call in _calls(frames[1:]))
        elif self.script:
            lines.append(f"  in {self.script}")
        elif self.event and not listener:
            lines.append(f"  while it handled {self.event}")
        registered = self._map.where(listener)
        if event and registered:
            lines.append(f"  in the listener of {event} added at {registered}")
        return lines


def _call(frame: Frame) -> str:
    return f"{frame.position} in {frame.function}" if frame.function else str(frame.position)


def _calls(frames: list[Frame]) -> list[str]:
    """The outer calls, the same one after another named once, at most five."""
    calls: list[str] = []
    for frame in frames:
        text = _call(frame)
        if not calls or calls[-1] != text:
            calls.append(text)
    return calls[:5]
