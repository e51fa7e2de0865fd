"""``voxrun script``: a call script and an agent file from a recorded session or a cassette, ready to edit.

The journal is read once (``from_session_story``), told again as steps and expectations
(``from_session_call``), and as an agent that says what the voice AI said (``from_session_agent``). What was
written is loaded again, so that a script that cannot be read is our fault and is told at once. A cassette is
played for it: its journal is the same; its script has the cassette instead of an agent and of stubs.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from voxrun.errors import ConfigError, InternalError, VoxrunError
from voxrun.media.frames import SAMPLE_RATE
from voxrun.realm.port import Script
from voxrun.replay.cassette import FILE_NAME, Cassette
from voxrun.replay.cassette_read import read_cassette
from voxrun.replay.from_session_agent import agent_text
from voxrun.replay.from_session_call import call_text
from voxrun.replay.from_session_items import Heard, Story
from voxrun.replay.from_session_story import read_story
from voxrun.replay.from_session_world import conferences
from voxrun.session.replay import Recording, read_recording

SUFFIX: Final = ".call.yaml"
AGENT_SUFFIX: Final = ".agent.yaml"


def run(folder: Path, output: Path | None, say: Callable[[str], None]) -> int:
    """Write the files and tell about them; gives the exit code.

    Raises ConfigError for a folder that is no session's, or a file that is there already.
    """
    written = write(folder, output)
    for path in written:
        say(f"wrote {path}")
    say(f"Edit it, then run: voxrun test {written[0]}")
    return 0


def write(folder: Path, output: Path | None = None) -> list[Path]:
    """Write the call script and, where a voice AI spoke, its agent file. Gives their paths."""
    from voxrun.replay.cassette_session import addresses

    tape = read_cassette(folder) if is_cassette(folder) else None
    recording = played_recording(tape) if tape else read_recording(folder)
    story = read_story(recording, addresses(tape) if tape else None)
    call = output or folder / f"session{SUFFIX}"
    if not call.name.endswith(SUFFIX):
        call = call.with_name(call.name.removesuffix(".yaml") + SUFFIX)
    agent = call.with_name(call.name.removesuffix(SUFFIX) + AGENT_SUFFIX)
    beside = os.path.relpath(folder, call.parent) if tape else ""
    if tape:
        give_voices(story, tape, beside)
    texts = {
        call: call_text(
            story,
            scenarios(recording, folder, call),
            agent.name,
            beside,
            conferences(recording, folder, call.parent),
        )
    }
    has_agent = story.has_agent and not tape
    if has_agent:
        texts[agent] = agent_text(story)
    for path in texts:
        if path.exists():
            raise ConfigError(f"{path} is there already: move it away, or name another file with -o")
    _keep(texts)
    _check(call, agent if has_agent else None)
    return [*texts]


def is_cassette(folder: Path) -> bool:
    """Whether a folder is a cassette's and not a session's."""
    return (folder / FILE_NAME).exists() and not (folder / "journal.jsonl").exists()


def give_voices(story: Story, tape: Cassette, beside: str) -> None:
    """Let the people who were called say what they said: their legs are in the order of the calls."""
    legs = [leg for leg in tape.legs.values() if not leg.incoming]
    # Without a caller the first one who is called does the steps, where they say what was heard.
    speaks = story.caller is None and any(isinstance(item, Heard) for item in story.items)
    for number, callee in enumerate(story.callees):
        leg = next((each for each in legs if each.info.get("destination") == callee.number), None)
        if leg is not None:
            legs.remove(leg)
            length = len(tape.sound(leg.number)) // (2 * SAMPLE_RATE // 1000)
            if leg.sound_t is not None and length and not (speaks and number == 0):
                callee.voice = leg.sound_t, length, f"{beside}/leg-{leg.number}.wav"


def played_recording(tape: Cassette) -> Recording:
    """The session of a cassette. Raises ConfigError where it cannot be played as it was recorded."""
    from voxrun.replay.cassette_report import report
    from voxrun.replay.cassette_session import play_cassette

    with tempfile.TemporaryDirectory(prefix="voxrun-cassette-") as scratch:
        played = play_cassette(tape, sessions_dir=Path(scratch))
        if played.difference is not None:
            told = "no script can be made of this cassette; make one of the session's folder instead:"
            raise ConfigError("\n".join([told, *report(played)]))
        (session,) = Path(scratch).iterdir()
        return read_recording(session)


def scenarios(recording: Recording, folder: Path, call: Path) -> list[str]:
    """The scripts as the call script names them: the file beside it of the same name, else the copy
    in the session's folder."""
    entries = recording.header.get("scripts")
    files = [str(e["file"]) for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []
    return [
        _scenario(script, folder / file, call.parent)
        for script, file in zip(recording.scripts, files, strict=True)
    ]


def _scenario(script: Script, copy: Path, beside: Path) -> str:
    name = Path(script.name).name
    if (beside / name).is_file():
        return name
    return os.path.relpath(copy, beside)


def _keep(texts: dict[Path, str]) -> None:
    for path, text in texts.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(
                path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600
            )  # people's words are in it
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise ConfigError(f"{path} cannot be written: {error.strerror}. Name another with -o") from None


def _check(call: Path, agent: Path | None) -> None:
    """Load what was written, with the loaders that will be used."""
    from voxrun.emulators.ultravox.agent import load_agent
    from voxrun.replay.format import load_script

    try:
        if agent is not None:
            load_agent(agent)
        load_script(call)
    except VoxrunError as error:
        raise InternalError(f"the script that was made of this session cannot be read: {error}") from None
