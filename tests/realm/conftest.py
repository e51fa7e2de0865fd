"""Realms for tests: a bare one, whose only API file hands V to the scenario, and the whole platform."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import resources

import pytest

from voxrun.realm.port import BootInfo, Script, TurnResult
from voxrun.realm.realm import Realm
from voxrun.realm.sources import GROUND, Platform, lay_out
from voxrun.realm.stack import deepen_main_stack
from voxrun.session.messages import Event

START = 1_736_154_000_000

HAND_OUT = """(function (V) {
  V.expose("V", V);
  const app = V.emitter({ $id: "app" }, "App");
  V.register("", app);
  V.expose("app", app);
  V.expose("log", (text) => V.log("write", V.describe(text)));
})"""


def bare_platform(**modules: str) -> Platform:
    """The ground, a file that exposes V, and the given modules."""
    folder = resources.files("voxrun.realm") / "js"
    ground = [(name, (folder / name).read_text("utf-8")) for name in GROUND]
    return lay_out(
        [*ground, ("hand_out.js", HAND_OUT)],
        [(f"{name}.js", text) for name, text in modules.items()],
    )


def info(*sources: str, seed: int = 7, turn_ms: int = 1000, keep_going: bool = False) -> BootInfo:
    """A session of these scripts, named a.js, b.js, ..."""
    scripts = tuple(Script(f"{chr(97 + i)}.js", text) for i, text in enumerate(sources))
    return BootInfo(scripts, seed, START, limits={"turn_ms": turn_ms}, keep_going=keep_going)


def logs(result: TurnResult) -> list[str]:
    """The texts a turn logged."""
    return [command.data["text"] for command in result.commands if command.kind == "log"]


class Bench:
    """A realm and the clock it is turned with."""

    def __init__(self, platform: Platform) -> None:
        self.realm = Realm(platform)
        self.now = START

    def boot(self, *sources: str, seed: int = 7, turn_ms: int = 1000, keep_going: bool = False) -> TurnResult:
        return self.realm.boot(info(*sources, seed=seed, turn_ms=turn_ms, keep_going=keep_going))

    def fire(self, kind: str, target: str = "", **data: object) -> TurnResult:
        self.now += 20
        return self.realm.turn(Event(kind, target, data), self.now)


@pytest.fixture
def make() -> Iterator[Callable[..., Bench]]:
    """Makes bare realms; modules by keyword."""
    assert deepen_main_stack()
    benches: list[Bench] = []

    def make_one(**modules: str) -> Bench:
        bench = Bench(bare_platform(**modules))
        benches.append(bench)
        return bench

    yield make_one
    for bench in benches:
        bench.realm.close()


@pytest.fixture
def bare(make: Callable[..., Bench]) -> Bench:
    """One bare realm."""
    return make()
