"""SpeechProcess: starts late, comes back, serialises, survives cancellation, closes."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from voxrun.errors import ConfigError, VoxrunError
from voxrun.speech.base import Speech, Voice
from voxrun.speech.client import MAX_TEXT, SpeechProcess

ROBOT = Voice("espeak", "en-us")


def test_text_becomes_audio(speech: Speech) -> None:
    pcm = asyncio.run(speech.render("Good morning", ROBOT))
    assert 0.4 < len(pcm) / 32_000 < 2
    assert max(pcm) > 0


def test_nothing_to_say_is_no_audio_and_starts_no_child(speech: SpeechProcess) -> None:
    assert asyncio.run(speech.render(" \n", ROBOT)) == b""
    assert speech.pid is None


def test_a_cached_phrase_needs_no_child(tmp_path: Path) -> None:
    async def twice() -> None:
        first = SpeechProcess(tmp_path)
        audio = await first.render("Good morning", ROBOT)
        await first.close()
        second = SpeechProcess(tmp_path)
        assert await second.render("Good morning", ROBOT) == audio
        assert second.pid is None
        await second.close()

    asyncio.run(twice())


def test_a_child_that_died_is_replaced(speech: SpeechProcess) -> None:
    async def scene() -> None:
        await speech.render("one", ROBOT)
        first = speech.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        assert len(await speech.render("two", ROBOT)) > 0
        assert speech.pid not in (None, first)

    asyncio.run(scene())


def test_requests_at_once_each_get_their_own_answer(speech: SpeechProcess) -> None:
    texts = ["one", "two hundred and two", "three", "one"]

    async def scene() -> list[bytes]:
        return list(await asyncio.gather(*(speech.render(text, ROBOT) for text in texts)))

    together = asyncio.run(scene())
    assert together == [asyncio.run(speech.render(text, ROBOT)) for text in texts]
    assert len(set(together)) == 3


def test_a_cancelled_request_leaves_the_next_one_whole(speech: SpeechProcess) -> None:
    async def scene() -> None:
        await speech.render("warm", ROBOT)
        tasks = [asyncio.create_task(speech.render(f"number {n}", ROBOT)) for n in range(4)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        again = await speech.render("Good morning", ROBOT)
        fresh = SpeechProcess(on_disk=False)
        assert again == await fresh.render("Good morning", ROBOT)
        await fresh.close()

    asyncio.run(scene())


def test_close_kills_the_child_and_fails_who_waits() -> None:
    async def scene() -> None:
        speech = SpeechProcess(on_disk=False)
        await speech.render("one", ROBOT)
        pid = speech.pid
        assert pid is not None
        waiting = asyncio.create_task(speech.render("never heard", Voice("espeak", "en-us", "f3")))
        await asyncio.sleep(0)
        await speech.close()
        await speech.close()
        with pytest.raises((VoxrunError, asyncio.CancelledError)):
            await waiting
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        with pytest.raises(VoxrunError, match="closed"):
            await speech.render("later", ROBOT)

    asyncio.run(scene())


def test_the_child_ends_with_its_parent() -> None:
    program = (
        "import asyncio, os\n"
        "from voxrun.speech.base import Voice\n"
        "from voxrun.speech.client import SpeechProcess\n"
        "speech = SpeechProcess(on_disk=False); asyncio.run(speech.render('one', Voice('espeak')));"
        "print(os.getpid(), speech.pid, flush=True); input(); os.kill(os.getpid(), 9)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = os.pidfd_open(int(parent.stdout.readline().split()[1]))
    parent.communicate(b"\n")
    assert select.select([child], [], [], 10)[0], "the speech process outlived its parent"
    os.close(child)


def test_a_voice_that_does_not_exist_is_named(speech: SpeechProcess) -> None:
    with pytest.raises(ConfigError, match="'xx-none'"):
        asyncio.run(speech.render("hello", Voice("espeak", "xx-none")))
    assert len(asyncio.run(speech.render("hello", ROBOT))) > 0


def test_too_much_text_is_refused(speech: SpeechProcess) -> None:
    with pytest.raises(ConfigError, match=str(MAX_TEXT)):
        asyncio.run(speech.render("a " * MAX_TEXT, ROBOT))


def test_odd_text_does_not_break_the_pipe(speech: SpeechProcess) -> None:
    for text in ("\0", "a\0b", "\ud83d", "<speak>&", "[[", "٣", "🙂"):
        asyncio.run(speech.render(text, ROBOT))
    assert len(asyncio.run(speech.render("hello", ROBOT))) > 0


def test_a_voice_can_be_loaded_ahead(tmp_path: Path) -> None:
    async def main() -> None:
        speech = SpeechProcess(tmp_path)
        try:
            assert speech.pid is None
            await speech.load(Voice("espeak"))
            assert speech.pid is not None
        finally:
            await speech.close()

    asyncio.run(main())
    assert not any(path.is_file() for path in tmp_path.rglob("*"))
