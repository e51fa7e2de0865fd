"""What people do with a telephone beside talking: hold, transfer, re-INVITE, INFO, and a network that drops.

Data of steps (``script``), and the manners of a phone: what it does when the scenario wants something of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Hold:
    """Hold the call, or take it back."""

    on: bool = True
    who: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Ask that the other side be connected with ``to`` (REFER)."""

    to: str
    headers: Mapping[str, str] = field(default_factory=dict)
    who: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class ReInvite:
    """Change the call (re-INVITE)."""

    body: str = ""
    mime: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    who: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Info:
    """Send an INFO message."""

    body: str
    mime: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    who: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Network:
    """Its packets stop, or come again."""

    up: bool
    who: str = ""
    where: str = ""


Deed: TypeAlias = Hold | Transfer | ReInvite | Info | Network


@dataclass(frozen=True, slots=True)
class Answer:
    """How a phone answers what the scenario wants: after a while with yes, or no and a SIP code."""

    code: int = 0
    """0: yes."""
    reason: str = ""
    body: str = ""
    mime: str = JSON
    after_ms: int = 500


@dataclass(frozen=True, slots=True)
class Manners:
    """None: as its kind does (SIP phones say yes, others cannot)."""

    transfer: Answer | None = None
    reinvite: Answer | None = None
