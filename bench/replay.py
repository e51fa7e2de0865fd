"""Call scripts: how much faster than a clock they play, and what two hundred of them take.

The call is one minute with a voice AI: audio both ways, a tool call, an interruption, a recording. Speed is
the length of the call by the CPU of the process that plays it ("on one core"), so that other work on the
machine counts less; the clock is beside it. A voice menu is played a thousand
times. The cold play has nothing cached and its engines not loaded yet:
the speech process works then, and only the clock tells.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _processes import ROOT, command, environment, pss_kb
from _replays import CALL, Plays, play_elsewhere

from voxrun.cli.figures import Figure, figure, share, times

PLAYS = 25
CALLS = 200
MENU_CALLS = 1000
STARTS = 5
LEAST_X = 300
MOST_SUITE_S = 30
MOST_MENUS_S = 30
MOST_PSS_MB = 300
MOST_START_S = 1
LOOK_S = 0.1
SHORT = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => call.reject(486));
"""


def measure(
    plays: int = PLAYS, calls: int = CALLS, starts: int = STARTS, menu_calls: int = MENU_CALLS
) -> list[Figure]:
    """The marks: 300 times real time, 200 calls in 30 s and 300 MB, a start of 1 s."""
    with tempfile.TemporaryDirectory(prefix="voxrun-bench-") as name:
        folder = Path(name)
        cache = folder / "cache"
        cold = play_elsewhere(1, cache)
        return [
            *speeds(cold, play_elsewhere(plays + 1, cache)),
            *suite(folder / "suite", cache, calls),
            menus(folder / "menus", cache, menu_calls),
            start(folder / "short", cache, starts),
        ]


def speeds(cold: Plays, warm: Plays) -> list[Figure]:
    length = warm.length_s
    rest = [length / each for each in warm.cpu_s[1:]]  # the first one reads what is cached on disk
    bare = length / share(warm.bare_s, 0.5)
    against = f"{share(rest, 0.5) / bare:.2g} x as fast as moving its frames between two tasks ({bare:.0f} x)"
    return [
        figure(
            "one-minute call, phrases cached", rest, "x", against=against, least=LEAST_X, key="x_real_time"
        ),
        figure("the same by the clock", [length / each for each in warm.wall_s[1:]], "x", key="x_wall"),
        Figure("the same, first of a process", length / warm.wall_s[0], "x", key="x_real_time_first"),
        Figure("the same, nothing cached", length / cold.wall_s[0], "x", key="x_real_time_cold"),
    ]


def suite(folder: Path, cache: Path, calls: int) -> list[Figure]:
    """So many copies of the call in two processes: the time, and what all processes held meanwhile."""
    took, most = _copies(folder, cache, CALL.with_name("minute.js"), CALL, calls)
    return [
        Figure(f"{calls} calls, voxrun test -n 2", took, "s", MOST_SUITE_S, key=f"suite_{calls}_s"),
        Figure("the same, all processes (PSS), highest", most / 1024, "MB", MOST_PSS_MB, key="peak_pss_mb"),
    ]


def menus(folder: Path, cache: Path, calls: int) -> Figure:
    """So many callers who press a key in the menu of scenarios/ivr-menu.js."""
    samples = ROOT / "scenarios"
    took, _ = _copies(folder, cache, samples / "ivr-menu.js", samples / "ivr-menu.call.yaml", calls)
    return Figure(f"{calls} calls of a voice menu, voxrun test -n 2", took, "s", MOST_MENUS_S, key="menus_s")


def _copies(folder: Path, cache: Path, scenario: Path, script: Path, calls: int) -> tuple[float, int]:
    """Seconds that so many copies of a script took in two processes, and kB of memory at most."""
    folder.mkdir()
    shutil.copy(scenario, folder)
    text = script.read_text("utf-8")
    for number in range(calls):
        name = f"{scenario.stem}.{number}.call.yaml"
        (folder / name).write_text(f"scenario: {scenario.name}\n{text}", "utf-8")
    began = time.monotonic()
    process = _voxrun_test(folder, cache, "-n", "2")
    most = 0
    while process.poll() is None:
        most = max(most, _all_pss_kb(process.pid))
        time.sleep(LOOK_S)
    took = time.monotonic() - began
    if process.returncode != 0:
        raise RuntimeError("a call of the suite failed")
    return took, most


def start(folder: Path, cache: Path, count: int) -> Figure:
    """A run with next to nothing to play, beside the import of pytest, which it cannot do without."""
    folder.mkdir()
    (folder / "short.js").write_text(SHORT, "utf-8")
    (folder / "short.call.yaml").write_text("steps: [expect: {rejected: 486}]\n", "utf-8")
    runs, bare = [], []
    for _ in range(count):
        began = time.monotonic()
        if _voxrun_test(folder, cache).wait() != 0:
            raise RuntimeError("the short call failed")
        runs.append(time.monotonic() - began)
        began = time.monotonic()
        subprocess.run([sys.executable, "-c", "import pytest"], check=True)
        bare.append(time.monotonic() - began)
    against = times(share(runs, 0.5), share(bare, 0.5), "python -c 'import pytest'")
    name = "voxrun test with a call that is refused, start to end"
    return figure(name, runs, "s", MOST_START_S, against=against, key="start_s")


def _voxrun_test(where: Path, cache: Path, *options: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*command(), "test", str(where), *options],
        cwd=where,
        env={**environment(where), "XDG_CACHE_HOME": str(cache)},
        stdout=subprocess.DEVNULL,
    )


def _all_pss_kb(pid: int) -> int:
    """Of a process and all below it."""
    total, waiting = 0, [pid]
    while waiting:
        each = waiting.pop()
        try:
            total += pss_kb(each)
            for task in Path(f"/proc/{each}/task").iterdir():
                waiting += map(int, (task / "children").read_text("ascii").split())
        except (OSError, RuntimeError):
            pass  # it has just ended
    return total
