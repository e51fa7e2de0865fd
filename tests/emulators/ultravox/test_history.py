"""Messages of a call and their ordinals."""

from __future__ import annotations

from voxrun.emulators.ultravox.history import History


def test_every_message_takes_an_ordinal_and_keeps_its_place() -> None:
    history = History("stage-1")
    assert history.add("AGENT", "Hello there.", medium="voice", start=1.0, end=2.5) == 0
    assert history.add("TOOL_CALL", "", invocationId="i", toolName="t") == 1
    history.stage_id = "stage-2"
    assert history.add("TOOL_RESULT", "5", invocationId="i", toolName="t", errorDetails="") == 2
    first, second, third = history.messages()
    assert first == {
        "role": "MESSAGE_ROLE_AGENT",
        "text": "Hello there.",
        "medium": "MESSAGE_MEDIUM_VOICE",
        "callStageMessageIndex": 0,
        "callStageId": "stage-1",
        "timespan": {"start": "1s", "end": "2.5s"},
    }
    assert (second["toolName"], third["callStageId"]) == ("t", "stage-2")
    assert "errorDetails" not in third


def test_an_utterance_that_was_cut_keeps_what_was_heard() -> None:
    history = History("s")
    ordinal = history.add("AGENT", "Hello there.", start=1.0, end=2.5)
    history.revise(ordinal, "Hello", 1.4)
    (message,) = history.messages()
    assert (message["text"], message["timespan"]) == ("Hello", {"start": "1s", "end": "1.4s"})
