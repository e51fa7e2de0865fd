"""Speech is started once for all calls of a run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.replay.calls import stock

from voxrun.replay.resources import Resources


@pytest.fixture(scope="session")
def resources() -> Iterator[Resources]:
    with stock() as made:
        yield made
