"""What must not get on a cassette: values of secrets, fields with telling names, keys in headers, join URLs.

Builds on the journal's ``Redactor`` and adds what only the wire shows. The same object hides the messages of
a playback, so that both sides of a comparison are hidden alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit, urlunsplit

import httpx

from voxrun.session.messages import Json, JsonObject
from voxrun.session.redact import Redactor

PLAIN_HEADERS: Final = frozenset(
    {
        "accept", "accept-charset", "accept-encoding", "accept-language", "cache-control", "connection",
        "content-encoding", "content-length", "content-type", "host", "origin", "pragma", "te",
        "transfer-encoding", "upgrade", "user-agent",
    }
)  # fmt: skip
"""Request headers whose values are no keys; every other value is hidden wherever it turns up."""
SOCKET_SCHEMES: Final = ("ws://", "wss://")
SECRET: Final = "«secret:"
JOIN_LABEL: Final = "«secret:join URL {}»"
MOST_URLS: Final = 256
TRANSPORT_HEADERS: Final = frozenset(
    {"content-encoding", "content-length", "transfer-encoding", "connection"}
)
"""Headers of an answer that speak of how it was carried; a body is kept decoded and whole."""


class Hider:
    """Hides what a session's secrets are. ``urls`` are addresses that are known by their labels already."""

    def __init__(self, secrets: Mapping[str, str], urls: Iterable[tuple[str, str]] = ()) -> None:
        self._redactor = Redactor(secrets)
        self._urls: dict[str, str] = dict(urls)

    def text(self, text: str) -> str:
        """``text`` without secrets."""
        return self._redactor.text(self._labelled(text))

    def value(self, value: Any) -> Any:
        """A JSON value without secrets."""
        return self._redactor.value(self._without_urls(value))

    def learn_headers(self, headers: Iterable[tuple[str, str]]) -> None:
        """What a request carries in its headers is a key unless it is known not to be one."""
        for name, value in headers:
            if name.lower() not in PLAIN_HEADERS:
                self._learn(value)
                scheme, _, rest = value.partition(" ")
                if scheme.isalpha() and rest:  # "Bearer abc"
                    self._learn(rest)

    def _learn(self, value: str) -> None:
        self._redactor.value({"authorization": value})

    def learn_urls(self, text: str) -> None:
        """Addresses of WebSockets in a JSON answer: who knows one may join the call."""
        for value in _texts(parsed(text)):
            if value.startswith(SOCKET_SCHEMES):
                self.label(value)

    def label(self, url: str) -> str:
        """What stands for a WebSocket's address."""
        if url not in self._urls and len(self._urls) < MOST_URLS:
            self._urls[url] = JOIN_LABEL.format(len(self._urls) + 1)
        return self._urls.get(url, "«redacted»")

    def secret_of(self, url: str) -> str:
        """The secret that an address begins with; "" where it is none."""
        name, closed, _ = self._redactor.text(url).removeprefix(SECRET).partition("»")
        return name if closed and self._redactor.text(url).startswith(SECRET) else ""

    def _labelled(self, text: str) -> str:
        for url, label in self._urls.items():
            if url in text:
                text = text.replace(url, label)
        return text

    def _without_urls(self, value: Any) -> Any:
        if not self._urls:
            return value
        if isinstance(value, str):
            return self._labelled(value)
        if isinstance(value, Mapping):
            return {key: self._without_urls(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._without_urls(item) for item in value]
        return value

    def request(self, request: httpx.Request, body: bytes) -> JsonObject:
        """What a cassette holds of a request, beside the names of its headers."""
        self.learn_headers(request.headers.items())
        parts = urlsplit(str(request.url))
        plain = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
        query: list[Json] = [self.value([name, value]) for name, value in request.url.params.multi_items()]
        return {
            "method": request.method,
            "url": self.text(plain),
            "query": query,
            "body": self.body(body, "body of the request"),
        }

    def body(self, content: bytes, what: str) -> JsonObject:
        """A body: JSON where it is some, else text; of what is neither just its size."""
        if not content:
            return {}
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            return {"text": f"({what}: {len(content)} bytes)"}
        return self.message(text)

    def message(self, text: str) -> JsonObject:
        """A text message."""
        value = parsed(text)
        return {"text": self.text(text)} if value is None else {"json": self.value(value)}


def parsed(text: str) -> dict[str, Any] | list[Any] | None:
    """The object or list that a text is as JSON; None where it is none."""
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
