"""Phrases that were spoken before: in memory and on disk, so that they cost nothing the second time.

A file holds 32 bytes of SHA-256 over the PCM, then the PCM (16 kHz mono s16le). A file that is not that is
taken for absent and written again. Files are written under another name and renamed, so a reader or a
crash never sees half of one. Where the folder cannot be written the cache lives in memory only.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections import OrderedDict
from pathlib import Path
from typing import Final

MEMORY_BYTES: Final = 32 * 1024 * 1024
DISK_BYTES: Final = 256 * 1024 * 1024
_DIGEST_BYTES: Final = 32
_SUFFIX: Final = ".pcm"


def default_folder(environment: dict[str, str] | None = None) -> Path:
    """``$XDG_CACHE_HOME/voxrun/speech``, else ``~/.cache/voxrun/speech``."""
    variables = os.environ if environment is None else environment
    base = variables.get("XDG_CACHE_HOME", "")
    root = Path(base) if base.startswith("/") else Path(variables.get("HOME", "/tmp")) / ".cache"
    return root / "voxrun" / "speech"


def phrase_key(*parts: str) -> str:
    """A name for a phrase from everything that shapes its sound."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


class PhraseCache:
    """Keeps PCM by key; the least recently used goes first when a bound is reached."""

    def __init__(
        self, folder: Path | None, memory_bytes: int = MEMORY_BYTES, disk_bytes: int = DISK_BYTES
    ) -> None:
        self._folder = folder
        self._memory_bytes = memory_bytes
        self._disk_bytes = disk_bytes
        self._memory: OrderedDict[str, bytes] = OrderedDict()
        self._held = 0
        self._on_disk: int | None = None  # bytes in the folder, counted at the first write

    def recall(self, key: str) -> bytes | None:
        """What memory holds (no file is read)."""
        pcm = self._memory.get(key)
        if pcm is not None:
            self._memory.move_to_end(key)
        return pcm

    def load(self, key: str) -> bytes | None:
        """What memory or the disk holds; None when neither does or the file is damaged."""
        pcm = self.recall(key)
        if pcm is not None or self._folder is None:
            return pcm
        path = self._folder / f"{key}{_SUFFIX}"
        try:
            data = path.read_bytes()
        except OSError:
            return None
        digest, pcm = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
        if hashlib.sha256(pcm).digest() != digest:
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # most recently used
        self._remember(key, pcm)
        return pcm

    def store(self, key: str, pcm: bytes) -> None:
        """Keep ``pcm`` in memory and on disk."""
        self._remember(key, pcm)
        if self._folder is None:
            return
        try:
            self._write(self._folder, key, pcm)
        except OSError:
            self._folder = None  # read-only or full disk: memory must do

    def _remember(self, key: str, pcm: bytes) -> None:
        self._held += len(pcm) - len(self._memory.pop(key, b""))
        self._memory[key] = pcm
        while self._held > self._memory_bytes and self._memory:
            _, oldest = self._memory.popitem(last=False)
            self._held -= len(oldest)

    def _write(self, folder: Path, key: str, pcm: bytes) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / f"{key}{_SUFFIX}"
        temporary = folder / f".{key}.{os.getpid()}"
        try:
            temporary.write_bytes(hashlib.sha256(pcm).digest() + pcm)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        if self._on_disk is None:
            self._on_disk = sum(size for _, size, _ in _files(folder))
        else:
            self._on_disk += len(pcm) + _DIGEST_BYTES
        if self._on_disk > self._disk_bytes:
            self._on_disk = _shrink(folder, self._disk_bytes * 3 // 4)


def _files(folder: Path) -> list[tuple[int, int, Path]]:
    """(last use in ns, bytes, path) of every phrase file."""
    found = []
    for path in folder.glob(f"*{_SUFFIX}"):
        with contextlib.suppress(OSError):  # another process may have removed it
            status = path.stat()
            found.append((status.st_mtime_ns, status.st_size, path))
    return found


def _shrink(folder: Path, limit: int) -> int:
    """Delete the least recently used files until ``limit`` bytes are left; gives what is left."""
    files = sorted(_files(folder))
    total = sum(size for _, size, _ in files)
    for _, size, path in files:
        if total <= limit:
            break
        path.unlink(missing_ok=True)
        total -= size
    return total
