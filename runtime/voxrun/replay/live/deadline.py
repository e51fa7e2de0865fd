"""How long anything may take in real time: a call that hangs ends, and says what it was waiting for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from voxrun.errors import PeerError
from voxrun.replay.acting import KEY_MS
from voxrun.replay.ears import PATIENCE_MS
from voxrun.replay.script import (
    Beep,
    CallIn,
    Dtmf,
    Expect,
    HttpCall,
    Interrupt,
    Say,
    Silence,
    Step,
    Wait,
    Wish,
)
from voxrun.replay.socket_script import SocketStep, Visit

RESERVE_MS: Final = 30_000
"""What a machine that is busy with other things may add to every step."""
CHARACTER_MS: Final = 300
"""The slowest speech: of one character of text."""
BYTES_A_SECOND: Final = 1000
"""The least that a second of audio takes in a file."""


@asynccontextmanager
async def within(seconds: float, what: str) -> AsyncIterator[None]:
    """Raises PeerError where the body has not come to an end in time; ``what`` says what it does."""
    try:
        async with asyncio.timeout(seconds) as limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        raise PeerError(f"{what}: this has not come to an end after {seconds:g} s") from None


def longest_ms(step: Step, within_ms: int) -> int:
    """How long a step takes at most unless something hangs: each of its own waits is shorter.

    ``within_ms`` is for expectations that say nothing.
    """
    match step:
        case Wait():
            return RESERVE_MS + step.ms
        case Expect():
            return RESERVE_MS + _expecting_ms(step, within_ms)
        case HttpCall() | CallIn() | Visit() | SocketStep():
            return RESERVE_MS + PATIENCE_MS
    return RESERVE_MS + 2 * PATIENCE_MS + _acting_ms(step)  # until there is a line, until it is quiet


def _expecting_ms(step: Expect, within_ms: int) -> int:
    def own(wish: Wish) -> int:
        if wish.within_ms is None and wish.absent:
            return 0  # that is looked at when the call is over
        return (within_ms if wish.within_ms is None else wish.within_ms) * wish.count

    return max(step.within_ms or 0, sum(own(wish) for wish in step.wishes))


def _acting_ms(step: Step) -> int:
    match step:
        case Say():
            return _speech_ms(step)
        case Interrupt():
            return _speech_ms(step.say)
        case Silence():
            return 2 * step.ms
        case Beep():
            return step.ms
        case Dtmf():
            return KEY_MS * len(step.digits)
    return 0


def _speech_ms(say: Say) -> int:
    if say.audio is not None:
        return say.audio.stat().st_size * 1000 // BYTES_A_SECOND
    return CHARACTER_MS * len(say.text)
