"""Connectors by the name their JavaScript module uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from msgspec import Struct

from voxrun.connectors.base import Connector, ConnectorHost
from voxrun.connectors.ultravox import UltravoxClient
from voxrun.connectors.ultravox_protocol import CLOUD_URL
from voxrun.session.messages import Json


class ProviderSettings(Struct, frozen=True):
    """Where a provider's API is ("" for its cloud) and what a refusal does to the scenario's promise."""

    base_url: str = ""
    reject_errors: bool = False


ConnectorFactory: TypeAlias = Callable[[str, Mapping[str, Json], ConnectorHost, ProviderSettings], Connector]
"""(client id, params, host, settings) -> connector."""


def _ultravox(
    client_id: str, params: Mapping[str, Json], host: ConnectorHost, settings: ProviderSettings
) -> Connector:
    return UltravoxClient(
        client_id,
        params,
        host,
        base_url=settings.base_url or CLOUD_URL,
        reject_errors=settings.reject_errors,
    )


FACTORIES: Final[Mapping[str, ConnectorFactory]] = {"ultravox": _ultravox}
