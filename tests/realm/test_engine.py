"""The engine: budgets of CPU, memory and stack, and scripts at their lines, with and without C functions."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from voxrun.realm.engine import JOBS_WITHOUT_END, NATIVE, Engine, EngineError
from voxrun.realm.native import Native
from voxrun.realm.stack import deepen_main_stack

HOOKS = """globalThis.holder = {
  seen: [],
  rejection(promise, reason, handled) { holder.seen.push(handled ? "handled" : String(reason)); },
  thrown(error) { seen.push("thrown " + error); },
  report() { return JSON.stringify(seen); },
  run(source) { (0, eval)(source); },
}; globalThis.seen = holder.seen; globalThis.holder = holder; undefined"""


@pytest.fixture(params=["native", "binding"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    assert deepen_main_stack()
    native: Native | None = NATIVE if request.param == "native" else None
    engine = Engine(native=native)
    yield engine
    engine.close()


@pytest.fixture
def hooked() -> Iterator[Engine]:
    assert deepen_main_stack()
    engine = Engine()
    engine.load(HOOKS.replace("holder.seen.push", "seen.push"), 1)
    engine.take_hooks(("rejection", "thrown", "report", "run"), "holder")
    yield engine
    engine.close()


def test_the_engines_c_functions_are_reachable() -> None:
    assert NATIVE is not None


@pytest.mark.parametrize(
    "source", ["while (true);", "/(a+)+b/.test('a'.repeat(60));", "for (;;) Math.abs(1);"]
)
def test_cpu_is_limited(engine: Engine, source: str) -> None:
    engine.arm(0.05)
    before = time.thread_time()
    with pytest.raises(EngineError) as caught:
        engine.run_script(source, 1)
    assert caught.value.kind == "cpu"
    assert 0.03 < time.thread_time() - before < 0.5


def test_the_budget_is_not_renewed_by_evaluations(engine: Engine) -> None:
    def evaluate_often() -> None:
        for _ in range(100):
            engine.load("for (let n = 0; n < 2e5; n++) Math.abs(n);", 1)
            engine.run_jobs()

    engine.arm(0.1)
    with pytest.raises(EngineError):
        evaluate_often()


def test_a_busy_neighbour_thread_does_not_use_up_the_budget() -> None:
    stop = threading.Event()

    def spin() -> None:
        while not stop.is_set():
            sum(range(1000))

    neighbours = [threading.Thread(target=spin) for _ in range(1)]
    for neighbour in neighbours:
        neighbour.start()
    engine = Engine()
    try:
        engine.arm(0.1)
        started = time.thread_time()
        with pytest.raises(EngineError):
            engine.load("for (;;) Math.abs(1);", 1)
        assert time.thread_time() - started >= 0.095
    finally:
        stop.set()
        for neighbour in neighbours:
            neighbour.join()
        engine.close()


def test_memory_is_limited(engine: Engine) -> None:
    engine.set_memory_limit(engine.memory_used() + (1 << 20))
    with pytest.raises(EngineError) as caught:
        engine.load("const all = []; while (true) all.push(new Uint8Array(1000));", 1)
    assert caught.value.kind == "memory"


def test_recursion_is_limited_and_deep_enough(engine: Engine) -> None:
    engine.load("globalThis.deep = (n) => n ? deep(n - 1) + 1 : 0; if (deep(2000) !== 2000) throw 1;", 1)
    with pytest.raises(EngineError) as caught:
        engine.load("(function f() { f(); })()", 1)
    assert caught.value.kind == "stack"


def test_platform_files_have_their_line(engine: Engine) -> None:
    with pytest.raises(EngineError) as caught:
        engine.load("\nmissing();", 700)
    assert "<input>:701:1" in caught.value.stack


def test_files_that_every_realm_loads_have_their_line_too(engine: Engine) -> None:
    engine.load_own("globalThis.place = () => {\n  return new Error('here').stack; }; undefined", 800)
    for _ in range(2):  # compiled, and from what was compiled before
        engine.load_own("globalThis.found = place();\n'ü'", 700)
        engine.load("globalThis.text = String(found); undefined", 1)
        engine.load("globalThis.holder = { text: () => text, rejection() {}, thrown() {} }; undefined", 1)
        engine.take_hooks(("text", "rejection", "thrown"), "holder")
        stack = engine.call("text")
        assert "(<input>:801:" in stack
        assert "(<input>:700:" in stack


@pytest.mark.parametrize(
    ("source", "what", "place"),
    [
        ("let a;\nlet = = 3;", "SyntaxError", "<input>:701"),
        ("\nmissing();", "missing is not", "<input>:701:1"),
    ],
)
def test_what_is_wrong_with_such_a_file_is_told(engine: Engine, source: str, what: str, place: str) -> None:
    for _ in range(2):
        with pytest.raises(EngineError, match=what) as caught:
            engine.load_own(source, 700)
        assert place in caught.value.stack


def test_what_a_script_throws_is_handed_to_javascript(hooked: Engine) -> None:
    hooked.run_script("throw new Error('boo')", 1)
    hooked.run_script("throw 5", 1)
    assert hooked.call("report") == '["thrown Error: boo","thrown 5"]'


def test_unhandled_rejections_are_noted(hooked: Engine) -> None:
    hooked.run_script("Promise.reject('lost'); const p = Promise.reject('found'); p.catch(() => {});", 1)
    hooked.run_jobs()
    assert hooked.call("report") == '["lost","found","handled"]'


def test_jobs_without_an_end_are_stopped(hooked: Engine) -> None:
    hooked.arm(0.05)
    hooked.run_script("const go = () => { Promise.resolve().then(go); }; go();", 1)
    with pytest.raises(EngineError) as stopped:  # between two of them, or, on a busy machine, within one
        hooked.run_jobs()
    assert stopped.value.kind == "cpu"
    assert JOBS_WITHOUT_END in str(stopped.value) or "interrupted" in str(stopped.value)


def test_hooks_leave_no_global_behind(hooked: Engine) -> None:
    hooked.run_script("seen.push(typeof holder, typeof __hook)", 1)
    assert hooked.call("report") == '["undefined","undefined"]'


def test_a_source_with_a_nul_or_a_lone_surrogate_is_an_error_not_a_crash(hooked: Engine) -> None:
    hooked.run_script("let a = 1;\0", 1)
    hooked.run_script("let b = '\ud800';", 1)
    assert "SyntaxError" in hooked.call("report")


def test_closing_twice_is_nothing() -> None:
    engine = Engine()
    engine.close()
    engine.close()


def test_many_engines_come_and_go() -> None:
    for _ in range(50):
        engine = Engine()
        engine.load("globalThis.a = new Array(1000).fill({})", 1)
        engine.close()
