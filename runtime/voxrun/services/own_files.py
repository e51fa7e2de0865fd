"""Files of the session by their own addresses: a scenario may play or fetch what it has recorded.

The addresses are voxrun's own (``file_url``), so nothing goes over the network, and nothing has to listen:
it works in virtual time too. Anything else goes to the transport below.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import BinaryIO, Final

import httpx

CHUNK: Final = 64 * 1024
TYPES: Final = {
    ".mp3": "audio/mpeg",
    ".flac": "audio/flac",
    ".wav": "audio/wav",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
}


class OwnFiles(httpx.AsyncBaseTransport):
    """Answers for the files in ``folder``, whose addresses are ``file_url(name)``."""

    def __init__(self, below: httpx.AsyncBaseTransport, folder: Path, file_url: Callable[[str], str]) -> None:
        self._below = below
        self._folder = folder
        self._file_url = file_url

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = self._path(request.url) if request.method in ("GET", "HEAD") else None
        if path is None:
            return await self._below.handle_async_request(request)
        headers = {"Content-Type": TYPES.get(path.suffix, "application/octet-stream")}
        if request.method == "HEAD":
            return httpx.Response(200, headers=headers)
        return httpx.Response(200, headers=headers, stream=_Stream(path))

    def _path(self, url: httpx.URL) -> Path | None:
        """The file that an address is of; None when it is none of ours."""
        name = url.path.rpartition("/")[2]
        if not name or name.startswith(".") or httpx.URL(self._file_url(name)) != url:
            return None
        path = self._folder / name
        return path if path.is_file() else None

    async def aclose(self) -> None:
        await self._below.aclose()


class _Stream(httpx.AsyncByteStream):
    """A file in pieces, read beside the loop."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def __aiter__(self) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        file: BinaryIO = await loop.run_in_executor(None, self._path.open, "rb")
        with file:
            while chunk := await loop.run_in_executor(None, file.read, CHUNK):
                yield chunk
