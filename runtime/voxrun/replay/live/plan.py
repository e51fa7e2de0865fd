"""What is decided before a call is played in real time, and what real time cannot play."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from voxrun.config import load_settings
from voxrun.errors import ConfigError
from voxrun.replay.script import CallScript
from voxrun.secret_values import CLOUD_KEY


@dataclass(frozen=True, slots=True)
class LivePlan:
    """``secret`` signs the addresses of recordings. ``base_url`` "" is the provider's own ("cloud") or the
    emulator's; ``secrets`` are the real ones that a cloud wants."""

    ai: Literal["local", "cloud"] = "local"
    base_url: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret: bytes = field(default=b"", repr=False)


def make_plan(ai: Literal["local", "cloud"], env: Mapping[str, str], cwd: Path, secret: bytes) -> LivePlan:
    """The plan of a run. The cloud is used where it is asked for by name, and nowhere else.

    Raises ConfigError where it has no key.
    """
    if ai == "local":
        return LivePlan(secret=secret)
    settings = load_settings(env=env, cwd=cwd, options={"ai.mode": "cloud"})
    if CLOUD_KEY not in settings.secrets:
        raise ConfigError(
            f"--ai cloud needs {CLOUD_KEY} in the environment, or in the env_file of voxrun.toml"
        )
    return LivePlan("cloud", settings.ai.base_url, settings.secrets, secret)


def obstacle(script: CallScript) -> str:
    """Why a script cannot be played in real time, with its place: a cassette. "" where it can."""
    if script.cassette is not None:
        what = "the voice AI is on a cassette"
        return f"{script.cassette_where or script.path}: {what}: this call can be played in virtual time only"
    return ""
