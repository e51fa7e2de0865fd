"""A call from GStreamer's webrtcbin, which shares no code with us or with browsers."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest
from tests.e2e.rig import AGENT_VOICE, BRIDGE, house
from tests.e2e.sounds import piecewise, quiet, trimmed, write_wav

pytestmark = [pytest.mark.peer, pytest.mark.live, pytest.mark.alone]

PYTHON = "/usr/bin/python3"
SCRIPT = Path(__file__).with_name("gst_caller.py")
NEEDS = "import gi; gi.require_version('GstWebRTC', '1.0'); from gi.repository import GstWebRTC"
GREETING = "Good morning, this is the harbour office."
AGENT = f"""
greeting: {GREETING}
voice: {{engine: espeak, name: en-us, variant: f2, pitch: 120}}
rules:
  - hears: [when does the ferry leave]
    says: At seven.
otherwise: Pardon?
"""


def test_webrtcbin_talks_with_the_agent_and_hangs_up(tmp_path: Path) -> None:
    if subprocess.run([PYTHON, "-c", NEEDS], capture_output=True, check=False).returncode:
        pytest.skip("GStreamer's webrtcbin is not installed for the system's Python")

    async def story() -> None:
        async with house(tmp_path, BRIDGE, agent=AGENT) as h:
            question = await h.render("when does the ferry leave")
            says = write_wav(tmp_path / "says.wav", quiet(5) + question + quiet(20))
            hears = tmp_path / "hears.wav"
            caller = await asyncio.create_subprocess_exec(
                *(PYTHON, str(SCRIPT), f"{h.url}/whip/100?from=gst", str(says), str(hears), "9"),
                stderr=asyncio.subprocess.PIPE,
            )
            await h.until(lambda: "when does the ferry leave" in h.transcripts("user"))
            await h.until(lambda: "At seven." in h.transcripts("agent"))
            (session,) = h.sessions()
            _, err = await caller.communicate()
            assert caller.returncode == 0, err.decode()
            await h.ended(session)
            heard = hears.read_bytes()[44:]
            greeting = trimmed(await h.render(GREETING, AGENT_VOICE))
            assert piecewise(heard, greeting) > 0.9

    asyncio.run(story())
