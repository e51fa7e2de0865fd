"""The life of a voice-AI client that has one WebSocket to its provider: what every provider shares.

::

    open() -> [join] -> events, audio both ways -> the socket's end, or close()

The scenario's promise resolves when ``open()`` returns, before the provider is asked: what comes of that
arrives as events. With ``reject_errors`` the provider is asked first and a refusal rejects the promise.
``ConnectorInformation`` is always the first event and comes in a later turn than the promise, so that
listeners added after the await hear everything; until then events are kept.

A provider adds how to reach it (``_join``), its messages (``_on_text``, ``call``) and the rates of its audio.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from voxrun import __version__
from voxrun.connectors.base import Connector, ConnectorHost
from voxrun.connectors.downlink import Downlink
from voxrun.connectors.outbox import Outbox
from voxrun.connectors.payloads import Redactor
from voxrun.connectors.transport import ClientSocket, MediaSocket, Neighbour, SocketClosed
from voxrun.connectors.uplink import Uplink
from voxrun.errors import PeerError, VoxrunError
from voxrun.media.graph import Sink
from voxrun.session.messages import Json, JsonObject

ANNOUNCE_AFTER_S: Final = 0.035
"""From the promise to ConnectorInformation, as seen on the platform."""
CLOSE_WAIT_S: Final = 3.0
"""For the provider's half of the closing handshake."""
FLUSH_WAIT_S: Final = 1.0
"""For messages that were sent just before the close."""
LONGEST_REASON: Final = 123
"""Bytes of a close reason (RFC 6455, 5.5)."""

NORMAL: Final = frozenset({1000, 1001, 1005})
"""Close codes of an ordinary end: done, going away, none given."""
BROKEN: Final = 1011
"""Our choice for a provider that refused or could not be reached: the server met a condition it could not
get over (RFC 6455, 7.4.1)."""
OUR_FAULT: Final = "a fault of voxrun itself; its log says more, please report it"
CLOSED_BY_SCENARIO: Final = "Normal connection close"
"""The platform's words."""

logger = logging.getLogger(__name__)


class Naming(Struct, frozen=True):
    """Names of a provider's client: event prefixes, and what ConnectorInformation calls the endpoint."""

    events: str
    """"Ultravox.WebSocketAPI" of "Ultravox.WebSocketAPI.Transcript"."""
    media: str
    """"Ultravox.Events" of "Ultravox.Events.WebSocketMediaStarted"."""
    endpoint: str
    """"/ultravox"."""


