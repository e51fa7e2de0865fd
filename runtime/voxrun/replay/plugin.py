"""pytest plugin: ``*.call.yaml`` files are tests, and ``voxrun`` is a fixture for calls in Python.

Everything heavy is imported when the first call is played: this module is loaded by every pytest run on the
machine it is installed on.
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import pytest

from voxrun.threads import one_each

if TYPE_CHECKING:
    from voxrun.replay.fixture import Voxrun
    from voxrun.replay.live.plan import LivePlan
    from voxrun.replay.outcome import Outcome
    from voxrun.replay.player import Player
    from voxrun.replay.script import CallScript

SUFFIX = ".call.yaml"
PLAYER: pytest.StashKey[Player] = pytest.StashKey()
INDEX: pytest.StashKey[str] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options; ``voxrun test`` has shorter names for them."""
    group = parser.getgroup("voxrun", "call scripts (*.call.yaml)")
    group.addoption("--call-seed", type=int, metavar="N", help="seed of all calls instead of their own")
    group.addoption(
        "--call-real-time", action="store_true", help="play calls in real time, over WebRTC on this machine"
    )
    group.addoption(
        "--call-ai",
        choices=("local", "cloud"),
        default="local",
        help="the voice AI of calls in real time: the local one (default), or the provider, with your key",
    )
    group.addoption("--call-report", type=Path, metavar="DIR", help="a report of every call in DIR")


class Hooks:
    """Hooks that other plugins may implement."""

    @staticmethod
    def pytest_voxrun_progress(item: pytest.Item, part: float, ms: int) -> None:
        """Told now and then while a call is played: the part of its steps that are done (0 to 1), and the
        milliseconds of the call that have passed."""


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """``pytest_voxrun_progress``."""
    pluginmanager.add_hookspecs(Hooks)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A call script is a file of one test."""
    if file_path.name.endswith(SUFFIX):
        collector: pytest.Collector = CallFile.from_parent(parent, path=file_path)
        return collector
    return None


def pytest_sessionstart(session: pytest.Session) -> None:
    """DIR is about the latest run: calls of an earlier one go."""
    if hasattr(session.config, "workerinput"):
        listen_to_interruptions()
    folder = _reports(session.config)
    if folder is not None:
        from voxrun.replay.keep import clear

        clear(folder)


def listen_to_interruptions() -> None:
    """A process of pytest-xdist was made with Ctrl-C held back, so that it starts in peace (``cli.testing``).
    One that came meanwhile was for the whole run, which ends this process."""
    if signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()):
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        signal.signal(signal.SIGINT, handler)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """One page over all reports."""
    folder = _reports(session.config)
    if folder is not None:
        from voxrun.replay.keep import index

        session.config.stash[INDEX] = index(folder, _title(session.config))


def _title(config: pytest.Config) -> str:
    """What was played, for the head of the page."""
    here = config.invocation_params.dir
    names = (here.name if (here / arg).resolve() == here else arg for arg in config.args if arg)
    return ", ".join(names) or "Calls"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Where the reports are."""
    told = config.stash.get(INDEX, "")
    if told:
        terminalreporter.write_line(told)


def _reports(config: pytest.Config) -> Path | None:
    """Where reports go; None in a process of pytest-xdist, which is not the one that sees them all."""
    return None if hasattr(config, "workerinput") else config.getoption("--call-report")


