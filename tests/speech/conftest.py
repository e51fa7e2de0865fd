"""Speech processes for tests. They cache in memory only, and ``sounds`` is importable from here."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from voxrun.speech.client import SpeechProcess

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def speech() -> Iterator[SpeechProcess]:
    process = SpeechProcess(on_disk=False)
    yield process
    asyncio.run(process.close())


@pytest.fixture(scope="session")
def studio() -> Iterator[SpeechProcess]:
    """One process for all tests that only want audio; its phrases stay cached in memory."""
    process = SpeechProcess(on_disk=False)
    yield process
    asyncio.run(process.close())
