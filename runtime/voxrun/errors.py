"""Errors of voxrun.

VoxrunError
├── UserError            something the person running voxrun can mend
│   ├── ScenarioError    the scenario's JavaScript (position, code frame)
│   ├── ConfigError      command line, voxrun.toml, agent files, environment
│   └── ScriptError      call scripts
├── PeerError            what another party on the wire did (provider, browser, SIP peer)
└── InternalError        our own fault: please report it

A ``VoxrunError`` is written for people: ``str(error)`` is the whole message, it says what happened,
where, and what to do next. Entry points print it without a traceback.
"""

from __future__ import annotations


class VoxrunError(Exception):
    """Root of every error that voxrun raises on purpose."""


class UserError(VoxrunError):
    """A mistake of the person running voxrun."""


class ScenarioError(UserError):
    """A scenario cannot go on: syntax error, exception, limit."""


class ConfigError(UserError):
    """A setting, a file or an option is wrong."""


class ScriptError(UserError):
    """A call script is wrong."""


class PeerError(VoxrunError):
    """The other end of a connection broke a rule or refused."""


class InternalError(VoxrunError):
    """A fault of voxrun itself."""
