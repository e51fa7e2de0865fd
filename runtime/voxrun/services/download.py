"""Fetches audio files for players: size and time limits, and a cache that all sessions share.

The platform caches by URL alone; so does voxrun, for as long as the process lives and the cache has room.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from functools import partial

import httpx

from voxrun.connectors.addresses import shown_url
from voxrun.errors import PeerError
from voxrun.media.files import decode_audio
from voxrun.session.limits import Limits

CACHE_BYTES = 64 * 1024 * 1024
"""About 35 minutes of decoded audio."""

MOST_REDIRECTS = 5


class AudioCache:
    """Decoded audio by URL; what was not asked for the longest goes first."""

    def __init__(self, most_bytes: int = CACHE_BYTES) -> None:
        self._most = most_bytes
        self._audio: OrderedDict[str, bytes] = OrderedDict()
        self.size = 0
        """Bytes held."""

    def get(self, url: str) -> bytes | None:
        """16 kHz mono s16le, None when it is not here."""
        if url not in self._audio:
            return None
        self._audio.move_to_end(url)
        return self._audio[url]

    def put(self, url: str, pcm: bytes) -> None:
        """Keep ``pcm``, unless it alone is larger than the cache."""
        self.size -= len(self._audio.pop(url, b""))
        if len(pcm) > self._most:
            return
        self.size += len(pcm)
        self._audio[url] = pcm
        while self.size > self._most:
            _, dropped = self._audio.popitem(last=False)
            self.size -= len(dropped)


class Downloader:
    """URL -> 16 kHz mono s16le PCM. ``transport`` is the guarded network or a stub; it stays open."""

    def __init__(self, transport: httpx.AsyncBaseTransport, limits: Limits, cache: AudioCache) -> None:
        self._limits = limits
        self._cache = cache
        self._client = httpx.AsyncClient(
            transport=transport,
            follow_redirects=True,
            max_redirects=MOST_REDIRECTS,
            trust_env=False,
            timeout=limits.play_download_ms / 1000,
        )

    async def audio(self, url: str) -> bytes:
        """Download and decode. Raises PeerError with the platform's words for a timeout."""
        pcm = self._cache.get(url)
        if pcm is None:
            data = await self._get(url)
            pcm = await _decode(data, f"cannot play {shown_url(url)}")
            self._cache.put(url, pcm)
        return pcm

    async def _get(self, url: str) -> bytes:
        seconds = self._limits.play_download_ms / 1000
        try:
            async with asyncio.timeout(seconds):
                return await self._read(url)
        except (TimeoutError, httpx.TimeoutException):
            raise PeerError(f"Timeout is reached: {shown_url(url)} took longer than {seconds:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            why = str(error) or type(error).__name__
            raise PeerError(f"cannot download {shown_url(url)}: {why}") from None

    async def _read(self, url: str) -> bytes:
        most = self._limits.play_bytes
        async with self._client.stream("GET", url, headers={"User-Agent": "VoxEngine/1.0"}) as response:
            if response.status_code != 200:
                raise PeerError(f"{shown_url(url)} answered {response.status_code}")
            data = bytearray()
            async for chunk in response.aiter_bytes():
                data += chunk
                if len(data) > most:
                    raise PeerError(f"{shown_url(url)} is larger than {most} bytes")
            return bytes(data)


async def _decode(data: bytes, name: str) -> bytes:
    """In a thread: a minute of MP3 takes some 100 ms, in which no audio would flow."""
    work = partial(decode_audio, data, name=name, error=PeerError)
    return await asyncio.get_running_loop().run_in_executor(None, work)
