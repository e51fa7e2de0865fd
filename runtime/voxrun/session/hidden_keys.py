"""Logger.hideTones: keys that are pressed stay out of what people read (cards, PINs).

The journal keeps them, for a replay needs them; logs, terminals, pages and reports get stars.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

HIDE: Final = "log.tones"
RECEIVED: Final = "Call.ToneReceived"
SENT: Final = "call.dtmf"
STAR: Final = "*"


class HiddenKeys:
    """What to show of the records of one session, which come in order."""

    def __init__(self) -> None:
        self._hide = False

    def shown(self, record: dict[str, Any]) -> dict[str, Any]:
        """The record, with stars for keys while the scenario hides them."""
        data = record.get("data")
        if not isinstance(data, Mapping):
            return record
        kind = record.get("kind")
        if kind == HIDE and record.get("k") == "command":
            self._hide = data.get("hide") is True
        if not self._hide:
            return record
        if kind == RECEIVED and "tone" in data:
            return {**record, "data": {**data, "tone": STAR}}
        if kind == SENT and isinstance(data.get("digits"), str):
            return {**record, "data": {**data, "digits": STAR * len(data["digits"])}}
        return record
