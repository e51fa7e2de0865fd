"""The loop that serves calls."""

from __future__ import annotations

import asyncio
import builtins
from typing import Any

import pytest

from voxrun.cli import loop


async def kind() -> str:
    return type(asyncio.get_running_loop()).__module__


def test_calls_are_served_on_uvloop_where_it_is_installed() -> None:
    pytest.importorskip("uvloop")
    assert loop.run_main(kind()).startswith("uvloop")


def test_without_uvloop_asyncio_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def no_uvloop(name: str, *rest: Any) -> Any:
        if name == "uvloop":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", no_uvloop)
    assert loop.loop_factory() is None
    assert loop.run_main(kind()).startswith("asyncio")
