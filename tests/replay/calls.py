"""Call scripts for tests: written to a folder, played in virtual time with espeak's voices."""

from __future__ import annotations

import asyncio
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from voxrun.replay.failure import report
from voxrun.replay.format import load_script
from voxrun.replay.outcome import Outcome
from voxrun.replay.resources import Resources
from voxrun.replay.runner import play_script
from voxrun.replay.script import CallScript

TALK = """
require(Modules.Ultravox);
VoxEngine.addEventListener(AppEvents.CallAlerting, async ({ call }) => {
  call.addEventListener(CallEvents.Disconnected, () => VoxEngine.terminate());
  call.answer();
  call.handleTones(true);
  call.addEventListener(CallEvents.ToneReceived, ({ tone }) => Logger.write(`key ${tone}`));
  const agent = await Ultravox.createWebSocketAPIClient({
    endpoint: Ultravox.HTTPEndpoint.CREATE_CALL,
    authorizations: { 'X-API-Key': VoxEngine.getSecretValue('ULTRAVOX_API_KEY') },
    body: { systemPrompt: 'x', selectedTools: [{ temporaryTool: {
      modelToolName: 'lookUp', description: 'x', client: {},
      dynamicParameters: [{ name: 'city', location: 'PARAMETER_LOCATION_BODY', schema: { type: 'string' } }],
    } }] },
    onWebSocketClose: ({ code }) => { Logger.write(`closed ${code}`); call.hangup(); },
  });
  VoxEngine.sendMediaBetween(call, agent);
  agent.addEventListener(Ultravox.WebSocketAPIEvents.PlaybackClearBuffer, () => agent.clearMediaBuffer());
  agent.addEventListener(Ultravox.WebSocketAPIEvents.ClientToolInvocation, ({ data }) => {
    const { invocationId, parameters } = data.payload;
    agent.clientToolResult({ invocationId, result: JSON.stringify({ sky: 'rain', city: parameters.city }) });
  });
  agent.addEventListener(Ultravox.WebSocketAPIEvents.WebSocketError, ({ data }) =>
    Logger.write(`failed: ${data.payload.reason}`));
  agent.addEventListener(Ultravox.WebSocketAPIEvents.HTTPResponse, ({ data }) =>
    Logger.write(`status ${data.payload.status}`));
});
"""
"""A scenario that bridges a caller and an agent with one tool."""

AGENT = """
agent:
  voice: {engine: espeak}
  greeting: Good morning, what can I do for you?
  slots: {city: [London, Paris]}
  rules:
    - hears: how is the weather in {city}
      tool: {name: lookUp, args: {city: "{city}"}}
      then: "It is {result.sky} in {city}."
    - hears: tell me a long story please
      says: >-
        Once upon a time there was a king who had three daughters, and every evening he told
        them a story, until one day the youngest asked him where all the stories came from.
    - hears: stop it right now
      says: As you like.
    - hears: thank you and goodbye
      says: Have a nice day.
      hangs_up: true
"""

VOICE = "voice: {engine: espeak}\n"


@contextmanager
def stock() -> Iterator[Resources]:
    """Speech for some calls."""
    resources = Resources()
    try:
        yield resources
    finally:
        asyncio.run(resources.close())


def write(folder: Path, script: str, scenario: str = TALK, name: str = "it") -> CallScript:
    """Put a scenario and its script into ``folder``; read the script."""
    (folder / f"{name}.js").write_text(scenario, "utf-8")
    path = folder / f"{name}.call.yaml"
    path.write_text(textwrap.dedent(script), "utf-8")
    return load_script(path)


def play(
    resources: Resources, folder: Path, script: str, scenario: str = TALK, keep: bool = False
) -> Outcome:
    """Play one call; the session is kept under ``folder`` when ``keep``."""
    text = VOICE + textwrap.dedent(script)
    sessions = folder / "sessions"
    return play_script(write(folder, text, scenario), resources, sessions if keep else None)


def passes(
    resources: Resources, folder: Path, script: str, scenario: str = TALK, keep: bool = False
) -> Outcome:
    """Play a call that must go well."""
    outcome = play(resources, folder, script, scenario, keep)
    assert outcome.ok, report(outcome)
    return outcome


def fails(resources: Resources, folder: Path, script: str, scenario: str = TALK) -> str:
    """Play a call that must fail; gives the text that a person sees."""
    outcome = play(resources, folder, script, scenario)
    assert not outcome.ok, [met.text for met in outcome.met]
    return report(outcome)
