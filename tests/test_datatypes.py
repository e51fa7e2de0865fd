from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, ClassVar

import pytest

from voxrun.datatypes import dataclass as light


def _frozen(make: Any) -> Any:
    @make(frozen=True, slots=True)
    class Point:
        """A point."""

        x: int
        y: int = 2
        tags: list[str] = field(default_factory=list)
        secret: str = field(default="", repr=False, compare=False)
        count: ClassVar[int] = 7

        @property
        def both(self) -> tuple[int, int]:
            return self.x, self.y

    return Point


def _open(make: Any) -> Any:
    @make
    class Box:
        size: int
        inner: list[int] = field(init=False, default_factory=lambda: [1])
        twice: int = field(init=False)
        kind: str = field(init=False, default="box")

        def __post_init__(self) -> None:
            self.twice = 2 * self.size

    return Box


Light, Standard = _frozen(light), _frozen(dataclass)
LightBox, StandardBox = _open(light), _open(dataclass)


@light(frozen=True, slots=True)
class Kept:
    name: str
    size: int = 0


@light(frozen=True, slots=True)
class Named(Kept):
    title: str = ""


@pytest.mark.parametrize(
    "args", [((1,), {}), ((1, 3), {}), ((), {"x": 1, "tags": ["a"]}), ((1, 2, ["b"], "s"), {})]
)
def test_objects_are_made_and_shown_as_those_of_the_standard_library(args: Any) -> None:
    given, named = args
    ours, theirs = Light(*given, **named), Standard(*given, **named)
    assert asdict(ours) == asdict(theirs)
    assert repr(ours) == repr(theirs)
    assert ours.both == theirs.both
    assert not hasattr(ours, "__dict__")
    assert Light.__match_args__ == Standard.__match_args__
    assert [each.name for each in fields(Light)] == [each.name for each in fields(Standard)]


@pytest.mark.parametrize("args", [((), {}), ((1, 2, [], "", 5), {}), ((1,), {"z": 1}), ((1,), {"x": 1})])
def test_wrong_arguments_are_told_as_the_standard_library_tells_them(args: Any) -> None:
    given, named = args
    with pytest.raises(TypeError) as theirs:
        Standard(*given, **named)
    for _ in range(2):  # the first call of a class, and a later one
        with pytest.raises(TypeError) as ours:
            Light(*given, **named)
        assert str(ours.value) == str(theirs.value)


def test_each_object_has_a_list_of_its_own() -> None:
    assert Light(1).tags is not Light(1).tags


def test_what_is_equal_and_its_hash() -> None:
    @light(frozen=True)
    class Pair:
        a: int
        b: str

    assert Light(1) == Light(1, secret="s")
    assert Light(1) != Light(2)
    assert Light(1) != Standard(1)
    assert hash(Pair(1, "b")) == hash(Pair(1, "b")) == hash((1, "b"))
    assert LightBox(1) == LightBox(1)
    with pytest.raises(TypeError, match="unhashable"):
        hash(LightBox(1))


def test_what_a_class_says_itself_stays() -> None:
    @light(eq=False)
    class Own:
        a: int

        def __repr__(self) -> str:
            return "own"

    one = Own(1)
    assert repr(one) == "own"
    assert one != Own(1)
    assert len({one, Own(1)}) == 2


def test_nothing_of_a_frozen_object_can_be_set_or_deleted() -> None:
    point = Light(1)
    for name in ("x", "new"):
        with pytest.raises(dataclasses.FrozenInstanceError, match=f"cannot assign to field '{name}'"):
            setattr(point, name, 5)
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'x'"):
        del point.x
    assert replace(point, x=5).x == 5


def test_fields_that_are_not_arguments_are_set_before_post_init() -> None:
    assert asdict(LightBox(4)) == asdict(StandardBox(4))
    box = LightBox(4)
    box.size = 5
    assert box.size == 5
    with pytest.raises(TypeError):
        LightBox(4, [2])


def test_a_class_below_another_has_the_fields_of_both() -> None:
    named = Named("n", 1, "t")
    assert asdict(named) == {"name": "n", "size": 1, "title": "t"}
    assert named != Kept("n", 1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        named.name = "m"  # type: ignore[misc]


def test_objects_can_be_copied_and_pickled() -> None:
    named = Named("n", 1, "t")
    assert copy.deepcopy(named) == copy.copy(named) == pickle.loads(pickle.dumps(named)) == named
