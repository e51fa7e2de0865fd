"""A call script as data: what ``format`` reads from a ``*.call.yaml`` and the fixture makes from Python.

Times are whole milliseconds. ``where`` is file:line:column, for messages. ``who`` names the person a step or
an expectation is about: "" is the one the script follows (the caller; of a started session the first callee).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from msgspec import Struct, field

from voxrun.replay.deeds import Deed, Manners
from voxrun.replay.socket_script import SocketStep, SocketStub, Visit
from voxrun.replay.texts import Wanted
from voxrun.session.clock import DEFAULT_START_MS
from voxrun.session.messages import Json, JsonObject
from voxrun.speech.base import Voice

if TYPE_CHECKING:
    from voxrun.emulators.ultravox.script import AgentScript

WITHIN_MS: Final = 10_000
"""How long an expectation waits unless it says otherwise."""

ClientType: TypeAlias = Literal["user", "pstn", "sip", "wab"]


# -- how it begins ------------------------------------------------------------------------------------


class Incoming(Struct, frozen=True):
    """Somebody calls the scenario."""

    caller: str = "caller"
    destination: str = "100"
    display_name: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    custom_data: str = ""
    client: ClientType = "user"
    manners: Manners = field(default_factory=Manners)


class Started(Struct, frozen=True):
    """The scenario is started over HTTP; with ``conference`` as StartConference does."""

    custom_data: str = ""
    conference: str = ""


# -- what people do -----------------------------------------------------------------------------------


class Say(Struct, frozen=True):
    """Speak, once the other side has stopped speaking. ``audio`` plays a file instead of ``text``."""

    text: str = ""
    audio: Path | None = None
    voice: Voice | None = None
    who: str = ""
    where: str = ""


class After(Struct, frozen=True):
    """A part of an utterance: so long, so many percent of it, or up to and with these words."""

    ms: int = 0
    percent: int = 0
    words: Wanted | None = None


class Interrupt(Struct, frozen=True):
    """Speak while the other side speaks, ``after`` a part of its utterance."""

    say: Say
    after: After = field(default_factory=lambda: After(ms=1000))
    where: str = ""


class Dtmf(Struct, frozen=True):
    """Press keys, one after the other. ``method``: "rfc2833", "inband" (as sound) or "info"."""

    digits: str
    who: str = ""
    where: str = ""
    method: str = "rfc2833"


class Silence(Struct, frozen=True):
    """Say nothing for so long, counted from when the other side has stopped speaking."""

    ms: int
    who: str = ""
    where: str = ""


class Wait(Struct, frozen=True):
    """Let so much time pass."""

    ms: int
    where: str = ""


class Beep(Struct, frozen=True):
    """Play a tone into the line, without waiting for anybody: what an answering machine does."""

    hz: int
    ms: int = 400
    who: str = ""
    where: str = ""


class Hangup(Struct, frozen=True):
    """Put the phone down."""

    who: str = ""
    where: str = ""


class CallIn(Struct, frozen=True):
    """One more call comes in, from the person named: a caller, or the first one again."""

    who: str
    where: str = ""


class Message(Struct, frozen=True):
    """Send a text message within the call."""

    text: str
    who: str = ""
    where: str = ""


class Reply(Struct, frozen=True):
    """What an HTTP reply must be: ``json`` holds at least these members."""

    status: int = 200
    text: Wanted | None = None
    json: Json = None


class HttpCall(Struct, frozen=True):
    """A request to the session's access URL."""

    method: str = "POST"
    path: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    reply: Reply | None = None
    where: str = ""


PersonStep: TypeAlias = Say | Dtmf | Wait | Silence | Beep | Hangup | Message | Deed
"""What a callee can do by itself."""


# -- what is expected ---------------------------------------------------------------------------------

SpeechKind: TypeAlias = Literal["agent_says", "agent_hears", "caller_hears"]
SPEECH_KINDS: Final = ("agent_says", "agent_hears", "caller_hears")
AudioFact: TypeAlias = Literal["speech", "silence", "tone", "level", "gap", "overlap", "stops_within"]
AUDIO_FACTS: Final = ("speech", "silence", "tone", "level", "gap", "overlap", "stops_within")


class Wish(Struct, frozen=True):
    """One expectation.

    ``kind`` is one of ``expectations.KINDS``; ``text`` what it looks for (a phrase, a name, a number);
    ``fields`` are members the thing must have at least, texts among them maybe ``/regex/``.
    ``absent`` turns it round: it must not come within ``within_ms`` (None: until the end of the call).
    """

    kind: str
    text: Wanted | None = None
    fields: JsonObject = field(default_factory=dict)
    within_ms: int | None = None
    absent: bool = False
    count: int = 1
    who: str = ""
    where: str = ""
    audio: AudioFact | None = None
    low: int = 0
    high: int = 0
    """Bounds of an audio fact: ms, Hz or dBFS."""


class Expect(Struct, frozen=True):
    """Expectations, in this order, or ``any_order``; ``within_ms`` is for all of them together."""

    wishes: tuple[Wish, ...]
    any_order: bool = False
    within_ms: int | None = None
    where: str = ""


