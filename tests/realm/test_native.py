"""The C functions: pointers are checked before they are used."""

from __future__ import annotations

import pytest

from voxrun.realm.native import Native


class NotAContext:
    """An object that is no JavaScript context; its words are no pointers that belong together."""

    __slots__ = ("a", "b")


def test_an_object_with_another_layout_is_refused() -> None:
    native = Native()
    other = NotAContext()
    with pytest.raises(OSError, match="keeps its context elsewhere"):
        native.pointers(other)
