"""Pictures of the page to look at: ``python -m tests.e2e.page_shots FOLDER [--documentation]``.

Each state, at phone and desktop width, light and dark. ``--documentation`` plays the whole story in real
time, voices included, for the picture of the README; it takes most of a minute.
"""

from __future__ import annotations

import argparse
import math
import random
import struct
import tempfile
import time
import wave
from pathlib import Path

from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright
from tests.e2e.browser import ALLOW, FAKE_MICROPHONE, chromium, new_page
from tests.e2e.page_server import PageServer
from tests.e2e.page_story import Record, weather_call

RATE = 16000
WIDTHS = {"phone": (390, 844), "desktop": (1280, 800)}


def babble(seconds: float, spoken: list[tuple[float, float]], seed: int) -> bytes:
    """Something whose loudness goes up and down as in speech, in the given spans; silence elsewhere."""
    chance = random.Random(seed)
    samples = [0.0] * int(seconds * RATE)
    for begin, end in spoken:
        at = begin
        while at < end:
            length = chance.uniform(0.09, 0.24)
            loud = chance.uniform(0.15, 1.0)
            pitch = chance.uniform(130, 210)
            for i in range(int(length * RATE)):
                index = int(at * RATE) + i
                if index < len(samples):
                    shape = math.sin(math.pi * i / (length * RATE)) ** 2
                    samples[index] = 9000 * loud * shape * math.sin(2 * math.pi * pitch * i / RATE)
            at += length * chance.uniform(0.8, 1.5)
    return struct.pack(f"<{len(samples)}h", *(int(sample) for sample in samples))


def agent_spans(records: list[Record]) -> list[tuple[float, float]]:
    """When the agent of a story speaks, in seconds."""
    spans: list[tuple[float, float]] = []
    begun: float | None = None
    for record in records:
        payload = record.get("data", {}).get("data", {}).get("payload", {})
        if payload.get("state") == "speaking":
            begun = record["t"] / 1000
        elif "state" in payload and begun is not None:
            spans.append((begun, record["t"] / 1000))
            begun = None
    return spans


def caller_spans(records: list[Record]) -> list[tuple[float, float]]:
    """When the caller speaks: before each final transcript, as long as its words take."""
    spans = []
    for record in records:
        payload = record.get("data", {}).get("data", {}).get("payload", {})
        if payload.get("role") == "user":
            end = record["t"] / 1000 - 0.4
            spans.append((end - 0.06 * len(payload["text"]), end))
    return spans


def call(page: Page, server: PageServer, pcm: bytes = b"") -> None:
    page.get_by_role("button", name="Call", exact=True).click()
    offer = server.wait("call")
    server.send(type="trying", id=offer["id"], session="0b51de")
    server.wait("watch")
    server.answer(offer, pcm=pcm)
    expect(page.locator(".call .phase")).to_have_text("Connected")


def states(browser: Browser, folder: Path) -> None:
    """The page at rest, in a call, with an incoming call, and without its server."""
    for width, (across, down) in WIDTHS.items():
        for scheme in ("light", "dark"):
            context = browser.new_context(viewport={"width": across, "height": down}, color_scheme=scheme)
            with PageServer() as server:
                page = new_page(context)
                page.goto(server.url)
                expect(page.locator("#link-state")).to_have_text("Connected")
                picture(page, folder / f"idle-{width}-{scheme}.png")
                call(page, server)
                server.record("0b51de", *weather_call())
                expect(page.locator("#conversation")).to_contain_text("Goodbye, and stay dry.")
                picture(page, folder / f"call-{width}-{scheme}.png")
                page.locator("#conversation").evaluate("(box) => { box.scrollTop = 0; }")
                page.get_by_role("tab", name="Events").click()
                picture(page, folder / f"events-{width}-{scheme}.png")
                server.send(
                    type="incoming",
                    id="in-1",
                    to="anna",
                    kind="user",
                    displayName="Order desk",
                    headers={},
                    **{"from": "+4940123456"},
                )
                expect(page.get_by_role("button", name="Answer")).to_be_visible()
                picture(page, folder / f"incoming-{width}-{scheme}.png")
                server.stop()
                expect(page.get_by_text("voxrun does not answer any more.")).to_be_visible()
                picture(page, folder / f"lost-{width}-{scheme}.png")
            context.close()


def picture(page: Page, path: Path) -> None:
    page.mouse.move(700, 30)
    page.wait_for_timeout(400)
    page.screenshot(path=path, full_page=page.viewport_size is not None and page.viewport_size["width"] < 700)


def documentation(playwright: Playwright, folder: Path) -> None:
    """The story as it happens, with both voices on the timeline."""
    records = [record for record in weather_call() if record["t"] < 27_500]
    length = records[-1]["t"] / 1000 + 2
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        with wave.open(file.name, "wb") as wav:
            wav.setnchannels(1)
            wav.setsampwidth(2)
            wav.setframerate(RATE)
            wav.writeframes(babble(length, caller_spans(records), seed=1))
        microphone = [*FAKE_MICROPHONE, *ALLOW]
        with chromium(playwright, *microphone, wav=file.name) as browser, PageServer() as server:
            context = browser.new_context(viewport={"width": 1280, "height": 860}, color_scheme="light")
            page = new_page(context)
            page.goto(server.url + "?from=%2B4940555010&processing=off")
            expect(page.locator("#link-state")).to_have_text("Connected")
            call(page, server, babble(length, agent_spans(records), seed=2))
            begun = time.monotonic()
            for record in records:
                page.wait_for_timeout(max(0.0, record["t"] - (time.monotonic() - begun) * 1000))
                server.record("0b51de", record)
            page.evaluate("document.activeElement.blur()")
            picture(page, folder / "softphone.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--documentation", action="store_true")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        if options.documentation:
            documentation(playwright, options.folder)
            return
        with chromium(playwright, *FAKE_MICROPHONE, *ALLOW) as browser:
            states(browser, options.folder)


if __name__ == "__main__":
    main()
