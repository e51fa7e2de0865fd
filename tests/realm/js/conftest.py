"""The platform's whole JavaScript, driven turn by turn without any service behind it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from voxrun.realm.port import BootInfo, Script, TurnResult
from voxrun.realm.realm import Realm
from voxrun.realm.stack import deepen_main_stack
from voxrun.session.limits import Limits
from voxrun.session.messages import Command, Event

START = 1_736_154_000_000


class Platform:
    """A realm with all core files, its commands and what it logged."""

    def __init__(self) -> None:
        self.realm = Realm()
        self.now = START
        self.commands: list[Command] = []
        self.last = TurnResult()

    def boot(self, source: str, **info: Any) -> TurnResult:
        """Evaluate a scenario."""
        scripts = (Script("a.js", source),)
        limits = {**Limits().as_dict(), **info.pop("limits", {})}
        return self._take(self.realm.boot(BootInfo(scripts, seed=7, start_ms=START, limits=limits, **info)))

    def fire(self, kind: str, target: str = "", **data: Any) -> TurnResult:
        """Deliver an event, 20 ms after the one before."""
        self.now += 20
        return self._take(self.realm.turn(Event(kind, target, data), self.now))

    def _take(self, result: TurnResult) -> TurnResult:
        self.commands += result.commands
        self.last = result
        return result

    def logs(self, *levels: str) -> list[str]:
        """Texts logged so far at these levels (Logger.write without any)."""
        wanted = levels or ("write",)
        return [str(c.data["text"]) for c in self.commands if c.kind == "log" and c.data["level"] in wanted]

    def sent(self, prefix: str) -> list[Command]:
        """Commands so far whose kind begins so."""
        return [command for command in self.commands if command.kind.startswith(prefix)]

    def value(self, expression: str, **info: Any) -> Any:
        """What an expression is, through JSON. For a platform that was not booted yet."""
        result = self.boot(f"Logger.write(JSON.stringify([{expression}]));", **info)
        assert result.error is None, result.error.message
        return json.loads(self.logs()[-1])[0]

    def evaluate(self, expression: str, **data: Any) -> Any:
        """The same in a platform that was booted with ``EVALUATE``; ``data`` is ``e`` in the expression."""
        result = self.fire("Application.Started", expression=expression, **data)
        assert result.error is None, result.error.message
        return json.loads(self.logs()[-1])[0]

    def call_in(self, source: str, **facts: Any) -> TurnResult:
        """Boot a scenario whose CallAlerting handler is ``source`` with ``call`` and ``e``, and call it."""
        boot = self.boot(
            "let call; VoxEngine.addEventListener(AppEvents.CallAlerting, (e) => { call = e.call; "
            + source
            + " });"
        )
        assert boot.error is None, boot.error.message
        shown = {
            "callerid": "alice",
            "destination": "100",
            "displayName": "Alice",
            "toURI": "sip:100@x",
            "fromURI": "sip:alice@x",
            "headers": {"X-Id": "7"},
            "customData": "",
            "clientType": "user",
            "scheme": "",
            **facts,
        }
        return self.fire("Application.CallAlerting", "c1", **shown)


EVALUATE = (
    "VoxEngine.addEventListener(AppEvents.Started, (e) => {"
    " Logger.write(JSON.stringify([Function('e', 'return ' + e.expression)(e)])); });"
)


@pytest.fixture
def new() -> Iterator[Callable[[], Platform]]:
    """Makes platforms."""
    assert deepen_main_stack()
    made: list[Platform] = []

    def make() -> Platform:
        made.append(Platform())
        return made[-1]

    yield make
    for platform in made:
        platform.realm.close()


@pytest.fixture
def platform(new: Callable[[], Platform]) -> Platform:
    """One platform."""
    return new()
