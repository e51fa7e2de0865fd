"""Free dictation through its process (needs the dictation extra)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

pytest.importorskip("faster_whisper", reason="the dictation extra is not installed")

import numpy as np
from sounds import pcm_of
from tiny_whisper import SAYS, make

from voxrun.errors import ConfigError, InternalError, VoxrunError
from voxrun.speech.base import Heard
from voxrun.speech.whisper import WhisperDictation

T = TypeVar("T")
SOUND = pcm_of(np.random.default_rng(1).normal(0, 0.03, 32_000))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("whisper"))


def with_model(folder: Path, story: Callable[[WhisperDictation], Awaitable[T]]) -> T:
    async def main() -> T:
        dictation = WhisperDictation(folder)
        try:
            return await story(dictation)
        finally:
            await dictation.close()

    return asyncio.run(main())


def test_speech_becomes_text(model: Path) -> None:
    async def story(dictation: WhisperDictation) -> list[Heard | None]:
        await dictation.load()
        return [await dictation.hear(SOUND, (), "en"), await dictation.hear(b"", (), "")]

    heard, nothing = with_model(model, story)
    assert heard is not None
    assert heard.text == SAYS
    assert nothing is None


def test_a_process_that_died_is_replaced(model: Path) -> None:
    async def story(dictation: WhisperDictation) -> Heard | None:
        await dictation.load()
        process = dictation._child._process
        assert process is not None
        process.kill()
        return await dictation.hear(SOUND, (), "en")

    heard = with_model(model, story)
    assert heard is not None


def test_a_folder_without_a_model_says_what_belongs_there(tmp_path: Path) -> None:
    assert "model.bin" in WhisperDictation(tmp_path).missing
    with pytest.raises(ConfigError, match="CTranslate2"):
        with_model(tmp_path, lambda dictation: dictation.hear(SOUND, (), ""))


def test_a_damaged_model_is_an_error_that_names_it(tmp_path: Path, model: Path) -> None:
    for file in model.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes()[: 1000 if file.name == "model.bin" else None])
    with pytest.raises(InternalError, match="Whisper model could not be used"):
        with_model(tmp_path, lambda dictation: dictation.hear(SOUND, (), ""))


def test_after_close_it_refuses(model: Path) -> None:
    async def story(dictation: WhisperDictation) -> None:
        await dictation.close()
        await dictation.hear(SOUND, (), "")

    with pytest.raises(VoxrunError, match="closed"):
        with_model(model, story)
