"""js/detect.js and js/transfer.js: methods of a call become commands, mistakes errors with their line."""

from __future__ import annotations

from typing import Any

import pytest
from tests.realm.js.conftest import Platform


@pytest.mark.parametrize(
    ("code", "kind", "data"),
    [
        ("playProgressTone('RU')", "progress", {"country": "RU"}),
        ("playProgressTone()", "progress", {"country": "US"}),
        ("enableBeepDetection()", "beep", {"on": True, "frequencies": []}),
        ("enableBeepDetection({frequencies: [1000, '440'], timeout: 5000.4})", "beep",
         {"on": True, "frequencies": [1000, 440], "timeout": 5000}),
        ("enableBeepDetection({timeout: -1})", "beep", {"on": True, "frequencies": []}),
        ("disableBeepDetection()", "beep", {"on": False}),
        ("monitorMediaStatistics({monitor: true, interval: 5})", "statistics", {"on": True, "interval": 5}),
        ("monitorMediaStatistics({monitor: false})", "statistics", {"on": False, "interval": 0}),
        ("monitorMediaStatistics({interval: 'x'})", "statistics", {"on": True, "interval": 0}),
        ("detectProgressTone()", "tonescan", {"what": "progress"}),
        ("detectVoicemailTone()", "tonescan", {"what": "voicemail"}),
        ("detectVoicemailTone(30)", "tonescan", {"what": "voicemail", "timeout": 30_000}),
        ("transferTo({to: 'sip:a@b', headers: {'X-A': 'b'}})", "transfer",
         {"to": "sip:a@b", "call": "", "headers": {"X-A": "b"}, "allowed": True}),
        ("transferTo('100')", "transfer", {"to": "100", "call": "", "headers": {}, "allowed": True}),
        ("transferTo({call})", "transfer", {"to": "100", "call": "c1", "headers": {}, "allowed": True}),
        ("handleBlindTransfer(true)", "handletransfer", {"on": True}),
        ("handleBlindTransfer(false)", "handletransfer", {"on": False}),
        ("notifyBlindTransferSuccess()", "transferred", {"code": 200, "reason": ""}),
        ("notifyBlindTransferFailed('486', 'Busy')", "transferred", {"code": 486, "reason": "Busy"}),
        ("notifyBlindTransferFailed()", "transferred", {"code": 603, "reason": ""}),
        ("reInvite()", "reinvite", {"headers": {}, "mime": "", "body": ""}),
        ("acceptReInvite(null, 'a/b', 'c')", "acceptreinvite", {"headers": {}, "mime": "a/b", "body": "c"}),
        ("rejectReInvite(null)", "rejectreinvite", {"headers": {}, "code": 488, "reason": ""}),
    ],
)  # fmt: skip
def test_methods_become_commands(platform: Platform, code: str, kind: str, data: dict[str, Any]) -> None:
    result = platform.call_in(f"call.{code};")
    assert result.error is None, result.error.message
    assert [(c.kind, dict(c.data)) for c in platform.sent("call.")] == [(f"call.{kind}", data)]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("enableBeepDetection({frequencies: 1000})", "frequencies must be a list of Hz, got 1000"),
        ("enableBeepDetection({frequencies: ['x']})", "a frequency must be a number, got x"),
    ],
)
def test_mistakes_are_errors_with_their_line(platform: Platform, code: str, message: str) -> None:
    error = platform.call_in(f"call.{code};").error
    assert error is not None
    assert message in error.message
    assert error.where.startswith("a.js:1:")


def test_events_that_take_work_are_asked_for_once_by_those_who_listen(platform: Platform) -> None:
    platform.call_in(
        "for (const name of ['StateChanged', 'StateChanged', 'Connected', 'ToneDetected',"
        " 'AudioQualityDetected']) call.addEventListener(CallEvents[name], () => {});"
    )
    assert [command.data["event"] for command in platform.sent("call.watch")] == [
        "Call.StateChanged",
        "Call.ToneDetected",
        "Call.AudioQualityDetected",
    ]
