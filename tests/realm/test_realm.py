"""A scenario's mistakes end its own session with a clear message and keep what it had issued."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.realm.conftest import START, Bench, info, logs

from voxrun.realm.port import Listening
from voxrun.realm.realm import SCRIPT_CHARACTERS

HOSTILE = {
    "syntax": ("syntax", "let x = ;", "a.js:2:9"),
    "endless loop": ("cpu", "while (true);", "a.js"),
    "loop in a function": ("cpu", "function spin() {\n  for (;;) Math.abs(1);\n}\nspin();", "a.js:3"),
    "regex bomb": ("cpu", "/(a+)+b/.test('a'.repeat(60));", "a.js:2"),
    "memory bomb": ("memory", "const all = [];\nwhile (true) all.push(new Array(1000).fill(0));", "a.js:3"),
    "string bomb": ("memory", "let text = 'x';\nwhile (true) text += text;", "a.js:3"),
    "object bomb": ("memory", "const o = {};\nfor (let i = 0; ; i++) o['k' + i] = i;", "a.js"),
    "endless promise chain": ("cpu", "const go = () => { Promise.resolve().then(go); };\ngo();", ""),
    "endless await": ("cpu", "(async () => { for (;;) await null; })();", ""),
    "loop after await": ("cpu", "(async () => {\n await null;\n for (;;) Math.abs(1);\n})();", "a.js:"),
    "recursion": ("stack", "function deeper() { deeper(); }\ndeeper();", "a.js:2"),
    "thrown error": ("exception", "throw new Error('boo');", "a.js:2:11"),
    "thrown text": ("exception", "throw 'boo';", ""),
    "thrown null": ("exception", "throw null;", ""),
    "hostile toString": ("exception", "throw { toString() { while (true); } };", ""),
    "hostile toJSON": ("cpu", "throw { toJSON() { while (true); } };", ""),
    "hostile message": (
        "cpu",
        "throw { __proto__: Error.prototype, get message() { for (;;); } };",
        "",
    ),
    "hostile Error": ("cpu", "Error.prototype.toString = () => { for (;;); };\nfor (;;);", ""),
    "hostile proxy": ("cpu", "throw new Proxy({}, { getPrototypeOf() { for (;;); } });", ""),
    "unhandled rejection": ("rejection", "Promise.reject(new Error('boo'));", "a.js:2"),
    "rejection after await": ("rejection", "(async () => {\n await null;\n missing();\n})();", "a.js:4:2"),
}


def budget(kind: str) -> int:
    """ms of CPU for a turn: little where it is what ends it, plenty where something else has to."""
    return 150 if kind == "cpu" else 10_000


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_script_ends_with_its_kind_and_line_and_keeps_its_log(bare: Bench, name: str) -> None:
    kind, source, where = HOSTILE[name]
    result = bare.boot("log('before');\n" + source, turn_ms=budget(kind))
    assert result.error is not None
    assert result.error.kind == kind, result.error.message
    assert result.error.where.startswith(where)
    assert result.error.message
    assert "<input>" not in result.error.message
    if kind != "syntax":
        assert logs(result) == ["before"]


@pytest.mark.parametrize("name", [name for name in HOSTILE if name != "syntax"])
def test_a_hostile_listener_ends_with_its_kind_and_keeps_its_log(bare: Bench, name: str) -> None:
    kind, source, _ = HOSTILE[name]
    listener = f"app.addEventListener('Go', () => {{ log('before'); {source}\n}});"
    assert bare.boot(listener, turn_ms=budget(kind)).error is None
    result = bare.fire("Go")
    assert result.error is not None
    assert result.error.kind == kind, result.error.message
    assert logs(result) == ["before"]


@pytest.mark.parametrize(
    "name",
    [
        "<scenario>:evil",
        "<scenario>:1:2:3",
        '<scenario>:1","x"],["call.hangup","c',
        "<scenario>:" + "9" * 5000,
        "<scenario>:7\n",
    ],
)
def test_a_function_named_like_a_place_neither_ends_the_session_nor_makes_commands(
    bare: Bench, name: str
) -> None:
    source = f"const o = {{ [{json.dumps(name)}]() {{ log('said'); }} }};\nfor (const k in o) o[k]();"
    result = bare.boot(source)
    assert result.error is None
    assert [command.kind for command in result.commands] == ["log"]
    assert logs(result) == ["said"]
    thrown = bare.boot(source.replace("log('said')", "missing()")).error
    assert thrown is not None
    assert thrown.kind == "exception"


def test_limits_name_the_platforms_figure(bare: Bench) -> None:
    cpu = bare.boot("while (true);", turn_ms=50).error
    assert cpu is not None
    assert "1 s" in cpu.message
    assert "> 1 | while (true);" in cpu.message


def test_a_scenario_that_is_too_long_is_refused(bare: Bench) -> None:
    result = bare.boot("//" + "x" * SCRIPT_CHARACTERS)
    assert result.error is not None
    assert result.error.kind == "limit"
    assert str(SCRIPT_CHARACTERS) in result.error.message


def test_the_cpu_of_one_turn_is_not_taken_from_the_next(bare: Bench) -> None:
    bare.boot(
        "app.addEventListener('Go', () => { let n = 0; while (n < 200000) n++; log(n); });", turn_ms=200
    )
    for _ in range(8):
        assert bare.fire("Go").error is None


def test_a_budget_covers_listeners_and_jobs_together(bare: Bench) -> None:
    source = """
      const spin = () => { for (let n = 0; n < 1e6; n++) Math.abs(n); };
      const work = async () => { for (let i = 0; i < 200; i++) { await null; spin(); } };
      app.addEventListener('Go', () => { work(); });
    """
    bare.boot(source, turn_ms=150)
    error = bare.fire("Go").error
    assert error is not None
    assert error.kind == "cpu"


def test_positions_are_those_of_each_script(bare: Bench) -> None:
    first = "function helper() {\n  return missing.property;\n}\n"
    second = "\n\napp.addEventListener('Go', () => {\n  helper();\n});"
    bare.boot(first, second)
    error = bare.fire("Go").error
    assert error is not None
    assert error.where == "a.js:2:10"
    assert "at a.js:2:10 in helper" in error.message
    assert "called from b.js:4:3" in error.message
    assert "in the listener of Go added at b.js:3:5" in error.message


def test_what_was_called_is_named_and_underlined(bare: Bench) -> None:
    error = bare.boot("const call = { answer() {} };\n  call.anwser(1);").error
    assert error is not None
    assert "call.anwser is not a function (did you mean answer?)" in error.message
    assert "> 2 |   call.anwser(1);\n    |   ^^^^^^^^^^^" in error.message


def test_commands_carry_the_scenario_line(bare: Bench) -> None:
    result = bare.boot("log('top');\nfunction f() {\n  log('inner');\n}\nf();")
    assert [command.where for command in result.commands] == ["a.js:1:1", "a.js:3:3"]


def test_scripts_share_one_sloppy_global_scope(bare: Bench) -> None:
    result = bare.boot(
        "const one = 1; let two = 2; var three = 3; function four() { return 4; } class Five {}",
        "implicit = 6; log(one + two + three + four() + implicit + typeof Five);",
        "log(implicit); log((function () { return this === globalThis; })());",
    )
    assert result.error is None
    assert logs(result) == ["16function", "6", "true"]


def test_a_script_after_a_failed_one_is_not_run(bare: Bench) -> None:
    result = bare.boot("log(1); throw new Error('stop');", "log(2);")
    assert logs(result) == ["1"]


def test_keep_going_survives_listeners_and_rejections(bare: Bench) -> None:
    source = """app.addEventListener('Go', () => { throw new Error('one'); });
    app.addEventListener('Go', () => { log('second'); Promise.reject(new Error('two')); });"""
    bare.boot(source, keep_going=True)
    result = bare.fire("Go")
    assert result.error is None
    assert logs(result) == ["second"]
    assert [error.kind for error in result.survived] == ["exception", "rejection"]


def test_keep_going_does_not_survive_a_limit(bare: Bench) -> None:
    bare.boot("app.addEventListener('Go', () => { while (true); });", keep_going=True, turn_ms=50)
    error = bare.fire("Go").error
    assert error is not None
    assert error.kind == "cpu"


def test_a_throw_skips_the_remaining_listeners(bare: Bench) -> None:
    bare.boot(
        "app.addEventListener('Go', () => { throw 1; }); app.addEventListener('Go', () => log('next'));"
    )
    assert logs(bare.fire("Go")) == []


def test_a_handled_rejection_is_nothing(bare: Bench) -> None:
    source = "const p = Promise.reject(new Error('x')); const late = () => p.catch(() => log('caught'));"
    result = bare.boot(source + "Promise.resolve().then(late);")
    assert result.error is None
    assert logs(result) == ["caught"]


DETERMINISTIC = """
  const all = [];
  app.addEventListener('Go', (event) => {
    all.push(Math.random(), V.newId('call'), Date.now(), new Date().toISOString(), event.n);
    log(JSON.stringify(all.slice(-5)));
    Promise.resolve(event.n).then((n) => log('later ' + n + Math.random()));
  });
