"""Plays a whole cassette in virtual time: the recorded people and provider around a realm and real services.

The same cassette and scripts give the same journal, byte for byte. Neither network nor key is needed: by the
name of each secret the scenario gets a word that stands for it, unless a value is given.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from voxrun.connectors.transport import Door
from voxrun.errors import VoxrunError
from voxrun.realm.inline import InlineRealms
from voxrun.realm.port import Script
from voxrun.replay.cassette import NET, Cassette, TapedAccess
from voxrun.replay.cassette_asr import TapedTranscriber
from voxrun.replay.cassette_legs import TapedDialer, TapedParty, incoming_info
from voxrun.replay.cassette_play import (
    Account,
    TapedConnector,
    TapedHttp,
    TapeDifference,
    cassette_transports,
    missing,
    visits,
)
from voxrun.replay.cassette_redact import SECRET
from voxrun.replay.from_session_items import host_for
from voxrun.services.recording_file import disk_thread
from voxrun.services.storage import Item, MemoryStorage
from voxrun.services.ticker import LoopTicker
from voxrun.session.clock import LoopClock
from voxrun.session.limits import Limits
from voxrun.session.messages import JsonObject
from voxrun.session.replay import scripts_beside
from voxrun.session.runtime import Application, World
from voxrun.session.session import Ending
from voxrun.session.setup import Opened, SessionPlan, open_session
from voxrun.session.virtual import run_virtual
from voxrun.speech.base import Speech, Transcriber
from voxrun.speech.client import SpeechProcess

GRACE_MS: Final = 5_000
"""A session that goes on for so long after the end of the cassette has missed its end."""
TOKEN: Final = "session-access-token"
TOKEN_NAME: Final = "session access token"
STOPPED: Final = "the cassette is over"


class Played(Struct):
    """How a playback went. ``messages`` and ``requests`` are those that were compared and alike."""

    cassette: Cassette
    difference: TapeDifference | None = None
    where: str = ""
    """The scenario's line that the difference comes from, as far as that is known."""
    messages: int = 0
    requests: int = 0
    ended_ms: int = 0
    reason: str = ""
    records: list[JsonObject] = field(default_factory=list)


def play_cassette(
    cassette: Cassette,
    *,
    scripts: tuple[Script, ...] | None = None,
    secrets: Mapping[str, str] | None = None,
    sessions_dir: Path | None = None,
    speech: Speech | None = None,
) -> Played:
    """Play it, with its own scripts or others. ``sessions_dir`` keeps journal, log and recordings.

    Raises ConfigError for a damaged cassette.
    """
    chosen = scripts if scripts is not None else scripts_beside(cassette.folder, cassette.journal)
    start_ms = int(str(cassette.journal["startMs"]))

    async def main(clock: LoopClock) -> Played:
        own = speech or SpeechProcess()
        disk = disk_thread()
        try:
            house = _House(cassette, chosen, dict(secrets or {}), sessions_dir)
            return await house.play(clock, own, disk)
        finally:
            disk.shutdown(wait=True)
            if speech is None:
                await own.close()

    return run_virtual(main, start_ms)


