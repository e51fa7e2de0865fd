"""The C functions: pointers are checked before they are used."""

from __future__ import annotations

from typing import Any

import pytest

from voxrun.realm.engine import Engine
from voxrun.realm.native import Native


class NotAContext:
    """An object that is no JavaScript context; its words are no pointers that belong together."""

    __slots__ = ("a", "b")


def test_an_object_with_another_layout_is_refused() -> None:
    native = Native()
    other = NotAContext()
    with pytest.raises(OSError, match="keeps its context elsewhere"):
        native.pointers(other)


def test_a_script_is_compiled_once_and_read_by_every_context_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    native, texts = Native(), []
    compiled = native._compile

    def counted(*arguments: Any) -> bytes | None:
        texts.append(arguments[1])
        return compiled(*arguments)

    monkeypatch.setattr(native, "_compile", counted)
    for number in range(3):
        engine = Engine(native=native)
        engine.load_own("globalThis.twice = (n) => 2 * n; undefined", 5)
        value = f"() => String(twice({number}))"
        engine.load(
            f"globalThis.holder = {{ value: {value}, rejection() {{}}, thrown() {{}} }}; undefined", 1
        )
        engine.take_hooks(("value", "rejection", "thrown"), "holder")
        assert engine.call("value") == str(2 * number)
        engine.close()
    assert texts == ["globalThis.twice = (n) => 2 * n; undefined"]
