"""From the words of the command line to settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from voxrun.config import CallPlan, Settings, load_settings
from voxrun.config_keys import BY_PATH
from voxrun.errors import ConfigError
from voxrun.secret_values import parse_secret

PATHS: Final = {
    "host": "server.host",
    "port": "server.port",
    "token": "server.token",
    "workers": "server.workers",
    "tls": "server.tls",
    "tls_cert": "server.tls_cert",
    "tls_key": "server.tls_key",
    "public_address": "media.public_address",
    "media_ports": "media.ports",
    "ai": "ai.mode",
    "agent": "ai.agent",
    "record": "sessions.record",
    "sessions": "sessions.dir",
    "cassette": "sessions.cassettes",
    "storage": "storage.path",
    "keep_going": "sessions.keep_going",
    "env_file": "secrets.env_file",
}
"""Option of the command line -> setting."""


def run_settings(
    files: tuple[Path, ...], given: Mapping[str, Any], env: Mapping[str, str], cwd: Path
) -> Settings:
    """Settings of a run; ``given`` holds the options by name, None where one was not given."""
    return load_settings(
        files,
        env=env,
        cwd=cwd,
        options=_options(given),
        secrets=_secrets(given),
        conference_options=given["conferences"],
        custom_data=given["custom_data"],
        start=given["start"],
        start_conference=given["start_conference"],
        open_page=given["open_page"],
    )


def plain_settings(given: Mapping[str, Any], env: Mapping[str, str], cwd: Path) -> Settings:
    """Settings of a command that runs no scenario."""
    return load_settings(env=env, cwd=cwd, options=_options(given), secrets=_secrets(given))


def call_plan(place_call: bool, given: Mapping[str, Any]) -> CallPlan | None:
    """The call to place, None without ``--call``."""
    say, wav, seconds = given["say"], given["wav"], given["seconds"]
    if not place_call:
        for name, value in (("--say", say), ("--wav", wav), ("--seconds", seconds)):
            if value:
                raise ConfigError(f"{name} belongs to --call, which is missing.")
        return None
    if say and wav:
        raise ConfigError("--say and --wav exclude each other: the caller speaks or plays a file.")
    if wav is not None and not wav.is_file():
        raise ConfigError(f"{wav}: no such file (--wav).")
    return CallPlan(tuple(say), wav, seconds)


def _options(given: Mapping[str, Any]) -> dict[str, Any]:
    found = {path: (name, given[name]) for name, path in PATHS.items() if given.get(name) is not None}
    return {path: _read(path, name, value) for path, (name, value) in found.items()}


def _read(path: str, name: str, value: object) -> object:
    """A setting that is text on the command line is read as in the environment."""
    if not path.startswith("media.") and path != "server.workers":
        return value
    try:
        return BY_PATH[path].read(value, True)
    except ValueError as error:
        raise ConfigError(f"--{name.replace('_', '-')} wants {error}, not {value!r}.") from None


def _secrets(given: Mapping[str, Any]) -> dict[str, str]:
    return dict(parse_secret(text) for text in given.get("secrets", ()))
