"""Fetches audio files for players: size and time limits, and a cache that all sessions share.

The platform caches by URL alone, whatever the headers; so does voxrun, for as long as the process lives and
the cache has room. Requests with a body are not cached: their answers differ by it (speech services).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from functools import partial
from typing import TypeVar

import httpx
from msgspec import Struct

from voxrun.connectors.addresses import shown_url
from voxrun.errors import PeerError
from voxrun.media.files import MAX_SECONDS, decode_audio
from voxrun.media.stream_decoder import StreamDecoder
from voxrun.session.limits import Limits

T = TypeVar("T")

CACHE_BYTES = 64 * 1024 * 1024
"""About 35 minutes of decoded audio."""

MOST_REDIRECTS = 5
LONGEST_URL = 8192
USER_AGENT = ("User-Agent", "VoxEngine/1.0")


class AudioRequest(Struct, frozen=True):
    """What to fetch. ``content`` is the body."""

    url: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes | None = None

    @property
    def kept(self) -> bool:
        """Whether the answer goes to the cache."""
        return self.method == "GET" and self.content is None


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
    """Request -> 16 kHz mono s16le PCM. ``transport`` is the guarded network or a stub; it stays open.

    Everything raises PeerError where there is no audio to be had, with the platform's words for a timeout.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport, limits: Limits, cache: AudioCache) -> None:
        self._limits = limits
        self._cache = cache
        self._seconds = limits.play_download_ms / 1000
        self._client = httpx.AsyncClient(
            transport=transport,
            follow_redirects=True,
            max_redirects=MOST_REDIRECTS,
            trust_env=False,
            timeout=self._seconds,
        )

    async def audio(self, request: AudioRequest) -> bytes:
        """Download and decode the whole."""
        known = self._known(request)
        if known is not None:
            return known
        with self._blaming(request):
            async with asyncio.timeout(self._seconds):
                data = b"".join([chunk async for chunk in self._chunks(request)])
        # In a thread: a minute of MP3 takes some 100 ms, in which no audio would flow.
        pcm = await _beside(partial(decode_audio, data, name=_name(request), error=PeerError))
        self._keep(request, pcm)
        return pcm

    async def stream(self, request: AudioRequest) -> AsyncGenerator[bytes, None]:
        """The audio piece by piece while it is downloaded, which may take as long as it likes: the time
        limit is for the first byte and for every pause."""
        known = self._known(request)
        if known is not None:
            yield known
            return
        made: list[bytes] = []
        decoder = _Decoder(_name(request))
        try:
            async with aclosing(self._paced(request)) as chunks:
                async for chunk in chunks:
                    made.append(await _beside(partial(decoder.feed, chunk)))
                    yield made[-1]
            made.append(await _beside(decoder.finish))
            yield made[-1]
        finally:
            decoder.close()
        self._keep(request, b"".join(made))

    def _known(self, request: AudioRequest) -> bytes | None:
        return self._cache.get(request.url) if request.kept else None

    def _keep(self, request: AudioRequest, pcm: bytes) -> None:
        if request.kept:
            self._cache.put(request.url, pcm)

    async def _paced(self, request: AudioRequest) -> AsyncGenerator[bytes, None]:
        """The body in pieces, none of which may keep us waiting."""
        with self._blaming(request):
            async with aclosing(self._chunks(request)) as chunks:
                while True:
                    async with asyncio.timeout(self._seconds):
                        chunk = await anext(chunks, None)
                    if chunk is None:
                        return
                    yield chunk

    async def _chunks(self, request: AudioRequest) -> AsyncGenerator[bytes, None]:
        most, size = self._limits.play_bytes, 0
        if len(request.url) > LONGEST_URL:
            raise PeerError(f"cannot download a URL of more than {LONGEST_URL} characters")
        url = httpx.URL(request.url)
        if url.scheme not in ("http", "https") or not url.host:
            raise ValueError("the address must begin with http:// or https://")
        async with self._client.stream(
            request.method, url, headers=_headers(request), content=request.content
        ) as response:
            if response.status_code != 200:
                raise PeerError(f"{shown_url(request.url)} answered {response.status_code}")
            async for chunk in response.aiter_bytes():
                size += len(chunk)
                if size > most:
                    raise PeerError(f"{shown_url(request.url)} is larger than {most} bytes")
                yield chunk

    @contextlib.contextmanager
    def _blaming(self, request: AudioRequest) -> Iterator[None]:
        """What goes wrong on the network as a PeerError for people."""
        url = shown_url(request.url)
        try:
            yield
        except (TimeoutError, httpx.TimeoutException):
            raise PeerError(f"Timeout is reached: {url} took longer than {self._seconds:g} s") from None
        except httpx.TooManyRedirects:
            raise PeerError(f"cannot download {url}: more than {MOST_REDIRECTS} redirects") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise PeerError(f"cannot download {url}: {str(error) or type(error).__name__}") from None


class _Decoder:
    """Decodes as it comes what can be decoded so, and at the end what cannot (an MP4 file whose index is
    there)."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._data = bytearray()
        self._begun = False
        self._stream: StreamDecoder | None = StreamDecoder(name, PeerError, MAX_SECONDS)

    def feed(self, data: bytes) -> bytes:
        if not self._begun:
            self._data += data
        if self._stream is None:
            return b""
        try:
            pcm = self._stream.feed(data)
        except PeerError:
            if self._begun:
                raise
            self.close()
            return b""
        if pcm:
            self._begun = True
            self._data.clear()
        return pcm

    def finish(self) -> bytes:
        if self._begun and self._stream is not None:
            return self._stream.finish()
        return decode_audio(bytes(self._data), name=self._name, error=PeerError)

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def _name(request: AudioRequest) -> str:
    return f"cannot play {shown_url(request.url)}"


def _headers(request: AudioRequest) -> list[tuple[bytes, bytes]]:
    pairs = list(request.headers)
    if not any(name.lower() == "user-agent" for name, _ in pairs):
        pairs.append(USER_AGENT)
    return [(name.encode("utf-8", "replace"), value.encode("utf-8", "replace")) for name, value in pairs]


async def _beside(work: Callable[[], T]) -> T:
    """Do ``work`` in a thread."""
    return await asyncio.get_running_loop().run_in_executor(None, work)
