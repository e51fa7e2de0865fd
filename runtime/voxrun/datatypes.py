"""``dataclass`` as the standard library has it, but its methods are made when they are first called.

The standard one writes and compiles up to six methods of each class while its module is imported, some
0.8 ms a class. Here are 300 classes, of which a command uses a few: it was a third of the start of
``voxrun test``. ``field``, ``fields``, ``replace`` and ``asdict`` of the standard library go with it. What
nobody needs here is not there: ``order``, ``unsafe_hash``, ``kw_only``, ``InitVar``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls=None, /, *, frozen=False, slots=False, eq=True):
        """``dataclasses.dataclass``."""

        def made(cls):
            # Without these three the standard one writes no code, and all else is done by it.
            cls = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(cls)
            return _with_methods(cls, frozen, eq)

        return made if cls is None else made(cls)


_MISSING: Final = dataclasses.MISSING
_Field = dataclasses.Field


def _with_methods(cls: type, frozen: bool, eq: bool) -> type:
    """A method that the class has itself stays."""
    own = vars(cls)
    if "__init__" not in own:
        _later(cls, "__init__", _init_frozen if frozen else _init)
    if "__repr__" not in own:
        _set(cls, "__repr__", _repr)
    if eq:
        if "__eq__" not in own:
            _later(cls, "__eq__", _eq)
        if "__hash__" not in own or own["__hash__"] is None:  # with an __eq__ of its own, it is None
            if frozen:
                _later(cls, "__hash__", _hash)
            else:
                _set(cls, "__hash__", None)
    if frozen:
        _freeze(cls)
    return cls


def _set(cls: type, name: str, value: object) -> None:
    setattr(cls, name, value)


def _later(cls: type, name: str, make: Callable[[type], Callable[..., Any]]) -> None:
    """Give the class a method that is made when it is first called."""

    def first(*args: Any, **named: Any) -> Any:
        method = make(cls)
        method.__name__, method.__qualname__, method.__module__ = (
            name,
            f"{cls.__qualname__}.{name}",
            cls.__module__,
        )
        _set(cls, name, method)
        return method(*args, **named)

    _set(cls, name, first)


def _init(cls: type) -> Callable[..., Any]:
    return _init_of(cls, {}, "self.{0} = {1}")


def _init_frozen(cls: type) -> Callable[..., Any]:
    """Sets what cannot be set: by the slots themselves where there are any, which is the fastest way."""
    names = [field.name for field in _fields(cls)]
    places = {name: vars(owner)[name] for name in names for owner in cls.__mro__ if name in vars(owner)}
    if all(hasattr(places.get(name), "__set__") for name in names):
        return _init_of(cls, {f"_set_{name}": places[name].__set__ for name in names}, "_set_{0}(self, {1})")
    return _init_of(cls, {"_set": object.__setattr__}, "_set(self, {0!r}, {1})")


def _init_of(cls: type, known: dict[str, Any], setting: str) -> Callable[..., Any]:
    parameters, lines = ["self"], []
    for field in _fields(cls):
        name, value = field.name, field.name
        if field.default_factory is not _MISSING:
            known[f"_make_{name}"], known["_missing"] = field.default_factory, _MISSING
            default = f"{name}=_missing"
            value = f"_make_{name}() if {name} is _missing else {name}" if field.init else f"_make_{name}()"
        elif field.default is not _MISSING:
            known[f"_default_{name}"] = field.default
            default = f"{name}=_default_{name}"
            value = name if field.init else f"_default_{name}"
        else:
            default = name
        if field.init:
            parameters.append(default)
        if field.init or "=" in default:
            lines.append(setting.format(name, value))
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    return _compiled("__init__", parameters, lines or ["pass"], known)


def _eq(cls: type) -> Callable[..., Any]:
    lines = [
        "if other.__class__ is self.__class__:",
        f"  return {_compared(cls, 'self')} == {_compared(cls, 'other')}",
        "return NotImplemented",
    ]
    return _compiled("__eq__", ["self", "other"], lines, {})


def _hash(cls: type) -> Callable[..., Any]:
    return _compiled("__hash__", ["self"], [f"return hash({_compared(cls, 'self')})"], {})


def _compared(cls: type, who: str) -> str:
    """The expression of a tuple of what counts when two objects are compared."""
    return "(" + "".join(f"{who}.{field.name}, " for field in _fields(cls) if field.compare) + ")"


def _compiled(
    name: str, parameters: Sequence[str], lines: Sequence[str], known: dict[str, Any]
) -> Callable[..., Any]:
    text = f"def {name}({', '.join(parameters)}):\n" + "".join(f" {line}\n" for line in lines)
    exec(text, known)
    made: Callable[..., Any] = known[name]
    return made


@recursive_repr()
def _repr(self: Any) -> str:
    shown = (f"{field.name}={getattr(self, field.name)!r}" for field in _fields(type(self)) if field.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _fields(cls: type) -> Sequence[_Field[Any]]:
    return dataclasses.fields(cls)


def _freeze(cls: type) -> None:
    """Nothing can be set or deleted; copies and pickles can be made all the same."""
    names = [field.name for field in _fields(cls)]

    def refuse_set(self: object, name: str, value: object) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        object.__setattr__(self, name, value)

    def refuse_delete(self: object, name: str) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        object.__delattr__(self, name)

    _set(cls, "__setattr__", refuse_set)
    _set(cls, "__delattr__", refuse_delete)
    if "__slots__" in vars(cls):
        _set(cls, "__getstate__", _state)
        _set(cls, "__setstate__", _restore)


def _state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in _fields(type(self))]


def _restore(self: Any, state: list[Any]) -> None:
    for field, value in zip(_fields(type(self)), state, strict=True):
        object.__setattr__(self, field.name, value)