class _House:
    """Everything around the session of one playback."""

    def __init__(
        self,
        cassette: Cassette,
        scripts: tuple[Script, ...],
        secrets: Mapping[str, str],
        sessions_dir: Path | None,
    ) -> None:
        self._cassette = cassette
        unknown = stand_ins(cassette)
        self._secrets = {**unknown, **{name: secrets[name] for name in unknown if name in secrets}}
        self._scripts = scripts
        self._sessions_dir = sessions_dir

    async def play(self, clock: LoopClock, speech: Speech, disk: object) -> Played:
        cassette = self._cassette
        account = Account(cassette, {**self._secrets, TOKEN_NAME: TOKEN}, clock.now())
        ticker, realms = LoopTicker(), InlineRealms()
        played = Played(cassette)
        try:
            world = World(
                clock=clock,
                ticker=ticker,
                speech=speech,
                dialer=TapedDialer(account, ticker),
                realms=realms,
                transports=cassette_transports(account),
                http=TapedHttp(account, NET),
                transcriber=_transcriber(account),
                sockets=TapedConnector(account, NET),
                storage=MemoryStorage(stored(cassette, account.reveal)),
                provider_urls=_texts(cassette.header.get("providers")),
                disk=disk,  # type: ignore[arg-type]
            )
            opened = await open_session(self._application(), world, self._plan(account))
            opened.session.journal.observe(played.records.append)
            ending = await self._run(opened, account, ticker)
            self._judge(account, ending)
        finally:
            ticker.close()
            await realms.close()
        played.difference = account.difference
        played.where = _where(account.difference, played.records)
        played.messages, played.requests = account.messages, account.requests
        played.ended_ms, played.reason = account.now, ending.reason
        return played

    def _application(self) -> Application:
        journal = self._cassette.journal
        limits = journal.get("limits")
        known = set(Limits.__struct_fields__)
        given = {k: int(str(v)) for k, v in limits.items() if k in known} if isinstance(limits, dict) else {}
        return Application(
            scripts=self._scripts,
            secrets=self._secrets,
            limits=Limits(**given),
            sessions_dir=self._sessions_dir,
            record=self._sessions_dir is not None,
            keep_going=bool(journal.get("keepGoing")),
            base_url=base_url_of(self._cassette),
            connector_errors=str(self._cassette.header.get("connectorErrors") or "events"),
        )

    def _plan(self, account: Account) -> SessionPlan:
        journal = self._cassette.journal
        custom_data = account.reveal(str(journal.get("customData") or ""))
        return SessionPlan(number_of(self._cassette), int(str(journal["seed"])), custom_data, TOKEN)

    async def _run(self, opened: Opened, account: Account, ticker: LoopTicker) -> Ending:
        """Let the session live until it ends, differs, or has outlived the cassette."""
        opened.write_header()
        first = [opened.started_event()]
        caller = next((leg for leg in account.cassette.legs.values() if leg.incoming), None)
        listen = opened.session.calls_changed
        if caller is None:
            listen(0)
            then = _nothing
        else:
            leg = TapedParty(ticker, caller, account.cassette.sound(caller.number))
            alerting = opened.calls.incoming(leg, incoming_info(caller, account))
            first.append(alerting)

            def then() -> None:
                opened.calls.listen(alerting.target)

        loop = asyncio.get_running_loop()
        running = loop.create_task(opened.session.run(opened.boot, first, then))
        guests = [loop.create_task(_visit(opened, each, account.zero)) for each in account.cassette.access]
        guests += [loop.create_task(_come_in(opened, at, door)) for at, door in visits(account)]
        differing = loop.create_task(account.over.wait())
        limit = account.zero + (account.cassette.last_t + GRACE_MS) / 1000 - loop.time()
        try:
            await asyncio.wait({running, differing}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                if account.cassette.end is not None:
                    missing(account)  # that is more often why, and says more
                    account.differ("the end of the session", account.cassette.end, "it goes on")
                opened.session.stop(STOPPED)
            return await running
        finally:
            for task in (differing, *guests):
                task.cancel()

    def _judge(self, account: Account, ending: Ending) -> None:
        """After the end: what did not come, and whether it ended as it did then."""
        if self._cassette.end is None:
            return  # killed while it was recorded: nothing can be missing from what is not there
        missing(account)
        if ending.reason != self._cassette.end:
            account.differ("the end of the session", self._cassette.end, ending.reason)


def _transcriber(account: Account) -> Transcriber | None:
    if account.cassette.recogniser is None:
        return None
    return TapedTranscriber(account.cassette, account.reveal, lambda: account.now)


def stored(cassette: Cassette, reveal: Callable[[str], str]) -> list[Item]:
    """What ApplicationStorage holds at the beginning, with what stands for secrets."""
    return [replace(item, value=reveal(item.value)) for item in cassette.stored]


def stand_ins(cassette: Cassette) -> dict[str, str]:
    """What stands for the secrets that are not on a cassette, by their names."""
    names = cassette.journal.get("secrets")
    found = {str(name): f"voxrun-secret-{name}" for name in names} if isinstance(names, list) else {}
    return {**found, **{name: url for name, url in addresses(cassette).items() if name in found}}


def addresses(cassette: Cassette) -> dict[str, str]:
    """Addresses in place of the secrets that the scenario used as such."""
    found = {}
    for request in cassette.requests.values():
        url = str(request.content["url"])
        name, closed, _ = url.removeprefix(SECRET).partition("»")
        if closed and url.startswith(SECRET):
            found[name] = f"https://{host_for(name)}"
    for socket in cassette.sockets.values():
        if socket.secret:
            found[socket.secret] = f"{socket.scheme}://{socket.host}"
    return found


def number_of(cassette: Cassette) -> int:
    """The session's number: ids come from (seed, number), so with the number of then they are those of
    then."""
    started = cassette.journal.get("started")
    session_id = started.get("sessionId") if isinstance(started, dict) else None
    return session_id - int(str(cassette.journal["startMs"])) if isinstance(session_id, int) else 1


def base_url_of(cassette: Cassette) -> str:
    """Where the sessions' access URLs were."""
    started = _texts(cassette.journal.get("started"))
    return started.get("accessURL", "http://127.0.0.1:8080/request/").split("/request/")[0]


def _nothing() -> None:
    pass


async def _visit(opened: Opened, visit: TapedAccess, zero: float) -> None:
    """A request to the session's URL, when it came."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(max(0.0, zero + visit.t / 1000 - loop.time()))
    try:
        await opened.access.request(visit.method, visit.path, visit.content, list(visit.headers))
    except VoxrunError:
        return  # the session is over


async def _come_in(opened: Opened, at: float, door: Door) -> None:
    """A WebSocket to the session's URL, when it came."""
    await asyncio.sleep(max(0.0, at - asyncio.get_running_loop().time()))
    await opened.websockets.visit(door)


def _where(difference: TapeDifference | None, records: Sequence[JsonObject]) -> str:
    """The line of the latest command that such a difference comes from."""
    if difference is None or not difference.command:
        return ""
    for record in reversed(records):
        if record["k"] == "command" and record["kind"] == difference.command and record.get("where"):
            return str(record["where"])
    return ""


def _texts(value: object) -> dict[str, str]:
    return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else {}
