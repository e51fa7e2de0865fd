"""A headless Firefox, driven through its own WebDriver BiDi port, with no driver in between."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

PREFERENCES = {
    "media.navigator.streams.fake": True,  # a tone instead of a microphone
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "app.normandy.enabled": False,
    "services.settings.server": "http://127.0.0.1:9/",
    "remote.active-protocols": 1,
}

PEERS = """
() => {
  const Real = window.RTCPeerConnection;
  window.__peers = [];
  window.RTCPeerConnection = class extends Real {
    constructor(...given) { super(...given); window.__peers.push(this); }
  };
}
"""
"""Keeps the page's peer connections, before its own scripts run."""


def find() -> str | None:
    return shutil.which("firefox-esr") or shutil.which("firefox")


class Tab:
    """One page. ``js`` evaluates an expression there and gives its value."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._count = 0
        self.context = ""

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._count += 1
        await self._socket.send(json.dumps({"id": self._count, "method": method, "params": params}))
        while True:
            answer: dict[str, Any] = json.loads(await self._socket.recv())
            if answer.get("id") == self._count:
                assert answer["type"] == "success", answer
                result: dict[str, Any] = answer["result"]
                return result

    async def open(self, url: str) -> None:
        tree = await self.ask("browsingContext.getTree")
        self.context = tree["contexts"][0]["context"]
        await self.ask("script.addPreloadScript", functionDeclaration=PEERS)
        await self.ask("browsingContext.navigate", context=self.context, url=url, wait="complete")

    async def js(self, expression: str) -> Any:
        """The value, by way of JSON."""
        answer = await self.ask(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({expression}) ?? null))()",
            target={"context": self.context},
            awaitPromise=True,
        )
        assert answer["type"] == "success", answer
        return json.loads(answer["result"]["value"])

    async def until(self, expression: str, seconds: float = 30.0) -> Any:
        """Wait until the expression is true; gives its value."""
        try:
            async with asyncio.timeout(seconds):
                while not (value := await self.js(expression)):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"not within {seconds:g} s: {expression}") from None
        return value

    async def press(self, name: str) -> None:
        """Click the button of that accessible name as a mouse does."""
        named = f"(b.getAttribute('aria-label') ?? b.textContent.trim()) === '{name}'"
        found = f"[...document.querySelectorAll('button')].find(b => {named})"
        at = await self.until(
            f"(() => {{ const b = {found}; if (!b || b.disabled) return null; b.scrollIntoView();"
            " const r = b.getBoundingClientRect();"
            " return [Math.round(r.x + r.width / 2), Math.round(r.y + r.height / 2)]; })()"
        )
        move = {"type": "pointerMove", "x": at[0], "y": at[1]}
        actions = [move, {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        await self.ask(
            "input.performActions",
            context=self.context,
            actions=[{"type": "pointer", "id": "mouse", "actions": actions}],
        )


def prepare(profile: Path, preferences: dict[str, Any]) -> None:
    """Make a profile folder that asks nobody anything."""
    profile.mkdir()
    wanted = PREFERENCES | preferences
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in wanted.items()]
    (profile / "user.js").write_text("\n".join(lines))


@asynccontextmanager
async def firefox(profile: Path, program: str, **preferences: Any) -> AsyncIterator[Tab]:
    """A browser with a profile of its own; ``__`` stands for a dot in names of preferences."""
    prepare(profile, {name.replace("__", "."): value for name, value in preferences.items()})
    process = await asyncio.create_subprocess_exec(
        *(program, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={"HOME": str(profile), "MOZ_HEADLESS": "1", "PATH": "/usr/bin:/bin"},
    )
    try:
        async with asyncio.timeout(60):
            assert process.stderr is not None
            async for line in process.stderr:
                found = re.search(r"WebDriver BiDi listening on (ws://\S+)", line.decode("utf-8", "replace"))
                if found:
                    break
            else:
                raise AssertionError("Firefox ended at its start")
        draining = asyncio.create_task(process.stderr.read())
        async with connect(f"{found[1]}/session", proxy=None, max_size=None) as socket:
            tab = Tab(socket)
            await tab.ask("session.new", capabilities={})
            yield tab
            with contextlib.suppress(Exception):
                await tab.ask("browser.close")
        draining.cancel()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
