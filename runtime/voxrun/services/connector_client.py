"""Voice-AI clients: createXClient, their pass-through methods, their events, their audio."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from typing import ClassVar

from voxrun.connectors.base import Connector
from voxrun.connectors.registry import ConnectorFactory, ProviderSettings
from voxrun.connectors.transport import Transports
from voxrun.errors import ScenarioError, VoxrunError
from voxrun.media.graph import Ticker
from voxrun.services.arguments import Arguments
from voxrun.services.base import Service, ServiceContext
from voxrun.services.ports import Surroundings
from voxrun.services.units import Unit, Units
from voxrun.session.messages import Command, Event, Json, JsonObject

log = logging.getLogger(__name__)


class ClientHost:
    """What one connector may do to its session (``connectors.base.ConnectorHost``)."""

    def __init__(self, client_id: str, context: ServiceContext, around: Surroundings) -> None:
        self._id = client_id
        self._context = context
        self._around = around

    @property
    def transports(self) -> Transports:
        return self._around.transports

    @property
    def ticker(self) -> Ticker:
        return self._around.ticker

    def new_id(self, kind: str) -> str:
        return self._context.new_id(kind)

    def event(self, name: str, data: JsonObject) -> None:
        self._context.emit(Event(name, self._id, data))

    def closed(self, code: int, reason: str, was_clean: bool) -> None:
        self._context.emit(
            Event("@wsclose", self._id, {"code": code, "reason": reason, "wasClean": was_clean})
        )

    def wire(self, direction: str, what: str, payload: Json) -> None:
        self._context.journal.note(
            "wire", {"dir": direction, "what": what, "id": self._id, "payload": payload}
        )


class ConnectorService(Service):
    """Owns the clients of a session."""

    handles: ClassVar[frozenset[str]] = frozenset(
        {"connector.create", "connector.call", "connector.clear", "connector.close"}
    )

    def __init__(
        self,
        context: ServiceContext,
        units: Units,
        around: Surroundings,
        factories: Mapping[str, ConnectorFactory],
    ) -> None:
        super().__init__(context)
        self._units = units
        self._around = around
        self._factories = factories
        self._clients: dict[str, Connector] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def execute(self, command: Command) -> None:
        if command.kind == "connector.create":
            self._create(command)
            return
        client = self._clients.get(command.target)
        if client is None:
            raise ScenarioError(f"{command.kind}: no such client")
        if command.kind == "connector.call":
            data = Arguments(command)
            client.call(data.needed("method", 100), data.mapping("argument"))
        elif command.kind == "connector.clear":
            client.clear_media_buffer()
        else:
            self._spawn(client.close())

    def _create(self, command: Command) -> None:
        data = Arguments(command)
        provider, promise, params = data.needed("provider"), data.needed("promise"), data.mapping("params")
        factory = self._factories.get(provider)
        if factory is None or command.target in self._clients:
            raise ScenarioError(f"connector.create: no connector named {provider!r}")
        host = ClientHost(command.target, self.context, self._around)
        settings = ProviderSettings(
            self._around.provider_urls.get(provider, ""), self._around.connector_errors == "reject"
        )
        client = factory(command.target, params, host, settings)
        self._clients[command.target] = client
        self._units.add(Unit(command.target, client.source, client.sink))
        self._spawn(self._open(client, promise))

    async def _open(self, client: Connector, promise: str) -> None:
        try:
            await client.open()
        except VoxrunError as error:
            self.context.emit(Event("@reject", promise, {"message": str(error)}))
        except Exception as error:  # the scenario awaits its client, whatever went wrong with us
            log.exception("client %s could not be opened", client.id)
            self.context.emit(Event("@reject", promise, {"message": f"internal error: {error!r}"}))
        else:
            self.context.emit(Event("@resolve", promise, {"value": {"$ref": client.id}}))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.context.journal.note("error", {"message": f"connector failed: {error!r}", "own": True})

    async def close(self) -> None:
        for client in self._clients.values():
            try:
                await client.close()
            except Exception:  # the other clients are to be closed all the same
                log.exception("client %s could not be closed", client.id)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
