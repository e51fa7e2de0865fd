"""Modules.ApplicationStorage as a scenario sees it: arguments, defaults, and what a mistake does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.realm.js.conftest import Platform

REQUIRED = "require(Modules.ApplicationStorage); "
TOLD = (
    "const tell = (promise) => promise.then((value) => Logger.write(JSON.stringify(value)),"
    "(error) => Logger.write('' + error)); "
)


def asked(platform: Platform) -> list[tuple[str, dict[str, Any]]]:
    return [(c.kind.removeprefix("storage."), dict(c.data)) for c in platform.sent("storage.")]


@pytest.mark.parametrize(
    ("code", "kind", "data"),
    [
        ("get('k')", "get", {"key": "k"}),
        ("get(7)", "get", {"key": "7"}),
        ("put('k', 'v', 60)", "put", {"key": "k", "value": "v", "ttl": 60}),
        ("put('k', 'v')", "put", {"key": "k", "value": "v", "ttl": 2_592_000}),
        ("put('k', 'v', null)", "put", {"key": "k", "value": "v", "ttl": 2_592_000}),
        ("put('k', 'v', '60.9')", "put", {"key": "k", "value": "v", "ttl": 60}),
        ("put('k', 0, 0)", "put", {"key": "k", "value": "0", "ttl": 0}),
        ("put('k', '', 7776000)", "put", {"key": "k", "value": "", "ttl": 7_776_000}),
        ("put('k', false, 1)", "put", {"key": "k", "value": "false", "ttl": 1}),
        ("put('k', {a: [1]}, 1)", "put", {"key": "k", "value": '{"a":[1]}', "ttl": 1}),
        ("put('k'.repeat(200), 'v'.repeat(2000), 1)", "put",
         {"key": "k" * 200, "value": "v" * 2000, "ttl": 1}),
        ("remove('k')", "remove", {"key": "k"}),
        ("keys()", "keys", {"pattern": "", "count": 1000}),
        ("keys('ns')", "keys", {"pattern": "ns", "count": 1000}),
        ("keys(null, '5')", "keys", {"pattern": "", "count": 5}),
    ],
)  # fmt: skip
def test_every_form_becomes_one_command(
    platform: Platform, code: str, kind: str, data: dict[str, Any]
) -> None:
    assert platform.boot(f"{REQUIRED} ApplicationStorage.{code};").error is None
    assert asked(platform) == [(kind, data)]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("get()", "ApplicationStorage.get needs a key, got undefined"),
        ("remove('')", "ApplicationStorage.remove needs a key, got "),
        ("put(null, 'v', 1)", "ApplicationStorage.put needs a key, got null"),
        ("put('k', undefined, 1)", "ApplicationStorage.put needs a value, got undefined"),
        ("get('k'.repeat(201))", "ApplicationStorage.get: the key has 201 characters, the limit is 200"),
        ("put('k', 'v'.repeat(2001))",
         "ApplicationStorage.put: the value has 2001 characters, the limit is 2000"),
        ("put('k', 'v', -1)", "ApplicationStorage.put: ttl must be 0 to 7776000, got -1"),
        ("put('k', 'v', 7776001)", "ApplicationStorage.put: ttl must be 0 to 7776000, got 7776001"),
        ("put('k', 'v', 'soon')", "ApplicationStorage.put: ttl must be 0 to 7776000, got soon"),
        ("put('k', 'v', Infinity)", "ApplicationStorage.put: ttl must be 0 to 7776000, got Infinity"),
        ("keys('k'.repeat(201))",
         "ApplicationStorage.keys: the pattern has 201 characters, the limit is 200"),
        ("keys('', 0)", "ApplicationStorage.keys: count must be 1 to 100000, got 0"),
        ("keys('', {})", "ApplicationStorage.keys: count must be 1 to 100000, got {}"),
        ("put('k', 'v', {valueOf() { throw new Error('no') }})", "no"),
    ],
)  # fmt: skip
def test_a_mistake_rejects_its_promise_and_asks_for_nothing(
    platform: Platform, code: str, message: str
) -> None:
    assert platform.boot(f"{REQUIRED}{TOLD} tell(ApplicationStorage.{code});").error is None
    assert platform.logs() == [f"Error: {message}"]
    assert asked(platform) == []


def test_answers_settle_their_own_promises(platform: Platform) -> None:
    platform.boot(
        REQUIRED
        + TOLD
        + "const { get } = ApplicationStorage; tell(get('a')); tell(get('b')); tell(get('c'));"
    )
    first, second, third = (command.target for command in platform.sent("storage."))
    platform.fire("@storage", third, value=None)
    platform.fire("@storage", first, value={"key": "a", "value": "1", "expireAt": 5})
    platform.fire("@storage", first, value={"key": "twice"})
    platform.fire("@storage", second, error="ApplicationStorage: the disk is full")
    assert platform.logs() == [
        "null",
        '{"key":"a","value":"1","expireAt":5}',
        "Error: ApplicationStorage: the disk is full",
    ]


def test_more_operations_than_can_be_under_way_are_rejected(platform: Platform) -> None:
    platform.boot(
        REQUIRED + TOLD + "for (let i = 0; i < 1000; i++) ApplicationStorage.get('k');"
        "tell(ApplicationStorage.get('k'));"
    )
    assert len(asked(platform)) == 1000
    assert platform.logs() == [
        "Error: ApplicationStorage.get: 1000 operations are under way: await them before you go on"
    ]
    platform.fire("@storage", platform.sent("storage.")[0].target, value=None)


def test_without_its_module_there_is_no_such_name(platform: Platform) -> None:
    platform.boot("Logger.write(typeof ApplicationStorage);")
    assert platform.logs() == ["undefined"]


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30)
    | st.just("x" * 2001),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def test_whatever_is_put_is_a_text_within_the_limits_or_rejected(platform: Platform) -> None:
    platform.boot(
        f"{REQUIRED}{TOLD} VoxEngine.addEventListener(AppEvents.Started, (e) =>"
        " tell(ApplicationStorage.put(e.key, e.value, e.ttl)));"
    )

    @given(key=ANYTHING, value=ANYTHING, ttl=ANYTHING)
    @settings(max_examples=150, deadline=None)
    def holds(key: Any, value: Any, ttl: Any) -> None:
        platform.commands.clear()
        assert platform.fire("Application.Started", key=key, value=value, ttl=ttl).error is None
        commands = asked(platform)
        assert len(commands) + len(platform.logs()) == 1
        for _, data in commands:
            assert 0 < len(data["key"].encode("utf-16-le", "surrogatepass")) <= 400
            assert len(data["value"].encode("utf-16-le", "surrogatepass")) <= 4000
            assert isinstance(data["ttl"], int)
            assert 0 <= data["ttl"] <= 7_776_000
            platform.fire("@storage", platform.sent("storage.")[0].target, value=None)

    holds()
