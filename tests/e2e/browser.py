"""A headless Chromium with a fake microphone, and what every page test watches it for."""

from __future__ import annotations

import re
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Request, WebSocket

QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
"""Flags that keep Chromium from talking to anybody but us."""
FAKE_MICROPHONE = ["--use-fake-device-for-media-stream"]
ALLOW = ["--use-fake-ui-for-media-stream"]


@contextmanager
def chromium(playwright: Playwright, *flags: str, wav: str = "") -> Generator[Browser]:
    """A browser; ``wav`` is what its fake microphone hears, else it beeps once a second."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    args = [*QUIET, *flags] + ([f"--use-file-for-fake-audio-capture={wav}"] if wav else [])
    keep_sound = ["--mute-audio"]
    browser = playwright.chromium.launch(executable_path=path, args=args, ignore_default_args=keep_sound)
    try:
        yield browser
    finally:
        browser.close()


@dataclass
class Watch:
    """What went wrong in a page without anybody seeing it."""

    complaints: list[str] = field(default_factory=list)
    """Console errors and warnings, uncaught exceptions, blocked resources."""
    foreign: list[str] = field(default_factory=list)
    """Requests to another host."""


def watched(page: Page, host: str, *, tolerate: tuple[str, ...] = ()) -> Watch:
    """Watch ``page``, which should talk to ``host`` ("127.0.0.1:4711") only; other requests are stopped."""
    watch = Watch()

    def console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(part in message.text for part in tolerate):
            watch.complaints.append(f"{message.type}: {message.text}")

    def stop_foreign(route: Any, request: Request) -> None:
        watch.foreign.append(request.url)
        route.abort()

    def socket(opened: WebSocket) -> None:
        if opened.url.split("/")[2] != host:
            watch.foreign.append(opened.url)

    page.on("console", console)
    page.on("pageerror", lambda error: watch.complaints.append(f"exception: {error}"))
    page.on("websocket", socket)
    # What goes to the host itself is let through by the browser's driver: a page of 40 files asks it, not us.
    page.route(re.compile(rf"^(?!(?:blob:)?https?://{re.escape(host)}/)"), stop_foreign)
    return watch


def new_page(context: BrowserContext | Browser, **options: Any) -> Page:
    """A page whose waits are short: what should happen happens at once."""
    page = context.new_page(**options)
    page.set_default_timeout(10_000)
    return page
