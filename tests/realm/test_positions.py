"""Positions lead back to the scenario's own files."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voxrun.realm.port import Script
from voxrun.realm.positions import MOST_PLACES, Position, ScriptMap
from voxrun.realm.sources import SCENARIO_LINE

TWO = ScriptMap((Script("a.js", "one\ntwo\n"), Script("b.js", "three\nx.four()")))


def test_platform_lines_are_no_place() -> None:
    assert TWO.locate(SCENARIO_LINE - 1, 1) is None
    assert TWO.locate(10**9) is None
    assert ScriptMap(()).locate(SCENARIO_LINE) is None


def test_a_line_number_finds_its_file() -> None:
    assert str(TWO.locate(TWO.first_lines[0] + 1, 2)) == "a.js:2:2"
    assert str(TWO.locate(TWO.first_lines[1], 0)) == "b.js:1"
    assert TWO.where(f"{TWO.first_lines[1] + 1}:3") == "b.js:2:3"
    assert TWO.where("") == ""


def test_what_is_no_place_is_none() -> None:
    for made_up in ("evil", "1:2:3", ":", "9" * 5000, "5:" + "9" * 5000, '1","x', "١:1"):
        assert TWO.where(made_up) == ""
        assert TWO.readable(f"    at f (<scenario>:{made_up})")
        assert TWO.frames(f"    at <scenario>:{made_up} (<scenario>:{TWO.first_lines[0]}:1)")


def test_places_that_a_scenario_makes_up_are_not_all_kept() -> None:
    scripts = ScriptMap((Script("a.js", "one"),))
    for column in range(5000):
        assert scripts.where(f"{SCENARIO_LINE}:{column}").startswith("a.js:1")
    assert len(scripts._places) <= MOST_PLACES


def test_a_position_on_a_dot_moves_to_the_name_behind_it() -> None:
    assert str(TWO.locate(TWO.first_lines[1] + 1, 2)) == "b.js:2:3"


def test_frames_are_the_scenarios_calls() -> None:
    line = TWO.first_lines[1] + 1
    stack = (
        "    at map (native)\n"
        f"    at inner (<scenario>:{line}:1)\n"
        "    at dispatch (<input>:120:7)\n"
        f"    at <anonymous> (<scenario>:{line - 1}:3)\n"
        f"    at <scenario>:{line}:5\n"
    )
    frames = TWO.frames(stack)
    assert [(frame.function, str(frame.position)) for frame in frames] == [
        ("inner", "b.js:2:1"),
        ("", "b.js:1:3"),
        ("", "b.js:2:5"),
    ]


@given(st.lists(st.text(alphabet="ab\n\r", max_size=30), min_size=1, max_size=5))
def test_every_line_of_every_script_is_found_again(sources: list[str]) -> None:
    scripts = ScriptMap([Script(f"{i}.js", source) for i, source in enumerate(sources)])
    for i, source in enumerate(sources):
        for number, text in enumerate(source.split("\n")):
            position = scripts.locate(scripts.first_lines[i] + number, 0)
            assert position == Position(f"{i}.js", number + 1, 0)
            assert scripts.line_text(position) == text.rstrip("\r")


def test_columns_count_characters_not_bytes() -> None:
    scripts = ScriptMap((Script("a.js", 'const é = "ü€😀"; undefined.y();'),))
    before = len('const é = "ü€😀"; '.encode())
    position = scripts.locate(SCENARIO_LINE, before + 1)
    assert position is not None
    assert position.column == len('const é = "ü€😀"; ') + 1
