from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from voxrun.cli.options import call_plan, plain_settings, run_settings
from voxrun.config import CallPlan
from voxrun.errors import ConfigError

NOTHING: dict[str, Any] = {
    "secrets": (),
    "custom_data": "",
    "start": False,
    "open_page": False,
    "conferences": (),
    "start_conference": "",
    "say": (),
    "wav": None,
    "seconds": None,
}


def test_only_options_that_were_given_override(tmp_path: Path) -> None:
    (tmp_path / "voxrun.toml").write_text(
        "[sessions]\nrecord = false\nkeep_going = true\n[server]\nport = 5\n"
    )
    given = {**NOTHING, "record": None, "keep_going": None, "port": 0, "host": None}
    settings = run_settings((Path("a.js"),), given, {}, tmp_path)
    assert not settings.sessions.record
    assert settings.sessions.keep_going
    assert settings.server.port == 0


def test_what_belongs_to_the_run_reaches_the_settings(tmp_path: Path) -> None:
    given = {**NOTHING, "secrets": ("A=1", "B=x=y"), "custom_data": "{}", "start": True, "open_page": True}
    settings = run_settings((Path("a.js"), Path("b.js")), given, {}, tmp_path)
    assert settings.scenarios == (Path("a.js"), Path("b.js"))
    assert dict(settings.secrets) == {"A": "1", "B": "x=y"}
    assert settings.sessions.custom_data == "{}"
    assert (settings.start, settings.open_page) == (True, True)


def test_commands_without_a_scenario_have_settings_too(tmp_path: Path) -> None:
    assert plain_settings({"port": 7}, {}, tmp_path).server.port == 7
    assert plain_settings({"port": None}, {}, tmp_path).server.port == 8080


def test_no_call_is_placed_unless_asked_for() -> None:
    assert call_plan(False, NOTHING) is None
    assert call_plan(True, NOTHING) == CallPlan()
    assert call_plan(True, {**NOTHING, "say": ("Hi", "Bye"), "seconds": 3.0}) == CallPlan(
        ("Hi", "Bye"), None, 3.0
    )


@pytest.mark.parametrize("option", [{"say": ("x",)}, {"wav": Path("x.wav")}, {"seconds": 1.0}])
def test_options_of_a_call_want_a_call(option: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="--call"):
        call_plan(False, {**NOTHING, **option})


def test_a_caller_speaks_or_plays_but_not_both(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    with pytest.raises(ConfigError, match="exclude each other"):
        call_plan(True, {**NOTHING, "say": ("x",), "wav": tmp_path / "a.wav"})
    with pytest.raises(ConfigError, match="no such file"):
        call_plan(True, {**NOTHING, "wav": tmp_path / "b.wav"})
