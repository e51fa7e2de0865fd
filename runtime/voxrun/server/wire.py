"""Messages of the softphone: JSON text to a checked dataclass (docs/signalling.md has the table).

A table of fields says what each type takes. What does not fit raises ``BadMessage``, whose text goes to
the page as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct

from voxrun.session.messages import JsonObject

MAX_MESSAGE_BYTES: Final = 64 * 1024
MAX_SDP_BYTES: Final = 32 * 1024
MAX_TEXT_BYTES: Final = 8192
"""Of sendInfo and sendMessage (a platform limit)."""
MAX_HEADER_BYTES: Final = 4095
"""All headers of a call together (a platform limit); one may have 200."""
MAX_CUSTOM_DATA_BYTES: Final = 2000
KINDS: Final = ("user", "pstn", "sip", "whatsapp")
CALL_ID: Final = re.compile(r"(?!in-)[A-Za-z0-9_-]{1,64}")
ANY_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
USER: Final = re.compile(r"\*|[A-Za-z0-9._+@-]{1,64}")
DIGITS: Final = re.compile(r"[0-9*#A-Da-d]{1,64}")
HEADER_NAME: Final = re.compile(r"(?:[Xx]-|VI-|User-to-User$)[A-Za-z0-9_.-]{0,100}")


class BadMessage(Exception):
    """A message of the page that cannot be used. ``str()`` is for the page's user."""

    def __init__(self, message: str, *, re_: str = "", call_id: str = "", field: str = "") -> None:
        super().__init__(message)
        self.re = re_
        self.call_id = call_id
        self.field = field

    def reply(self) -> JsonObject:
        """The ``error`` message about it."""
        reply: JsonObject = {"type": "error", "message": str(self)}
        for key, value in (("id", self.call_id), ("field", self.field), ("re", self.re)):
            if value:
                reply[key] = value
        return reply


