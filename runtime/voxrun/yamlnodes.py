"""The nodes of a YAML text, as libyaml reads them, with the plain values of YAML 1.2.

PyYAML and libyaml are of YAML 1.1. What differs in what people write is set right here: ``yes`` and dates are
texts (the ``tag`` of plain values follows the core schema of YAML 1.2), and three more characters are no line
breaks. Errors say what was found where.

A leaf module.
"""

from __future__ import annotations

import re
from typing import Any, Final

from yaml import YAMLError
from yaml.error import MarkedYAMLError

from voxrun.errors import ConfigError

try:
    from yaml import CBaseLoader
except ImportError:
    CBaseLoader = None

Node = Any
"""With ``id`` ("scalar", "sequence" or "mapping"), ``tag``, ``value`` and ``start_mark``."""

_BREAKS: Final = {0x85: 0xFDD0, 0x2028: 0xFDD1, 0x2029: 0xFDD2}
"""Line breaks of YAML 1.1 and what stands for them: characters that Unicode keeps for use within programs."""
_BACK: Final = {stand_in: character for character, stand_in in _BREAKS.items()}
_ANY_BREAK: Final = re.compile(f"[{''.join(map(chr, _BREAKS))}]")
_PLAIN: Final = re.compile(
    r"(?P<null>~|null|Null|NULL|)"
    r"|(?P<bool>true|True|TRUE|false|False|FALSE)"
    r"|(?P<int>[-+]?[0-9]+|0x[0-9a-fA-F]+|0o[0-7]+)"
    r"|(?P<float>[-+]?[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?)"
)
_TAG: Final = "tag:yaml.org,2002:"
_LONGEST: Final = 20


class NotYaml(Exception):
    """``line`` and ``column`` count from 1."""

    def __init__(self, problem: str, line: int, column: int) -> None:
        super().__init__(problem)
        self.line, self.column = line, column


def compose(text: str) -> Node | None:
    """The root node; None of an empty text. Raises NotYaml, and ConfigError where PyYAML has no libyaml.

    The text holds no control characters; reading recurses in C, as deep as the text is nested.
    """
    if CBaseLoader is None:  # its reader in Python does not know "{a: what?}"
        advice = "pip install --force-reinstall --only-binary :all: PyYAML"
        raise ConfigError(f"the PyYAML that is installed was built without libyaml: {advice}")
    odd = _ANY_BREAK.search(text) is not None
    reader = _Reader(text.translate(_BREAKS) if odd else text)
    try:
        node = reader.get_single_node()
    except MarkedYAMLError as error:
        raise _told(error, text) from None
    except YAMLError as error:
        raise NotYaml(str(error).splitlines()[0], 1, 1) from None
    finally:
        reader.dispose()
    if odd:
        _put_back(node)
    return node


class _Reader(CBaseLoader or object):  # type: ignore[misc]
    """With the core schema."""

    def resolve(self, kind: type, value: Any, implicit: Any) -> str:
        if not isinstance(value, str):
            return f"{_TAG}{'seq' if 'Sequence' in kind.__name__ else 'map'}"
        found = _PLAIN.fullmatch(value) if implicit[0] else None
        return f"{_TAG}{found.lastgroup if found else 'str'}"

    def descend_resolver(self, *args: Any) -> None:
        pass

    def ascend_resolver(self) -> None:
        pass


def _told(error: MarkedYAMLError, text: str) -> NotYaml:
    """With what stands at the place, or where it began what the text ends in."""
    mark, began = error.problem_mark or error.context_mark, error.context_mark
    problem, found = str(error.problem or error.context), text[mark.index :].split(maxsplit=1)
    if text[mark.index : mark.index + 1] == "\t":
        problem += ": a tab"
    elif found:
        problem += f": {found[0][:_LONGEST]!r}"
    elif began is not None and began.index < mark.index:
        problem += f", {error.context} that begins at {began.line + 1}:{began.column + 1}"
    else:
        problem += ": here the file ends"
    if mark.index >= len(text) and text[-1:] not in "\r\n":  # libyaml adds a line that is not there
        return NotYaml(problem, mark.line, len(text) - text.rfind("\n"))
    return NotYaml(problem, mark.line + 1, mark.column + 1)


def _put_back(root: Node | None) -> None:
    """The characters that something stood for."""
    known: set[int] = set()
    waiting = [root] if root is not None else []
    while waiting:
        node = waiting.pop()
        if id(node) in known:
            continue
        known.add(id(node))
        if node.id == "scalar":
            node.value = node.value.translate(_BACK)
        else:
            pairs = node.id == "mapping"
            waiting += [each for pair in node.value for each in pair] if pairs else node.value
