"""The softphone page of a real voxrun in a real Chromium: a person's hands, and ears that remember."""

from __future__ import annotations

import base64
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, Playwright, expect
from tests.e2e.browser import ALLOW, FAKE_MICROPHONE, Watch, chromium, new_page, watched

from voxrun.media.resample import convert

EARS = r"""
(() => {
  const heard = (window.__heard = []);
  const listen = async (track) => {
    const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const samples = new Float32Array(value.numberOfFrames);
      value.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
      heard.push({ at: performance.now(), rate: value.sampleRate, samples });
      value.close();
    }
  };
  const Real = window.RTCPeerConnection;
  window.__peers = [];
  window.RTCPeerConnection = class extends Real {
    constructor(...given) {
      super(...given);
      window.__peers.push(this);
      this.addEventListener("track", ({ track }) => void listen(track));
    }
  };
})();
"""
"""Listens to what the browser decodes for its loudspeaker, before the page's own scripts run."""

TAKE = r"""
() => {
  const frames = window.__heard;
  const size = frames.reduce((sum, frame) => sum + frame.samples.length, 0);
  const pcm = new Int16Array(size);
  let at = 0;
  for (const { samples } of frames)
    for (const sample of samples) pcm[at++] = Math.max(-32768, Math.min(32767, Math.round(sample * 32768)));
  const bytes = new Uint8Array(pcm.buffer);
  let text = "";
  for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  return { pcm: btoa(text), rate: frames[0]?.rate ?? 48000 };
}
"""

LEVELS = r"""
() => window.__heard.map(({ at, samples }) => {
  let power = 0;
  for (const sample of samples) power += sample * sample;
  return [performance.timeOrigin + at, 10 * Math.log10(power / samples.length + 1e-12)];
})
"""


class Softphone:
    """One page."""

    def __init__(self, page: Page, watch: Watch, url: str) -> None:
        self.page = page
        self.watch = watch
        self._url = url

    def open(self, query: str = "?processing=off") -> None:
        """``processing=off``: the microphone's own sound, without noise reduction."""
        self.page.goto(self._url + query)
        expect(self.page.locator("#link-state")).to_have_text("Connected")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def call(self, to: str = "") -> None:
        """Dial, press Call, and wait for the answer."""
        if to:
            self.page.locator("#to").fill(to)
        self.button("Call").click()
        self.connected()

    def connected(self) -> None:
        expect(self.page.locator(".call .phase")).to_have_text("Connected")

    def idle(self) -> None:
        """Wait until no call is up."""
        expect(self.button("Call")).to_be_visible()

    @property
    def conversation(self) -> Locator:
        return self.page.locator("#conversation")

    @property
    def last_call(self) -> Locator:
        """The sentence about how the last call ended."""
        return self.page.locator("#last-call")

    def heard(self) -> bytes:
        """Everything that the browser's audio line played so far, 16 kHz mono s16le."""
        taken: dict[str, Any] = self.page.evaluate(TAKE)
        return convert(base64.b64decode(taken["pcm"]), taken["rate"], 16_000)

    def levels(self) -> list[tuple[float, float]]:
        """(Unix time in ms, dBFS) of each frame (10 ms) that was played so far."""
        return [(at, level) for at, level in self.page.evaluate(LEVELS)]


@contextmanager
def softphone(playwright: Playwright, url: str, microphone: Path | None = None) -> Generator[Softphone]:
    """A browser whose microphone hears ``microphone`` once (a WAV; None: beeps), with the page of ``url``."""
    wav = f"{microphone}%noloop" if microphone else ""
    with chromium(playwright, *FAKE_MICROPHONE, *ALLOW, wav=wav) as browser:
        yield page_in(browser, url)


def page_in(browser: Browser, url: str) -> Softphone:
    """The page in a tab of its own profile."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = new_page(context)
    page.add_init_script(EARS)
    base = url.rstrip("/") + "/"
    return Softphone(page, watched(page, base.split("/")[2]), base)
