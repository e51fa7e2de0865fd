"""Journals written by hand, for what no call of a test does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from voxrun.report.reading import Record, read_session

CALL = "c0ffee"
CLIENT = "a11ce"


class Writing:
    """Collects records."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []
        self.add(
            0,
            "header",
            version=1,
            voxrun="0.1.0",
            seed=1,
            startMs=1736154000000,
            scripts=[{"name": "x/a.js"}],
        )

    def add(self, t: int, k: str, **fields: Any) -> None:
        self.records.append({"n": len(self.records), "t": t, "k": k, **fields})

    def event(self, t: int, kind: str, id: str = CALL, **data: Any) -> None:
        self.add(t, "event", kind=kind, id=id, data=data)

    def command(self, t: int, kind: str, id: str = CALL, where: str = "x/a.js:5:3", **data: Any) -> None:
        self.add(t, "command", kind=kind, id=id, data=data, where=where)

    def wire(self, t: int, direction: str, what: str, payload: Any, id: str = CLIENT) -> None:
        self.add(t, "wire", dir=direction, what=what, id=id, payload=payload)

    def ultravox(self, t: int, name: str, **payload: Any) -> None:
        data = {"customEvent": name, "payload": payload}
        self.event(t, f"Ultravox.WebSocketAPI.{name}", CLIENT, data=data)

    def transcript(self, t: int, role: str, ordinal: int, final: bool, **text: str) -> None:
        self.ultravox(t, "Transcript", role=role, ordinal=ordinal, final=final, medium="voice", **text)

    def save(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(record) for record in self.records]
        (folder / "journal.jsonl").write_text("\n".join(lines) + "\n")
        return folder

    def read(self, folder: Path) -> tuple[Record, ...]:
        return read_session(self.save(folder)).records
