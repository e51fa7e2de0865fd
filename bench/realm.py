"""Realms: what a turn costs inline and through a host, how fast and how big a realm is.

Each is set beside the least that it could cost: a turn beside a bare call into the engine that parses and
writes the same JSON, a turn through the host beside a byte echoed by another process, a realm beside an
empty context of the engine.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from collections.abc import Awaitable, Callable

import quickjs
from _processes import pss_kb
from _sessions import script

from voxrun.cli.figures import Figure, figure, share, times
from voxrun.cli.scan.built import OBJECTS, find_built
from voxrun.cli.scan.surface import load_surface
from voxrun.realm.inline import InlineRealms
from voxrun.realm.pool import HostedRealms
from voxrun.realm.port import BootInfo, RealmPort, Script
from voxrun.realm.realm import Realm
from voxrun.session.messages import Event

TURNS = 5000
REALMS = 40
BOOTS = 20
START = 1_736_154_000_000
STARTED = Event("Application.Started")
TURN = """
  let turns = 0;
  VoxEngine.addEventListener(AppEvents.Started, () => Logger.write("turn " + ++turns));
"""
PLAIN = "VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => call.answer());"
AGENT = "require(Modules.Ultravox);" + PLAIN
EVERYTHING = (
    "for (const name of Object.getOwnPropertyNames(globalThis)) void globalThis[name];"
    "VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => { call.answer(); makeAll(); });"
)
FIELDS = {"callerid": "1", "destination": "2", "displayName": "", "headers": {}, "clientType": "user"}
CALL = Event("Application.CallAlerting", "c1", FIELDS)
ECHO = """
import socket, sys
s = socket.socket(fileno=int(sys.argv[1]))
while data := s.recv(65536):
    s.sendall(data)
