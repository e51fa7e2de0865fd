"""The journal's first record: everything a replay needs to know beside the events."""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from importlib import metadata
from pathlib import PurePath
from typing import TYPE_CHECKING

from voxrun import __version__
from voxrun.realm.port import BootInfo, Script
from voxrun.session.journal import VERSION
from voxrun.session.messages import JsonObject

if TYPE_CHECKING:
    from voxrun.session.runtime import Application

PACKAGES = (
    "quickjs-ng",
    "numpy",
    "espeakng-loader",
    "piper-tts",
    "webrtcvad-wheels",
    "phonenumberslite",
)
"""What decides a byte of a journal or a recording."""


def make(application: Application, boot: BootInfo, session_id: str) -> JsonObject:
    """The header of one session. Secrets by name only."""
    return {
        "version": VERSION,
        "voxrun": __version__,
        "python": ".".join(map(str, sys.version_info[:3])),
        "packages": package_versions(),
        "session": session_id,
        "seed": boot.seed,
        "startMs": boot.start_ms,
        "customData": boot.custom_data,
        "secrets": [*sorted(application.secrets)],
        "limits": {**boot.limits},
        "started": dict(boot.session),
        "keepGoing": boot.keep_going,
        "scripts": [script_entry(number, script) for number, script in enumerate(boot.scripts)],
    }


def script_entry(number: int, script: Script) -> JsonObject:
    digest = hashlib.sha256(script.source.encode("utf-8", "surrogatepass")).hexdigest()
    return {"name": script.name, "file": "scripts/" + script_file(number, script), "sha256": digest}


def script_file(number: int, script: Script) -> str:
    """Name of a script's copy in the session's folder."""
    return f"{number}-{PurePath(script.name).name}"


def package_versions() -> JsonObject:
    """Of all ``PACKAGES``."""
    return {name: package_version(name) for name in PACKAGES}


@cache
def package_version(name: str) -> str:
    """Installed version, "" when absent."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
