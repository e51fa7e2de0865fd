"""What waits for a page that is slow, or does not read at all."""

from __future__ import annotations

import asyncio
import json

import pytest

from voxrun.server import page_socket
from voxrun.server.page_socket import Outbox


def test_a_slow_page_loses_records_and_is_told_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_socket, "MAX_WAITING_RECORDS", 3)

    async def story() -> None:
        outbox = Outbox()
        for number in range(5):
            outbox.put({"type": "record", "session": "s", "record": {"n": number}})
        outbox.put({"type": "ended", "id": "a"})
        got = [json.loads(await outbox.get()) for _ in range(5)]
        assert [message["type"] for message in got] == ["record"] * 3 + ["ended", "error"]
        assert "2 records" in got[-1]["message"]

    asyncio.run(story())


def test_a_page_that_does_not_read_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_socket, "MAX_WAITING", 3)

    async def story() -> None:
        outbox = Outbox()
        for _ in range(5):
            outbox.put({"type": "pong"})
        with pytest.raises(OverflowError):
            await outbox.get()

    asyncio.run(story())
