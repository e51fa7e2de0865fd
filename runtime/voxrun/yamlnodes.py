"""The nodes of a YAML text: read by libyaml where it is known to read what ruamel.yaml reads.

A run of call scripts reads each of them in every process, and ruamel.yaml, which is written in Python, took
a quarter as long for a script as the call took. Libyaml takes a fiftieth of that, but knows YAML 1.1 only,
and its errors and the places of empty values are others. So it reads texts without the odd things that the
two see differently; all others, and all that it does not understand, are ruamel.yaml's. Both give the same
nodes: the ``tag`` of plain scalars follows the core schema of YAML 1.2, as far as ``yamldoc`` asks for it.

A leaf module.
"""

from __future__ import annotations

import re
from typing import Any, Final

try:
    from yaml.cyaml import CParser
except ImportError:  # PyYAML without libyaml
    CParser = None

Node = Any
"""Of either library, with ``id`` ("scalar", "sequence" or "mapping"), ``tag``, ``value``, ``start_mark`` and
``style``."""

_ODD: Final = re.compile(
    r"""[\t\r\x85\u2028\u2029\ufeff]      # breaks and blanks of YAML 1.1
    |^(?:%|---|\.\.\.)                    # directives, several documents
    |^[ -]*\?(?:\s|$)|[\[{,]\s*\?         # keys with a question mark
    |[|>][-+0-9]*\#                       # what is no comment
    |(?:^|[\s\[\]{},:'"-])[&*!]\S         # anchors, aliases, tags
    |['"]:\S                              # a colon that is told from a text by a quote
    |^[ -]{200}                           # nested so deeply that C would run out of stack
    """,
    re.M | re.X,
)
_PLAIN: Final = re.compile(
    r"(?P<null>~|null|Null|NULL)"
    r"|(?P<bool>true|True|TRUE|false|False|FALSE)"
    r"|(?P<int>[-+]?[0-9]+|0x[0-9a-fA-F]+|0o[0-7]+)"
    r"|(?P<float>[-+]?[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?)"
)
_TAG: Final = "tag:yaml.org,2002:"


def compose(text: str) -> Node | None:
    """The root node; None of an empty text. Raises ruamel.yaml's ``YAMLError``."""
    if CParser is not None and _ends_well(text) and _ODD.search(text) is None:
        node = _read(text)
        if node is not None:
            return node
    from ruamel.yaml import YAML

    return YAML(typ="rt", pure=True).compose(text)


def _ends_well(text: str) -> bool:
    """With one line break, after something: places at a ragged end are told differently."""
    *_, last, rest = ("", *text.rsplit("\n", 2))
    return rest == "" and last.strip() != ""


def _read(text: str) -> Node | None:
    """The root as libyaml reads it; None where ruamel.yaml has to have a look."""
    from yaml import YAMLError

    reader = _Reader(text)
    try:
        node = reader.get_single_node()
    except (YAMLError, ValueError):
        return None
    finally:
        reader.dispose()
    return node if node is not None and node.id == "mapping" and not reader.empty else None


if CParser is not None:

    class _Reader(CParser):  # type: ignore[misc]
        """Libyaml's parser with the core schema."""

        def __init__(self, text: str) -> None:
            super().__init__(text)
            self.empty = False
            """There was a value that is not there."""

        def resolve(self, kind: type, value: Any, implicit: Any) -> str:
            if not isinstance(value, str):
                return f"{_TAG}{'seq' if 'Sequence' in kind.__name__ else 'map'}"
            if not value:
                self.empty = True
            found = _PLAIN.fullmatch(value) if implicit[0] else None
            return f"{_TAG}{found.lastgroup if found else 'str'}"

        def descend_resolver(self, *args: Any) -> None:
            pass

        def ascend_resolver(self) -> None:
            pass