class ClientMessage(Struct, frozen=True):
    """A checked message: ``fields`` are exactly those of the table, defaults filled in."""

    type: str
    fields: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The call it is about, "" if none."""
        return str(self.fields.get("id", ""))

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]


_REQUIRED: Final = object()
Check = Callable[[Any], Any]
"""Returns the value to use, or raises ValueError whose text completes "<field> must be ..."."""


def _pattern(pattern: re.Pattern[str], what: str) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError(what)
        return value

    return check


def _text(most: int, *, least: int = 0) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, str) or not least <= len(value.encode()) <= most:
            raise ValueError(f"text of {least} to {most} bytes" if least else f"text of at most {most} bytes")
        return value

    return check


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _code(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 300 <= value <= 699:
        raise ValueError("a SIP code from 300 to 699")
    return value


def _kind(value: Any) -> str:
    if value not in KINDS:
        raise ValueError(f"one of {', '.join(KINDS)}")
    return str(value)


def check_headers(value: Any) -> dict[str, str]:
    """Headers of a call. Raises ValueError that completes "headers must be ..."."""
    if not isinstance(value, dict):
        raise ValueError('an object such as {"X-Name": "value"}')
    for name, content in value.items():
        if not HEADER_NAME.fullmatch(name):
            raise ValueError(f'headers whose names begin with "X-" (not "{name[:40]}")')
        if not isinstance(content, str) or len(content.encode()) > 200 or "\n" in content or "\r" in content:
            raise ValueError(f'text of at most 200 bytes in one line for "{name}"')
    if sum(len(n) + len(c.encode()) + 4 for n, c in value.items()) > MAX_HEADER_BYTES:
        raise ValueError(f"at most {MAX_HEADER_BYTES} bytes in all")
    return dict(value)


def _anything(value: Any) -> Any:
    return value


_CALL_ID = _pattern(CALL_ID, 'A-Z, a-z, 0-9, "_" or "-", 1 to 64 of them, not beginning with "in-"')
_ANY_ID = _pattern(ANY_ID, "the id of a call")
_HEADERS: tuple[Check, Any] = (check_headers, {})
_ID = (_ANY_ID, _REQUIRED)

TABLE: Final[Mapping[str, Mapping[str, tuple[Check, Any]]]] = {
    "register": {
        "user": (_pattern(USER, '"*", or letters, digits and . _ - + @, 1 to 64 of them'), "*"),
        "displayName": (_text(200), ""),
        "ringing": (_flag, True),
    },
    "unregister": {},
    "call": {
        "id": (_CALL_ID, _REQUIRED),
        "to": (_text(200, least=1), _REQUIRED),
        "from": (_text(200), ""),
        "displayName": (_text(200), ""),
        "kind": (_kind, "user"),
        "headers": _HEADERS,
        "customData": (_text(MAX_CUSTOM_DATA_BYTES), ""),
        "sdp": (_text(MAX_SDP_BYTES, least=1), _REQUIRED),
    },
    "ringing": {"id": _ID, "headers": _HEADERS},
    "early": {"id": _ID, "sdp": (_text(MAX_SDP_BYTES, least=1), _REQUIRED), "headers": _HEADERS},
    "answer": {"id": _ID, "sdp": (_text(MAX_SDP_BYTES, least=1), None), "headers": _HEADERS},
    "decline": {"id": _ID, "code": (_code, 603), "reason": (_text(200), "")},
    "dtmf": {"id": _ID, "digits": (_pattern(DIGITS, "1 to 64 of 0-9 * # A-D"), _REQUIRED)},
    "info": {
        "id": _ID,
        "mime": (_text(200, least=1), _REQUIRED),
        "body": (_text(MAX_TEXT_BYTES), _REQUIRED),
        "headers": _HEADERS,
    },
    "message": {"id": _ID, "text": (_text(MAX_TEXT_BYTES), _REQUIRED)},
    "hold": {"id": _ID, "on": (_flag, _REQUIRED)},
    "hangup": {"id": _ID, "headers": _HEADERS},
    "start": {"customData": (_text(MAX_CUSTOM_DATA_BYTES), "")},
    "watch": {"session": (_text(200), _REQUIRED)},
    "ping": {"t": (_anything, None)},
}
"""Type -> field -> (check, default). ``_REQUIRED`` has no default."""


def parse(text: str) -> ClientMessage:
    """Read one message of the page. Raises BadMessage."""
    if len(text) > MAX_MESSAGE_BYTES or len(text.encode("utf-8", "replace")) > MAX_MESSAGE_BYTES:
        raise BadMessage(f"This message is too big: at most {MAX_MESSAGE_BYTES} bytes.")
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise BadMessage("This message is not JSON.") from None
    if not isinstance(value, dict):
        raise BadMessage('A message must be a JSON object with a "type".')
    kind = value.get("type")
    if not isinstance(kind, str) or kind not in TABLE:
        known = ", ".join(TABLE)
        raise BadMessage(f"Unknown message type {_show(kind)}. There is: {known}.", field="type")
    try:
        text.encode()
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise BadMessage("This message has half a surrogate pair in a text.", re_=kind) from None
    return ClientMessage(kind, _fields(kind, value))


def _fields(kind: str, value: dict[str, Any]) -> dict[str, Any]:
    given = value.get("id")
    call_id = given if isinstance(given, str) and ANY_ID.fullmatch(given) else ""
    fields = {}
    for name, (check, default) in TABLE[kind].items():
        if value.get(name) is None:  # null is as good as missing
            if default is _REQUIRED:
                raise BadMessage(f'"{kind}" needs "{name}".', re_=kind, call_id=call_id, field=name)
            fields[name] = default
            continue
        try:
            fields[name] = check(value[name])
        except ValueError as error:
            message = f'"{name}" of "{kind}" must be {error}.'
            raise BadMessage(message, re_=kind, call_id=call_id, field=name) from None
    return fields


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _show(value: object) -> str:
    return json.dumps(value)[:60]
