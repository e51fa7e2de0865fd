"""Journal records for pages: the last ones of recent sessions, then live."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from voxrun.server.ports import Observer, Runtime
from voxrun.session.hidden_keys import HiddenKeys
from voxrun.session.messages import Json, JsonObject

MAX_RECORDS: Final = 2000
"""Records kept of a session, and sent when a page begins to watch."""
MAX_SESSIONS: Final = 20


class Feed:
    """Keeps and passes on what ``Runtime.subscribe`` tells."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._kept: dict[str, deque[JsonObject]] = {}
        self._keys: dict[str, HiddenKeys] = {}
        self._observers: list[Observer] = []
        self._stop = runtime.subscribe(self._record)

    def close(self) -> None:
        """No more records."""
        self._stop()

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """Tell ``observer`` every record from now on; returns what ends it."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer) if observer in self._observers else None

    def history(self, session: str) -> list[tuple[str, JsonObject]]:
        """The last records of a session, or of all ("*")."""
        names = list(self._kept) if session == "*" else [session] if session in self._kept else []
        return [(name, record) for name in names for record in self._kept[name]][-MAX_RECORDS:]

    def states(self) -> list[JsonObject]:
        """Sessions for ``welcome``, newest last."""
        newest = list(self._runtime.sessions())[-MAX_SESSIONS:]
        return [dict[str, Json](id=session.id, state=session.state) for session in newest]

    def files(self, session_id: str, address: Callable[[str, str], str]) -> JsonObject:
        """Where a session is kept: ``folder`` and ``files`` (name and URL), nothing when it is not kept.

        ``address`` gives the URL of a file from session id and name.
        """
        folder = next((s.folder for s in self._runtime.sessions() if s.id == session_id), None)
        if folder is None or not folder.is_dir():
            return {}
        names = sorted(path.name for path in folder.iterdir() if path.is_file())
        listed: list[Json] = [{"name": name, "url": address(session_id, name)} for name in names]
        return {"folder": str(folder), "files": listed}

    def _record(self, session: str, record: JsonObject) -> None:
        if session not in self._kept:
            self._kept[session] = deque(maxlen=MAX_RECORDS)
            self._keys[session] = HiddenKeys()
            while len(self._kept) > MAX_SESSIONS:
                oldest = next(iter(self._kept))
                del self._kept[oldest], self._keys[oldest]
        shown = self._keys[session].shown(record)
        self._kept[session].append(shown)
        for observer in tuple(self._observers):
            observer(session, shown)
