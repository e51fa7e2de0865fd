"""A speech process for each test that asks: ``speech`` caches in memory only."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from voxrun.speech.client import SpeechProcess


@pytest.fixture
def speech() -> Iterator[SpeechProcess]:
    process = SpeechProcess(on_disk=False)
    yield process
    asyncio.run(process.close())
