"""PyAV (FFmpeg), imported when it is first used: 30 MB and 100 ms that most calls in tests never need."""

from __future__ import annotations

from typing import Any


def pyav() -> Any:
    """The module ``av``, with ``av.error``."""
    import av
    import av.error

    return av
