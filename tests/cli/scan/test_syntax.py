from __future__ import annotations

import pytest

from voxrun.cli.scan.syntax import find_syntax_error
from voxrun.realm.port import Script


def place(source: str) -> str:
    error = find_syntax_error(Script("a.js", source))
    assert error is not None
    return str(error)


@pytest.mark.parametrize(
    ("source", "start"),
    [
        ("let x = ;", "a.js:1:9: syntax error"),
        ("let a;\nlet x = ;", "a.js:2:9: syntax error"),
        ("let a;\nlet a;", "a.js:2:"),
        ('const é = "ü"; x.y(;', "a.js:1:20: syntax error"),
    ],
)
def test_a_syntax_error_has_its_place(source: str, start: str) -> None:
    assert place(source).startswith(start)


@pytest.mark.parametrize("source", ["f(\n", "if (x) {\n\n", "f(1,\n2"])
def test_a_script_that_ends_too_early_is_told_at_its_end(source: str) -> None:
    last = source.rstrip().count("\n") + 1
    assert place(source).startswith(f"a.js:{last}:")
    assert "ends in the middle" in place(source)


def test_a_module_is_told_that_scenarios_are_scripts() -> None:
    assert "cannot import or export" in place('import x from "y";')


def test_an_await_outside_of_an_async_function_is_recognised() -> None:
    assert "async function" in place("await go();")


@pytest.mark.parametrize(
    "source",
    [
        "throw new Error('x');",
        "while (true);",
        "undeclared = 1; with (Math) max(1);",
        "var a; var a; function f() {} function f() {}",
        "const x = async () => { await 1; }; x?.y ?? z;",
        "'use strict'; let a;",
    ],
)
def test_a_script_that_compiles_is_not_run(source: str) -> None:
    assert find_syntax_error(Script("a.js", source)) is None
