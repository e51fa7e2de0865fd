"""SIP codes of a call and what they mean here (RFC 3261 section 21; the platform's own readings)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

NORMAL: Final = 200
"""internalCode of a call that was connected and ended in the normal way."""
CALL_LIMIT: Final = 403
INVALID_NUMBER: Final = 404
NO_ANSWER: Final = 408
CANCELLED: Final = 487
DECLINED: Final = 603

REASONS: Final[Mapping[int, str]] = {
    200: "Normal call clearing",
    402: "Insufficient funds",
    403: "Call limit reached",
    404: "Invalid number",
    408: "Request timeout",
    480: "Temporarily unavailable",
    486: "Busy here",
    487: "Request terminated",
    603: "Declined",
}


def ending(data: Mapping[str, Any], override: int | None) -> tuple[int, str]:
    """(code, reason) of an end; whatever a leg says, the call is over. ``override`` wins."""
    code, reason = data.get("code"), str(data.get("reason") or "")
    if override is not None:
        code, reason = override, ""
    if not isinstance(code, int) or not code:
        code = NORMAL
    return code, reason or REASONS.get(code, "")
