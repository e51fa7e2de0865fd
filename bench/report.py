"""The report of a ten-minute call: how long it takes to write and to open in Chromium, and how large it is.

The guest of scenarios/inbound.js asks and is told, for ten minutes, in virtual time. Playwright and Chromium
come with the tests' extra.
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from _processes import ROOT, command, environment

from voxrun.cli.figures import Figure, figure, times

MINUTES = 10
OPENINGS = 5
MOST_OPEN_S = 2
MOST_MB = 10
TALK = (
    ("where are you", "at the end of the harbour road"),
    ("tell me about the hotel", "can stay and talk"),
    ("how much is a room", "ninety euros a night"),
    ("what time is breakfast", "on the terrace"),
)
TALK_S = 44
"""How long one round of it takes, about."""
_DRAWN = "new Promise((then) => requestAnimationFrame(() => requestAnimationFrame(then)))"


def measure(minutes: float = MINUTES, openings: int = OPENINGS) -> list[Figure]:
    """The marks: open in 2 s, under 10 MB."""
    with tempfile.TemporaryDirectory(prefix="voxrun-bench-") as name:
        path, length_s = reported(Path(name), minutes)
        began = time.monotonic()
        subprocess.run([*command(), "report", str(_session(Path(name)))], check=True, capture_output=True)
        wrote = time.monotonic() - began
        opened, blank = opening(path, openings)
        size = path.stat().st_size / 1e6
    call = f"report of a call of {length_s / 60:.0f} minutes"
    against = times(sorted(opened)[len(opened) // 2], sorted(blank)[len(blank) // 2], "an empty page")
    return [
        figure(f"{call}, opened and drawn", opened, "s", MOST_OPEN_S, against=against, key="open_s"),
        Figure("the same, its size", size, "MB", MOST_MB, key="size_mb"),
        Figure("the same, written", wrote, "s", key="write_s"),
    ]


def reported(folder: Path, minutes: float) -> tuple[Path, float]:
    """The report of such a call, and the seconds that it lasted."""
    for each in ("inbound.js", "inbound.agent.yaml"):
        shutil.copy(ROOT / "scenarios" / each, folder)
    steps = ["- expect: {caller_hears: How can I help you?}"]
    for _ in range(math.ceil(minutes * 60 / TALK_S)):
        for says, hears in TALK:
            steps += [f"- say: {says}", f"- expect: {{caller_hears: {hears}, within: 40s}}", "- wait: 3s"]
    script = "steps:\n" + "".join(f"  {line}\n" for line in [*steps, "- hangup"])
    (folder / "inbound.call.yaml").write_text(script, "utf-8")
    done = subprocess.run(
        [*command(), "test", "inbound.call.yaml", "--report", "report"],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"the call of the benchmark failed:\n{done.stdout}{done.stderr}")
    found = [each for each in (folder / "report").rglob("*.html") if each.name != "index.html"]
    return found[0], _length_s(_session(folder))


def _session(folder: Path) -> Path:
    return next(folder.rglob("journal.jsonl")).parent


def _length_s(session: Path) -> float:
    last = (session / "journal.jsonl").read_text("utf-8").splitlines()[-1]
    return float(json.loads(last)["t"]) / 1000


def opening(path: Path, count: int) -> tuple[list[float], list[float]]:
    """Seconds until the report is drawn, and an empty page, in turn. Raises RuntimeError without Chromium."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        browser = None
    if browser is None:
        raise RuntimeError('opening a report needs Chromium and Playwright: pip install "voxrun[dev]"')
    reports, blanks = [], []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(count):
            for address, seconds in ((path.as_uri(), reports), ("data:text/html,<p>empty", blanks)):
                page = chromium.new_page()
                began = time.monotonic()
                page.goto(address)
                page.evaluate(_DRAWN)
                seconds.append(time.monotonic() - began)
                page.close()
        chromium.close()
    return reports, blanks
