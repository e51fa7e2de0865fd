"""CallList: there is no list here, so a report is journaled, and answered as the platform answers.

Command ``calllist.report`` {kind: "result" | "error" | "progress" | "next", data: text, JSON where the
scenario gave an object}; the answer is an event "@http" like that of any request (``services/http.py``).
"""

from __future__ import annotations

from typing import ClassVar, Final

from voxrun.errors import ScenarioError
from voxrun.services.arguments import Arguments
from voxrun.services.base import Service
from voxrun.session.messages import Command, Event, JsonObject

KINDS: Final = frozenset({"result", "error", "progress", "next"})

ANSWER: Final[JsonObject] = {"code": 200, "text": '{"result":1}', "headers": [], "raw_headers": ""}
"""The platform's answer to a report that it took."""


class CallListService(Service):
    """Takes reports."""

    handles: ClassVar[frozenset[str]] = frozenset({"calllist.report"})

    def execute(self, command: Command) -> None:
        data = Arguments(command)
        kind = data.needed("kind")
        if kind not in KINDS:
            raise ScenarioError(f"calllist.report: the kind must be one of {', '.join(sorted(KINDS))}")
        data.text("data")
        self.context.emit(Event("@http", command.target, dict(ANSWER)))
