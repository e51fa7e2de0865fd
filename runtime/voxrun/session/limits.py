"""The platform's limits, on by default; ``[limits]`` in voxrun.toml can raise them.

Source of the figures: docs.voximplant.ai, "Limits and restrictions", saved 2026-09.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import asdict


class Limits(Struct, frozen=True):
    """One field a limit; times in ms where the name says so."""

    memory_mb: int = 16
    """JavaScript heap of a session, MB."""
    turn_ms: int = 1000
    """CPU of one callback, ms."""
    script_chars: int = 256 * 1024
    """Characters of one scenario."""
    timers: int = 100
    """Active timers of a session."""
    players: int = 10
    """Media players of a session."""
    http_active: int = 3
    """HTTP requests under way at once; more wait."""
    http_total: int = 35
    """HTTP requests under way and waiting; one more throws."""
    http_response_bytes: int = 2 * 1024 * 1024
    calls: int = 50
    """Call attempts of a session, in and out; one more fails with 403."""
    conference_calls: int = 100
    """Calls that are in a session started by ``callConference`` at a time; one more fails with 403."""
    conference_endpoints: int = 100
    """Endpoints of one conference."""
    calls_progressing: int = 10
    """Outgoing calls that are not answered yet; one more fails with 403."""
    refers: int = 10
    """Transfers of one call (SIP REFER); one more fails with 403."""
    header_bytes: int = 200
    """One header of a call; a longer one is left out."""
    headers_bytes: int = 4095
    """All headers of a message of a call together; what is over is left out."""
    answer_ms: int = 60_000
    """No answer for this long: incoming calls are dropped, outgoing ones fail with 408."""
    early_media_ms: int = 60_000
    idle_ms: int = 60_000
    """A session without calls ends after this."""
    pending_http_ms: int = 90_000
    """How long the end of a session waits for HTTP requests under way."""
    say_chars: int = 1500
    """Characters of one text to speak."""
    play_bytes: int = 10 * 1024 * 1024
    """Size of a file to play."""
    play_download_ms: int = 12_000
    websockets: int = 100
    """Open WebSockets of a session; voxrun's own figure, the platform tells none."""
    websocket_chars: int = 1024 * 1024
    """Characters of one WebSocket message, either way; voxrun's own figure."""

    def as_dict(self) -> dict[str, int]:
        """Name -> figure, as the realm gets it."""
        return asdict(self)
