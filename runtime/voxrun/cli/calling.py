"""``voxrun FILE.js --call``: one call to the scenario by itself, without a browser.

The caller is a process of its own that speaks real WebRTC; what it says is spoken by local speech, or comes
from a file. The conversation is printed as it happens, and the end is a summary.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from msgspec import Struct, field

from voxrun.cli import garbage
from voxrun.cli.application import Running, running
from voxrun.cli.exits import FAILED, OK
from voxrun.cli.loop import run_main
from voxrun.cli.serve import attach_console, interrupts, say
from voxrun.config import CallPlan, Settings
from voxrun.emulators.ultravox.agent import load_agent
from voxrun.emulators.ultravox.template import expand
from voxrun.errors import ConfigError
from voxrun.media.files import decode_audio
from voxrun.media.writers import write_wav
from voxrun.session.messages import JsonObject
from voxrun.speech.client import SpeechProcess
from voxrun.speech.voices import resolve_voice

DESTINATION = "voxrun"
LONGEST = 300.0
"""Seconds after which a call ends in any case unless --seconds says otherwise."""
PHRASES = 2
"""How many phrases an agent file lends when there is no --say."""


class Outcome(Struct):
    """What came of the call."""

    connected: bool = False
    refused: str = ""
    heard_ms: int = 0
    said: int = 0
    by: str = ""
    transcripts: int = 0
    tools: int = 0
    errors: list[str] = field(default_factory=list)

    def record(self, session_id: str, record: JsonObject) -> None:
        """Count what a session does."""
        if record.get("k") == "error":
            self.errors.append(str(record.get("message")))
        kind = str(record.get("kind", ""))
        data: Any = record.get("data")
        if record.get("k") == "event" and kind.endswith(".Transcript"):
            self.transcripts += bool(data["data"]["payload"].get("final"))
        elif record.get("k") == "event" and kind.endswith(".ClientToolInvocation"):
            self.tools += 1

    def caller(self, told: dict[str, Any]) -> None:
        """What the caller process told."""
        self.connected = self.connected or "connected" in told
        self.refused = told.get("refused", self.refused)
        if "said" in told:
            self.said = told["said"] + 1
        if "over" in told:
            self.heard_ms = told["over"]["heard_ms"]
            self.by = told["over"]["by"]

    @property
    def code(self) -> int:
        """0 when there was a call and the caller heard something in it."""
        return OK if self.connected and self.heard_ms > 0 and not self.errors else FAILED


def run(settings: Settings, plan: CallPlan) -> int:
    """Place the call; gives the exit code."""
    garbage.pause()
    return run_main(_main(settings, plan))


async def _main(settings: Settings, plan: CallPlan) -> int:
    outcome = Outcome()
    with tempfile.TemporaryDirectory(prefix="voxrun-call-") as folder:
        async with running(settings, say) as app:
            attach_console(app)
            app.runtime.subscribe(outcome.record)
            say(f"voxrun calls {', '.join(str(path) for path in settings.scenarios)}")
            say(app.ai)
            phrases, files = await prepare(app, plan, Path(folder))
            garbage.settle()
            with interrupts() as interrupted:
                if settings.start:
                    await app.runtime.start_session(settings.sessions.custom_data)
                await _call(app, plan, files, phrases, outcome, interrupted)
    for line in summary(app, outcome):
        say(line)
    return outcome.code


async def prepare(app: Running, plan: CallPlan, folder: Path) -> tuple[list[str], list[Path]]:
    """What the caller will say: names for people, and a 16 kHz WAV each."""
    if plan.wav is not None:
        path = folder / "wav.wav"
        write_wav(path, decode_audio(plan.wav))
        return [plan.wav.name], [path]
    phrases = list(plan.say) or own_phrases(app)
    speech = SpeechProcess()
    files = []
    try:
        for number, phrase in enumerate(phrases):
            path = folder / f"{number}.wav"
            write_wav(path, await speech.render(phrase, resolve_voice("")))
            files.append(path)
    finally:
        await speech.close()
    return phrases, files


def own_phrases(app: Running) -> list[str]:
    """Something to say where --say gave nothing: what the agent file understands, else a greeting."""
    if app.agent is not None:
        agent = load_agent(app.agent)
        heard = [next(expand(rule.hears[0], agent.slots))[0] for rule in agent.rules if rule.hears]
        if heard:
            return heard[:PHRASES]
    return ["hello"]


async def _call(
    app: Running,
    plan: CallPlan,
    files: list[Path],
    phrases: list[str],
    outcome: Outcome,
    interrupted: asyncio.Event,
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "voxrun.cli.caller"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdin is not None
    order = {
        "url": f"{app.base_url}/whip/{quote(DESTINATION)}?from=caller&displayName=voxrun%20--call",
        "phrases": [str(path) for path in files],
        "seconds": plan.seconds,
        "token": parse_qs(urlsplit(app.url).query).get("token", [""])[0],  # given, or drawn at the start
    }
    # Left open: it closes when we end, however we end, and the caller then ends too.
    process.stdin.write(json.dumps(order).encode() + b"\n")
    talking = asyncio.create_task(_follow(process, lambda told: _told(outcome, phrases, told)))
    stopping = asyncio.create_task(interrupted.wait())
    limit = LONGEST if plan.seconds is None else plan.seconds + 100
    await asyncio.wait({talking, stopping}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    # One that has said its last word is left to end: terminating it then takes its exit code from asyncio.
    if not talking.done():
        process.terminate()
    await process.wait()
    await talking
    for info in app.runtime.sessions():
        if info.ended is None and outcome.by != "":
            await _settle(app, info.id)


async def _settle(app: Running, session_id: str) -> None:
    """A moment for the scenario to see the end of the call and to finish by itself."""
    try:
        async with asyncio.timeout(3):
            await app.runtime.wait(session_id)
    except TimeoutError:
        return


async def _follow(process: asyncio.subprocess.Process, tell: Callable[[dict[str, Any]], None]) -> None:
    assert process.stdout is not None
    async for line in process.stdout:
        try:
            told = json.loads(line)
        except json.JSONDecodeError:
            raise ConfigError(f"the caller process said: {line.decode('utf-8', 'replace').strip()}") from None
        tell(told)


def _told(outcome: Outcome, phrases: list[str], told: dict[str, Any]) -> None:
    outcome.caller(told)
    if "said" in told:
        say(f"            caller says: {phrases[told['said']]}")


def summary(app: Running, outcome: Outcome) -> list[str]:
    """The last lines."""
    lines = [""]
    if outcome.refused and outcome.errors:
        code = "" if outcome.refused.startswith("200 ") else f" ({outcome.refused})"
        lines.append(f"The scenario failed before the call was up{code}: see the error above.")
    elif outcome.refused:
        lines.append(f"The scenario did not take the call: {outcome.refused}")
    elif not outcome.connected:
        lines.append("There was no call.")
    else:
        ended = {"caller": "the caller hung up", "scenario": "the scenario hung up", "time": "time was up"}
        # Who is interrupted does not come to tell what was heard.
        heard = f"{outcome.heard_ms / 1000:.1f} s of speech heard, " if outcome.by else ""
        lines.append(
            f"The call is over ({ended.get(outcome.by, 'interrupted')}): {outcome.said} phrases said, "
            f"{heard}{outcome.transcripts} transcript lines, "
            f"{outcome.tools} tool calls."
        )
        if outcome.by and outcome.heard_ms == 0 and not outcome.errors:
            lines.append(
                "The caller heard nothing: does the scenario answer and bridge the audio "
                "(VoxEngine.sendMediaBetween(call, client))?"
            )
    lines += [f"Session: {info.folder}" for info in app.runtime.sessions() if info.folder]
    return lines
