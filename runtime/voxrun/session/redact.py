"""Keeps secrets out of everything that is written: by value, and by the names that give them away."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

SHORTEST = 4
"""Values shorter than this are not searched for: they would black out half the journal."""

SHORTEST_LEARNT = 16
"""Values found under a telling name that are at least this long are hidden wherever they turn up later."""
MOST_LEARNT = 256

_TELLING = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "x-api-key",
        "x-unsafe-api-key",
        "api-key",
        "apikey",
        "xi-api-key",
        "xiapikey",
        "x-goog-api-key",
        "cookie",
        "set-cookie",
        "password",
        "secret",
        "token",
        "access_token",
        "accesstoken",
        "authtokens",
        "sharedsecrets",
        "joinurl",  # who knows it may join the call
    }
)


_SIGN_OF_K = "\\u212a"
"""In JSON: what is a k in lower case."""


class Redactor:
    """Replaces secret values by ``«secret:NAME»`` in text and JSON values."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        forms: dict[str, str] = {}
        for name, value in secrets.items():
            if len(value) >= SHORTEST:
                for form in _forms(value):
                    forms[form] = f"«secret:{name}»"
        # Longest first, so that a secret that contains another is replaced whole.
        self._forms = sorted(forms.items(), key=lambda item: -len(item[0]))
        self._back = {f"«secret:{name}»": value for name, value in secrets.items()}
        self._learnt: dict[str, None] = {}
        self._in_json = [_as_in_json(form) for form, _ in self._forms]

    def touches(self, text: str) -> bool:
        """Whether something in a JSON ``text`` (ASCII) may have to be hidden; False is certain.

        Nearly all that is written has no secret in it, and this is a sixth of the work of ``value``.
        """
        for form in self._in_json:
            if form in text:
                return True
        text = text.lower()
        return not _TELLING.isdisjoint(text.split('"')) or _SIGN_OF_K in text

    def text(self, text: str) -> str:
        """``text`` without secret values."""
        for form, label in self._forms:
            if form in text:
                text = text.replace(form, label)
        for form in self._learnt:
            if form in text:
                text = text.replace(form, "«redacted»")
        return text

    def value(self, value: Any) -> Any:
        """A JSON value without secret values; fields with telling names are blanked whatever they hold."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self._field(str(key), item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            if len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], str):
                return [value[0], self._field(value[0], value[1])]
            return [self.value(item) for item in value]
        return value

    def _field(self, key: str, item: Any) -> Any:
        return self._blank(item) if key.lower() in _TELLING else self.value(item)

    def _blank(self, item: Any) -> Any:
        """A value under a telling name: every text in it is hidden, known secrets keep their label."""
        if isinstance(item, str):
            shown = self.text(item)
            if "«secret:" in shown or not item:
                return shown
            self._learn(item)
            return "«redacted»"
        if isinstance(item, Mapping):
            return {key: self._blank(value) for key, value in item.items()}
        if isinstance(item, list | tuple):
            return [self._blank(value) for value in item]
        return item

    def _learn(self, value: str) -> None:
        """A scenario may log what it was given: a journal that hides a field and shows its value in the next
        line hides nothing, and a replay, which has the hidden value only, would log something else."""
        if len(value) >= SHORTEST_LEARNT and "«" not in value and len(self._learnt) < MOST_LEARNT:
            self._learnt[value] = None
            self._in_json.append(_as_in_json(value))

    def restore(self, value: Any) -> Any:
        """Put known secret values back in place of their labels (for replay)."""
        if isinstance(value, str):
            for label, secret in self._back.items():
                value = value.replace(label, secret)
            return value
        if isinstance(value, Mapping):
            return {key: self.restore(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.restore(item) for item in value]
        return value


def _as_in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _forms(value: str) -> set[str]:
    """The value itself and how it looks in JSON, URLs and base64."""
    raw = value.encode("utf-8", "surrogatepass")
    encoded = base64.b64encode(raw).decode()
    forms = {
        value,
        json.dumps(value)[1:-1],
        quote(value, safe=""),
        quote(value),
        encoded,
        encoded.rstrip("="),
        base64.urlsafe_b64encode(raw).decode(),
    }
    return {form for form in forms if len(form) >= SHORTEST}
