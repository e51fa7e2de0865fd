"""Connectors by name: each gets its address and what a refusal does."""

from __future__ import annotations

import asyncio
from importlib import resources
from typing import Any

import pytest

from voxrun.connectors.base import Connector
from voxrun.connectors.registry import FACTORIES, ProviderSettings
from voxrun.connectors.ultravox import UltravoxClient
from voxrun.connectors.ultravox_protocol import CLOUD_URL


class NoHost:
    """A client that is not opened asks nothing of its host but the ticker."""

    def __getattr__(self, name: str) -> Any:
        return self


@pytest.mark.parametrize(
    ("given", "used"), [("", CLOUD_URL), ("http://127.0.0.1:1/api", "http://127.0.0.1:1/api")]
)
def test_ultravox_is_at_its_cloud_unless_an_address_is_given(given: str, used: str) -> None:
    async def make() -> Connector:  # a client measures its audio on the running loop
        return FACTORIES["ultravox"]("c1", {"endpoint": "CreateCall"}, NoHost(), ProviderSettings(given))  # type: ignore[arg-type]

    client = asyncio.run(make())
    assert isinstance(client, UltravoxClient)
    assert client.id == "c1"
    assert client._base_url == used


def test_the_names_are_those_that_the_modules_of_the_realm_use() -> None:
    modules = resources.files("voxrun.realm") / "js" / "modules"
    for name in FACTORIES:
        assert f'"{name}"' in (modules / f"{name}.js").read_text("utf-8")
