"""Reads cassettes (the format is in ``cassette``): records in the order of the file, sorted by what they
belong to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from voxrun.connectors.transport import SocketClosed
from voxrun.errors import ConfigError
from voxrun.replay.cassette import (
    FILE_NAME,
    PROVIDER,
    VERSION,
    VISIT,
    Answer,
    Cassette,
    Incoming,
    PartyEvent,
    TapedAccess,
    TapedLeg,
    TapedRequest,
    TapedSocket,
    TapedUtterance,
)
from voxrun.services.storage import Item
from voxrun.session.messages import JsonObject


def read_cassette(folder: Path) -> Cassette:
    """Read a cassette; a last line that was cut by a kill is left out. Raises ConfigError with file:line."""
    path = folder / FILE_NAME
    try:
        lines = path.read_bytes().decode("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}. A cassette's folder is wanted.") from None
    reader: _Reader | None = None
    for number, record in _records(path, lines):
        try:
            if reader is None:
                reader = _Reader(_opened(folder, path, record))
            else:
                reader.line = number
                reader.take(record)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise ConfigError(f"{path}:{number}: this record is damaged: {error!r}") from None
    if reader is None:
        raise ConfigError(f"{path}:1: this is no cassette of voxrun: its first record must be the header")
    return reader.cassette


def _records(path: Path, lines: list[str]) -> Iterator[tuple[int, JsonObject]]:
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            if number == len(lines):
                return
            raise ConfigError(f"{path}:{number}: no JSON: {error}") from None
        if not isinstance(record, dict):
            raise ConfigError(f"{path}:{number}: a record must be an object")
        yield number, record


def _opened(folder: Path, path: Path, record: JsonObject) -> Cassette:
    if record.get("k") != "header":
        raise ConfigError(f"{path}:1: this is no cassette of voxrun: its first record must be the header")
    if record.get("version") != VERSION:
        raise ConfigError(
            f"{path}:1: cassette version {record.get('version')}, this voxrun plays version {VERSION}"
        )
    journal = record["journal"]
    numbers = ("seed", "startMs")
    if not isinstance(journal, dict) or not all(isinstance(journal.get(each), int) for each in numbers):
        raise ConfigError(f"{path}:1: the header is damaged: it has no journal header with seed and startMs")
    return Cassette(folder, record, journal)


class _Reader:
    """Sorts records by what they belong to."""

    def __init__(self, cassette: Cassette) -> None:
        self.cassette = cassette
        self.line = 1
        """Of the record that is being read."""
        self._files: dict[str, tuple[bytes, int]] = {}

    def take(self, record: dict[str, Any]) -> None:
        """One record; kinds of later versions are passed over."""
        self.cassette.last_t = max(self.cassette.last_t, int(record["t"]))
        handler = getattr(self, f"_on_{record['k']}", None)
        if handler is not None:
            handler(int(record["t"]), record)

    # -- legs

    def _on_leg(self, t: int, record: dict[str, Any]) -> None:
        number = int(record["leg"])
        self.cassette.legs[number] = TapedLeg(number, t, bool(record["incoming"]), str(record["client"]))

    def _on_alerting(self, t: int, record: dict[str, Any]) -> None:
        self.cassette.legs[record["leg"]].info = dict(record["data"])

    _on_dial = _on_alerting

    def _on_command(self, t: int, record: dict[str, Any]) -> None:
        self.cassette.legs[record["leg"]].commands.append((t, str(record["kind"])))

    def _on_party(self, t: int, record: dict[str, Any]) -> None:
        event = PartyEvent(t, str(record["what"]), dict(record["data"]))
        self.cassette.legs[record["leg"]].events.append(event)

    def _on_sound(self, t: int, record: dict[str, Any]) -> None:
        self.cassette.legs[record["leg"]].sound_t = t

    # -- HTTP

    def _on_request(self, t: int, record: dict[str, Any]) -> None:
        number = int(record["http"])
        content = {key: record[key] for key in ("method", "url", "query", "body")}
        self.cassette.requests[number] = TapedRequest(number, t, str(record["via"]), content, line=self.line)

    def _on_response(self, t: int, record: dict[str, Any]) -> None:
        headers = [(str(name), str(value)) for name, value in record["headers"]]
        answer = Answer(t, int(record["status"]), headers, dict(record["body"]))
        self.cassette.requests[record["http"]].answer = answer

    def _on_failure(self, t: int, record: dict[str, Any]) -> None:
        answer = Answer(t, error=str(record["error"]), message=str(record["message"]))
        self.cassette.requests[record["http"]].answer = answer

    # -- WebSockets

    def _on_connect(self, t: int, record: dict[str, Any]) -> None:
        number = int(record["socket"])
        via = str(record.get("via", PROVIDER))
        socket = TapedSocket(number, t, str(record["url"]), str(record["host"]), via)
        socket.secret, socket.scheme = str(record.get("secret", "")), str(record.get("scheme", "wss"))
        self.cassette.sockets[number] = socket

    def _on_visit(self, t: int, record: dict[str, Any]) -> None:
        number = int(record["socket"])
        headers = tuple((str(name), str(value)) for name, value in record["headers"])
        socket = TapedSocket(number, t, str(record["path"]), "", VISIT, headers=headers, opened=t)
        self.cassette.sockets[number] = socket

    def _on_open(self, t: int, record: dict[str, Any]) -> None:
        self.cassette.sockets[record["socket"]].opened = t

    def _on_refused(self, t: int, record: dict[str, Any]) -> None:
        socket = self.cassette.sockets[record["socket"]]
        socket.refused, socket.refused_t = str(record["message"]), t

    def _on_in(self, t: int, record: dict[str, Any]) -> None:
        if "audio" in record:
            payload: str | bytes = self._audio(f"socket-{int(record['socket'])}-in.pcm", int(record["audio"]))
        elif "json" in record:
            payload = json.dumps(record["json"], ensure_ascii=False, separators=(",", ":"))
        else:
            payload = str(record["text"])
        self._arrived(t, self.cassette.sockets[record["socket"]], payload)

    def _on_out(self, t: int, record: dict[str, Any]) -> None:
        if "audio" not in record and "media" not in record:
            content: JsonObject = {key: record[key] for key in ("json", "text") if key in record}
            self.cassette.sockets[record["socket"]].outgoing.append((t, content))

    def _on_closed(self, t: int, record: dict[str, Any]) -> None:
        if record["by"] == PROVIDER:
            closed = SocketClosed(int(record["code"]), str(record["reason"]), bool(record["clean"]))
            self._arrived(t, self.cassette.sockets[record["socket"]], closed)

    def _arrived(self, t: int, socket: TapedSocket, payload: str | bytes | SocketClosed) -> None:
        since = socket.outgoing[-1][0] if socket.outgoing else socket.opened
        assert since is not None or not socket.incoming
        delay = t - (since if since is not None else t)
        socket.incoming.append(Incoming(len(socket.outgoing), delay, payload))

    def _audio(self, name: str, size: int) -> bytes:
        if name not in self._files:
            path = self.cassette.folder / name
            self._files[name] = (path.read_bytes() if path.exists() else b"", 0)
        content, start = self._files[name]
        self._files[name] = (content, start + size)
        # What a kill or a broken disk took away was silence for all we know.
        return content[start : start + size].ljust(size, b"\0")

    # -- the scenario's own ASR

    def _on_recogniser(self, t: int, record: dict[str, Any]) -> None:
        self.cassette.recogniser = str(record["missing"])

    def _on_utterance(self, t: int, record: dict[str, Any]) -> None:
        self.cassette.utterances.append(TapedUtterance(t))

    def _on_understood(self, t: int, record: dict[str, Any]) -> None:
        taped = self.cassette.utterances[int(record["asr"]) - 1]
        text = record.get("text")
        taped.answered, taped.text = t, None if text is None else str(text)
        taped.confidence, taped.error = int(record.get("confidence", 0)), str(record.get("error", ""))

    def _on_so_far(self, t: int, record: dict[str, Any]) -> None:
        self.cassette.so_far.append((t, str(record["text"])))

    # -- the session

    def _on_access(self, t: int, record: dict[str, Any]) -> None:
        headers = tuple((str(item["key"]), str(item["value"])) for item in record["headers"])
        access = TapedAccess(t, str(record["method"]), str(record["path"]), str(record["content"]), headers)
        self.cassette.access.append(access)

    def _on_stored(self, t: int, record: dict[str, Any]) -> None:
        item = Item(str(record["key"]), str(record["value"]), int(record["expireAt"]))
        self.cassette.stored.append(item)

    def _on_end(self, t: int, record: dict[str, Any]) -> None:
        self.cassette.end = str(record["reason"])
