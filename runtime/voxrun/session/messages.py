"""What crosses the border between the realm and Python: events in, commands out.

A leaf module: it imports nothing of ours, and every room may import it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from msgspec import Struct, field

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
"""A JSON value."""

JsonObject: TypeAlias = dict[str, Json]
"""A JSON object."""


class Event(Struct, frozen=True):
    """Something that happened, on its way into the realm. Each event is a turn of its own.

    ``kind`` is either the platform's own event name ("Call.Connected", "Ultravox.WebSocketAPI.State")
    or, for what is not an event listeners can name, a word starting with "@" ("@timer", "@resolve").
    ``target`` is the id of the object it happened to, "" for the application. ``data`` holds the fields
    of the event object as the scenario sees them, live objects replaced by {"$ref": id}.
    """

    kind: str
    target: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


class Command(Struct, frozen=True):
    """Something the scenario asked for, on its way out of the realm.

    ``kind`` is dotted ("call.answer", "media.connect", "http.request"), ``target`` the id of the object
    it is for, ``data`` its arguments, ``where`` the scenario position "file:line:column" ("" if none).
    """

    kind: str
    target: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    where: str = ""
