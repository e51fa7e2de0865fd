"""What services need from the rooms around them, given by the entry points."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

import httpx
from msgspec import Struct, field

from voxrun.connectors.transport import Door, SocketConnector, Transports, no_sockets
from voxrun.legs.base import Dialer
from voxrun.media.graph import Ticker
from voxrun.services.download import AudioCache
from voxrun.services.recording_file import Writing
from voxrun.services.storage import MemoryStorage, Storage
from voxrun.session.limits import Limits
from voxrun.speech.base import Speech, Transcriber


class Surroundings(Struct, frozen=True):
    """The world of one session.

    ``http`` is the transport of Net requests and URL players. ``disk`` is the thread that writes recordings,
    ``writing`` how, ``audio_cache`` holds what players have fetched, ``storage`` what ApplicationStorage
    keeps; all sessions share them. ``folder`` is where recordings go (None: recordings are not kept);
    ``file_url(name)`` is the address of a file of the session as the scenario sees it. ``provider_urls`` maps
    a connector's name to the base URL of its API. ``early_links``
    says what becomes of a media link with an outgoing call that is not answered, "wait" or "ignore";
    ``stereo_endpoint`` on which channel of call.record a call's far end is, "right" or "left";
    ``asr_confidence`` whether results tell it as "percent" or as a "fraction".
    ``sockets`` opens the scenario's own WebSockets, ``websocket_encoding`` is the default of their streams;
    ``redact`` takes secrets out of a text.
    """

    ticker: Ticker
    speech: Speech
    dialer: Dialer
    transports: Transports
    limits: Limits
    http: httpx.AsyncBaseTransport
    disk: Executor
    audio_cache: AudioCache
    writing: Writing = field(default_factory=Writing)
    storage: Storage = field(default_factory=MemoryStorage)
    folder: Path | None = None
    file_url: Callable[[str], str] = str
    provider_urls: dict[str, str] = field(default_factory=dict)
    connector_errors: str = "events"
    early_links: str = "wait"
    stereo_endpoint: str = "right"
    asr_confidence: str = "percent"
    record: bool = False
    transcriber: Transcriber | None = None
    """Recognises what callers say (ASR); None: nobody does."""
    sockets: SocketConnector = no_sockets
    websocket_encoding: str = "PCM8"
    redact: Callable[[str], str] = str
    door: Callable[[Door], Door] = lambda door: door
    """Listens in on WebSockets that come in (cassettes)."""
