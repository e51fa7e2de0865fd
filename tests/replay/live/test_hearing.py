"""Words on a bad line: what frames were lost of is compared as a whole."""

from __future__ import annotations

import asyncio

from tests.replay.test_hearing import OTHER, TEXT, spoken

from voxrun.media.frames import FRAME_BYTES, FRAME_MS
from voxrun.replay.live.hearing import PAUSE_MS, LiveHearing, spoken_only
from voxrun.replay.people import Sound
from voxrun.replay.resources import Resources
from voxrun.replay.timeline import Stream


def lossy(pcm: bytes, every: int) -> bytes:
    """One frame in so many is lost, and time with it: no piece is long enough to be found."""
    frames = [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES)]
    return b"".join(frame for number, frame in enumerate(frames) if number % every)


def hear(known: dict[str, list[bytes]], pcm: bytes) -> tuple[Stream, int]:
    """What is understood of ``pcm``, and how often it was told."""
    told = 0

    async def main() -> Stream:
        def count() -> None:
            nonlocal told
            told += 1

        sound = Sound()
        hearing = LiveHearing(sound, known, Stream(), count)
        now = 1000
        for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
            sound.add(now, pcm[at : at + FRAME_BYTES])
            now += FRAME_MS
            if at % (FRAME_BYTES * 5) == 0:
                hearing.listen(now)
        while (due := hearing.due()) is not None:
            hearing.listen(due)
        deciding = hearing._deciding
        if deciding is not None:
            await asyncio.wait((deciding,))
            await asyncio.sleep(0)
        return hearing.stream

    return asyncio.run(main()), told


def test_a_sentence_with_many_lost_frames_is_understood_as_a_whole(resources: Resources) -> None:
    known = spoken(resources)
    stream, told = hear(known, lossy(known[TEXT][0], 4))
    assert stream.utterances[-1].text == TEXT
    assert told == 1
    assert stream.words[-len(TEXT.split()) :] == TEXT.split()


def test_pauses_that_a_busy_machine_puts_in_do_not_matter(resources: Resources) -> None:
    known = spoken(resources)
    pcm = lossy(known[TEXT][0], 4)
    pieces = [pcm[at : at + 31 * FRAME_BYTES] for at in range(0, len(pcm), 31 * FRAME_BYTES)]
    assert len(pieces) > 2
    stream, told = hear(known, bytes(25 * FRAME_BYTES).join(pieces))
    assert told == 1
    assert stream.utterances[-1].text == TEXT


def test_only_frames_with_sound_are_compared() -> None:
    loud, quiet = b"\x00\x10" * 320, b"\x10\x00" * 320
    assert spoken_only(quiet + loud + bytes(640) + loud + b"\x00\x10") == loud + loud
    assert spoken_only(b"") == b""


def test_a_good_line_needs_no_comparison(resources: Resources) -> None:
    known = spoken(resources)
    stream, told = hear(known, known[OTHER][0])
    assert [each.text for each in stream.utterances] == [OTHER]
    assert told == 0


def test_a_sentence_that_was_cut_off_stays_cut_off(resources: Resources) -> None:
    known = spoken(resources)
    pcm = known[TEXT][0]
    stream, told = hear(known, pcm[: len(pcm) * 2 // 5])
    assert told == 0
    assert TEXT.startswith(stream.utterances[-1].text)
    assert PAUSE_MS > 500


def test_a_stall_that_was_partly_a_pause_and_partly_a_gap_does_not_end_the_sentence(
    resources: Resources,
) -> None:
    known = spoken(resources)
    frames = [known[TEXT][0][at : at + FRAME_BYTES] for at in range(0, len(known[TEXT][0]), FRAME_BYTES)]
    for cut in range(20, len(frames) - 40, 6):
        stalled = [*frames[:cut], *[bytes(FRAME_BYTES)] * 30, *frames[cut + 10 :], *[bytes(FRAME_BYTES)] * 5]
        stream, _ = hear(known, b"".join(stalled) + known[OTHER][0])
        assert stream.words[: len(TEXT.split())] == TEXT.split(), cut
