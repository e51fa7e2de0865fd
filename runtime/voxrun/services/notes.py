"""Warnings of services in a session's log: what was ignored, and why."""

from __future__ import annotations

from voxrun.services.base import ServiceContext


def warn(context: ServiceContext, text: str) -> None:
    """One line of the log, of voxrun's own."""
    context.journal.note("log", {"level": "warning", "text": text, "own": True})
