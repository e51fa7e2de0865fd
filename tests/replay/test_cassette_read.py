"""Reading cassettes: what belongs to what, and what a damaged one says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from voxrun.connectors.transport import SocketClosed
from voxrun.errors import ConfigError
from voxrun.replay.cassette_read import read_cassette

HEADER = {"t": 0, "k": "header", "version": 1, "journal": {"seed": 1, "startMs": 0}}


def cassette(folder: Path, *records: dict[str, Any], tail: str = "") -> Path:
    lines = [json.dumps(record) for record in records]
    (folder / "cassette.jsonl").write_text("\n".join(lines) + "\n" + tail)
    return folder


def test_messages_of_the_provider_hang_on_the_client_message_before_them(tmp_path: Path) -> None:
    (tmp_path / "socket-1-in.pcm").write_bytes(b"\1\2\3\4")
    read = read_cassette(
        cassette(
            tmp_path,
            HEADER,
            {"t": 10, "k": "connect", "socket": 1, "url": "u", "host": "h"},
            {"t": 30, "k": "open", "socket": 1},
            {"t": 40, "k": "in", "socket": 1, "json": {"a": 1}},
            {"t": 100, "k": "out", "socket": 1, "audio": 640},
            {"t": 200, "k": "out", "socket": 1, "text": "hi"},
            {"t": 250, "k": "in", "socket": 1, "audio": 2},
            {"t": 260, "k": "in", "socket": 1, "audio": 4},
            {
                "t": 300,
                "k": "closed",
                "socket": 1,
                "by": "provider",
                "code": 1006,
                "reason": "",
                "clean": False,
            },
            {"t": 400, "k": "of a later version"},
        )
    )
    (socket,) = read.sockets.values()
    assert [(i.after, i.delay) for i in socket.incoming] == [(0, 10), (1, 50), (1, 60), (1, 100)]
    assert [i.payload for i in socket.incoming[:3]] == ['{"a":1}', b"\1\2", b"\3\4\0\0"]
    assert isinstance(socket.incoming[3].payload, SocketClosed)
    assert socket.outgoing == [(200, {"text": "hi"})]
    assert (read.last_t, read.end) == (400, None)


def test_a_last_line_that_was_cut_is_left_out(tmp_path: Path) -> None:
    end = {"t": 1, "k": "end", "reason": "x"}
    assert read_cassette(cassette(tmp_path, HEADER, end, tail='{"t":')).end == "x"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ":1: this is no cassette"),
        ("no json\n{}\n", ":1: no JSON"),
        ("[]\n{}\n", ":1: a record must be an object"),
        ('{"k":"leg"}\n', ":1: this is no cassette"),
        ('{"k":"header","version":9}\n', "version 9, this voxrun plays version 1"),
        ('{"k":"header","version":1,"journal":{}}\n', "no journal header"),
        ('{"k":"header","version":1}\n', ":1: this record is damaged"),
        (json.dumps(HEADER) + '\n{"k":"in","socket":1,"t":0,"json":{}}\n', ":2: this record is damaged"),
        (json.dumps(HEADER) + '\n{"k":"leg"}\n', ":2: this record is damaged"),
        ("\x00\xff", "no JSON|cannot be read|no cassette"),
    ],
)
def test_a_damaged_cassette_is_one_clear_error(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "cassette.jsonl").write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError, match=message):
        read_cassette(tmp_path)


def test_a_folder_without_one_says_what_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cassette's folder is wanted"):
        read_cassette(tmp_path)
