"""Callees, stubs, faults and the rest around the steps."""

from __future__ import annotations

from pathlib import Path

from tests.replay.test_format import read

from voxrun.replay.script import Started


def test_a_started_session_and_everything_around(tmp_path: Path) -> None:
    script = read(
        tmp_path,
        """
start: {custom_data: {user: alice}}
callees: {"+49*": {rings: never, fails: {code: 486, reason: Busy, after: 3s}}, bob: {answers: never}}
http: [{url: "https://a/*", method: post, body: /x+/, reply: [{status: 500}, {json: [1]}, 404]}]
faults: {refuse: 429, stall: {after: 1s, for: 2s}, close: {after: 3s, code: 1011}, drop: 10, delay: 50ms}
secrets: {A: 0123}
limits: {idle_ms: 1000}
at: 2026-01-02T03:04:05Z
seed: 7
tags: [slow]
steps: [{wait: 1s}]
""",
    )
    assert script.call == Started('{"user":"alice"}')
    assert [callee.fails_code for callee in script.callees] == [486, 0]
    assert script.callees[1].answers_ms is None
    assert [reply.status for reply in script.stubs[0].replies] == [500, 200, 404]
    assert script.stubs[0].replies[1].body == b"[1]"
    assert (script.faults.refuse_status, script.faults.close_code, script.faults.drop_percent) == (
        429,
        1011,
        10,
    )
    assert script.secrets == {"A": "0123"}
    assert script.start_ms == 1767323045000
    assert (script.seed, script.tags) == (7, ("slow",))
