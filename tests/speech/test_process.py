"""The speech process itself: isolation of jobs, and the same bytes always."""

from __future__ import annotations

import array
import hashlib
import io
import os
import signal
import subprocess
import sys
import time

import pytest
from msgspec.structs import asdict

from voxrun.speech import wire
from voxrun.speech.base import Voice
from voxrun.speech.process import JobError, Server, in_a_copy

SENTENCE = "Hello there, what is the weather in Berlin?"
JOBS = [
    (SENTENCE, Voice("espeak", "en-us")),
    ("yes", Voice("espeak", "en-us")),
    (SENTENCE, Voice("espeak", "en-us", "f2")),
    ("Привет, как дела?", Voice("espeak", "ru", rate=130, pitch=80, volume=50)),
    ("yes", Voice("espeak", "en-us", "whisper")),
    ("Guten Morgen", Voice("espeak", "de", "m3")),
    ("yes", Voice("piper", "en_US-joe-medium")),
    (SENTENCE, Voice("piper", "en_US-joe-medium", pitch=120, rate=110)),
]


def run(jobs: list[tuple[str, Voice]]) -> list[bytes]:
    """Render in a process of its own, one request after another."""
    requests = b"".join(wire.pack({"op": "render", "text": text, **asdict(voice)}) for text, voice in jobs)
    done = subprocess.run(
        [sys.executable, "-m", "voxrun.speech.process"], input=requests, capture_output=True, check=True
    )
    replies = io.BytesIO(done.stdout)
    results = []
    for _ in jobs:
        message = wire.receive(replies)
        assert message is not None
        assert message[0]["ok"], message[0]
        results.append(message[1])
    return results


def digest(pcm: bytes) -> str:
    return hashlib.sha256(pcm).hexdigest()[:12]


def test_the_same_text_and_voice_give_the_same_bytes_in_any_process_and_order() -> None:
    forward = run(JOBS + JOBS)
    time.sleep(1.1)  # the engine's own seed is the time of day in seconds
    backward = run(JOBS[::-1])[::-1]
    assert [digest(pcm) for pcm in forward[: len(JOBS)]] == [digest(pcm) for pcm in forward[len(JOBS) :]]
    assert [digest(pcm) for pcm in forward[: len(JOBS)]] == [digest(pcm) for pcm in backward]
    assert len({digest(pcm) for pcm in backward}) == len(JOBS)
    assert all(len(pcm) > 0.3 * 32_000 for pcm in backward)


def test_volume_stops_at_full_scale() -> None:
    loud, soft, silent = run([("yes", Voice("espeak", "en-us", volume=volume)) for volume in (400, 50, 0)])
    levels = [max(abs(s) for s in array.array("h", pcm)) for pcm in (loud, soft, silent)]
    assert levels[0] in (32_767, 32_768)
    assert 5_000 < levels[1] < 15_000
    assert levels[2] == 0


def test_a_job_that_crashes_or_hangs_costs_only_itself() -> None:
    with pytest.raises(JobError, match="SIGKILL"):
        in_a_copy(lambda: os.kill(os.getpid(), signal.SIGKILL) or b"", 10)
    with pytest.raises(JobError, match="no answer"):
        in_a_copy(lambda: time.sleep(60) or b"", 0.05)
    with pytest.raises(JobError, match="division"):
        in_a_copy(lambda: bytes(1 // 0), 10)
    assert in_a_copy(lambda: b"x" * 1_000_000, 10) == b"x" * 1_000_000


@pytest.mark.parametrize(
    "request_",
    [{}, {"op": "sing"}, {"op": "render"}, {"op": "render", "text": "a", **asdict(Voice("festival"))}],
)
def test_a_bad_request_gets_a_reply(request_: wire.Header) -> None:
    reply, payload = Server().answer(request_, b"")
    assert reply["ok"] is False
    assert reply["error"]
    assert payload == b""
