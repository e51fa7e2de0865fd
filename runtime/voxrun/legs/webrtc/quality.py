"""How a call is doing, in figures."""

from __future__ import annotations

from msgspec import Struct


class Quality(Struct, frozen=True):
    """Counts of a call so far; times in ms. ``round_trip_ms`` is None until the far end has reported."""

    received: int = 0
    lost: int = 0
    concealed: int = 0
    """Lost packets that were made up."""
    jitter_ms: float = 0.0
    sent: int = 0
    round_trip_ms: float | None = None
    far_lost: int = 0
    """Packets of ours that the far end missed, as it reports."""
    far_jitter_ms: float = 0.0
