"""The softphone page in Firefox with its own preferences for calls, in which it tells nobody its addresses: a
call with the agent, a key, and the end of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
from tests.e2e.firefox import find, firefox
from tests.e2e.rig import house

pytestmark = [pytest.mark.peer, pytest.mark.live]

SCENARIO = """
require(Modules.Ultravox);
VoxEngine.addEventListener(AppEvents.CallAlerting, async ({ call }) => {
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
  call.handleTones(true);
  call.addEventListener(CallEvents.ToneReceived, ({ tone, type }) => Logger.write(`key ${tone} by ${type}`));
  call.answer();
  const agent = await Ultravox.createWebSocketAPIClient({
    endpoint: Ultravox.HTTPEndpoint.CREATE_CALL, authorizations: { 'X-API-Key': 'local' }, body: {},
  });
  VoxEngine.sendMediaBetween(call, agent);
});
"""
GREETING = "Good morning, this is the harbour office."
AGENT = f"""
greeting: {GREETING}
otherwise: Pardon?
"""
HEARD = """(async () => {
  let energy = 0;
  for (const peer of window.__peers)
    (await peer.getStats()).forEach((stat) => {
      if (stat.type === 'inbound-rtp') energy += stat.totalAudioEnergy;
    });
  return energy;
})()"""
"""What Firefox has played so far, by its own count (W3C webrtc-stats); silence adds nothing."""


def test_a_person_with_firefox_talks_presses_a_key_and_hangs_up(tmp_path: Path) -> None:
    program = find()
    if program is None:
        pytest.skip("Firefox is not installed")

    async def story() -> None:
        async with house(tmp_path, SCENARIO, agent=AGENT) as h, firefox(tmp_path / "profile", program) as tab:
            await tab.open(h.url)
            await tab.until("document.querySelector('#link-state')?.textContent === 'Connected'")
            await tab.press("Call")
            await tab.until("document.querySelector('.call .phase')?.textContent === 'Connected'")
            assert h.ai is not None
            await h.until(lambda: [wire for wire in h.ai.wires if loud(bytes(wire.got))])  # type: ignore[union-attr]
            before = await tab.js(HEARD)
            await tab.press("Mute")
            await h.until(lambda: GREETING in h.transcripts("agent"))
            await tab.until(f"(await {HEARD}) > {before} + 0.01")
            await tab.press("5")
            await h.until(lambda: "key 5 by 1" in h.logs())
            await tab.until("document.body.textContent.includes('key 5 by 1')")
            (session,) = h.sessions()
            await tab.press("Hang up")
            await h.ended(session)
            await tab.until("document.querySelector('#session-state')?.textContent.includes('Ended')")

    asyncio.run(story())


def test_firefox_on_a_machine_without_a_network_is_told_so(tmp_path: Path) -> None:
    program = find()
    if program is None:
        pytest.skip("Firefox is not installed")
    no_network = {"media__peerconnection__ice__relay_only": True}

    async def story() -> None:
        async with (
            house(tmp_path, SCENARIO) as h,
            firefox(tmp_path / "profile", program, **no_network) as tab,
        ):
            await tab.open(h.url)
            await tab.until("document.querySelector('#link-state')?.textContent === 'Connected'")
            await tab.press("Call")
            await tab.until(
                "document.body.textContent.includes('This browser finds no network to call over')"
            )
            assert not await tab.js("document.body.textContent.includes('did not accept')")

    asyncio.run(story())


def loud(pcm: bytes) -> bool:
    """Whether the agent hears Firefox's tone"""
    values = np.frombuffer(pcm[: len(pcm) & ~1], "<i2")
    return bool(len(values) > 16_000 and np.abs(values[-16_000:]).mean() > 200)
