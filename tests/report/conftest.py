"""Sessions that several tests look at; they are played once."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.report.calls import weather_call


@pytest.fixture(scope="session")
def short_call(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a call of three exchanges, with a tool call and an interruption."""
    return weather_call(tmp_path_factory.mktemp("sessions"))
