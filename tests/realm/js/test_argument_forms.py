"""Whatever a scenario passes to createASR, AMD.create and IVRState, the services get what they can read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.realm.js.conftest import EVALUATE, Platform

from voxrun.realm.stack import deepen_main_stack
from voxrun.services.arguments import Arguments

SCALARS = st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats(-9, 9) | st.text(max_size=8)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
FAST = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def options(*names: str) -> st.SearchStrategy[Any]:
    """An options object with some of these members, each of any kind; or anything else instead of it."""
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, VALUES)) | VALUES


ASR = options("profile", "lang", "phraseHints", "dict", "speechContexts", "adaptation", "interimResults")
AMD = options("model", "timeout", "thresholds", "call")
STATE = options("type", "prompt", "timeout", "inputLength", "inputValidator", "terminateOn", "nextStates")


@pytest.fixture(scope="module")
def one() -> Iterator[Platform]:
    """One platform for all examples: a failure in it would show in all that follow."""
    assert deepen_main_stack()
    platform = Platform()
    assert platform.boot(EVALUATE).error is None
    yield platform
    platform.realm.close()


def sent(platform: Platform, expression: str, arguments: list[Any], kind: str) -> Arguments:
    """The data of the one command that ``expression`` sends; the session goes on."""
    before = len(platform.sent(kind))
    platform.evaluate(expression, args=arguments)
    (command,) = platform.sent(kind)[before:]
    return Arguments(command)


@FAST
@example([{"profile": "en", "phraseHints": [["a", {"phrases": [{"value": "b"}]}], 7, None, {}]}])
@example(["en-US", ["yes", 3]])
@given(st.lists(ASR, max_size=2))
def test_create_asr_takes_anything(one: Platform, arguments: list[Any]) -> None:
    data = sent(one, "VoxEngine.createASR(...e.args).id().length", arguments, "asr.create")
    assert all(data.texts("hints", 100, 1000))
    data.text("language", 1000)
    assert data.flag("interim") in (True, False)


@FAST
@example([{"timeout": 7.5, "thresholds": {"human": 0.5, "voicemail": "x"}}])
@given(st.lists(AMD, max_size=2))
def test_amd_create_takes_anything(one: Platform, arguments: list[Any]) -> None:
    data = sent(one, "AMD.create(...e.args).id().length", arguments, "amd.create")
    assert data.number("timeout", 0, 20_000) == int(data.number("timeout", 0, 20_000))
    data.number("human", 0, 100)
    data.number("voicemail", 0, 100)


ENTER = (
    "(() => { require(Modules.IVR); const call = VoxEngine.callUser('bob');"
    " try { new IVRState(...e.args).enter(call); } catch (error) { return error.message; } })()"
)


@FAST
@example(["s", {"type": "select", "prompt": {"say": 7, "lang": None}, "timeout": "x", "nextStates": [1]}])
@given(st.lists(VALUES, max_size=1).flatmap(lambda name: STATE.map(lambda state: [*name, state])))
def test_an_ivr_state_enters_or_says_what_is_wrong(one: Platform, arguments: list[Any]) -> None:
    problem = one.evaluate(ENTER, args=arguments)
    assert problem is None or "type must be select" in problem
