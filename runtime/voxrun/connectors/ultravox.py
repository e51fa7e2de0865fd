"""The Ultravox client of ``Modules.Ultravox``: creates or joins a call and speaks its server WebSocket.

The socket carries raw s16le mono in binary messages both ways and JSON data messages in text; tables and
request shapes are in ``ultravox_protocol``, what all clients share in ``client``.
"""

from __future__ import annotations

from collections.abc import Mapping

from voxrun.connectors.addresses import shown_url
from voxrun.connectors.base import ConnectorHost
from voxrun.connectors.client import Naming, SocketClient
from voxrun.connectors.payloads import Redactor
from voxrun.connectors.rest import RestRequest, post
from voxrun.connectors.transport import ClientSocket
from voxrun.connectors.ultravox_protocol import (
    CLOUD_URL,
    Plan,
    decode,
    encode,
    headers_of,
    http_response,
    join_url_of,
    plan,
    refusal,
)
from voxrun.errors import PeerError
from voxrun.session.messages import Json, JsonObject

NAMING = Naming(events="Ultravox.WebSocketAPI", media="Ultravox.Events", endpoint="/ultravox")


class UltravoxClient(SocketClient):
    """One ``Ultravox.WebSocketAPIClient``.

    ``params`` are those of ``createWebSocketAPIClient``; ``statistics`` and ``trace`` are accepted and need
    nothing (the journal holds the traffic), ``privacy`` keeps message contents out of the journal.
    ``base_url`` is the root of the REST API: the cloud's, or the local emulator's.
    """

    def __init__(
        self,
        client_id: str,
        params: Mapping[str, Json],
        host: ConnectorHost,
        *,
        base_url: str = CLOUD_URL,
        reject_errors: bool = False,
    ) -> None:
        super().__init__(client_id, params, host, NAMING, reject_errors)
        self._base_url = base_url
        self._plan: Plan | None = None

    def call(self, method: str, argument: JsonObject) -> None:
        """Pass ``argument`` on to Ultravox. ScenarioError for a method that the client does not have."""
        self.send_json(encode(method, argument))

    def _check(self) -> None:
        self.redactor = Redactor(headers_of(self.params).values())
        self._plan = plan(self.params, self._base_url)
        self.uplink.use_rate(self._plan.input_rate)
        self.downlink.use_rate(self._plan.output_rate)

    async def _join(self) -> ClientSocket:
        assert self._plan is not None, "open() checks first"
        create = self._plan.create
        url = self._plan.join_url if create is None else await self._create(create)
        self.note("out", "ws", {"connect": shown_url(url)})
        return await self.host.transports.connect(url, {})

    async def _create(self, request: RestRequest) -> str:
        """Create the call; gives the address to join."""
        names: list[Json] = [*sorted(request.headers)]  # names only: the values are keys
        where = shown_url(request.url)
        self.note("out", "http", {"method": "POST", "url": where, "headers": names, "body": request.body})
        answer = await post(request, self.host.transports.http)
        payload = self.redactor.json(http_response(answer))
        self.note("in", "http", payload)
        self.raise_event("HTTPResponse", payload)
        if not answer.ok:
            raise PeerError(refusal(answer))
        url = join_url_of(answer)
        if url is None:
            raise PeerError(
                f"Ultravox answered HTTP {answer.status} without a joinUrl that can be joined, so there is "
                f"no call; is {where} really Ultravox's API?"
            )
        return url

    def _on_text(self, message: str) -> None:
        name, payload = decode(message)
        self.note("in", "ws", payload, message)
        self.raise_event(name, payload)
