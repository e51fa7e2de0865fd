"""The table of settings: every key of voxrun.toml, its kind, its default and what it is for.

One row serves the file (``[server] port = 8080``), the environment (``VOXRUN_SERVER_PORT=8080``), the
messages about mistakes, and docs/configuration.md, which a test compares with this table.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off", ""})

Reader = Callable[[object, bool], Any]
"""Checks a value; the flag says that it came as text (environment), so "8080" may be a number. Raises
``ValueError`` whose text completes the sentence "server.port must be ..."."""


class Key(Struct, frozen=True):
    """One setting."""

    path: str
    """ "section.name"."""
    read: Reader
    default: Any
    what: str
    """For docs: one phrase."""

    @property
    def env(self) -> str:
        return "VOXRUN_" + self.path.replace(".", "_").upper()


def text(value: object, is_text: bool) -> str:
    if not isinstance(value, str):
        raise ValueError("text in quotes")
    return value


def path(value: object, is_text: bool) -> Path | None:
    if not isinstance(value, str):
        raise ValueError("a path in quotes")
    return Path(value).expanduser() if value else None


def switch(value: object, is_text: bool) -> bool:
    if isinstance(value, bool):
        return value
    if is_text and isinstance(value, str) and value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    raise ValueError("true or false")


def whole(least: int, most: int) -> Reader:
    """A whole number in a range."""

    def read(value: object, is_text: bool) -> int:
        if is_text and isinstance(value, str) and re.fullmatch(r"\s*-?\d{1,18}\s*", value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return value

    return read


def workers(value: object, is_text: bool) -> int:
    """A number of processes; 0 for "auto"."""
    if value == "auto":
        return 0
    try:
        return int(whole(1, 256)(value, is_text))
    except ValueError:
        raise ValueError('"auto" or a whole number from 1 to 256') from None


def one_of(*words: str) -> Reader:
    """One of a few words."""

    def read(value: object, is_text: bool) -> str:
        if value not in words:
            raise ValueError("one of " + ", ".join(f'"{w}"' for w in words if w))
        return str(value)

    return read


def address(value: object, is_text: bool) -> str:
    """An IP address, or ""."""
    try:
        return str(ipaddress.ip_address(str(value))) if value != "" else ""
    except ValueError:
        raise ValueError("an IP address such as 203.0.113.7") from None


def web_url(value: object, is_text: bool) -> str:
    if value == "" or (isinstance(value, str) and re.fullmatch(r"https?://[^\s/]+\S*", value)):
        return str(value).rstrip("/")
    raise ValueError("a URL that begins with http:// or https://")


class IceServer(Struct, frozen=True):
    """A STUN or TURN server that browsers and voxrun use."""

    urls: tuple[str, ...]
    username: str = ""
    credential: str = ""

    def __repr__(self) -> str:
        return f"IceServer({', '.join(self.urls)})"


def ice_servers(value: object, is_text: bool) -> tuple[IceServer, ...]:
    """``["stun:host"]`` or ``[{urls = ["turn:host"], username = "u", credential = "p"}]``; as text, URLs
    with blanks between."""
    if is_text and isinstance(value, str):
        value = value.split()
    if not isinstance(value, list):
        raise ValueError("a list of STUN or TURN servers")
    return tuple(_ice_server(entry) for entry in value)


def _ice_server(entry: object) -> IceServer:
    table: dict[str, Any] = {"urls": entry} if isinstance(entry, str) else entry  # type: ignore[assignment]
    if not isinstance(table, dict) or set(table) - {"urls", "username", "credential"}:
        raise ValueError('a list of "stun:host" or {urls = [...], username = "", credential = ""}')
    urls = table.get("urls")
    listed = [urls] if isinstance(urls, str) else urls
    if not isinstance(listed, list) or not listed:
        raise ValueError("a list in which each server has urls")
    for url in listed:
        if not isinstance(url, str) or not re.match(r"(stun|turn)s?:\S+$", url):
            raise ValueError("a list of URLs that begin with stun:, stuns:, turn: or turns:")
    words = [table.get("username", ""), table.get("credential", "")]
    if not all(isinstance(word, str) for word in words):
        raise ValueError("a list in which username and credential are text")
    return IceServer(tuple(listed), words[0], words[1])


def port_range(value: object, is_text: bool) -> tuple[int, int] | None:
    """ "FIRST-LAST", or "" for any."""
    if value == "":
        return None
    found = re.fullmatch(r"\s*(\d{1,5})\s*-\s*(\d{1,5})\s*", value) if isinstance(value, str) else None
    if found is None or not 1024 <= int(found[1]) <= int(found[2]) <= 65535:
        raise ValueError('ports as "FIRST-LAST" from 1024 to 65535, such as "40000-40100"')
    return int(found[1]), int(found[2])


CODECS: Final = ("opus", "G722", "PCMU", "PCMA")


def codecs(value: object, is_text: bool) -> tuple[str, ...]:
    """A list of codec names; as text, with blanks between."""
    if is_text and isinstance(value, str):
        value = value.split()
    listed = value if isinstance(value, list) else [None]
    names = {name.lower(): name for name in CODECS}
    found = [names.get(str(each).lower().replace(".", "")) for each in listed]
    if not all(found) or len(set(found)) != len(found):
        raise ValueError("a list of " + ", ".join(f'"{name}"' for name in CODECS) + ", each once")
    return tuple(name for name in found if name)


KEYS: Final[tuple[Key, ...]] = (
    Key("server.host", text, "127.0.0.1", "address to listen on; another one wants a token and TLS"),
    Key("server.port", whole(0, 65535), 8080, "port of the page and the signalling; 0 takes a free one"),
    Key("server.token", text, "", "what visitors from other machines must show; made up when empty"),
    Key("server.tls", one_of("", "self-signed", "off"), "", '"self-signed", or "off" behind a TLS proxy'),
    Key("server.tls_cert", path, None, "certificate file (PEM)"),
    Key("server.tls_key", path, None, "its private key (PEM)"),
    Key("server.workers", workers, 1, 'processes that take calls; "auto": one for each processor'),
    Key("ai.mode", one_of("auto", "cloud", "local"), "auto", "where the voice AI is; auto: cloud with a key"),
    Key("ai.base_url", web_url, "", "another address of the provider's API"),
    Key("ai.agent", path, None, "agent file of the local emulator (*.agent.yaml)"),
    Key("media.ice_servers", ice_servers, (), "STUN and TURN servers; none are asked unless set"),
    Key("media.public_address", address, "", "IP address that calls from other networks reach"),
    Key("media.ports", port_range, None, 'UDP ports for media, as "40000-40100"; any unless set'),
    Key("media.codecs", codecs, (), "audio codecs in order of preference; all in the caller's unless set"),
    Key("media.opus_mode", one_of("lowdelay", "voip"), "lowdelay", "how Opus is sent; voip is dearer"),
    Key("media.opus_bitrate", whole(6000, 128_000), 96_000, "bits a second of Opus that is sent"),
    Key("media.opus_fec", switch, False, "in-band FEC of Opus that is sent (voip only)"),
    Key("media.opus_dtx", switch, False, "send next to nothing in silence (voip only)"),
    Key("speech.whisper", path, None, "folder of a Whisper model: createASR understands free speech with it"),
    Key("sessions.dir", path, Path(".voxrun/sessions"), "where sessions keep journal, log and recordings"),
    Key("sessions.record", switch, True, "record every call in stereo"),
    Key("sessions.cassettes", path, None, "record the provider's traffic of each session here"),
    Key("sessions.keep_going", switch, False, "survive exceptions in handlers, unlike the platform"),
    Key(
        "storage.path",
        path,
        Path(".voxrun/storage.sqlite"),
        "file of ApplicationStorage; empty: kept in memory",
    ),
    Key("secrets.env_file", path, None, "file of KEY=VALUE lines that become secrets"),
    Key("fidelity.connector_errors", one_of("events", "reject"), "events", "how a refused AI call shows"),
    Key(
        "fidelity.websocket_encoding",
        one_of("PCM8", "PCM16"),
        "PCM8",
        "of audio to a WebSocket",
    ),
    Key("fidelity.early_links", one_of("wait", "ignore"), "wait", "sendMediaTo with a call not yet answered"),
    Key("fidelity.stereo_endpoint", one_of("right", "left"), "right", "whose channel in call.record"),
    Key("fidelity.asr_confidence", one_of("percent", "fraction"), "percent", "0 to 100 or 0 to 1"),
)
"""Every setting but ``[limits]``, whose names are those of the platform's limits, and the lists of
``config_tables``."""

BY_PATH: Final = {key.path: key for key in KEYS}
SECTIONS: Final = frozenset(key.path.split(".")[0] for key in KEYS) | {"limits", "routes", "conferences"}
BY_ENV: Final = {key.env: key for key in KEYS}