class SocketClient(Connector):
    """A client with one WebSocket. See the module docstring."""

    def __init__(
        self,
        client_id: str,
        params: Mapping[str, Json],
        host: ConnectorHost,
        naming: Naming,
        reject_errors: bool = False,
    ) -> None:
        super().__init__(client_id, params, host)
        self.redactor = Redactor(())
        """Set by the provider's class as soon as it knows the secrets."""
        self._naming = naming
        self._reject_errors = reject_errors
        self._private = params.get("privacy") is True
        self._outbox = Outbox()
        self.uplink = Uplink(host.ticker, self._outbox.put_audio, self._outbox.door)
        self.downlink = Downlink(self.source, host.ticker, self._media_started, self._media_ended)
        self._kept: list[Callable[[], None]] | None = []
        self._announcing: asyncio.TimerHandle | None = None
        self._socket: ClientSocket | None = None
        self._task: asyncio.Task[None] | None = None
        self._over = False

    # --- what a provider adds

    def _check(self) -> None:
        """Look at ``params``. Raises ScenarioError."""

    @abstractmethod
    async def _join(self) -> ClientSocket:
        """Reach the provider. Raises PeerError."""

    @abstractmethod
    def _on_text(self, message: str) -> None:
        """A text message came."""

    def _on_binary(self, message: bytes) -> None:
        """A binary message came: audio, unless the provider says otherwise."""
        self.downlink.receive(message)

    # --- Connector

    @property
    def sink(self) -> Sink:
        return self.uplink

    async def open(self) -> None:
        self._check()
        if self._reject_errors:
            await self._join_first()
        loop = asyncio.get_running_loop()
        self._announcing = loop.call_later(ANNOUNCE_AFTER_S, self._announce)
        self._task = loop.create_task(self._run())

    def clear_media_buffer(self) -> None:
        self.downlink.clear()
        self.source.flush()

    async def close(self) -> None:
        if self._announcing is None:
            self._over = True  # never opened: there is nobody to tell
        self._announce()
        self._end(1000, CLOSED_BY_SCENARIO, clean=True)
        task, self._task = self._task, None
        if task is not None:
            if self._socket is not None:
                await self._flush()
            task.cancel()
            await asyncio.wait([task])
        await self._hang_up()

    # --- for providers

    def send_json(self, message: JsonObject) -> None:
        """Send a message, at once or as soon as the provider is reached."""
        if self._over:
            return
        self.note("out", "ws", message)
        self._outbox.put_message(json.dumps(message, separators=(",", ":")))

    def raise_event(self, name: str, payload: Json) -> None:
        """Raise the provider's event ``name`` ("Transcript") on the client, until it is closed."""
        data: JsonObject = {"data": {"customEvent": name, "payload": payload}}
        self._tell(lambda: self.host.event(f"{self._naming.events}.{name}", data))

    def note(self, direction: str, what: str, payload: Json, text: str = "\\") -> None:
        """Note traffic for the journal, without secrets; without content where the scenario wants privacy.
        ``text`` is the payload as it came, where it did."""
        if self._private:
            payload = "[private]"
        elif not self.redactor.is_clean(text):
            payload = self.redactor.json(payload)
        self.host.wire(direction, what, payload)

    # --- inside

    async def _join_first(self) -> None:
        try:
            self._socket = await self._join()
        except PeerError as error:
            raise PeerError(self.redactor.text(str(error))) from None
        if self._over:
            await self._hang_up()
            raise PeerError("the client was closed before it was open")

    async def _run(self) -> None:
        await self._live()
        await self._hang_up()

    async def _live(self) -> None:
        try:
            if self._socket is None:
                self._socket = await self._join()
            self.uplink.open()
            ended = await self._talk(self._socket)
        except VoxrunError as error:
            self._fail(BROKEN, str(error), clean=True)
            return
        except Exception:
            # The task is nobody's to await: an unforeseen fault must end this client, and be seen.
            logger.exception("client %s failed", self.id)
            self._fail(BROKEN, OUR_FAULT, clean=True)
            return
        if ended.code in NORMAL:
            # The provider may be ahead of real time by its buffer: its last words are still to be heard.
            self.uplink.close()
            await self.downlink.drained()
            self._end(ended.code, ended.reason, ended.clean)
        else:
            self._fail(
                ended.code, ended.reason or f"the connection ended with code {ended.code}", ended.clean
            )

    async def _talk(self, socket: ClientSocket) -> SocketClosed:
        """Send and receive until the socket's end, which is returned."""
        sending = asyncio.create_task(self._send(socket))
        if isinstance(socket, Neighbour):
            socket.meet(self._take_at_once)
        try:
            if isinstance(socket, MediaSocket):
                return await self._pump(socket)
            while True:
                self._take(await socket.recv())
        except SocketClosed as closed:
            return closed
        finally:
            sending.cancel()

    async def _pump(self, socket: MediaSocket) -> SocketClosed:
        """Take messages where they are read. A fault of ours there ends this client, as anywhere else."""
        fault: asyncio.Future[SocketClosed] = asyncio.get_running_loop().create_future()

        def take(message: str | bytes) -> None:
            try:
                if not fault.done():
                    self._take(message)
            except Exception as error:
                fault.set_exception(error)

        pumping = asyncio.ensure_future(socket.pump(take))
        try:
            await asyncio.wait({pumping, fault}, return_when=asyncio.FIRST_COMPLETED)
            return fault.result() if fault.done() else pumping.result()
        finally:
            pumping.cancel()

    def _take(self, message: str | bytes) -> None:
        if self._over:
            return  # being closed: what still comes is for nobody
        if isinstance(message, str):
            self._on_text(message)
        else:
            self._on_binary(message)

    def _take_at_once(self, message: str | bytes) -> None:
        """The same in the middle of the peer's work, which no fault of ours may end."""
        try:
            self._take(message)
        except Exception:
            logger.exception("client %s failed", self.id)
            self._fail(BROKEN, OUR_FAULT, clean=True)

    async def _send(self, socket: ClientSocket) -> None:
        # The receiving side learns of the end as well, and with the reason.
        with contextlib.suppress(SocketClosed):
            await self._outbox.run(socket)

    def _fail(self, code: int, reason: str, clean: bool) -> None:
        """An end that nobody asked for: say why, then end. What waits to be played goes too."""
        reason = self.redactor.text(reason)
        self.downlink.finish()
        if not self._over:
            self.raise_event("WebSocketError", {"code": code, "reason": reason})
        self._end(code, reason, clean)

    def _end(self, code: int, reason: str, clean: bool) -> None:
        if self._over:
            return
        self.uplink.close()
        self.downlink.finish()
        self._over = True
        short = self.redactor.text(reason).encode()[:LONGEST_REASON].decode("utf-8", "ignore")
        self._tell(lambda: self.host.closed(code, short, clean))
        self._note_losses()

    def _note_losses(self) -> None:
        losses: JsonObject = {
            "in_ms": self.downlink.queue.dropped_ms,
            "out_frames": self._outbox.dropped_audio + self.uplink.dropped,
            "messages": self._outbox.dropped_messages,
        }
        if any(losses.values()):
            self.host.wire("in", "dropped", losses)

    async def _flush(self) -> None:
        """Let messages out that were sent just before the close (a farewell, a tool's result)."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_WAIT_S):
                await self._outbox.flushed()

    async def _hang_up(self) -> None:
        socket, self._socket = self._socket, None
        if socket is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_WAIT_S):
                await socket.close(1000, "")

    def _tell(self, say: Callable[[], None]) -> None:
        """Tell the host, or keep it until the client was announced."""
        if self._kept is None:
            say()
        else:
            self._kept.append(say)

    def _announce(self) -> None:
        if self._kept is None or self._announcing is None:
            return
        kept, self._kept = self._kept, None
        self._announcing.cancel()
        self.raise_event(
            "ConnectorInformation",
            {
                "applicationVersion": __version__,
                "id": self.host.new_id("connector"),
                "endpoint": self._naming.endpoint,
            },
        )
        for say in kept:
            say()

    def _media_started(self) -> None:
        data: JsonObject = {"encoding": "PCM16"}
        self._tell(lambda: self.host.event(f"{self._naming.media}.WebSocketMediaStarted", data))

    def _media_ended(self, seconds: float) -> None:
        data: JsonObject = {"mediaInfo": {"duration": round(seconds)}}
        self._tell(lambda: self.host.event(f"{self._naming.media}.WebSocketMediaEnded", data))
