"""js/playback.js: call.say and call.startPlayback in every form that is found in scenarios."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.realm.js.conftest import EVALUATE, Platform

from voxrun.services.arguments import Arguments
from voxrun.services.material import File, Phrase, Script, Sequence, read_file, read_material, read_phrase


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ('say("hi", {progressivePlayback: true})', {"progressive": True, "voice": ""}),
        ('say("hi", {request: {voice: 1}})', {"voice": ""}),
        ('say("hi", VoiceList.Amazon.X)', {"voice": "VoiceList.Amazon.X"}),
        ('say("hi", {name: "Mark"})', {"voice": '{"name":"Mark"}'}),
        ("say()", {"text": ""}),
        ('startPlayback("u", {progressivePlayback: true})', {"progressive": True, "loop": False}),
        ('startPlayback({url: "u", headers: {A: "b"}}, {loop: 1})', {"headers": [["A", "b"]], "loop": True}),
        ('startPlayback("u", null)', {"loop": False}),
    ],
)
def test_forms(platform: Platform, code: str, data: dict[str, Any]) -> None:
    result = platform.call_in(f"call.{code};")
    assert result.error is None, result.error.message
    (sent,) = platform.sent("call.")
    assert {name: sent.data[name] for name in data} == data


VALUES = st.recursive(
    st.sampled_from(
        ["undefined", "null", "true", "0", "NaN", "1e9", "''", "'u'", "'http://x/a.mp3'", "[]", "{}",
         "Symbol.iterator", "() => 1", "Language.X", "VoiceList.Amazon", "new Date(0)", "'\\ud800'"]
    ),
    lambda inner: st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
    | st.dictionaries(
        st.sampled_from(["url", "text", "method", "headers", "body", "binary", "voice", "language",
                         "ttsOptions", "loop", "onPause", "progressivePlayback", "segments", "parameters"]),
        inner,
        max_size=4,
    ).map(lambda items: "({" + ", ".join(f"{name}: {value}" for name, value in items.items()) + "})"),
    max_leaves=6,
)  # fmt: skip

FUNCTIONS = ["createTTSPlayer", "createURLPlayer", "createToneScriptPlayer", "createSequencePlayer"]


CALLS = st.tuples(st.sampled_from([*FUNCTIONS, "say", "startPlayback"]), st.lists(VALUES, max_size=4))


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
)
@given(CALLS)
def test_whatever_the_arguments_it_is_a_good_command_or_a_type_error(
    booted: Platform, called: tuple[str, list[str]]
) -> None:
    name, arguments = called
    owner = "VoxEngine" if name in FUNCTIONS else "call"
    booted.commands.clear()
    thrown = booted.evaluate(f"attempt(() => {owner}.{name}({', '.join(arguments)}))")
    assert thrown in ("", "TypeError")
    sent = [c for c in booted.commands if c.kind in ("player.create", "call.say", "call.play")]
    assert len(sent) == (0 if thrown else 1)
    for command in sent:
        read = {"call.say": read_phrase, "call.play": read_file}.get(command.kind, read_material)
        assert isinstance(read(Arguments(command)), Phrase | File | Script | Sequence)


@pytest.fixture
def booted(platform: Platform) -> Platform:
    """A platform with a call that evaluates expressions."""
    platform.boot(
        EVALUATE + "const call = VoxEngine.callUser('bob'); function attempt(work) {"
        " try { work(); return ''; } catch (error) { return error.name; } }",
        limits={"players": 1_000_000},
    )
    return platform
