"""The same script gives the same bytes, in any process, place and time zone, with any cache."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from tests.replay.calls import AGENT, TALK, VOICE, write

SCRIPT = (
    VOICE
    + AGENT
    + """
faults: {drop: {percent: 5, of: audio}}
callees: {bob: {answers: 1s}}
http: [{url: "https://a.example/*", reply: {json: {a: 1, b: 2}}}]
websockets: [{url: "wss://a.example/*", does: [send: hello, say: good morning, close]}]
steps:
  - expect: {agent_says: good morning}
  - say: how is the weather in London
  - expect: {tool: lookUp, with: {city: London}}
  - expect: {agent_says: rain in London}
  - say: tell me a long story please
  - interrupt: stop it right now
    after: 1s
  - expect: {agent_says: as you like}
  - hangup
"""
)
SCENARIO = (
    TALK
    + """
VoxEngine.addEventListener(AppEvents.CallAlerting, async ({ call }) => {
  call.record({ stereo: true, lossless: true });
  Logger.write(`${Math.random()} ${uuidgen()} ${new Date()}`);
  await Net.httpRequestAsync('https://a.example/x');
  VoxEngine.createWebSocket('wss://a.example/y', { trace: true, statistics: true })
    .addEventListener(WebSocketEvents.MEDIA_ENDED, ({ mediaInfo }) => Logger.write(mediaInfo.duration));
});
"""
)


def play(folder: Path, cache: Path, **environment: str) -> dict[str, str]:
    """Play the script by ``voxrun test`` in a process of its own; gives the digests of what it wrote."""
    folder /= "calls"  # the index of reports is headed by the folder's name
    folder.mkdir(parents=True)
    more = environment.pop("more", "").split()
    write(folder, SCRIPT, SCENARIO)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "voxrun.cli.main",
            "test",
            ".",
            "--report",
            "out",
            *more,
        ],
        cwd=folder,
        env={**os.environ, "XDG_CACHE_HOME": str(cache), **environment},
        check=True,
        capture_output=True,
        timeout=100,
    )
    out = folder / "out"
    files = [path for path in sorted(out.rglob("*")) if path.is_file()]
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_bytes_everywhere(tmp_path: Path) -> None:
    first = play(tmp_path / "here", tmp_path / "cache", PYTHONHASHSEED="0", TZ="UTC")
    second = play(tmp_path / "there", tmp_path / "cold", PYTHONHASHSEED="1", TZ="Asia/Tokyo")
    parallel = play(tmp_path / "elsewhere", tmp_path / "cache", PYTHONHASHSEED="2", more="-n 2")
    assert first == second == parallel
    names = {Path(name).name for name in first}
    assert {"journal.jsonl", "log.txt", "recording.wav", "outcome.json"} <= names
    assert any(name.endswith(".flac") for name in names)
