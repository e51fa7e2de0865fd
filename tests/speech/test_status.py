"""What doctor shows about speech."""

from __future__ import annotations

import subprocess
import sys

from voxrun.speech.status import status


def test_every_engine_is_listed_with_its_purpose() -> None:
    parts = {part.name: part for part in status()}
    assert list(parts) == ["espeak", "piper", "pocketsphinx", "faster-whisper"]
    assert parts["espeak"].version is not None
    assert all(part.purpose and "pip install" in part.remedy for part in parts.values())


def test_asking_loads_no_engine() -> None:
    program = "import sys; from voxrun.speech.status import status; status(); print(sorted(sys.modules))"
    modules = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    assert "'onnxruntime'" not in modules
    assert "'pocketsphinx'" not in modules
    assert "'numpy'" not in modules
