"""Settings: defaults, then voxrun.toml, then the environment, then the command line; the later one wins.

``load_settings`` takes everything that decides them as arguments (files aside), so that two runs with the
same arguments have the same settings. Every mistake is a ``ConfigError`` that says where it is. Values of
secrets appear in no message and no ``repr``.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from voxrun.config_keys import BY_ENV, BY_PATH, KEYS, SECTIONS, IceServer, Key
from voxrun.config_tables import (
    TABLES,
    Conference,
    Route,
    conference_option,
    read_conferences,
    read_routes,
)
from voxrun.errors import ConfigError
from voxrun.nearest import did_you_mean
from voxrun.secret_values import CLOUD_KEY, Secrets, read_env_file
from voxrun.session.limits import Limits
from voxrun.toml_file import TomlFile, read_toml

CONFIG_NAME = "voxrun.toml"


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The web server. ``token`` "" means: none needed on loopback, one is made up elsewhere."""

    host: str
    port: int
    token: str = field(repr=False)
    tls: Literal["", "self-signed", "off"]
    tls_cert: Path | None
    tls_key: Path | None
    workers: int = 1
    """Processes that take calls; 0: one for each processor."""

    @property
    def shown_host(self) -> str:
        """A host that a browser on this machine can open."""
        if self.host in ("0.0.0.0", "::", ""):
            return "127.0.0.1"
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def is_loopback(self) -> bool:
        """Only this machine can reach the server."""
        return _is_loopback(self.host)


class AiSettings(Struct, frozen=True):
    """Where voice-AI clients of the scenario connect to.

    ``mode`` is decided here; ``why`` completes "Voice AI: <mode>, ..." for the first lines of output.
    ``base_url`` "" means the provider's own address (cloud) or the emulator that voxrun starts (local).
    """

    mode: Literal["cloud", "local"]
    why: str
    base_url: str
    agent: Path | None


class MediaSettings(Struct, frozen=True):
    """How calls find their way and sound. ``public_address`` "" means: the machine's own addresses."""

    ice_servers: tuple[IceServer, ...]
    public_address: str
    ports: tuple[int, int] | None = None
    """UDP ports, both ends included; None: any."""
    codecs: tuple[str, ...] = ()
    """In order of preference; none: all, in the far end's."""
    opus_mode: Literal["lowdelay", "voip"] = "lowdelay"
    opus_bitrate: int = 96_000
    opus_fec: bool = False
    opus_dtx: bool = False


class SessionSettings(Struct, frozen=True):
    """What every session gets. ``folder`` is where their folders are made."""

    folder: Path
    record: bool
    keep_going: bool
    custom_data: str = ""
    cassettes: Path | None = None
    """Where cassettes of sessions are recorded; None: they are not."""


class SpeechSettings(Struct, frozen=True):
    """What recognises callers. ``whisper`` is a model's folder; None: phrases to expect only."""

    whisper: Path | None = None


class FidelitySettings(Struct, frozen=True):
    """Places where the platform's behaviour is not known for sure: see docs/fidelity.md."""

    connector_errors: Literal["events", "reject"]
    websocket_encoding: Literal["PCM8", "PCM16"] = "PCM8"
    early_links: Literal["wait", "ignore"] = "wait"
    stereo_endpoint: Literal["right", "left"] = "right"
    asr_confidence: Literal["percent", "fraction"] = "percent"


class Settings(Struct, frozen=True):
    """Everything that was decided before the first call."""

    scenarios: tuple[Path, ...]
    server: ServerSettings
    ai: AiSettings
    media: MediaSettings
    sessions: SessionSettings
    fidelity: FidelitySettings
    speech: SpeechSettings = field(default_factory=SpeechSettings)
    limits: Limits = field(default_factory=Limits)
    routes: tuple[Route, ...] = ()
    conferences: tuple[Conference, ...] = ()
    storage: Path | None = None
    """The file of ApplicationStorage; None: what it keeps ends with the run."""
    secrets: Secrets = field(default_factory=Secrets)
    start: bool = False
    """Fire Started at once, as a start by HTTP request does."""
    start_conference: str = ""
    """The conference that is started at once (StartConference)."""
    open_page: bool = False
    """Open the page in the default browser."""
    file: Path | None = None
    """The voxrun.toml that was used."""


class CallPlan(Struct, frozen=True):
    """The call that ``--call`` places: what the caller says, and how long it stays."""

    say: tuple[str, ...] = ()
    """Phrases, one after each answer of the agent."""
    wav: Path | None = None
    """Audio to play instead of phrases."""
    seconds: float | None = None
    """Hang up after this long; None: when the conversation is over."""


def find_config(start: Path) -> Path | None:
    """The nearest voxrun.toml in ``start`` or a folder above it."""
    for folder in (start, *start.parents):
        if (folder / CONFIG_NAME).is_file():
            return folder / CONFIG_NAME
    return None


