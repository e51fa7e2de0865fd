"""Tools as calls declare them."""

from __future__ import annotations

from typing import Any

import pytest

from voxrun.emulators.ultravox.tools import (
    HANG_UP_ID,
    Tool,
    ToolAnswer,
    answer_from_message,
    hang_up_message,
    parameters,
    read_tools,
)
from voxrun.emulators.ultravox.values import Invalid


def temporary(**fields: Any) -> dict[str, Any]:
    return {"temporaryTool": {"modelToolName": "t", "client": {}, **fields}}


def only(entry: dict[str, Any]) -> Tool:
    (tool,) = read_tools([entry]).values()
    return tool


def test_a_client_tool_has_the_platforms_defaults() -> None:
    tool = only(temporary(dynamicParameters=[{"name": "bare"}], timeout=None))
    assert (tool.kind, tool.timeout, tool.reaction, tool.precomputable) == ("client", 2.5, "speaks", False)
    assert (tool.dynamic[0].kind, tool.dynamic[0].choices) == ("", ())  # no schema is legal


def test_overrides_rename_describe_and_hide() -> None:
    entry = {
        **temporary(dynamicParameters=[{"name": "city"}, {"name": "days"}]),
        "nameOverride": "weather",
        "descriptionOverride": "New.",
        "parameterOverrides": {"days": 3},
    }
    tool = only(entry)
    assert (tool.name, tool.description) == ("weather", "New.")
    assert [each.name for each in tool.dynamic] == ["city"]
    assert parameters(tool, {"city": "Rome"}, {}) == {"city": "Rome", "days": 3}


def test_hang_up_is_known_by_name_and_by_id_under_any_name() -> None:
    assert only({"toolName": "hangUp"}).built_in == "hangUp"
    tool = only({"toolId": HANG_UP_ID, "nameOverride": "finish"})
    assert (tool.name, tool.built_in) == ("finish", "hangUp")


@pytest.mark.parametrize(
    "entry",
    [
        temporary(modelToolName="two words"),
        temporary(modelToolName=None),
        temporary(http={}),
        temporary(client=None),
        temporary(timeout="41s"),
        temporary(timeout=2),
        temporary(defaultReaction="SINGS"),
        temporary(dynamicParameters={}),
        temporary(dynamicParameters=[{}]),
        temporary(dynamicParameters=[{"name": "a", "location": "PARAMETER_LOCATION_QUERY"}]),
        {**temporary(), "toolName": "hangUp"},
        {"toolId": "unknown"},
    ],
)
def test_what_is_no_tool_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        read_tools([entry])
    with pytest.raises(Invalid):
        read_tools([temporary(), temporary()])  # names are unique


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ({"result": "a"}, ToolAnswer("a")),
        ({"result": {"a": [1]}}, ToolAnswer('{"a": [1]}')),
        ({}, ToolAnswer()),
        ({"errorType": "undefined", "errorMessage": "gone"}, ToolAnswer(error="gone")),
        ({"error_type": "implementation-error"}, ToolAnswer(error="implementation-error")),
        (
            {"responseType": "new-stage", "agentReaction": "speaks-once"},
            ToolAnswer(response="new-stage", reaction="speaks-once"),
        ),
        ({"responseType": 5, "agentReaction": 5, "updateCallState": 5}, ToolAnswer()),
        ({"updateCallState": {"a": 1}}, ToolAnswer(state={"a": 1})),
    ],
)
def test_results_are_read(message: dict[str, Any], answer: ToolAnswer) -> None:
    assert answer_from_message(message) == answer


@pytest.mark.parametrize(
    ("result", "farewell"),
    [
        ('{"strict": true, "message": "Bye."}', "Bye."),
        ("{}", ""),
        ("[]", ""),
        ("Bye.", ""),
        ('{"message": 5}', ""),
    ],
)
def test_the_farewell_of_a_hang_up(result: str, farewell: str) -> None:
    assert hang_up_message(result) == farewell
