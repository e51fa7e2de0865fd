"""Calls in real time against a provider: the way to it, its key, and what is hidden of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.replay.calls import AGENT, TALK, VOICE, write

from voxrun.emulators.ultravox.serve import serve
from voxrun.replay.failure import command, report
from voxrun.replay.live.plan import LivePlan
from voxrun.replay.live.runner import play_live
from voxrun.replay.resources import Resources
from voxrun.replay.runner import steps_of

pytestmark = [pytest.mark.live, pytest.mark.flaky(reruns=1)]


@contextmanager
def provider(resources: Resources, folder: Path) -> Iterator[str]:
    """A stand-in for the cloud: the emulator on a thread and a port of its own."""
    agent = write(folder, AGENT + "steps: [hangup]", "1", name="provider").agent
    ready: list[str] = []
    up, loop = threading.Event(), asyncio.new_event_loop()

    def listening(url: str) -> None:
        ready.append(url)
        up.set()

    matcher = resources.matcher(write(folder, VOICE + "steps: [hangup]", "1", name="voices"))
    task = loop.create_task(
        serve(0, None, ready=listening, speech=resources.speech, recogniser=matcher, agent=agent)
    )

    def run() -> None:
        try:
            loop.run_until_complete(task)
        except asyncio.CancelledError:
            loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert up.wait(20)
    try:
        yield f"{ready[0]}/api"
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(20)


def test_with_the_cloud_the_real_key_is_used_and_hidden(resources: Resources, tmp_path: Path) -> None:
    text = """
secrets: {ULTRAVOX_API_KEY: of-the-script}
steps:
  - expect: {agent_says: what can I do for you}
  - expect: {caller_hears: what can I do for you, within: 500ms}
"""
    script = write(
        tmp_path, VOICE + text, TALK + "Logger.write(VoxEngine.getSecretValue('ULTRAVOX_API_KEY'));"
    )
    with provider(resources, tmp_path) as url:
        plan = LivePlan("cloud", url, {"ULTRAVOX_API_KEY": "real-key-123"})
        outcome = play_live(script, steps_of(script), resources, plan, tmp_path / "sessions")
    told = report(outcome)
    assert [met.wish.kind for met in outcome.met] == ["agent_says"], told
    assert "of the voice AI in the cloud only its own transcript is known" in told
    assert command(outcome).endswith("--real-time --ai cloud")
    assert outcome.folder is not None
    assert not outcome.folder.name.startswith("2025-01-06")  # a provider has the date of today
    journal = (outcome.folder / "journal.jsonl").read_text()
    assert "«secret:ULTRAVOX_API_KEY»" in journal.encode().decode("unicode_escape", "replace") or (
        "secret:ULTRAVOX_API_KEY" in journal
    )
    assert "real-key" not in told + journal
    assert "of-the-script" not in journal
