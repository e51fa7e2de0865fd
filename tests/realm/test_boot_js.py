"""The ground of a realm: what API files get as V, and what a scenario cannot do to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.realm.conftest import Bench, logs

NEWER = """
  Iterator Float16Array DisposableStack AsyncDisposableStack SuppressedError DOMException performance
  queueMicrotask btoa atob std os print scriptArgs
  Object.groupBy Map.groupBy Map.prototype.getOrInsert WeakMap.prototype.getOrInsertComputed
  Set.prototype.union Set.prototype.isSubsetOf Promise.withResolvers Promise.try
  String.prototype.isWellFormed String.prototype.toWellFormed ArrayBuffer.prototype.transfer
  ArrayBuffer.prototype.resize Math.f16round Math.sumPrecise DataView.prototype.getFloat16 RegExp.escape
  JSON.rawJSON Uint8Array.fromBase64 Uint8Array.prototype.toHex Error.isError Error.captureStackTrace
  Error.stackTraceLimit Error.prepareStackTrace Atomics.waitAsync [].values().map
  Symbol.dispose Symbol.asyncDispose
"""

PRESENT = """
  Array.fromAsync Array.prototype.findLast Array.prototype.toSorted Array.prototype.with
  Array.prototype.toSpliced Array.prototype.at Object.hasOwn Object.fromEntries String.prototype.replaceAll
  String.prototype.at WeakRef FinalizationRegistry Promise.any AggregateError BigInt Atomics.load
  Int8Array.prototype.toReversed escape unescape InternalError
