"""YAML read as a tree of nodes, so that every mistake can be named by file:line:column.

What agent files and call scripts need: mappings with known keys, lists, scalars. Texts are taken as
written: ``dtmf: 0123`` is the text "0123", never a number in another base, and ``no`` is no boolean unless
one is asked for. Wrong input raises the error class given to ``read_document``: ``ConfigError``, or a
subclass of ``VoxrunError`` of the caller's choice.

A leaf module: it imports nothing of ours but other leaves, and every room may import it.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NoReturn

from msgspec import Struct

from voxrun.errors import ConfigError, VoxrunError
from voxrun.session.messages import Json, JsonObject
from voxrun.yamlnodes import Node, NotYaml, compose

MAX_BYTES: Final = 1_000_000
MAX_LINES: Final = 50_000
MAX_DEPTH: Final = 100
MAX_BRACKETS: Final = 200
"""Brackets that may be open at once, those in texts too: the reader's time grows with their square."""
MAX_NODES: Final = 300_000
"""Nodes visited, aliases counted each time: a few lines of nested aliases would otherwise never end."""
_YES: Final = frozenset({"true", "yes", "on"})
_NO: Final = frozenset({"false", "no", "off"})
EMPTY_AGENT: Final = "an agent file needs at least a greeting or rules"
_NUMBER: Final = re.compile(r"0[xo][0-9a-fA-F]+|[-+]?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?")
"""Numbers in ``json``: with leading zeros it is a code, a key sequence or a postal code, so text."""
_BRACKETS: Final = re.compile(r"[\[\]{}]")
_NO_TEXT: Final = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
"""What no text file holds."""
_DEEP: Final = re.compile(r"^[ \t?-]{1000}", re.M)
"""The reader would run out of stack somewhere beyond."""
_NULL_TAG: Final = "tag:yaml.org,2002:null"


class _Document(Struct):
    """What all nodes of one document share."""

    path: str
    error: type[VoxrunError] = ConfigError
    left: int = MAX_NODES
    """Nodes that may still be visited."""


