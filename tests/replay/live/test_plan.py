"""Which voice AI a call in real time has, and which calls there cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.replay.calls import write

from voxrun.errors import ConfigError
from voxrun.replay.live.plan import make_plan, obstacle

KEY = {"ULTRAVOX_API_KEY": "real-key-123"}


def test_a_key_in_the_environment_is_no_reason_to_use_the_cloud(tmp_path: Path) -> None:
    plan = make_plan("local", KEY, tmp_path, b"s")
    assert (plan.ai, dict(plan.secrets), plan.secret) == ("local", {}, b"s")


def test_the_cloud_needs_a_key_and_takes_it_from_the_environment(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ULTRAVOX_API_KEY"):
        make_plan("cloud", {}, tmp_path, b"")
    plan = make_plan("cloud", KEY, tmp_path, b"")
    assert plan.secrets["ULTRAVOX_API_KEY"] == "real-key-123"
    assert "real-key" not in repr(plan)


def test_settings_may_name_another_address_and_more_secrets(tmp_path: Path) -> None:
    (tmp_path / "voxrun.toml").write_text(
        '[ai]\nbase_url = "http://127.0.0.1:9/api"\n[secrets]\nenv_file = ".env"\n'
    )
    (tmp_path / ".env").write_text("ULTRAVOX_API_KEY=from-file\nCRM=abc\n")
    plan = make_plan("cloud", {}, tmp_path, b"")
    assert plan.base_url == "http://127.0.0.1:9/api"
    assert dict(plan.secrets) == {"ULTRAVOX_API_KEY": "from-file", "CRM": "abc"}


def test_everything_else_can_be_played(tmp_path: Path) -> None:
    script = """
callees: {bob: {fails: 486, transfers: 603}, ann: {custom_data: x, early_media: true, does: [reinvite: x]}}
steps: [hold, network: down, {info: x}, {dtmf: '1', by: info}, {transfer: bob}, hangup]
"""
    assert obstacle(write(tmp_path, script, "1")) == ""


def test_a_cassette_plays_in_virtual_time_only(tmp_path: Path) -> None:
    script = replace(write(tmp_path, "steps: [hangup]", "1"), cassette=tmp_path, cassette_where="a.yaml:3:5")
    told = "a.yaml:3:5: the voice AI is on a cassette: this call can be played in virtual time only"
    assert obstacle(script) == told
