from __future__ import annotations

import pytest

from voxrun.cli.scan import tree
from voxrun.cli.scan.scopes import Scopes
from voxrun.cli.scan.surface import load_surface
from voxrun.cli.scan.types import TypeFinder, classes_only

ON = "VoxEngine.addEventListener(AppEvents.CallAlerting, "


def type_of(source: str) -> set[str]:
    """The types of the argument of ``use(...)``."""
    program = tree.parse(source)
    finder = TypeFinder(load_surface(), Scopes([program]), [program])
    call = next(
        node
        for node in tree.walk(program)
        if node.type == "call_expression" and tree.text(node.child_by_field_name("function")) == "use"
    )
    return set(classes_only(finder.of(tree.arguments(call)[0])))


@pytest.mark.parametrize(
    "source",
    [
        "use(VoxEngine.callPSTN('1', '2'));",
        "const c = VoxEngine.callUser({}); use(c);",
        "let c; c = VoxEngine.callSIP('x'); use(c);",
        "let c = null; function f() { c = VoxEngine.callSIP('x'); } use(c);",
        "c = VoxEngine.callSIP('x'); use(c);",
        "const c = VoxEngine.callSIP('x'); const d = c; use(d);",
        f"{ON}(e) => use(e.call));",
        f"{ON}({{call}}) => use(call));",
        f"{ON}async ({{call: c, callerid}}) => use(c));",
        f"{ON}function (e) {{ const c = e.call; use(c); }});",
        f"{ON}handler); function handler(e) {{ use(e.call); }}",
        f"const handler = (e) => use(e.call); {ON}handler);",
        "const c = VoxEngine.callUser({}); c.addEventListener(CallEvents.Connected, (e) => use(e.call));",
    ],
)
def test_calls_are_recognised(source: str) -> None:
    assert type_of(source) == {"Call"}


def test_what_a_promise_gives_is_recognised() -> None:
    source = "async () => { const c = await Ultravox.createWebSocketAPIClient({}); use(c); };"
    assert type_of(source) == {"Ultravox.WebSocketAPIClient"}


def test_old_factories_give_the_class_of_today() -> None:
    assert type_of("use(ElevenLabs.createConversationalAIClient({}));") == {"ElevenLabs.AgentsClient"}


def test_a_name_that_holds_two_things_is_both() -> None:
    source = "let u = VoxEngine.callUser({}); u = VoxEngine.createTTSPlayer('x'); use(u);"
    assert type_of(source) == {"Call", "Player"}


@pytest.mark.parametrize(
    "source",
    [
        "let c = VoxEngine.callUser({}); c = other(); use(c);",
        "function f(call) { use(call); }",
        f"{ON}handler); function handler(e) {{ use(e.call); }} handler({{call: 1}});",
        f"{ON}(e) => use(e.headers));",
        f"{ON}(e, more) => use(more));",
        "const VoxEngine = mine(); use(VoxEngine.callUser({}));",
        "const [c] = [VoxEngine.callUser({})]; use(c);",
        "let a = b; let b = a; use(a);",
        "use(this.call);",
        "use(calls[0]);",
    ],
)
def test_what_is_unclear_stays_unknown(source: str) -> None:
    assert type_of(source) == set()
