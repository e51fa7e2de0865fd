"""Call scripts (``*.call.yaml``): a phone call written down, to be played in virtual or in real time.

A small one, ``weather.call.yaml`` beside ``weather.js``::

    call: {from: "+4930123456"}
    agent: weather.agent.yaml
    steps:
      - expect: {agent_says: Hello, I know the weather.}
      - say: weather in London
      - expect: {tool: getWeather, with: {city: London}}
      - expect: {caller_hears: In London it is 12 degrees.}
      - hangup
      - expect: {ended: caller}

Everything a script can hold::

    title: What it shows, in one line.
    scenario: weather.js          # or a list; default: the .js file named like the script
    call:                         # an incoming call...
      from: "+4930123456"         # caller id ("caller")
      to: "100"                   # the number called ("100")
      display_name: Alice
      headers: {X-Tier: gold}
      custom_data: text           # VoxEngine.customData()
      client: pstn                # user (default), pstn, sip, wab
      transfers: 603              # what the phone does with the scenario's transferTo: true, false, a code,
                                  # or {fails, reason, after: 500ms}; SIP phones follow, others cannot
      reinvites: true             # ... and with a re-INVITE; also {body, mime}
    start: {custom_data: {"user": "alice"}}   # ... or a start over HTTP; an object becomes JSON
                                  # with conference: NAME as StartConference does
    agent: weather.agent.yaml     # or the agent itself, inline; default: the file named like the script
    cassette: tapes/weather       # instead: a recorded session that answers for the voice AI and the network
    callees:                      # who can be called; any other destination fails the script
      operator: {rings: 500ms, answers: 2s, does: [say: "Operator, hello."]}   # early_media, headers,
                                  # custom_data, voice, transfers, reinvites as well
      eve: {early_media: [say: "The number has changed."], fails: {code: 404, after: 5s}}
      bob: {away: 3s}             # on no device; a push notification fetches him in 3 s (true: it does not)
      "+49*": {fails: 486}
      nobody: {answers: never}
    callers:                      # others who call: each when the step "call: bob" is done
      bob: {from: "+4930222", to: "100", voice: en-gb}   # keys of call; to: as the first caller
    conferences: {"conf_*": room.js}   # who runs the conferences that callConference names
    storage:                      # what ApplicationStorage holds at the beginning
      totalCalls: 5
      "pin:1234": {value: open, ttl: 60s}
    http:                         # what Net.* and URL players get; any other request fails the script
      - url: https://api.example/slots*
        method: POST
        body: {day: monday}
        reply: {status: 200, json: {slots: [9, 10]}, delay: 300ms}
    http_unmatched: fail          # or 404: it is answered 404, and the script goes on
    websockets:                   # what createWebSocket finds; any other address fails the script; see below
      - url: wss://bot.example/*
        name: bot
        does: [say: "Hello, I am the bot."]
        replies: [{to: {type: ping}, does: [send: {type: pong}]}]
    websockets_unmatched: fail    # or refuse: it is not reached, and the script goes on
    faults: {refuse: 429}         # what goes wrong with the voice AI, see below
    secrets: {API_KEY: abc}       # VoxEngine.getSecretValue
    limits: {idle_ms: 5000}       # the platform's limits, see docs/configuration.md
    at: 2025-01-06T09:00:00Z      # the date when it begins
    seed: 1                       # of ids, Math.random and faults
    within: 10s                   # how long an expectation waits
    voice: en-gb                  # the caller's voice
    keep_going: false             # true: exceptions in handlers are survived
    connector_errors: events      # or reject: a refused voice AI rejects the promise
    websocket_encoding: PCM8      # or PCM16: of audio to a WebSocket where the scenario names none
    tags: [slow]                  # pytest markers

Durations are ``2s``, ``1.5s``, ``300ms``, ``4m`` or seconds. Keys that are pressed stay text: ``dtmf: 0123``.

Steps
    ``say: TEXT``                speaks TEXT once the other side has stopped speaking. Long form:
                                 ``say: {text: TEXT, voice: en-gb, as: NAME}``, or ``{audio: FILE}``
    ``interrupt: TEXT``          speaks while the other side speaks; ``after: 2s`` of its utterance (1s),
                                 ``after: 40%`` of it, or ``after: some words`` of it. Takes say's long form
    ``dtmf: 0123``               presses keys (0-9 * # A-D); ``by: inband`` as sound, ``by: info`` as messages
    ``silence: 3s``              says nothing for 3 s after the other side has stopped speaking
    ``wait: 3s``                 lets 3 s pass
    ``tone: 1000``               plays a tone of 1000 Hz into the line, ``for: 400ms`` (400ms); like an
                                 answering machine it waits for nobody
    ``message: TEXT``            sends a text message within the call
    ``info: {mime, body, headers}``  sends an INFO message; a text or an object alone is its (JSON) body
    ``hold``, ``unhold``         holds the call, takes it back; meanwhile neither side hears the other
    ``transfer: "200"``          asks the scenario to connect the other side with 200 (a blind transfer);
                                 ``{to, headers}``
    ``reinvite: {mime, body, headers}``  re-INVITEs the scenario
    ``network: down``, ``up``    its packets stop, and come again
    ``http: {...}``              a request to the session's URL: ``method``, ``path``, ``headers``, ``body``
                                 (an object is sent as JSON), ``reply: {status, text, json}`` it must get
    ``websocket: {...}``         a client opens the session's URL as a WebSocket: ``name`` (guest), ``path``,
                                 ``headers``, and what it does, see below; ``refused: 403`` it must be
    ``send: TEXT or {...}``      a WebSocket sends a message (an object as JSON); ``as: NAME`` which one
    ``close: {code, reason}``    a WebSocket closes (1000); ``close: 1006`` breaks off
    ``hangup``                   puts the phone down
    ``call: NAME``               one of ``callers`` calls, or ``caller`` once more
    ``expect: ...``              see below

Steps are done by the caller, and in a session that was started by the first callee; ``as: NAME`` beside a
step lets a callee or another caller do it, or a WebSocket (which has no keys and no phone: it can speak, be
silent, hang up). A callee's own ``does`` is a list of what it does by itself once it has answered: any of
these but ``interrupt``, ``http``, ``websocket``, ``send``, ``close``, ``call`` and ``expect``.

Expectations: ``expect: answered`` where no more is to be said, else a mapping of one kind and its options.
Several are a list, and have to come in that order; ``expect: {any_order: [...]}`` in any.
    ``answered``, ``ringing``, ``early_media``     what the scenario does with the incoming call
    ``rejected: 486``            it refuses it (any code: ``expect: rejected``)
    ``agent_says: TEXT``         the voice AI says (its transcript)
    ``agent_hears: TEXT``        the voice AI understood the caller (its transcript)
    ``caller_hears: TEXT``       what is in the audio that reaches the caller (``as: NAME``: a callee)
    ``tool: NAME``               the voice AI calls a tool; ``with: {...}`` arguments it has at least,
                                 ``result: TEXT or {...}`` what the scenario answers
    ``log: TEXT``                a line that Logger.write, trace or console.log writes
    ``http: URL``                the scenario sends a request; ``with: {method, headers, body, json}``
    ``event: NAME``              an event reaches the scenario ("Call.Connected"); ``with: {...}`` fields
    ``dtmf: 123#``               the scenario presses keys
    ``message: TEXT``            the scenario sends a text message within the call
    ``info: TEXT``               ... an INFO message; ``with: {mime, headers}``
    ``transfer: NUMBER``         the scenario transfers the call (transferTo); ``with: {attended: NAME}``
    ``transferred: success``     it answers a transfer that was asked for: ``success``, or a code
    ``reinvite: TEXT``           it sends a re-INVITE with this body; ``with: {mime, headers}``
    ``reinvite_accepted: TEXT``, ``reinvite_rejected: 488``    it answers a re-INVITE
    ``websocket: URL``           the scenario sends a message to a WebSocket, named by its URL (* for any
                                 characters) or its name: ``text: TEXT`` in it, ``with: {...}`` members of its
                                 JSON. Audio is no message, its start and stop are
    ``call: NUMBER``             the scenario calls (* for any characters); ``with: {kind, callerid, ...}``
    ``storage: KEY``             ApplicationStorage holds it (* for any characters); ``with: {value: 6}``
    ``recording: NAME``          the scenario records (call.record, a recorder): a part of the file's name;
                                 ``with: {duration: 12}`` when it is complete
    ``ended``                    the call is over; ``ended: caller`` or ``scenario`` says who ended it,
                                 ``with: {code, reason}``
    ``session_ended: TEXT``      the session is over, for this reason
    ``error: TEXT``              an error of the scenario; without this, an error fails the script
    ``audio: {...}``             a fact about the sound on the line, one of
                                 ``speech: 2s`` at least so much sound is heard; ``silence: 2s`` in one piece;
                                 ``tone: 425`` Hz; ``level: [-40, -10]`` dBFS of what is heard;
                                 ``gap: 1s`` at most from the end of speech to the first sound after it;
                                 ``overlap: 300ms`` at most that both spoke at once;
                                 ``stops_within: 200ms`` of the interruption
    Options of each: ``within: 3s``, ``absent: true`` (it must not come; without ``within``: ever),
    ``count: 2`` (so many, one after the other).

TEXT is found anywhere within what is said, written or sent; in speech, case and punctuation do not count.
Between slashes it is a regular expression: ``/\\d+ degrees/``, ``/hello/i``.

Order: an expectation looks at what happened since the step before it began, and not before what met the
expectation before it. Things of the same moment may be named in any order.

WebSockets: servers under ``websockets`` (the first whose ``url`` fits), clients by the step ``websocket``
    ``name: bot``                what ``as`` calls it (server, guest); ``caller_hears`` and ``audio`` with
                                 that ``as`` are about the audio that the scenario sends there
    ``encoding: ULAW``, ``tag: a``     of what it says (PCM16, no tag)
    ``delay: 300ms``             before a server opens
    ``times: 1``                 for so many connections; then the next of that address is there
    ``refuse: 503``              it does not: a status, ``{status, text}``, or ``unreachable``
    ``does: [...]``              from the opening on: ``send: TEXT or {...}``, ``wait: 2s``, ``bytes: 00ff``
                                 (a binary frame), ``close``, ``close: {code, reason}``, ``close: 1006``
                                 (breaks off), and ``say: TEXT``: speech as media. Its long form is ``{text
                                 or audio, voice, encoding, tag, custom}`` (customParameters); ``paced: true``
                                 sends it in real time, not at once; ``for: 2s`` cuts it, or adds silence;
                                 ``stop: false`` leaves the stream open
    ``replies: [...]``           ``{to: TEXT or {...}, does: [...], times: 1}``: on each message that holds
                                 the text, or at least these members; the first that fits counts
    ``handler: bot.py:talk``     instead: a coroutine of a Python file (``handle``), as for websockets.serve

Cassettes: the folder that ``voxrun FILE.js --cassette DIR`` made. The people are the script's; the voice AI
says what it said, as long after the scenario's messages as then, and requests and WebSockets that no stub of
the script fits get what they got. A message or request that is another than then fails the script. ``seed``
and ``at`` are those of the recording unless the script says otherwise. With an ``agent`` of the script, that
one speaks. ``caller_hears`` knows the recorded voice by the transcripts that came with it.

Faults of the voice AI (times count from the opening of its WebSocket)
    ``refuse: 429`` or ``{status, body, times}``   creating the call is refused
    ``stall: {after: 2s, for: 5s}``                nothing comes for a while
    ``close: {after: 3s, code: 1011, reason}``     the socket ends (1006, the default, without a close frame)
    ``drop: {percent: 10, of: messages}``          of ``messages``, ``audio`` or ``all`` from it are lost
    ``delay: {by: 200ms, jitter: 100ms}``          everything from it comes late
Those of the agent file (``faults`` there) count seconds of the agent's speech instead.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from voxrun.errors import ScriptError
from voxrun.replay.cassette import Cassette
from voxrun.replay.format_parts import (
    read_callees,
    read_caller,
    read_faults,
    read_limits,
    read_stubs,
    read_voice,
)
from voxrun.replay.format_phone import MANNERS
from voxrun.replay.format_sockets import read_sockets
from voxrun.replay.format_steps import read_steps
from voxrun.replay.format_values import choice, custom_data_of, texts_of
from voxrun.replay.format_world import read_callers, read_conferences, read_storage, read_tape
from voxrun.replay.script import WITHIN_MS, CallScript, Incoming, Started
from voxrun.session.clock import DEFAULT_START_MS
from voxrun.speech.base import Voice
from voxrun.yamldoc import Item, parse_document, read_document

if TYPE_CHECKING:
    from voxrun.emulators.ultravox.script import AgentScript

SUFFIX: Final = ".call.yaml"
KEYS: Final = (
    "title", "scenario", "call", "start", "agent", "cassette", "callees", "callers", "conferences", "storage",
    "http", "http_unmatched", "websockets", "websockets_unmatched", "faults", "secrets", "limits", "at",
    "seed", "within", "voice", "keep_going", "connector_errors", "websocket_encoding", "tags", "steps",
)  # fmt: skip
CALL_KEYS: Final = ("from", "to", "display_name", "headers", "custom_data", "client", *MANNERS)
START_KEYS: Final = ("custom_data", "conference")
EARLIEST: Final = 1971
LATEST: Final = 2200
EMPTY: Final = "a call script needs at least steps"


def load_script(path: Path) -> CallScript:
    """Read a call script. Raises ScriptError with file:line:column."""
    return _checked(read_document(path, ScriptError, EMPTY), path)


def parse_script(text: str, path: Path) -> CallScript:
    """The same from a text; ``path`` names it in messages, and files are looked for beside it."""
    return _checked(parse_document(text, str(path), ScriptError, EMPTY), path)


def _checked(root: Item, path: Path) -> CallScript:
    try:
        return _read(root, path)
    except RecursionError:
        root.fail("an alias contains itself, or the file is nested too deeply")


def _read(root: Item, path: Path) -> CallScript:
    entries = root.mapping(KEYS)
    if "steps" not in entries:
        root.fail("the script needs 'steps': what the caller does, and what is expected")
    if "call" in entries and "start" in entries:
        entries["start"].fail("a session is called or started: give 'call' or 'start', not both")
    cassette = read_tape(entries.get("cassette"), path.parent)
    callees = read_callees(entries["callees"], path.parent) if "callees" in entries else ()
    started = "start" in entries
    call = _started(entries["start"]) if started else _incoming(entries.get("call"))
    numbers = tuple(callee.number for callee in callees)
    dialled = call.destination if isinstance(call, Incoming) else Incoming().destination
    callers = read_callers(entries["callers"], dialled, numbers) if "callers" in entries else ()
    names = tuple(caller.name for caller in callers)
    taken = ("caller", *numbers, *names)
    sockets = read_sockets(entries["websockets"], path.parent, taken) if "websockets" in entries else ()
    socket_names = tuple(stub.name for stub in sockets)
    start_ms = _recorded(cassette, "startMs", DEFAULT_START_MS)
    seed = _recorded(cassette, "seed", 1)
    unmatched = choice(entries.get("websockets_unmatched"), ("fail", "refuse"))
    return CallScript(
        path=path,
        scenarios=_scenarios(entries.get("scenario"), root, path),
        call=call,
        steps=read_steps(entries["steps"], path.parent, numbers, names, socket_names),
        title=entries["title"].text() if "title" in entries else "",
        agent=_agent(entries.get("agent"), path, cassette),
        cassette=cassette.folder if cassette is not None else None,
        cassette_where=entries["cassette"].where if "cassette" in entries else "",
        callees=callees,
        callers=callers,
        conferences=read_conferences(entries["conferences"], path.parent) if "conferences" in entries else (),
        storage=read_storage(entries["storage"]) if "storage" in entries else (),
        stubs=read_stubs(entries["http"], path.parent) if "http" in entries else (),
        unmatched="allow" if choice(entries.get("http_unmatched"), ("fail", "404")) == "404" else "fail",
        sockets=sockets,
        sockets_unmatched="allow" if unmatched == "refuse" else "fail",
        faults=read_faults(entries.get("faults")),
        secrets=texts_of(entries["secrets"]) if "secrets" in entries else {},
        limits=read_limits(entries["limits"]) if "limits" in entries else {},
        start_ms=_date(entries["at"]) if "at" in entries else start_ms,
        seed=entries["seed"].integer(0, 2**48 - 1) if "seed" in entries else seed,
        keep_going="keep_going" in entries and entries["keep_going"].boolean(),
        connector_errors=choice(entries.get("connector_errors"), ("events", "reject")),
        websocket_encoding=choice(entries.get("websocket_encoding"), ("PCM8", "PCM16")),
        tags=_tags(entries["tags"]) if "tags" in entries else (),
        within_ms=entries["within"].milliseconds() if "within" in entries else WITHIN_MS,
        voice=read_voice(entries["voice"]) if "voice" in entries else Voice(),
    )


def _incoming(item: Item | None) -> Incoming:
    default = Incoming()
    entries = {} if item is None else item.mapping(CALL_KEYS)
    return read_caller(entries, default.caller, default.destination)


def _started(item: Item) -> Started:
    entries = item.mapping(START_KEYS)
    conference = entries["conference"].text() if "conference" in entries else ""
    return Started(custom_data_of(entries.get("custom_data")), conference)


def _scenarios(item: Item | None, root: Item, path: Path) -> tuple[Path, ...]:
    if item is None:
        found = _named_like(path, ".js")
        if found is None:
            root.fail(
                f"which scenario? There is no {_stem(path)}.js beside the script: add 'scenario: FILE.js'"
            )
        return (found,)
    found_paths = []
    for each in item.items() if item.is_list else [item]:
        file = path.parent / each.text()
        if not file.is_file():
            each.fail(f"there is no file {file}")
        found_paths.append(file)
    if not found_paths:
        item.fail("scenario is an empty list")
    return tuple(found_paths)


def _stem(path: Path) -> str:
    return path.name.removesuffix(SUFFIX).removesuffix(".yaml")


def _named_like(path: Path, suffix: str) -> Path | None:
    """The file of the script's own name, or of its name up to a dot: booking.busy.call.yaml, booking.js."""
    parts = _stem(path).split(".")
    for count in range(len(parts), 0, -1):
        file = path.parent / (".".join(parts[:count]) + suffix)
        if file.is_file():
            return file
    return None


