"""The tables of the Ultravox client, and what it makes of a scenario's parameters."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voxrun.connectors.rest import RestAnswer
from voxrun.connectors.ultravox_protocol import (
    CLIENT_BUFFER_MS,
    CLOUD_URL,
    EVENT_OF_MESSAGE,
    decode,
    encode,
    join_url_of,
    plan,
    refusal,
)
from voxrun.errors import ScenarioError

JSON_OBJECTS: Any = st.dictionaries(
    st.text(max_size=8),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=2),
        max_leaves=4,
    ),
    max_size=3,
)


def test_the_cloud_is_where_its_documentation_says() -> None:
    made = plan({"endpoint": "CreateCall"}, CLOUD_URL)
    assert made.create is not None
    assert made.create.url == "https://api.ultravox.ai/api/calls"


def test_a_base_url_with_a_slash_at_its_end_is_the_same() -> None:
    made = plan({"endpoint": "CreateAgentCall", "pathParameters": {"agent_id": 7}}, "http://127.0.0.1:9/api/")
    assert made.create is not None
    assert made.create.url == "http://127.0.0.1:9/api/agents/7/calls"


def test_the_connector_s_medium_is_added_and_a_scenario_s_own_settings_of_it_stay() -> None:
    data = {"debug": True}
    body = {
        "medium": {"serverWebSocket": {"dataMessages": data, "clientBufferSizeMs": 30000}},
        "voice": "Mark",
    }
    made = plan({"endpoint": "CreateCall", "body": body}, CLOUD_URL)
    assert made.create is not None
    assert made.create.body == {
        "medium": {
            "serverWebSocket": {
                "inputSampleRate": 16000,
                "outputSampleRate": 16000,
                "clientBufferSizeMs": 30000,
                "dataMessages": data,
            }
        },
        "voice": "Mark",
    }
    assert "inputSampleRate" not in body["medium"]["serverWebSocket"]  # type: ignore[operator]
    assert CLIENT_BUFFER_MS == 1000


def test_lists_in_the_query_repeat_the_name_and_null_is_left_out() -> None:
    query = {"a": [1, 2], "b": None, "c": True, "d": "x"}
    made = plan({"endpoint": "CreateCall", "queryParameters": query}, CLOUD_URL)
    assert made.create is not None
    assert made.create.query == (("a", "1"), ("a", "2"), ("c", "true"), ("d", "x"))


@settings(deadline=None)  # the machine is shared
@given(st.dictionaries(st.sampled_from(["endpoint", "body", "authorizations", "joinUrl"]), JSON_OBJECTS))
def test_whatever_a_scenario_gives_is_a_plan_or_a_scenario_error(params: Any) -> None:
    for endpoint in ("CreateCall", "CreateAgentCall", "JoinCall", params.get("endpoint")):
        with contextlib.suppress(ScenarioError):
            plan({**params, "endpoint": endpoint}, CLOUD_URL)


@settings(deadline=None)  # the machine is shared
@given(st.text())
def test_whatever_ultravox_says_is_an_event(text: str) -> None:
    name, _ = decode(text)
    assert name == "Unknown" or name in EVENT_OF_MESSAGE.values()


def test_a_transcript_always_has_a_text_as_on_the_platform() -> None:
    delta = '{"type":"transcript","role":"agent","medium":"voice","delta":" this","final":false,"ordinal":0}'
    name, payload = decode(delta)
    assert name == "Transcript"
    assert isinstance(payload, dict)
    assert (payload["text"], payload["delta"]) == ("", " this")


def test_a_type_that_was_given_stays_and_null_counts_as_left_out() -> None:
    assert encode("hangUp", {"type": "something_new"}) == {"type": "something_new"}
    assert encode("hangUp", {"type": None, "message": "x"}) == {"type": "hang_up", "message": "x"}


@pytest.mark.parametrize(
    "body", [None, "", [], {}, {"joinUrl": None}, {"joinUrl": 7}, {"joinUrl": "https://x"}]
)
def test_an_answer_without_an_address_to_join_has_none(body: Any) -> None:
    assert join_url_of(RestAnswer(201, "Created", {}, body)) is None


def test_a_refusal_without_a_body_or_a_hint_is_still_a_sentence() -> None:
    assert (
        refusal(RestAnswer(418, "I'm a teapot", {}, ""))
        == "Ultravox refused the call with HTTP 418 I'm a teapot"
    )
    assert refusal(RestAnswer(599, "", {}, "")) == "Ultravox refused the call with HTTP 599"
