from __future__ import annotations

from pathlib import Path

import pytest

from voxrun.cli.doctor import describe, run, verdict
from voxrun.cli.parts import Part
from voxrun.config import load_settings

GOOD = Part("engine", "ok", "1.0", "runs scenarios", needed=True)
OPTIONAL = Part("piper", "missing", "not installed", "a natural voice", "pip install x")
BROKEN = Part("webrtc", "broken", "no " + "very " * 30 + "good", "calls", "install it", needed=True)


def test_a_part_says_what_it_is_for_and_what_to_do() -> None:
    assert describe(GOOD) == ["  ok       engine: 1.0", "           for: runs scenarios"]
    assert describe(OPTIONAL)[-1] == "           do:  pip install x"


def test_long_findings_are_wrapped() -> None:
    lines = describe(BROKEN)
    assert len(lines) == 4
    assert max(map(len, lines)) <= 100


def test_only_needed_parts_decide() -> None:
    assert verdict([GOOD, OPTIONAL]) == "Calls to scenarios work here."
    assert verdict([GOOD, OPTIONAL, BROKEN]) == "Calls to scenarios do not work: webrtc."


@pytest.mark.live
def test_the_whole_report_gives_0_where_the_main_job_works(tmp_path: Path) -> None:
    lines: list[str] = []
    settings = load_settings(env={}, cwd=tmp_path, options={"server.port": 0})
    assert run(settings, {"ULTRAVOX_API_KEY": "hunter2"}, lines.append) == 0
    text = "\n".join(lines)
    assert "hunter2" not in text
    for word in (
        "python",
        "JavaScript engine",
        "webrtc",
        "espeak",
        "piper",
        "pocketsphinx",
        "chromium",
        "port",
    ):
        assert word in text