def _recorded(cassette: Cassette | None, name: str, default: int) -> int:
    """A number of the recorded session's header."""
    return int(str(cassette.journal[name])) if cassette is not None else default


def _agent(item: Item | None, path: Path, cassette: Cassette | None) -> AgentScript | None:
    """The agent of a file or inline; a mistake is told with its place in the file it is in. Beside a cassette
    that speaks, the file of the script's name is not the agent."""
    if item is None and cassette is not None and cassette.speaks:
        return None
    beside = _named_like(path, ".agent.yaml") if item is None else None
    if item is None and beside is None:
        return None
    from voxrun.emulators.ultravox.agent import agent_of, load_agent  # many calls have no agent

    if item is None:
        return load_agent(beside) if beside else None
    if item.is_mapping:
        return agent_of(item, str(path))
    file = path.parent / item.text()
    if not file.is_file():
        item.fail(f"there is no agent file {file}")
    return load_agent(file)


def _date(item: Item) -> int:
    text = item.text()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        item.fail(f"{item.name} must be a date like 2025-01-06T09:00:00Z, not {text!r}")
    if not EARLIEST <= moment.year <= LATEST:
        item.fail(f"{item.name} must be a date of the years {EARLIEST} to {LATEST}, not {text!r}")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def _tags(item: Item) -> tuple[str, ...]:
    for each in item.items() if item.is_list else [item]:
        if not each.text().isidentifier():
            each.fail(f"{each.text()!r} cannot be a pytest marker: use letters, digits and _")
    return item.texts()
