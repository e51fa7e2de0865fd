"""Recordings of a call whose encoding waits until somebody wants the files.

Encoding a minute as MP3 takes longer than to play all the rest of it, and of a call that went as its script
says nobody keeps a file. So MP3 and FLAC lie on the shelf as PCM, beside the file that they will be. WAV
files are written at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from msgspec import Struct, field

from voxrun.media.frames import BYTES_PER_SECOND
from voxrun.media.writers import AudioWriter, RawWriter, create_private
from voxrun.services.recording_file import Form, open_writer

PIECE: Final = 2 * BYTES_PER_SECOND
"""Bytes that are encoded in one go."""


class Shelf(Struct):
    """The recordings of one call."""

    waiting: list[tuple[Form, Path]] = field(default_factory=list)
    """What is to be encoded, and its PCM."""

    def open(self, form: Form) -> AudioWriter:
        """The writer of a recording. Raises ConfigError where the file cannot be created."""
        if form.format == "wav":
            return open_writer(form)
        create_private(form.path).close()
        pcm = form.path.with_name(f".{form.path.name}.pcm")
        self.waiting.append((form, pcm))
        return RawWriter(pcm)

    def finish(self) -> None:
        """Encode what waits. Raises ConfigError where the disk does not take it."""
        waiting, self.waiting = self.waiting, []
        for form, pcm in waiting:
            writer = open_writer(form)
            try:
                with pcm.open("rb") as file:
                    while piece := file.read(PIECE):
                        writer.write(piece)
            finally:
                writer.close()
            pcm.unlink()
