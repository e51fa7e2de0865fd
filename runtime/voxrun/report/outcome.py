"""What a call script knows about a session beyond its journal. Whoever runs scripts fills this in.

Times are milliseconds of session time, as in the journal. ``where`` is file:line or file:line:column.
"""

from __future__ import annotations

from msgspec import Struct


class Expectation(Struct, frozen=True):
    """One ``expect`` of a script, in words ("caller hears /sunny/")."""

    text: str
    met: bool
    where: str = ""
    at_ms: int | None = None
    """When it was met, or when the wait for it was over; None: the script never came to it."""
    since_ms: int | None = None
    """When the wait for it began."""
    closest: str = ""
    """Of a missed one: what came closest."""
    closest_ms: int | None = None


class Step(Struct, frozen=True):
    """Something the script did ("says: What is the weather in Berlin")."""

    text: str
    at_ms: int
    where: str = ""


class Outcome(Struct, frozen=True):
    """How a script went."""

    name: str
    """What the script shows, or its name: for titles."""
    passed: bool
    summary: str = ""
    """Of a failure: what is wrong, in one sentence or a few lines."""
    reproduce: str = ""
    """The command that runs this script alone again."""
    script: str = ""
    """The script's file."""
    expectations: tuple[Expectation, ...] = ()
    steps: tuple[Step, ...] = ()