class _AsTheyAre(MetaPathFinder):
    """Finds our modules before pytest does. It would rewrite the assertions of each, as of every package that
    has a plugin, and reads its own copies of them: a tenth of the time to the first call."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        ours = path is not None and fullname.startswith("voxrun.")
        return PathFinder.find_spec(fullname, path, target) if ours else None


FINDER: Final = _AsTheyAre()


def pytest_configure(config: pytest.Config) -> None:
    """From here on our modules are imported as they are."""
    if FINDER not in sys.meta_path:
        sys.meta_path.insert(0, FINDER)


def pytest_unconfigure(config: pytest.Config) -> None:
    """The speech process ends with the run."""
    player = config.stash.get(PLAYER, None)
    if player is not None:
        player.close()


def player_of(config: pytest.Config) -> Player:
    """What plays the calls of this run, made when first needed."""
    one_each()
    from voxrun.replay.player import Player

    if PLAYER not in config.stash:
        config.stash[PLAYER] = Player(
            seed=config.getoption("--call-seed"),
            keep=config.getoption("--call-report"),
            live=_live_plan(config),
        )
    return config.stash[PLAYER]


def _live_plan(config: pytest.Config) -> LivePlan | None:
    """How calls are played in real time; None for virtual time. Raises ConfigError."""
    if not config.getoption("--call-real-time"):
        return None
    from voxrun.replay.live.plan import make_plan

    ai = config.getoption("--call-ai")
    return make_plan(ai, os.environ, config.invocation_params.dir, secrets.token_bytes(32))


def _obstacle(script: CallScript) -> str:
    """Why a script cannot be played in real time, with its place; "" where it can."""
    from voxrun.replay.live.plan import obstacle

    return obstacle(script)


class CallFile(pytest.File):
    """One call script."""

    def collect(self) -> Iterator[pytest.Item]:
        from voxrun.replay.format import load_script

        shown = _shown(self.path, self.config)
        script = load_script(shown)
        item: CallItem = CallItem.from_parent(self, name=script.name)
        item.script = script
        for tag in script.tags:
            self.config.addinivalue_line("markers", f"{tag}: a tag of call scripts")
            item.add_marker(tag)
        if self.config.getoption("--call-real-time"):
            self._in_real_time(item)
        yield item

    def _in_real_time(self, item: CallItem) -> None:
        """A call takes as long as it takes, and has deadlines of its own; some cannot be played at all."""
        self.config.addinivalue_line("markers", "timeout: of pytest-timeout")
        item.add_marker(pytest.mark.timeout(0))
        if reason := _obstacle(item.script):
            item.add_marker(pytest.mark.skip(reason=reason))

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """A wrong script is told by its message alone."""
        from voxrun.errors import VoxrunError

        if isinstance(excinfo.value, VoxrunError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


class CallItem(pytest.Item):
    """One call."""

    script: Any = None

    def runtest(self) -> None:
        hook = self.config.hook.pytest_voxrun_progress

        def watch(part: float, ms: int) -> None:
            hook(item=self, part=part, ms=ms)

        watched = watch if hook.get_hookimpls() else None
        outcome = player_of(self.config).play(self.script, watch=watched)
        note(self, outcome)
        if outcome.failure is not None:
            raise CallDiffers(outcome)

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        from voxrun.errors import VoxrunError
        from voxrun.replay.failure import report

        if isinstance(excinfo.value, CallDiffers):
            return report(excinfo.value.outcome)
        if isinstance(excinfo.value, VoxrunError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, self.script.title or self.name


class CallDiffers(Exception):
    """A call failed; the message is its first line, for summaries."""

    def __init__(self, outcome: Outcome) -> None:
        failure = outcome.failure
        assert failure is not None
        wish = failure.wish
        about = f" {wish.kind} {wish.text or ''}".rstrip() if wish else ""
        super().__init__(f"{failure.where}{about}: {failure.headline}".lstrip(": "))
        self.outcome = outcome


def note(item: pytest.Item, outcome: Outcome) -> None:
    """What JUnit files say of a call."""
    item.user_properties.append(("seed", outcome.seed))
    item.user_properties.append(("call_seconds", outcome.length_ms / 1000))


def _shown(path: Path, config: pytest.Config) -> Path:
    """The path as people typed it: relative to where pytest was started."""
    here = config.invocation_params.dir
    return path.relative_to(here) if path.is_relative_to(here) else path


@pytest.fixture
def voxrun(request: pytest.FixtureRequest) -> Voxrun:
    """Plays calls that are written in Python: see ``voxrun.replay.fixture``."""
    from voxrun.replay.fixture import Voxrun

    node, config = request.node, request.config
    here = config.invocation_params.dir
    return Voxrun(player_of(config), request.path, node.nodeid, lambda outcome: note(node, outcome), here)
