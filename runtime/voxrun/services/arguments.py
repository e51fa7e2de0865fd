"""Reads the arguments of commands. The realm is untrusted: what is wrong raises ScenarioError."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from voxrun.errors import ScenarioError
from voxrun.session.messages import Command

MOST_BODY = 16 * 1024 * 1024
"""Characters of the body of a request."""


class Arguments:
    """The data of one command, read by name and type."""

    def __init__(self, command: Command) -> None:
        self._kind = command.kind
        self._data = command.data

    def text(self, name: str, most_bytes: int = 1 << 20) -> str:
        """A text of at most ``most_bytes`` in UTF-8; absent and null are ""."""
        value = self._data.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self._wrong(name, "a text", value)
        size = len(value.encode("utf-8", "surrogatepass"))
        if size > most_bytes:
            raise ScenarioError(f"{self._kind}: {name} has {size} bytes, the limit is {most_bytes}")
        return value

    def needed(self, name: str, most_bytes: int = 1 << 20) -> str:
        """A text that may not be absent."""
        if self._data.get(name) is None:
            raise self._wrong(name, "a text", None)
        return self.text(name, most_bytes)

    def number(self, name: str, least: float, most: float) -> float:
        """A finite number between ``least`` and ``most``."""
        value = self._data.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._wrong(name, "a number", value)
        if not least <= value <= most:  # NaN is neither
            raise self._wrong(name, f"a number from {least:g} to {most:g}", value)
        return value

    def optional_number(self, name: str, least: float, most: float) -> float | None:
        """The same; None where it is absent or null."""
        return None if self._data.get(name) is None else self.number(name, least, most)

    def numbers(self, name: str, most: int) -> list[float]:
        """A list of at most ``most`` finite numbers; absent and null are []."""
        value = self._data.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > most:
            raise self._wrong(name, f"a list of at most {most} numbers", value)
        for item in value:
            if isinstance(item, bool) or not isinstance(item, int | float) or not abs(item) < 1e12:
                raise self._wrong(name, "a list of numbers", value)
        return value

    def flag(self, name: str) -> bool:
        """True or false; absent is false."""
        return self._data.get(name) is True

    def mapping(self, name: str) -> dict[str, Any]:
        """An object; absent and null are {}."""
        value = self._data.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self._wrong(name, "an object", value)
        return value

    def texts(self, name: str, most: int, most_bytes: int) -> list[str]:
        """At most ``most`` texts of at most ``most_bytes`` each; absent and null are []."""
        value = self._data.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self._wrong(name, "a list of texts", value)
        if len(value) > most:
            raise ScenarioError(f"{self._kind}: {name} has {len(value)} entries, the limit is {most}")
        for one in value:
            if len(one.encode("utf-8", "surrogatepass")) > most_bytes:
                raise ScenarioError(
                    f"{self._kind}: an entry of {name} is over the limit of {most_bytes} bytes"
                )
        return value

    def headers(self, name: str = "headers") -> dict[str, str]:
        """Header name -> value."""
        return string_map(self.mapping(name))

    def pairs(self, name: str) -> list[tuple[str, str]]:
        """[[name, value], ...]; absent and null are []."""
        value = self._data.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._wrong(name, "a list of pairs", value)
        for pair in value:
            if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(x, str) for x in pair)):
                raise self._wrong(name, "a list of pairs of texts", pair)
        return [(first, second) for first, second in value]

    def parts(self, name: str, most: int) -> list[Arguments]:
        """A list of one to ``most`` objects, each to be read like a command."""
        value = self._data.get(name)
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            raise self._wrong(name, f"a list of 1 to {most} objects", value)
        for part in value:
            if not isinstance(part, dict):
                raise self._wrong(name, "a list of objects", part)
        return [Arguments(Command(f"{self._kind} {name}", "", part)) for part in value]

    def content(self, name: str) -> bytes | None:
        """The body of a request: {"bytes": base64}, {"text": ...}, or {} for none."""
        body = self.mapping(name)
        if "bytes" not in body and "text" not in body:
            return None
        value = body.get("bytes", body.get("text"))
        if not isinstance(value, str) or len(value) > MOST_BODY:
            raise ScenarioError(f"{self._kind}: the {name} must be a text of a sensible size")
        if "bytes" not in body:
            return value.encode("utf-8", "surrogatepass")
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise ScenarioError(f"{self._kind}: the {name} is no base64") from None

    def _wrong(self, name: str, wanted: str, value: object) -> ScenarioError:
        return ScenarioError(f"{self._kind}: {name} must be {wanted}, got {_shown(value)}")


def string_map(value: Mapping[str, Any]) -> dict[str, str]:
    """Texts by name, each on one line: a line break in a header would begin another."""
    return {_line(name): _line(item) for name, item in value.items()}


def _line(value: object) -> str:
    return " ".join(str(value).splitlines())


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:  # an integer of more than 4300 digits
        text = "a huge number"
    return text if len(text) <= 60 else text[:59] + "…"
