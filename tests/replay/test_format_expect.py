"""What a call script expects, as it is read."""

from __future__ import annotations

from pathlib import Path

from tests.replay.test_format import read, wrong

from voxrun.replay.script import Expect


def test_expectations_with_their_options(tmp_path: Path) -> None:
    script = read(
        tmp_path,
        """
steps:
  - expect: answered
  - expect: {tool: book, with: {day: monday}, result: /ok/, within: 3s, count: 2}
  - expect: [{log: a}, {log: b, absent: true}]
  - expect: {any_order: [ended, {http: "https://*"}], within: 1s}
  - expect: {audio: {level: [-40, -10]}}
""",
    )
    steps = [step for step in script.steps if isinstance(step, Expect)]
    tool = steps[1].wishes[0]
    assert (tool.kind, tool.within_ms, tool.count) == ("tool", 3000, 2)
    assert tool.fields == {"$result": "/ok/", "day": "monday"}
    assert [wish.absent for wish in steps[2].wishes] == [False, True]
    assert (steps[3].any_order, steps[3].within_ms) == (True, 1000)
    assert (steps[4].wishes[0].low, steps[4].wishes[0].high) == (-40, -10)


def test_of_a_websocket_only_what_it_hears_can_be_expected(tmp_path: Path) -> None:
    head = "websockets: [{url: 'wss://a', name: bot}]\nsteps:\n  - "
    assert read(tmp_path, head + "expect: {caller_hears: hello, as: bot}").steps
    for step in ("expect: {answered: , as: bot}", "expect: {dtmf: 1, as: bot}"):
        assert "bot is a WebSocket: of one caller_hears, audio, websocket can" in wrong(tmp_path, head + step)
    assert "bot is a WebSocket, and none has anything like 'hold'" in wrong(
        tmp_path, head + "hold: {as: bot}"
    )
