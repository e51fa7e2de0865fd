"""Sessions in this process for benchmarks: real realm hosts, real services and folders, scripted legs."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from _processes import INBOUND

from voxrun.legs.base import DialRequest, IncomingInfo, Leg
from voxrun.legs.scripted import ScriptedLeg
from voxrun.realm.pool import HostedRealms
from voxrun.realm.port import Script
from voxrun.services.ticker import LoopTicker
from voxrun.session.clock import real_clock
from voxrun.session.messages import JsonObject
from voxrun.session.runtime import Application, Runtime, World
from voxrun.speech.client import SpeechProcess

CALLER = IncomingInfo("100", "bench", "Bench")
NOBODY = "http://127.0.0.1:9/api"
"""An address that refuses at once: these benchmarks are not about the provider."""


@dataclass
class Stage:
    """A runtime with its realm hosts. ``seen`` is when a log line first began with a text (loop time)."""

    runtime: Runtime
    realms: HostedRealms
    ticker: LoopTicker
    awaited: str = ""
    seen: asyncio.Future[float] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def expect(self, text: str) -> asyncio.Future[float]:
        """Resolved with the loop time of the next log line that begins with ``text``."""
        self.awaited, self.seen = text, asyncio.get_running_loop().create_future()
        return self.seen

    def record(self, session: str, record: JsonObject) -> None:
        if record["k"] == "log" and not self.seen.done() and str(record["text"]).startswith(self.awaited):
            self.seen.set_result(asyncio.get_running_loop().time())

    async def call(self) -> tuple[ScriptedLeg, str]:
        """Offer a call; gives its leg and its session."""
        leg = ScriptedLeg(self.ticker, incoming=True)
        return leg, await self.runtime.incoming(leg, CALLER)


def no_dialer(request: DialRequest) -> Leg:
    raise RuntimeError("these benchmarks dial nobody")


def script() -> Script:
    """The scenario that the issue's figures are about."""
    return Script(INBOUND.name, INBOUND.read_text("utf-8"))


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Everything a session needs, with folders that are gone afterwards."""
    realms, ticker = HostedRealms(), LoopTicker()
    speech = SpeechProcess(on_disk=False)
    with tempfile.TemporaryDirectory(prefix="voxrun-bench-") as folder:
        application = Application(
            (script(),),
            secrets={"ULTRAVOX_API_KEY": "bench-key-0123456789"},
            sessions_dir=Path(folder),
        )
        urls = {"ultravox": NOBODY}
        world = World(real_clock(), ticker, speech, no_dialer, realms, provider_urls=urls)
        found = Stage(Runtime(application, world), realms, ticker)
        found.runtime.subscribe(found.record)
        try:
            await realms.start()
            yield found
        finally:
            await found.runtime.close()
            await realms.close()
            ticker.close()
            await speech.close()