"""


def measure(turns: int = TURNS, realms: int = REALMS, boots: int = BOOTS) -> list[Figure]:
    """The marks: 50 us inline, p95 400 us through the host, 2 MB a realm with Ultravox."""
    bare = _bare_calls(turns)
    inline = asyncio.run(_inline(turns))
    echo, hosted = asyncio.run(_hosted(turns))
    empty, prepare = _prepare(boots)
    boot = asyncio.run(_boots(boots, script().source))
    core = asyncio.run(_boots(boots, _whole_core()))
    plain, agent, heap = asyncio.run(_weigh(realms))
    whole, whole_heap = asyncio.run(_host_of(realms, _whole_core()))
    context = f"an empty context of the engine ({_mid(empty):.2g} ms)"
    return [
        _turns("turn inline", inline, 50, times(share(inline, 0.5), share(bare, 0.5), "a bare engine call")),
        figure("the same, 95 of 100", inline, "us", at=0.95),
        figure("bare engine call with the same JSON", bare, "us"),
        _turns("turn through the host", hosted, None, ""),
        figure(
            "the same, 95 of 100",
            hosted,
            "us",
            400,
            at=0.95,
            against=times(share(hosted, 0.95), share(echo, 0.95), "a byte echoed by another process"),
        ),
        figure("a byte echoed by another process, 95 of 100", echo, "us", at=0.95),
        figure("realm made ahead", prepare, "ms", against=times(_mid(prepare), _mid(empty), context)),
        figure("boot, Started and CallAlerting of scenarios/inbound.js through the host, warm", boot, "ms"),
        figure(
            "the same of a scenario that uses all of the API",
            core,
            "ms",
            20,
            against=times(_mid(core), _mid(boot), f"scenarios/inbound.js; {_cpu(boots):.2g} ms of CPU"),
        ),
        Figure("realm with the Ultravox module (PSS)", agent, "KB", 2048, None, f"{plain:.0f} KB without it"),
        Figure("its JavaScript heap", heap, "KB", 2048),
        Figure("realm with all modules, every name and an object of each class (PSS)", whole, "KB", 4096),
        Figure("the JavaScript heap of that", whole_heap, "KB", 4096),
    ]


def _whole_core() -> str:
    """A scenario that requires all modules, reads every name and makes an object of each class."""
    built = find_built(load_surface())
    requires = "".join(f'require("{name}");' for name in sorted(built.modules))
    made = "".join(f"{make};" for name, make in OBJECTS.items() if not built.lacks(name))
    return f"{requires} function makeAll() {{ {made} }} {EVERYTHING}"


def _turns(name: str, samples: list[float], most: float | None, against: str) -> Figure:
    return figure(name, samples, "us", most, against=against)


def _mid(samples: list[float]) -> float:
    return share(samples, 0.5)


def _bare_calls(count: int) -> list[float]:
    """us of a call that does nothing but parse its argument and write it again."""
    context = quickjs.Context()
    call = context.eval("(text) => JSON.stringify(JSON.parse(text))")
    text = json.dumps({"k": STARTED.kind, "i": "", "d": {}, "t": START})
    samples = []
    for _ in range(count):
        before = time.perf_counter()
        call(text)
        samples.append(1e6 * (time.perf_counter() - before))
    return samples


async def _inline(turns: int) -> list[float]:
    realms = InlineRealms()
    samples = await _many_turns(await realms.open("bench"), turns)
    await realms.close()
    return samples


async def _hosted(turns: int) -> tuple[list[float], list[float]]:
    """us of an echo and of a turn, in blocks that take turns so that both see the same machine."""
    realms = HostedRealms()
    await realms.start()
    realm = await realms.open("bench")
    echo: list[float] = []
    async with _Echo() as other:
        first = await _many_turns(realm, turns // 4)
        samples = list(first)
        for _ in range(3):
            echo += [1e6 * await _timed(other.round()) for _ in range(turns // 4)]
            samples += [1e6 * await _timed(realm.turn(STARTED, START)) for _ in range(turns // 4)]
    await realm.close()
    await realms.close()
    return echo, samples


class _Echo:
    """A process that sends back what it gets, over the same kind of socket as a realm host's."""

    async def __aenter__(self) -> _Echo:
        self._ours, theirs = socket.socketpair()
        self._ours.setblocking(False)
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", ECHO, str(theirs.fileno())), pass_fds=(theirs.fileno(),)
            )
        await self.round()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ours.close()
        await self._process.wait()

    async def round(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(self._ours, b".")
        await loop.sock_recv(self._ours, 16)


async def _many_turns(realm: RealmPort, count: int) -> list[float]:
    await realm.boot(_info(TURN))
    return [1e6 * await _timed(realm.turn(STARTED, START)) for _ in range(count)]


async def _timed(work: Awaitable[object]) -> float:
    before = time.perf_counter()
    await work
    return time.perf_counter() - before


def _prepare(count: int) -> tuple[list[float], list[float]]:
    """ms of an empty context and of a realm without a scenario."""
    empty, prepared = [], []
    for _ in range(count):
        empty.append(1e3 * _took(lambda: quickjs.Context().eval("1")))
        realm = Realm()
        prepared.append(1e3 * _took(realm.prepare))
        realm.close()
    return empty, prepared


def _took(work: Callable[[], object]) -> float:
    before = time.perf_counter()
    work()
    return time.perf_counter() - before


def _cpu(count: int) -> float:
    """ms of CPU of the same in a realm of this process, in the middle: what other work does not lengthen."""
    info = _info(_whole_core())
    samples = []
    for _ in range(count):
        realm = Realm()
        realm.prepare()
        before = time.thread_time()
        realm.boot(info)
        realm.turn(STARTED, START)
        realm.turn(CALL, START + 1)
        samples.append(1e3 * (time.thread_time() - before))
        realm.close()
    return _mid(samples)


async def _boots(count: int, source: str) -> list[float]:
    """ms from the boot of a warm realm to the end of the turn of CallAlerting."""
    realms = HostedRealms()
    samples = []
    for number in range(count):
        await realms.start()
        realm = await realms.open(f"call{number}")
        samples.append(1e3 * await _timed(_to_alerting(realm, source)))
        await realm.close()
    await realms.close()
    return samples


async def _to_alerting(realm: RealmPort, source: str) -> None:
    results = [await realm.boot(_info(source)), await realm.turn(STARTED, START)]
    results.append(await realm.turn(CALL, START + 1))
    for result in results:
        if result.error is not None:
            raise RuntimeError(result.error.message)


async def _weigh(count: int) -> tuple[float, float, float]:
    """KB that one realm adds to its host: without a module, with Ultravox; and the latter's heap."""
    plain, _ = await _host_of(count, PLAIN)
    agent, heap = await _host_of(count, AGENT)
    return plain, agent, heap


async def _host_of(count: int, source: str) -> tuple[float, float]:
    realms = HostedRealms(most_hosts=1, sessions_a_host=count + 2)
    await realms.start()
    held = [await realms.open("first")]
    await held[0].boot(_info(source))
    await realms.start()
    before = pss_kb(realms.pids[0])
    for number in range(count):
        realm = await realms.open(f"call{number}")
        await realm.boot(_info(source))
        await realm.turn(CALL, START)
        held.append(realm)
    await realms.start()  # the next one is made ahead, as before
    after = pss_kb(realms.pids[0])
    heap = await held[-1].memory_used()
    await realms.close()
    return (after - before) / count, heap / 1024


def _info(source: str) -> BootInfo:
    return BootInfo((Script("bench.js", source),), 1, START)
