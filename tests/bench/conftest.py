"""Benchmarks as ``voxrun bench`` loads them."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[2] / "bench"


@pytest.fixture(scope="session", autouse=True)
def _shared() -> Iterator[None]:
    """What benchmarks share is found beside them."""
    sys.path.insert(0, str(FOLDER))
    yield
    sys.path.remove(str(FOLDER))


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> ModuleType:
    """The benchmark that the test's file is named after."""
    path = FOLDER / (request.path.stem.removeprefix("test_") + ".py")
    spec = importlib.util.spec_from_file_location(f"bench_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module