Step: TypeAlias = (
    Say
    | Interrupt
    | Dtmf
    | Silence
    | Wait
    | Beep
    | Hangup
    | HttpCall
    | Message
    | Deed
    | CallIn
    | Expect
    | Visit
    | SocketStep
)


# -- the world around ---------------------------------------------------------------------------------


class Callee(Struct, frozen=True):
    """How a dialled destination behaves. ``number`` may hold * for any characters.

    ``rings_ms`` after the dialling it rings (None: never), ``answers_ms`` after it answers (None: never);
    with ``fails_code`` it fails after ``fails_ms`` instead. Then it does ``does``.
    """

    number: str
    rings_ms: int | None = 500
    answers_ms: int | None = 2000
    fails_code: int = 0
    fails_reason: str = ""
    fails_ms: int = 1000
    early_media: bool = False
    early_does: tuple[PersonStep, ...] = ()
    """What is heard of them once they ring, until they answer or fail."""
    away: bool = False
    """On no device: a call fails, or a push notification fetches them ``comes_ms`` later (None: never)."""
    comes_ms: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    voice: Voice | None = None
    does: tuple[PersonStep, ...] = ()
    custom_data: str = ""
    """Comes with the answer."""
    manners: Manners = field(default_factory=Manners)
    where: str = ""


class Caller(Struct, frozen=True):
    """Somebody who calls during the script."""

    name: str
    call: Incoming
    voice: Voice | None = None
    where: str = ""


class ConferenceScripts(Struct, frozen=True):
    """Which scripts run a conference whose whole name matches ``pattern`` (a regular expression)."""

    pattern: str
    scripts: tuple[Path, ...]


class Stored(Struct, frozen=True):
    """A pair of ApplicationStorage that is there at the beginning, for ``ttl`` seconds."""

    key: str
    value: str
    ttl: int


class StubReply(Struct, frozen=True):
    """One answer of a stub. ``file`` is sent as it is, ``says`` is spoken into a WAV file."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    file: Path | None = None
    says: str = ""
    delay_ms: int = 0
    timeout: bool = False
    """Never answers."""


class HttpStub(Struct, frozen=True):
    """Answers requests that match, with its ``replies`` in turn (the last one for ever)."""

    url: Wanted
    method: str = ""
    headers: Mapping[str, Wanted] = field(default_factory=dict)
    body: Wanted | None = None
    json: Json = None
    replies: tuple[StubReply, ...] = (StubReply(),)
    where: str = ""


class Faults(Struct, frozen=True):
    """What goes wrong between a connector and its provider.

    ``delay_ms`` with up to ``jitter_ms`` more holds back messages from the provider; ``drop_percent`` of
    the messages of ``drop_kind`` ("messages", "audio", "all") are lost; ``stall_*`` stops everything from
    the provider for a while; ``close_*`` ends the socket. Times count from the socket's opening.
    """

    refuse_status: int = 0
    refuse_body: str = ""
    refuse_times: int = 0
    """How many requests are refused; 0 for all."""
    stall_after_ms: int | None = None
    stall_for_ms: int = 0
    close_after_ms: int | None = None
    close_code: int = 1006
    close_reason: str = ""
    drop_percent: int = 0
    drop_kind: str = "all"
    delay_ms: int = 0
    jitter_ms: int = 0

    @property
    def any(self) -> bool:
        return self != Faults()


class CallScript(Struct, frozen=True):
    """A whole call script."""

    path: Path
    scenarios: tuple[Path, ...]
    call: Incoming | Started = field(default_factory=Incoming)
    steps: tuple[Step, ...] = ()
    title: str = ""
    agent: AgentScript | None = None
    """What the local voice AI says; None: it speaks from the scenario's system prompt."""
    cassette: Path | None = None
    """The folder of a cassette that answers for the voice AI and the network."""
    cassette_where: str = ""
    callees: tuple[Callee, ...] = ()
    callers: tuple[Caller, ...] = ()
    conferences: tuple[ConferenceScripts, ...] = ()
    storage: tuple[Stored, ...] = ()
    stubs: tuple[HttpStub, ...] = ()
    unmatched: Literal["fail", "allow"] = "fail"
    """What a request that no stub matches does to the script; it is answered 404 anyway."""
    sockets: tuple[SocketStub, ...] = ()
    """Servers that createWebSocket finds."""
    sockets_unmatched: Literal["fail", "allow"] = "fail"
    """What an address that no stub has does to the script; it cannot be reached anyway."""
    faults: Faults = field(default_factory=Faults)
    secrets: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    start_ms: int = DEFAULT_START_MS
    seed: int = 1
    within_ms: int = WITHIN_MS
    voice: Voice = field(default_factory=Voice)
    keep_going: bool = False
    connector_errors: str = "events"
    websocket_encoding: str = "PCM8"
    tags: tuple[str, ...] = ()
    """pytest markers."""

    @property
    def name(self) -> str:
        """ "booking" for booking.call.yaml."""
        return self.path.name.removesuffix(".call.yaml")
