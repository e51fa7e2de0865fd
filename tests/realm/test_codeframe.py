"""Code frames underline the expression and name what was called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxrun.realm.codeframe import code_frame, expression_span, name_callee
from voxrun.realm.port import Script
from voxrun.realm.positions import Position, ScriptMap


@pytest.mark.parametrize(
    ("line", "column", "name"),
    [
        ("call.anwser()", 6, "call.anwser"),
        ("  a.b?.c.d(1)", 10, "a.b?.c.d"),
        ("foo()", 1, "foo"),
        ("new Missing()", 5, "Missing"),
        ("x = $y_1.z()", 10, "$y_1.z"),
        ("(0, 1)()", 1, ""),
        ("short", 99, ""),
    ],
)
def test_the_expression_at_a_column(line: str, column: int, name: str) -> None:
    start, end = expression_span(line, column)
    assert line[start:end] == name


def test_what_is_not_a_function_gets_its_name() -> None:
    assert name_callee("TypeError: not a function", "a.b()", 3) == "TypeError: a.b is not a function"
    assert name_callee("TypeError: not a constructor", "new Q()", 5) == "TypeError: Q is not a constructor"
    assert name_callee("TypeError: not a function", "(0)()", 1) == "TypeError: not a function"
    assert name_callee("Error: other", "a.b()", 3) == "Error: other"


def test_a_frame_has_the_line_before_and_an_underline() -> None:
    scripts = ScriptMap((Script("a.js", "first();\n\tcall.anwser();"),))
    assert code_frame(scripts, Position("a.js", 2, 7)) == (
        "  1 | first();\n> 2 |  call.anwser();\n    |  ^^^^^^^^^^^"
    )


def test_a_very_long_line_is_cut_around_the_place() -> None:
    scripts = ScriptMap((Script("a.js", "x;" * 5000 + "call.anwser();" + "y;" * 5000),))
    frame = code_frame(scripts, Position("a.js", 1, 10_006))
    assert max(len(row) for row in frame.split("\n")) < 120
    assert "call.anwser" in frame


@given(st.text(max_size=60), st.integers(0, 80))
def test_no_line_and_column_breaks_it(line: str, column: int) -> None:
    scripts = ScriptMap((Script("a.js", line),))
    frame = code_frame(scripts, Position("a.js", 1, column))
    assert isinstance(frame, str)
    start, end = expression_span(line, column)
    assert 0 <= start <= end