"""


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(min_value=0, max_value=2**64), numbers=st.lists(st.integers(), max_size=6))
def test_same_seed_and_events_give_the_same_commands(make: object, seed: int, numbers: list[int]) -> None:
    runs = []
    for _ in range(2):
        bench: Bench = make()  # type: ignore[operator]
        bench.boot(DETERMINISTIC, seed=seed)
        runs.append([(bench.fire("Go", n=number), bench.realm.digest) for number in numbers])
        bench.realm.close()
    assert runs[0] == runs[1]


def test_another_seed_gives_other_ids_and_chances(make: object) -> None:
    seen = set()
    for seed in range(3):
        bench: Bench = make()  # type: ignore[operator]
        seen.update(logs(bench.boot("log(Math.random()); log(V.newId('call'));", seed=seed)))
    assert len(seen) == 6


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(), max_size=40))
def test_any_text_crosses_the_border_both_ways(bare: Bench, text: str) -> None:
    if not hasattr(bare, "booted"):
        bare.boot("app.addEventListener('Go', (event) => log(event.text));")
        bare.booted = True  # type: ignore[attr-defined]
    result = bare.fire("Go", text=text)
    clean = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    assert logs(result) == [clean]


def test_nul_and_lone_surrogates_do_not_break_a_turn(bare: Bench) -> None:
    result = bare.boot("log('a\\0b'); log('\\ud800x'); log('\\ud83d\\ude00');")
    assert logs(result) == ["a\0b", "�x", "😀"]


def test_the_platforms_own_code_counts_neither_as_heap_nor_as_time(make: object) -> None:
    big = "(function (V) { const a = []; for (let i = 0; i < 20000; i++) a.push({ i: i }); V.big = a; })"
    bench: Bench = make(big=big)  # type: ignore[operator]
    # 15 MB of the scenario's own still fit
    result = bench.boot("const buffer = new Uint8Array(15 * 1024 * 1024); log(buffer.length);")
    assert result.error is None


def test_time_stands_still_within_a_turn_and_follows_the_events(bare: Bench) -> None:
    bare.boot("""app.addEventListener('Go', () => {
      const a = Date.now(); let n = 0; while (n < 1e5) n++;
      log(a === Date.now() && a === new Date().getTime() && a === V.now()); log(a); });""")
    assert logs(bare.fire("Go")) == ["true", str(START + 20)]
    assert logs(bare.fire("Go")) == ["true", str(START + 40)]


def test_listeners_can_be_listed_with_their_lines(bare: Bench) -> None:
    bare.boot("app.addEventListener('Go', () => {});\napp.addEventListener('Stay', () => {});")
    bare.fire("Go")
    assert bare.realm.listeners() == (
        Listening("App", "Go", "a.js:1:5", 1),
        Listening("App", "Stay", "a.js:2:5", 0),
    )


def test_a_line_that_adds_many_listeners_is_one(bare: Bench) -> None:
    bare.boot("for (let i = 0; i < 5; i++) app.addEventListener('Go', () => {});")
    bare.fire("Go")
    assert [(row.where, row.fired) for row in bare.realm.listeners()] == [("a.js:1:33", 5)]
    bare.boot("for (let i = 0; i < 3000; i++) app.addEventListener(`${i}`, () => {});")


def test_listeners_of_any_number_of_events_take_little(bare: Bench) -> None:
    bare.boot("for (let i = 0; i < 3000; i++) app.addEventListener(`e${i}`, () => log(i));")
    assert logs(bare.fire("e2999")) == ["2999"]
    assert len(bare.realm.listeners()) == 1000


def test_a_realm_that_ran_out_of_time_can_still_tell(bare: Bench) -> None:
    bare.boot("app.addEventListener('Go', () => { while (true); });", turn_ms=100)
    assert bare.fire("Go").error is not None
    assert [row.event for row in bare.realm.listeners()] == ["Go"]


def test_the_boot_data_reaches_the_scenario_and_nothing_else_does(bare: Bench) -> None:
    data = info(
        "log(V.boot.customData + V.boot.secrets.KEY + V.boot.seed + Object.keys(V.boot).sort().join());"
    )
    data = type(data)(data.scripts, 3, START, "custom", {"KEY": "value"})
    assert logs(bare.realm.boot(data)) == [
        "customvalue3customData,keepGoing,limits,secrets,seed,session,startMs"
    ]


def test_a_stack_that_is_logged_shows_the_scenarios_places(bare: Bench) -> None:
    inner = "\nfunction inner() {\n  log(new Error().stack);\n}\n"
    bare.boot(inner + "app.addEventListener('Go', () => inner());")
    text = logs(bare.fire("Go"))[0]
    assert text.rstrip() == "    at inner (a.js:3:11)\n    at <anonymous> (a.js:5:34)"


def test_a_flood_of_log_lines_is_kept_when_memory_ends(bare: Bench) -> None:
    result = bare.boot("for (let i = 0; ; i++) log(i + 'x'.repeat(100000));")
    assert result.error is not None
    assert result.error.kind == "memory"
    assert len(logs(result)) > 50
    assert logs(result)[7].startswith("7x")


def test_a_fault_in_a_platform_file_names_it(make: object) -> None:
    fault = "(function (V) {\n  V.on('@fault', () => {\n    null.x;\n  });\n})"
    bench: Bench = make(fault=fault)  # type: ignore[operator]
    bench.boot("require('fault');")
    error = bench.fire("@fault").error
    assert error is not None
    assert "fault.js:3:" in error.message