"""


def reads(bare: Bench, *expressions: str) -> list[str]:
    return logs(bare.boot("".join(f"log(String({text}));\n" for text in expressions)))


@pytest.mark.parametrize("name", NEWER.split())
def test_what_is_newer_than_the_platform_is_gone(bare: Bench, name: str) -> None:
    assert reads(bare, f"typeof {name}") == ["undefined"]


def test_what_the_platform_has_is_there(bare: Bench) -> None:
    assert set(reads(bare, *(f"typeof {name}" for name in PRESENT.split()))) == {"function"}


def test_a_debugger_statement_is_passed_over(bare: Bench) -> None:
    assert logs(bare.boot("debugger; log('on'); (() => { debugger; log('and on'); })();")) == ["on", "and on"]


def test_the_v_flag_of_regular_expressions_is_refused(bare: Bench) -> None:
    source = "try { new RegExp('a', 'v'); } catch (e) { log(e.name); } log(new RegExp('a', 'gi').flags);"
    source += (
        "log(/x/ instanceof RegExp && RegExp('y').constructor === RegExp && RegExp(/z/) instanceof RegExp);"
    )
    assert logs(bare.boot(source)) == ["SyntaxError", "gi", "true"]


def test_symbols_work_as_ever(bare: Bench) -> None:
    assert reads(
        bare,
        "typeof Symbol('a')",
        "Symbol('a').description",
        "Symbol().description",
        "Symbol.for('a') === Symbol.for('a')",
        "Symbol('a').constructor === Symbol",
        "[][Symbol.iterator]().next().done",
        "(() => { try { new Symbol(); } catch (e) { return e.name; } })()",
    ) == ["symbol", "a", "undefined", "true", "true", "true", "TypeError"]


def test_nothing_hidden_is_reachable_from_globals(make: Callable[..., Bench]) -> None:
    source = """
      const names = Object.getOwnPropertyNames(globalThis);
      log(JSON.stringify(names.filter((name) => /^_|vox(?!Engine)|hook/i.test(name))));
      log(String(Function('return typeof process + typeof module + typeof __voxrun + typeof __hooks')()));
    """
    assert logs(make().boot(source)) == ["[]", "undefined" * 4]


def test_the_date_is_the_sessions(bare: Bench) -> None:
    assert reads(
        bare,
        "new Date().toISOString()",
        "new Date(0).toISOString()",
        "new Date(2024, 0, 2, 3, 4, 5).toISOString()",
        "Date.UTC(2024, 0)",
        "typeof Date()",
        "Date().slice(0, 24)",
        "new Date().constructor === Date",
        "Date.length + Date.name",
        "new (class Later extends Date {})(5).getTime()",
        "new Date().getTimezoneOffset()",
    ) == [
        "2025-01-06T09:00:00.000Z",
        "1970-01-01T00:00:00.000Z",
        "2024-01-02T03:04:05.000Z",
        "1704067200000",
        "string",
        "Mon Jan 06 2025 09:00:00",
        "true",
        "7Date",
        "5",
        "0",
    ]


def test_random_numbers_lie_between_0_and_1_and_spread(bare: Bench) -> None:
    source = """const buckets = new Array(10).fill(0);
      for (let i = 0; i < 10000; i++) buckets[Math.floor(Math.random() * 10)]++;
      log(JSON.stringify(buckets));"""
    counts = [int(text) for text in logs(bare.boot(source))[0][1:-1].split(",")]
    assert len(counts) == 10
    assert all(850 < count < 1150 for count in counts)


def test_ids_are_32_hex_digits_apart_from_random(make: Callable[..., Bench]) -> None:
    plain = logs(make().boot("log(V.newId('call')); log(V.newId('call')); log(V.newId('player'));"))
    mixed = logs(make().boot("Math.random(); log(V.newId('call')); Math.random(); log(V.newId('call'));"))
    assert plain[:2] == mixed
    assert len(set(plain)) == 3
    assert all(len(text) == 32 and int(text, 16) >= 0 for text in plain)


def test_the_same_listener_twice_runs_twice_and_in_order(bare: Bench) -> None:
    bare.boot("const f = () => log('f'); app.addEventListener('Go', f); app.addEventListener('Go', f);")
    assert logs(bare.fire("Go")) == ["f", "f"]


def test_listeners_are_removed_one_by_one_or_all(bare: Bench) -> None:
    bare.boot("""
      const f = () => log('f'), g = () => log('g');
      app.addEventListener('Go', f); app.addEventListener('Go', g); app.addEventListener('Go', f);
      app.addEventListener('One', () => app.removeEventListener('Go', f));
      app.addEventListener('All', () => app.removeEventListener('Go'));
      app.addEventListener('None', () => app.removeEventListener('Unknown', f));
    """)
    bare.fire("One")
    assert logs(bare.fire("Go")) == ["g", "f"]
    bare.fire("None")
    bare.fire("All")
    assert logs(bare.fire("Go")) == []


def test_a_listener_added_meanwhile_waits_for_the_next_event(bare: Bench) -> None:
    bare.boot("app.addEventListener('Go', () => { log(1); app.addEventListener('Go', () => log(2)); });")
    assert logs(bare.fire("Go")) == ["1"]
    assert logs(bare.fire("Go")) == ["1", "2"]


def test_a_listener_that_is_no_function_ends_the_session_when_the_event_fires(bare: Bench) -> None:
    assert bare.boot("app.addEventListener('Go', 'nope');").error is None
    error = bare.fire("Go").error
    assert error is not None
    assert "the listener of Go is not a function" in error.message
    assert "a.js:1:" in error.message


def test_a_listener_gets_one_event_with_its_name(bare: Bench) -> None:
    bare.boot("app.addEventListener('Go', (...all) => log(all.length + all[0].name + all[0].x));")
    assert logs(bare.fire("Go", x=5)) == ["1Go5"]


def test_live_objects_arrive_in_place_of_their_ids(bare: Bench) -> None:
    bare.boot("""const call = V.register('c1', { isCall: true });
      app.addEventListener('Go', (event) => log(event.call === call && event.plain.$ref2 === 1));""")
    assert logs(bare.fire("Go", call={"$ref": "c1"}, plain={"$ref2": 1})) == ["true"]


def test_promises_are_settled_by_events(bare: Bench) -> None:
    bare.boot("""
      const one = V.promise(), two = V.promise();
      log(one.id); log(two.id);
      one.promise.then((value) => log('value ' + value.x));
      two.promise.catch((error) => log(error instanceof Error && error.message));
    """)


def test_a_promise_resolves_and_rejects(bare: Bench) -> None:
    ids = logs(
        bare.boot("""
      V.register('obj', { x: 'live' });
      const one = V.promise(), two = V.promise();
      log(one.id); log(two.id);
      one.promise.then((value) => log('value ' + value.x));
      two.promise.catch((error) => log((error instanceof Error) + error.message));
    """)
    )
    assert logs(bare.fire("@resolve", ids[0], value={"$ref": "obj"})) == ["value live"]
    assert logs(bare.fire("@reject", ids[1], message="refused")) == ["truerefused"]
    assert logs(bare.fire("@resolve", ids[0], value=1)) == []


def test_an_event_for_nobody_is_nothing(bare: Bench) -> None:
    bare.boot("")
    result = bare.fire("Call.Connected", "unknown")
    assert result.error is None
    assert result.commands == ()


MODULE = """(function (V) {
  V.log('write', 'loaded');
  V.namespace('asr', 'ASR', { start() { return V.now(); } });
})"""


def test_require_makes_a_namespace_once(make: Callable[..., Bench]) -> None:
    source = "log(typeof ASR); require('asr'); require('asr'); log(typeof ASR.start());"
    assert logs(make(asr=MODULE).boot(source)) == ["undefined", "loaded", "number"]


def test_require_is_synchronous_and_returns_nothing(make: Callable[..., Bench]) -> None:
    source = "log(typeof require('asr')); log(typeof ASR); log(typeof require('asr'));"
    assert logs(make(asr=MODULE).boot(source)) == ["loaded", "undefined", "object", "undefined"]


def test_a_namespace_that_was_not_required_is_a_reference_error(make: Callable[..., Bench]) -> None:
    error = make(asr=MODULE).boot("ASR.start();").error
    assert error is not None
    assert "ASR is not defined" in error.message


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("", "empty module argument"),
        ("null", "empty module argument"),
        ("'nope'", 'there is no module "nope"'),
        ("'acd'", "voxrun does not have it yet"),
        ("{}", "there is no module"),
        ("'__proto__'", "there is no module"),
    ],
)
def test_require_of_something_else_is_an_error_to_catch(bare: Bench, argument: str, message: str) -> None:
    source = f"V.knownModules.acd = true; try {{ require({argument}); }} catch (e) {{ log(e.message); }}"
    result = bare.boot(source)
    assert result.error is None
    assert message in logs(result)[0]


def test_a_limit_is_an_error_with_its_name(bare: Bench) -> None:
    source = "try { V.limit('timers', 'too many timers: 100 at most'); } catch (e) { log(e.name + e.limit); }"
    assert logs(bare.boot(source)) == ["LimitErrortimers"]


def test_an_uncaught_limit_is_reported_as_one(bare: Bench) -> None:
    error = bare.boot("\nV.limit('timers', 'too many timers: 100 at most');").error
    assert error is not None
    assert error.kind == "limit"
    assert "100 at most" in error.message
    assert error.where.startswith("a.js:2")


def test_a_member_that_is_not_built_names_itself(bare: Bench) -> None:
    error = bare.boot("V.notBuilt(app, 'fly');\nif (app.fly) app.fly();").error
    assert error is not None
    assert "fly()" in error.message


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("'text'", "text"),
        ("5", "5"),
        ("undefined", "undefined"),
        ("null", "null"),
        ("10n", "10"),
        ("Symbol('s')", "Symbol(s)"),
        ("({ a: [1, { b: 2 }] })", '{"a":[1,{"b":2}]}'),
        ("new TypeError('bad')", "TypeError: bad"),
        ("new Error()", "Error"),
        ("(() => { const a = {}; a.a = a; return a; })()", "[object Object]"),
        ("({ toJSON() { throw 1; } })", "[object Object]"),
        ("({ get x() { throw 1; } })", "[object Object]"),
        ("new Proxy({}, { ownKeys() { throw 1; } })", "[object Object]"),
        ("Object.create(null)", "{}"),
    ],
)
def test_values_are_described_whatever_they_are(bare: Bench, expression: str, text: str) -> None:
    assert logs(bare.boot(f"log({expression});")) == [text]


SABOTAGE = """
  app.addEventListener('Go', (event) => { log(event.x); throw new Error('end'); });
  const { getOwnPropertyNames, defineProperty } = Object;
  const value = () => { throw new Error('sabotage'); };
  for (const owner of [Array, Object, String, Function, Map, WeakMap, Promise, Reflect, JSON, Math, Number]) {
    for (const target of [owner, owner.prototype]) {
      if (!target) continue;
      for (const name of getOwnPropertyNames(target)) {
        if (name === 'constructor' || name === 'prototype' || name === 'length' || name === 'name') continue;
        try { defineProperty(target, name, { value }); } catch {}
      }
    }
  }
"""


def test_overwritten_builtins_do_not_reach_the_platform(bare: Bench) -> None:
    assert bare.boot(SABOTAGE).error is None
    result = bare.fire("Go", x="through")
    assert logs(result) == ["through"]
    assert result.error is not None
    assert "Error: end" in result.error.message
    assert result.error.where.startswith("a.js:2")


def test_setters_on_prototypes_see_nothing_of_the_platform(bare: Bench) -> None:
    source = """
      globalThis.leaks = 0;
      const descriptor = { __proto__: null, configurable: true, set() { leaks++; } };
      for (const key of ['0', '1', '2', 'kind', 'value', 'get', 'where', 'callback', 'event', 'text']) {
        Object.defineProperty(Array.prototype, key, descriptor);
        Object.defineProperty(Object.prototype, key, descriptor);
      }
      app.addEventListener('Go', (event) => { log(leaks); });
    """
    assert bare.boot(source).error is None
    result = bare.fire("Go", data=[1, 2])
    assert result.error is None
    assert logs(result) == ["0"]
