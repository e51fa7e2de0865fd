"""Misspelt names, and names that want a module."""

from __future__ import annotations

import pytest

from voxrun.realm.hints import hint


@pytest.mark.parametrize(
    ("text", "scenario", "found"),
    [
        ("TypeError: call.anwser is not a function", "", "answer"),
        ("ReferenceError: VoxEngin is not defined", "", "VoxEngine"),
        ("ReferenceError: costumer is not defined", "const customer = 1;", "customer"),
    ],
)
def test_a_near_name_is_named(text: str, scenario: str, found: str) -> None:
    assert hint(text, scenario) == f" (did you mean {found}?)"


@pytest.mark.parametrize(
    "text", ["Error: x", "ReferenceError: zzqqxy is not defined", "TypeError: a.b is not a function"]
)
def test_without_a_good_guess_nothing_is_said(text: str) -> None:
    assert hint(text, "") == ""


@pytest.mark.parametrize(
    ("name", "module"), [("Ultravox", "Ultravox"), ("AI", "AI"), ("VoximplantAvatar", "Avatar")]
)
def test_a_namespace_without_its_module_names_the_require(name: str, module: str) -> None:
    said = hint(f"ReferenceError: {name} is not defined", "const ultravox = 1;")
    assert said == f": put require(Modules.{module}); at the top of the scenario"