class Item:
    """A node of the document with what is needed to complain about it."""

    def __init__(self, node: Node, name: str, document: _Document) -> None:
        self._node = node
        self._document = document
        self.name = name
        """How the value is called in messages ("rules[2].says")."""
        document.left -= 1
        if document.left < 0:
            self.fail("the document is too large once its aliases are followed")

    @property
    def where(self) -> str:
        """file:line:column, counted from 1."""
        mark = self._node.start_mark
        return f"{self._document.path}:{mark.line + 1}:{mark.column + 1}"

    def fail(self, problem: str) -> NoReturn:
        """Raise the error about this node."""
        raise self._document.error(f"{self.where}: {problem}")

    @property
    def is_null(self) -> bool:
        return self._node.id == "scalar" and str(self._node.tag) == _NULL_TAG

    @property
    def is_list(self) -> bool:
        return bool(self._node.id == "sequence")

    @property
    def is_mapping(self) -> bool:
        return bool(self._node.id == "mapping")

    def mapping(self, known: Iterable[str] | None = None) -> dict[str, Item]:
        """The entries, in order. ``known`` None takes any key; null values are left out."""
        if self._node.id != "mapping":
            self.fail(f"{self.name} must be a mapping (key: value), not {self._kind()}")
        allowed = None if known is None else tuple(known)
        entries: dict[str, Item] = {}
        for key_node, value_node in self._node.value:
            key = Item(key_node, "a key", self._document)
            text = key.text()
            if allowed is not None and text not in allowed:
                key.fail(f"unknown key {text!r} in {self.name}{suggestion(text, allowed)}")
            if text in entries:
                key.fail(f"{text!r} is given twice in {self.name}")
            name = text if self.name == "the file" else f"{self.name}.{text}"
            entries[text] = Item(value_node, name, self._document)
        return {key: item for key, item in entries.items() if not item.is_null}

    def key_items(self) -> list[Item]:
        """The keys of a mapping as nodes, those with null values among them."""
        if self._node.id != "mapping":
            self.fail(f"{self.name} must be a mapping (key: value), not {self._kind()}")
        return [Item(key, "a key", self._document) for key, _ in self._node.value]

    def items(self) -> list[Item]:
        """The elements of a list."""
        if self._node.id != "sequence":
            self.fail(f"{self.name} must be a list, not {self._kind()}")
        return [
            Item(node, f"{self.name}[{index}]", self._document) for index, node in enumerate(self._node.value)
        ]

    def text(self) -> str:
        """A scalar as it was written."""
        if self._node.id != "scalar" or self.is_null:
            self.fail(f"{self.name} must be a text, not {self._kind()}")
        return str(self._node.value)

    def texts(self) -> tuple[str, ...]:
        """One text or a list of texts, none of them blank."""
        found = self.items() if self.is_list else [self]
        for item in found:
            if not item.text().strip():
                item.fail(f"{item.name} is empty")
        return tuple(item.text().strip() for item in found)

    def boolean(self) -> bool:
        """true or false."""
        word = self.text().lower()
        if word not in _YES | _NO:
            self.fail(f"{self.name} must be true or false, not {word!r}")
        return word in _YES

    def number(self, low: float, high: float) -> float:
        """A number from ``low`` to ``high``."""
        try:
            value = float(self.text())
        except ValueError:
            self.fail(f"{self.name} must be a number, not {_brief(self.text())!r}")
        if not low <= value <= high:
            self.fail(f"{self.name} must be {low:.15g} to {high:.15g}, not {_brief(self.text())}")
        return value

    def seconds(self, high: float = 3600) -> float:
        """A duration: ``1.5``, ``1.5s``, ``1500ms`` or ``2m``."""
        text = self.text().strip().lower()
        units = {"ms": 0.001, "m": 60.0, "s": 1.0}
        unit, scale = next(((u, s) for u, s in units.items() if text.endswith(u)), ("", 1.0))
        try:
            value = float(text.removesuffix(unit)) * scale
        except ValueError:
            self.fail(f"{self.name} must be a duration like 1.5s or 300ms, not {_brief(text)!r}")
        if not 0 <= value <= high:
            self.fail(f"{self.name} must be 0 to {high:.10g} seconds, not {_brief(text)}")
        return value

    def milliseconds(self, high: float = 3600) -> int:
        """A duration, in whole milliseconds."""
        return round(self.seconds(high) * 1000)

    def integer(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``."""
        value = self.number(low, high)
        if value != int(value):
            self.fail(f"{self.name} must be a whole number, not {self.text()}")
        return int(value)

    def json(self) -> Json:
        """The value as JSON data; plain scalars follow YAML 1.2's core rules."""
        if self.is_mapping:
            return {key: value.json() for key, value in self.mapping().items()}
        if self.is_list:
            return [item.json() for item in self.items()]
        return None if self.is_null else self._scalar()

    def json_object(self) -> JsonObject:
        """A mapping as a JSON object."""
        return {key: value.json() for key, value in self.mapping().items()}

    def json_text(self) -> str:
        """The value as compact JSON, members in the order of the file."""
        return json.dumps(self.json(), ensure_ascii=False, separators=(",", ":"))

    def _scalar(self) -> Json:
        text, tag = self.text(), str(self._node.tag)
        try:
            if tag.endswith((":int", ":float")) and not _NUMBER.fullmatch(text):
                return text
            if tag.endswith(":int"):
                return int(text, 0) if text[:2].lower() in ("0x", "0o") else int(text)
            if tag.endswith(":float"):
                return self._finite(text)
        except ValueError:
            return text
        return text.lower() == "true" if tag.endswith(":bool") else text

    def _finite(self, text: str) -> float:
        value = float(text)
        if math.isinf(value):
            self.fail(f"{self.name}: {_brief(text)} is more than a number can be; as a text it needs quotes")
        return value

    def _kind(self) -> str:
        if self.is_null:
            return "nothing"
        if self.is_list:
            return "a list"
        return "a mapping" if self.is_mapping else "a single value"


def _brief(text: str) -> str:
    """Enough of a text to know it again."""
    return text if len(text) <= 40 else f"{text[:39]}…"


def suggestion(word: str, known: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` for the nearest of ``known``, else the list of them."""
    options = sorted(known)
    near = difflib.get_close_matches(word, options, n=1, cutoff=0.6)
    if near:
        return f" (did you mean {near[0]!r}?)"
    return f" (known: {', '.join(options)})" if options else ""


def read_document(path: Path, error: type[VoxrunError] = ConfigError, empty: str = EMPTY_AGENT) -> Item:
    """The root of a YAML file. Raises ``error``: unreadable, not text, not YAML, empty (``empty`` says what
    should be there)."""
    try:
        raw = path.read_bytes()
    except OSError as problem:
        raise error(f"{path}: cannot be read: {problem.strerror or problem}") from None
    if len(raw) > MAX_BYTES:
        raise error(f"{path}:1:1: the file is larger than {MAX_BYTES:,} bytes; is it the right file?")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        column = problem.start - raw.rfind(b"\n", 0, problem.start)
        byte = f"byte 0x{raw[problem.start]:02x}"
        raise error(f"{path}:{line}:{column}: is not UTF-8 text ({byte}); is it the right file?") from None
    return parse_document(text, str(path), error, empty)


def parse_document(
    text: str, path: str, error: type[VoxrunError] = ConfigError, empty: str = EMPTY_AGENT
) -> Item:
    """The root of a YAML text; ``path`` is for messages."""
    _check_text(text, path, error)
    node = _composed(text, path, error)
    if node is None:
        raise error(f"{path}:1:1: is empty; {empty}")
    document = _Document(path, error)
    _check_nodes(node, document)
    return Item(node, "the file", document)


def _composed(text: str, path: str, error: type[VoxrunError]) -> Node | None:
    try:
        return compose(text)
    except NotYaml as problem:
        at = f"{path}:{problem.line}:{problem.column}"
        raise error(f"{at}: not valid YAML: {problem}") from None


def _check_text(text: str, path: str, error: type[VoxrunError]) -> None:
    """What the reader takes too long for, or tells without its place."""
    odd = _NO_TEXT.search(text)
    if odd is not None:
        code = ord(odd[0])
        character = f"byte 0x{code:02x}" if code < 0x80 else f"character U+{code:04X}"
        what = f"is no text: it holds the {character}; is it the right file?"
        raise error(f"{path}:{_place(text, odd.start())}: {what}")
    lines = text.count("\n") + 1
    if lines > MAX_LINES:
        raise error(f"{path}:{MAX_LINES + 1}:1: the file has {lines:,} lines; {MAX_LINES:,} are the most")
    deep = _DEEP.search(text)
    if deep is not None:
        raise error(f"{path}:{_place(text, deep.start())}: the file is nested too deeply")
    depth = 0
    for bracket in _BRACKETS.finditer(text):
        depth = depth + 1 if bracket[0] in "[{" else max(0, depth - 1)
        if depth > MAX_BRACKETS:
            raise error(f"{path}:{_place(text, bracket.start())}: the file is nested too deeply")


def _place(text: str, at: int) -> str:
    """ "line:column" of a position."""
    return f"{text.count(chr(10), 0, at) + 1}:{at - text.rfind(chr(10), 0, at)}"


def _check_nodes(root: Node, document: _Document) -> None:
    """Aliases may not refer to what they are in, and nesting ends somewhere: readers of items recurse."""
    open_nodes: set[int] = set()
    known: set[int] = set()
    stack: list[tuple[Node, int, bool]] = [(root, 0, False)]
    while stack:
        node, depth, done = stack.pop()
        if done:
            open_nodes.discard(id(node))
            continue
        if id(node) in open_nodes:
            Item(node, "it", document).fail(
                "this holds an alias of itself (* of its own &), which never ends"
            )
        if id(node) in known or node.id == "scalar":
            continue
        if depth > MAX_DEPTH:
            Item(node, "it", document).fail(f"the file is nested more than {MAX_DEPTH} deep")
        known.add(id(node))
        open_nodes.add(id(node))
        stack.append((node, depth, True))
        values = node.value if node.id == "sequence" else [n for pair in node.value for n in pair]
        stack += [(each, depth + 1, False) for each in values]


def first_item(entries: Mapping[str, Item], *names: str) -> Item | None:
    """The first of ``names`` that is there."""
    return next((entries[name] for name in names if name in entries), None)
