"""Free dictation: the front of a Whisper model, which works in a speech process of its own.

Of its own, because an utterance may take it a second in which nobody else could have anything spoken.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from voxrun.errors import ConfigError, InternalError, VoxrunError
from voxrun.speech.base import Heard
from voxrun.speech.child import Child
from voxrun.speech.engines import WHISPER, engine_version, how_to_install
from voxrun.speech.wire import Header


class WhisperDictation:
    """The model in ``folder`` (CTranslate2 format, as faster-whisper loads it). Started when first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._child = Child()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="voxrun-dictation")
        self._closed = False

    @property
    def missing(self) -> str:
        """What is not there, for people; "" when the model can be used."""
        if engine_version(WHISPER) is None:
            return how_to_install(WHISPER)
        if not (self._folder / "model.bin").is_file():
            return (
                f"{self._folder} holds no Whisper model: it needs model.bin, config.json and tokenizer.json "
                "in the format of CTranslate2."
            )
        return ""

    async def load(self) -> None:
        """Have the model loaded (a second or more)."""
        await self.hear(b"", (), "")

    async def hear(self, pcm: bytes, hints: tuple[str, ...], language: str) -> Heard | None:
        """What was said in ``pcm`` (16 kHz mono s16le); ``language`` is a code, "" lets it find out.

        Raises ``ConfigError`` when something is missing, ``InternalError`` when the engine failed.
        """
        if self._closed:
            raise VoxrunError("Dictation was asked for after it was closed.")
        if missing := self.missing:
            raise ConfigError(missing)
        request = {"op": "dictate", "model": str(self._folder), "hints": list(hints), "language": language}
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._ask, request, pcm)

    async def close(self) -> None:
        """End the process. Safe to call twice."""
        self._closed = True
        self._child.close()
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _ask(self, request: Header, pcm: bytes) -> Heard | None:
        reply, _ = self._child.exchange(request, pcm)
        if not reply.get("ok"):
            raise InternalError(f"The Whisper model could not be used: {reply.get('error')}.")
        return None if reply["text"] is None else Heard(str(reply["text"]), int(reply["confidence"]))
