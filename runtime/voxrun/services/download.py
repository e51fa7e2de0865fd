"""Fetches audio files for players: size and time limits, a cache for the process."""

from __future__ import annotations

import asyncio

import httpx

from voxrun.errors import PeerError
from voxrun.media.files import decode_audio
from voxrun.session.limits import Limits


class Downloader:
    """URL -> 16 kHz mono s16le PCM. ``transport`` is the guarded network or a stub."""

    def __init__(self, transport: httpx.AsyncBaseTransport, limits: Limits) -> None:
        self._transport = transport
        self._limits = limits
        self._cache: dict[str, bytes] = {}

    async def audio(self, url: str) -> bytes:
        """Download and decode. Raises PeerError with the platform's words for a timeout."""
        if url not in self._cache:
            data = await self._get(url)
            try:
                self._cache[url] = decode_audio(data, name=url)
            except PeerError as error:
                raise PeerError(f"cannot play {url}: {error}") from None
        return self._cache[url]

    async def _get(self, url: str) -> bytes:
        seconds = self._limits.play_download_ms / 1000
        try:
            async with asyncio.timeout(seconds):
                return await self._read(url)
        except TimeoutError:
            raise PeerError(f"Timeout is reached: {url} took longer than {seconds:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise PeerError(f"cannot download {url}: {error or type(error).__name__}") from None

    async def _read(self, url: str) -> bytes:
        most = self._limits.play_bytes
        async with (
            httpx.AsyncClient(transport=self._transport, follow_redirects=True, max_redirects=5) as client,
            client.stream("GET", url, headers={"User-Agent": "VoxEngine/1.0"}) as response,
        ):
            if response.status_code != 200:
                raise PeerError(f"{url} answered {response.status_code}")
            data = bytearray()
            async for chunk in response.aiter_bytes():
                data += chunk
                if len(data) > most:
                    raise PeerError(f"{url} is larger than {most} bytes")
            return bytes(data)
