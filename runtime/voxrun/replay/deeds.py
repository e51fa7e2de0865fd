"""What people do with a telephone beside talking: hold, transfer, re-INVITE, INFO, and a network that drops.

Data of steps (``script``), and the manners of a phone: what it does when the scenario wants something of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from msgspec import Struct, field

JSON: Final = "application/json"


class Hold(Struct, frozen=True):
    """Hold the call, or take it back."""

    on: bool = True
    who: str = ""
    where: str = ""


class Transfer(Struct, frozen=True):
    """Ask that the other side be connected with ``to`` (REFER)."""

    to: str
    headers: Mapping[str, str] = field(default_factory=dict)
    who: str = ""
    where: str = ""


class ReInvite(Struct, frozen=True):
    """Change the call (re-INVITE)."""

    body: str = ""
    mime: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    who: str = ""
    where: str = ""


class Info(Struct, frozen=True):
    """Send an INFO message."""

    body: str
    mime: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    who: str = ""
    where: str = ""


class Network(Struct, frozen=True):
    """Its packets stop, or come again."""

    up: bool
    who: str = ""
    where: str = ""


Deed: TypeAlias = Hold | Transfer | ReInvite | Info | Network


class Answer(Struct, frozen=True):
    """How a phone answers what the scenario wants: after a while with yes, or no and a SIP code."""

    code: int = 0
    """0: yes."""
    reason: str = ""
    body: str = ""
    mime: str = JSON
    after_ms: int = 500


class Manners(Struct, frozen=True):
    """None: as its kind does (SIP phones say yes, others cannot)."""

    transfer: Answer | None = None
    reinvite: Answer | None = None