def load_settings(
    scenarios: Sequence[Path] = (),
    *,
    env: Mapping[str, str],
    cwd: Path,
    options: Mapping[str, Any] | None = None,
    secrets: Mapping[str, str] | None = None,
    conference_options: Sequence[str] = (),
    custom_data: str = "",
    start: bool = False,
    start_conference: str = "",
    open_page: bool = False,
) -> Settings:
    """Decide the settings.

    ``options`` are those given on the command line, by path ("server.port": 9000); ``secrets`` those given
    by ``--secret``, ``conference_options`` those by ``--conference``. Relative paths in voxrun.toml are
    relative to its folder, others to ``cwd``.
    """
    folder = cwd / scenarios[0].parent if scenarios else cwd
    found = find_config(folder.resolve())
    file = read_toml(found) if found else None
    values = {key.path: _rooted(key.default, cwd) for key in KEYS}
    limits = Limits()
    routes: tuple[Route, ...] = ()
    conferences = tuple(conference_option(text, cwd) for text in conference_options)
    if file:
        _check_names(file)
        values |= _from_file(file)
        limits, routes = _limits(file), read_routes(file)
        conferences = (*conferences, *read_conferences(file))
    values |= _from_env(env, cwd)
    values |= {path: _rooted(value, cwd) for path, value in (options or {}).items()}
    return Settings(
        scenarios=tuple(scenarios),
        server=_server(values),
        ai=_ai(values, env),
        media=MediaSettings(
            **{key.path.partition(".")[2]: values[key.path] for key in KEYS if key.path.startswith("media.")}
        ),
        sessions=SessionSettings(
            values["sessions.dir"],
            values["sessions.record"],
            values["sessions.keep_going"],
            custom_data,
            values["sessions.cassettes"],
        ),
        fidelity=FidelitySettings(
            values["fidelity.connector_errors"],
            values["fidelity.websocket_encoding"],
            values["fidelity.early_links"],
            values["fidelity.stereo_endpoint"],
            values["fidelity.asr_confidence"],
        ),
        speech=SpeechSettings(_folder(values["speech.whisper"], "speech.whisper")),
        limits=limits,
        routes=routes,
        conferences=conferences,
        storage=values["storage.path"],
        secrets=_secrets(values["secrets.env_file"], env, secrets or {}),
        start=start,
        start_conference=start_conference,
        open_page=open_page,
        file=found,
    )


def _check_names(file: TomlFile) -> None:
    """Refuse sections and keys that do not exist, naming the nearest one that does."""
    for section, content in file.values.items():
        if section not in SECTIONS:
            raise file.unknown((section,), "section", SECTIONS)
        if section in TABLES:
            continue
        if not isinstance(content, dict):
            raise ConfigError(f'{file.where(section)}: "{section}" is a section: write [{section}].')
        if section != "limits":
            names = [key.path.split(".")[1] for key in KEYS if key.path.startswith(section + ".")]
            for name in content:
                if name not in names:
                    raise file.unknown((section, name), "key", names)


def _from_file(file: TomlFile) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for section, content in file.values.items():
        if section == "limits" or section in TABLES:
            continue
        for name, value in content.items():
            key = BY_PATH[f"{section}.{name}"]
            where = file.where(section, name)
            values[key.path] = _rooted(_read(key, value, False, f"{where}: {key.path}"), file.path.parent)
    return values


def _from_env(env: Mapping[str, str], cwd: Path) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in env.items():
        section = name.removeprefix("VOXRUN_").split("_")[0].lower()
        if name in BY_ENV:
            key = BY_ENV[name]
            values[key.path] = _rooted(_read(key, value, True, f"environment variable {name}"), cwd)
        elif name.startswith("VOXRUN_") and section in SECTIONS:
            raise ConfigError(f"environment variable {name} is unknown.{did_you_mean(name, BY_ENV)}")
    return values


def _read(key: Key, value: object, is_text: bool, what: str) -> Any:
    try:
        return key.read(value, is_text)
    except ValueError as error:
        raise ConfigError(f"{what} must be {error}.") from None


def _rooted(value: Any, folder: Path) -> Any:
    return folder / value if isinstance(value, Path) else value


def _limits(file: TomlFile) -> Limits:
    """``[limits]`` over the platform's figures: whole numbers above 0."""
    given = file.values.get("limits", {})
    names = Limits.__struct_fields__
    for name, value in given.items():
        if name not in names:
            raise file.unknown(("limits", name), "limit", names)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ConfigError(f"{file.where('limits', name)}: limits.{name} must be a whole number above 0.")
    return replace(Limits(), **given)


def _server(values: Mapping[str, Any]) -> ServerSettings:
    """The server's settings; one that others can reach needs a decision about TLS."""
    cert, key = values["server.tls_cert"], values["server.tls_key"]
    tls, host = values["server.tls"], values["server.host"]
    if (cert is None) != (key is None):
        raise ConfigError("TLS needs both a certificate and its key: --tls-cert FILE --tls-key FILE.")
    for file in (cert, key):
        if file is not None and not file.is_file():
            raise ConfigError(f"{file}: no such file (TLS certificate or key).")
    if not _is_loopback(host) and not tls and cert is None:
        raise ConfigError(
            f"{host} can be reached from other machines, and browsers give no microphone on plain http. "
            "Add --tls self-signed, or --tls-cert FILE --tls-key FILE, or --tls off behind a TLS proxy."
        )
    return ServerSettings(
        host, values["server.port"], values["server.token"], tls, cert, key, values["server.workers"]
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _ai(values: Mapping[str, Any], env: Mapping[str, str]) -> AiSettings:
    mode, agent = values["ai.mode"], values["ai.agent"]
    if agent is not None and not agent.is_file():
        raise ConfigError(f"{agent}: no such agent file.")
    if mode != "auto":
        why = "as asked"
    elif env.get(CLOUD_KEY):
        mode, why = "cloud", f"because {CLOUD_KEY} is set"
    else:
        mode, why = "local", f"because {CLOUD_KEY} is not set"
    return AiSettings(mode, why, values["ai.base_url"], agent)


def _folder(path: Path | None, name: str) -> Path | None:
    if path is not None and not path.is_dir():
        raise ConfigError(f"{path}: no such folder ({name}).")
    return path


def _secrets(file: Path | None, env: Mapping[str, str], given: Mapping[str, str]) -> Secrets:
    """The cloud key of the environment, then the file, then the command line."""
    found = {CLOUD_KEY: env[CLOUD_KEY]} if env.get(CLOUD_KEY) else {}
    return Secrets({**found, **(read_env_file(file) if file else {}), **given})
