"""The files of a cassette that is being recorded. Nothing is buffered: what was noted survives a kill."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

from voxrun.errors import ConfigError
from voxrun.media.frames import FRAME_BYTES, SAMPLE_RATE
from voxrun.media.writers import WavWriter, create_private
from voxrun.replay.cassette import FILE_NAME
from voxrun.session.messages import Json

BYTES_A_MS: Final = SAMPLE_RATE * 2 // 1000
GAP_FRAMES: Final = 3
"""Frames that may be missing before a hole in the audio is filled with silence: less is jitter."""


def make_root(root: Path) -> None:
    """The folder that cassettes are made in. Raises ConfigError."""
    _make(root, parents=True, exist_ok=True)


def make_folder(root: Path, name: str) -> Path:
    """The folder of a new cassette. Raises ConfigError."""
    make_root(root)
    _make(root / name, parents=False, exist_ok=False)
    return root / name


def _make(folder: Path, *, parents: bool, exist_ok: bool) -> None:
    try:
        folder.mkdir(0o700, parents, exist_ok)
    except OSError as error:
        raise ConfigError(
            f"cannot make the folder {folder} for cassettes: {error.strerror}. "
            "Choose another with --cassette DIR"
        ) from None


class CassetteWriter:
    """Appends records and audio. After the first failure of the disk it writes nothing more and has told
    ``trouble`` why; the session goes on."""

    def __init__(self, folder: Path, now: Callable[[], int], trouble: Callable[[str], None]) -> None:
        """``now`` gives milliseconds of session time. Raises ConfigError when no file can be made."""
        self.folder = folder
        self.now = now
        self._trouble = trouble
        self._lines: BinaryIO | None = create_private(folder / FILE_NAME)
        self._files: dict[str, BinaryIO] = {}
        self._tracks: dict[int, Track] = {}

    @property
    def open(self) -> bool:
        """Whether it still takes anything."""
        return self._lines is not None

    def note(self, kind: str, /, **fields: Json) -> None:
        """One record, now. Secrets must be out of ``fields`` already."""
        self._note(self.now(), kind, fields)

    def _note(self, t: int, kind: str, fields: dict[str, Json]) -> None:
        if self._lines is None:
            return
        record = {"t": t, "k": kind, **fields}
        line = json.dumps(record, ensure_ascii=True, separators=(",", ":")) + "\n"
        self._attempt(lambda lines: _write(lines, line.encode("ascii")), self._lines)

    def append(self, name: str, content: bytes) -> None:
        """Add to a file of the cassette."""
        if self._lines is None:
            return
        try:
            if name not in self._files:
                self._files[name] = create_private(self.folder / name)
        except ConfigError as error:
            self._fail(str(error))
            return
        self._attempt(lambda file: _write(file, content), self._files[name])

    def frame(self, leg: int, frame: bytes) -> None:
        """20 ms of what the far end of a leg says."""
        if self._lines is None:
            return
        t = self.now()
        try:
            if leg not in self._tracks:
                self._tracks[leg] = Track(self.folder / f"leg-{leg}.wav", t)
                self._note(t, "sound", {"leg": leg})
            self._tracks[leg].write(frame, t)
        except ConfigError as error:
            self._fail(str(error))

    def _attempt(self, work: Callable[[BinaryIO], None], file: BinaryIO) -> None:
        try:
            work(file)
        except OSError as error:
            self._fail(str(error.strerror or error))

    def _fail(self, why: str) -> None:
        if self._lines is not None:
            self.close()
            self._trouble(f"the cassette {self.folder} ends here: {why}. The session goes on without it")

    def close(self) -> None:
        """Idempotent."""
        files, self._files = self._files, {}
        tracks, self._tracks = self._tracks, {}
        lines, self._lines = self._lines, None
        closes = [file.close for file in files.values()] + [track.close for track in tracks.values()]
        for close in [*closes, *([lines.close] if lines else [])]:
            try:
                close()
            except (OSError, ConfigError):
                continue  # a disk that refused before refuses again; every byte was written already


class Track:
    """The audio of one leg on the time axis: a WAV file that is complete after each frame."""

    def __init__(self, path: Path, zero: int) -> None:
        self._file = WavWriter(path)
        self._zero = zero
        self._written = 0

    def write(self, frame: bytes, t: int) -> None:
        """A frame that came at ``t``."""
        due = (t - self._zero) * BYTES_A_MS
        missing = (due - self._written) // FRAME_BYTES
        if missing >= GAP_FRAMES:
            self._put(bytes(missing * FRAME_BYTES))
        self._put(frame)
        self._file.flush()

    def _put(self, pcm: bytes) -> None:
        self._file.write(pcm)
        self._written += len(pcm)

    def close(self) -> None:
        self._file.close()


def _write(file: BinaryIO, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(file.fileno(), view) :]
