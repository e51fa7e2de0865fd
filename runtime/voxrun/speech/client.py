"""``SpeechProcess``: the async front of the speech process.

The pipe exchange blocks, so it runs in a thread of its own through ``loop.run_in_executor``: one thread,
hence one request at a time and results in the order of the requests, under the wall clock and under the
virtual one (which stands still meanwhile). What is cached takes the same way, so that a warm cache does
not change the order of things. A cancelled caller only stops waiting; the thread finishes the exchange,
so the pipe never holds half a reply.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from msgspec.structs import asdict

from voxrun.errors import ConfigError, InternalError, VoxrunError
from voxrun.speech.base import Heard, Voice
from voxrun.speech.cache import PhraseCache, default_folder, phrase_key
from voxrun.speech.child import Child
from voxrun.speech.engines import RENDERING, SPHINX, engine_version, how_to_install, pick_engine
from voxrun.speech.wire import Header

T = TypeVar("T")

MAX_TEXT: Final = 20_000
"""Characters of one phrase; more is a mistake, not speech."""


class SpeechProcess:
    """``Speech`` by a child process that is started when first needed, and again when it died.

    Phrases are cached in ``folder`` (see ``cache.default_folder``), with ``on_disk=False`` in memory only.
    """

    def __init__(self, folder: Path | None = None, on_disk: bool = True) -> None:
        self._cache = PhraseCache((folder or default_folder()) if on_disk else None)
        self._child = Child()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="voxrun-speech")
        self._closed = False

    @property
    def pid(self) -> int | None:
        """Process id of the running child; None when there is none."""
        return self._child.pid

    async def render(self, text: str, voice: Voice) -> bytes:
        """Speak ``text``; gives 16 kHz mono s16le PCM (b"" for text without anything to say).

        Raises ``ConfigError`` for an unknown engine or voice, ``InternalError`` when the engine failed.
        """
        text = text.strip()
        if not text:
            return b""
        if len(text) > MAX_TEXT:
            raise ConfigError(f"{len(text)} characters are too many to say at once; the limit is {MAX_TEXT}.")
        voice = pick_engine(voice)
        return await self._in_thread(lambda: self._render(text, voice))

    async def load(self, voice: Voice) -> None:
        """Have the engine of ``voice`` loaded, so that the first phrase need not wait (2 s for piper)."""
        word = {"op": "render", "text": "a", **asdict(pick_engine(voice))}
        await self._in_thread(lambda: self._ask(word))

    async def recognise(self, pcm: bytes, phrases: tuple[str, ...]) -> str | None:
        """Let pocketsphinx choose among ``phrases`` for ``pcm`` (16 kHz mono s16le); None for none of them.

        Raises ``ConfigError`` when pocketsphinx is not installed.
        """
        heard = await self.hear(pcm, phrases)
        return None if heard is None else heard.text

    async def hear(self, pcm: bytes, phrases: tuple[str, ...]) -> Heard | None:
        """The same, with how sure it is."""
        if engine_version(SPHINX) is None:
            raise ConfigError(how_to_install(SPHINX))
        request: Header = {"op": "recognise", "phrases": list(phrases)}
        reply, _ = await self._in_thread(lambda: self._ask(request, pcm))
        return None if reply["text"] is None else Heard(str(reply["text"]), int(reply["confidence"]))

    async def close(self) -> None:
        """End the child; requests that wait fail with ``VoxrunError``. Safe to call twice."""
        self._closed = True
        self._child.close()
        self._executor.shutdown(wait=True, cancel_futures=True)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._closed:
            raise VoxrunError("Speech was asked for after it was closed.")
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def _render(self, text: str, voice: Voice) -> bytes:
        key = _key(text, voice)
        pcm = self._cache.load(key)
        if pcm is None:
            _, pcm = self._ask({"op": "render", "text": text, **asdict(voice)})
            self._cache.store(key, pcm)
        return pcm

    def _ask(self, request: Header, payload: bytes = b"") -> tuple[Header, bytes]:
        reply, result = self._child.exchange(request, payload)
        if reply.get("ok"):
            return reply, result
        message = str(reply.get("error", "no reason given"))
        if reply.get("kind") == "user":
            raise ConfigError(message)
        raise InternalError(f"The speech process could not {request['op']}: {message}.")


def _key(text: str, voice: Voice) -> str:
    numbers = f"{voice.rate} {voice.pitch} {voice.volume}"
    engine = f"{voice.engine} {engine_version(voice.engine)} {RENDERING}"
    return phrase_key(engine, voice.name, voice.variant, numbers, text)
