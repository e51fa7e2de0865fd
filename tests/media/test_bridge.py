"""A conference bridge: who hears whom, jitter, bad frames, idleness."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signals import floats, pcm, sine

from voxrun.media.backlog import WINDOW
from voxrun.media.bridge import CALM_TICKS, DEEPEST, MOST_WAITING, SHALLOWEST, Bridge, Inlet, mixes
from voxrun.media.frames import FRAME_BYTES, SILENCE
from voxrun.media.graph import Sink, Source, Ticking
from voxrun.media.mix import mix


class HandTicker:
    """Ticks when told to."""

    def __init__(self) -> None:
        self.nodes: list[Ticking] = []

    def start(self, node: Ticking) -> None:
        if node not in self.nodes:
            self.nodes.append(node)

    def stop(self, node: Ticking) -> None:
        if node in self.nodes:
            self.nodes.remove(node)

    def tick(self) -> None:
        for node in tuple(self.nodes):
            if not node.tick():
                self.stop(node)


class Ear(Sink):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[bytes] = []
        self.broken = False

    def write(self, frame: bytes, source: Source) -> None:
        if self.broken:
            raise OSError("the line is gone")
        self.heard.append(frame)


class Party:
    """Somebody with a mouth and an ear, as a call has."""

    def __init__(self, frame: bytes) -> None:
        self.frame = frame
        self.mouth, self.ear = Source(), Ear()
        self.ear.own = self.mouth

    def join(self, bridge: Bridge) -> Party:
        self.mouth.connect(bridge.sink)
        bridge.source.connect(self.ear)
        return self


def frame(hz: float, dbfs: float = -20.0) -> bytes:
    return pcm(sine(hz, 20, dbfs=dbfs))


def meet(count: int) -> tuple[HandTicker, Bridge, list[Party]]:
    ticker = HandTicker()
    bridge = Bridge(ticker)
    return ticker, bridge, [Party(frame(300 + 200 * n)).join(bridge) for n in range(count)]


def talk(ticker: HandTicker, parties: list[Party], ticks: int = 4) -> None:
    for _ in range(ticks):
        for party in parties:
            party.mouth.push(party.frame)
        ticker.tick()


@pytest.mark.parametrize("count", [2, 3, 5])
def test_each_hears_the_others_and_never_himself(count: int) -> None:
    ticker, _, parties = meet(count)
    talk(ticker, parties)
    for party in parties:
        others = mix([other.frame for other in parties if other is not party])
        assert party.ear.heard[-1] == others


def test_alone_in_a_conference_one_hears_silence() -> None:
    ticker, _, (party,) = meet(1)
    talk(ticker, [party])
    assert party.ear.heard == [SILENCE] * 4


def test_who_only_listens_hears_everybody() -> None:
    ticker, bridge, parties = meet(3)
    recorder = Ear()
    bridge.source.connect(recorder)
    talk(ticker, parties)
    assert recorder.heard[-1] == mix([party.frame for party in parties])


def test_who_only_speaks_is_heard_by_everybody() -> None:
    ticker, bridge, parties = meet(2)
    player = Source()
    player.connect(bridge.sink)
    beep = frame(2000)
    for _ in range(4):
        player.push(beep)
        ticker.tick()
    assert [party.ear.heard[-1] for party in parties] == [beep, beep]


def test_silence_is_passed_on_as_the_shared_frame() -> None:
    ticker, _, parties = meet(3)
    for _ in range(4):
        for party in parties:
            party.mouth.push(SILENCE)
        ticker.tick()
    assert all(heard is SILENCE for party in parties for heard in party.ear.heard)


def test_two_conferences_that_are_joined_do_not_echo() -> None:
    ticker = HandTicker()
    rooms = [Bridge(ticker), Bridge(ticker)]
    for room in rooms:
        room.sink.own = room.source
    a, b = (Party(frame(300 + 400 * n)).join(room) for n, room in enumerate(rooms))
    rooms[0].source.connect(rooms[1].sink)
    rooms[1].source.connect(rooms[0].sink)
    talk(ticker, [a, b], 12)
    assert a.ear.heard[-1] == b.frame
    assert b.ear.heard[-1] == a.frame


def test_who_left_is_neither_heard_nor_told() -> None:
    ticker, bridge, (a, b, c) = meet(3)
    talk(ticker, [a, b, c])
    a.mouth.disconnect(bridge.sink)
    bridge.source.disconnect(a.ear)
    heard = len(a.ear.heard)
    talk(ticker, [a, b, c])
    assert len(a.ear.heard) == heard
    assert b.ear.heard[-1] == c.frame


def test_a_conference_nobody_listens_to_rests_and_keeps_nothing() -> None:
    ticker, bridge, (a, b) = meet(2)
    for party in (a, b):
        bridge.source.disconnect(party.ear)
    talk(ticker, [a, b])
    assert ticker.nodes == []
    bridge.source.connect(b.ear)
    for _ in range(3):
        ticker.tick()
    assert b.ear.heard == [SILENCE] * 3


def test_what_was_said_and_taken_back_is_not_heard() -> None:
    ticker, _, (a, b) = meet(2)
    for _ in range(10):
        a.mouth.push(a.frame)
    ticker.tick()
    a.mouth.flush()
    ticker.tick()
    ticker.tick()
    assert b.ear.heard[1:] == [SILENCE, SILENCE]


def test_a_frame_of_another_size_spoils_nobody_s_mix() -> None:
    ticker, _, (a, b, c) = meet(3)
    for _ in range(4):
        a.mouth.push(b"odd")
        b.mouth.push(b.frame)
        ticker.tick()
    assert c.ear.heard[-1] == b.frame


def test_one_party_s_trouble_does_not_take_the_sound_from_the_others() -> None:
    ticker, bridge, (a, b, c) = meet(3)
    b.ear.broken = True
    talk(ticker, [a, b, c])
    assert c.ear.heard[-1] == mix([a.frame, b.frame])
    assert b.ear not in bridge.source.sinks


def test_a_closed_bridge_gives_nothing() -> None:
    ticker, bridge, parties = meet(2)
    bridge.close()
    talk(ticker, parties)
    assert parties[0].ear.heard == []
    assert ticker.nodes == []


# -- jitter


def run(pushes: list[int]) -> tuple[Inlet, list[int]]:
    """Push so many numbered frames before each tick; gives which frame each tick had (-1: silence)."""
    inlet, sent, got = Inlet(), 0, []
    for count in pushes:
        for _ in range(count):
            inlet.push(sent.to_bytes(4, "little") + b"\x11" * (FRAME_BYTES - 4))
            sent += 1
        given_frame = inlet.pop()
        got.append(-1 if given_frame is SILENCE else int.from_bytes(given_frame[:4], "little"))
    return inlet, got


def test_frames_a_tick_late_leave_no_hole() -> None:
    _, got = run([1, 1, 1, 0, 2, 1, 1])
    assert got == [-1, 0, 1, 2, 3, 4, 5]


def test_a_single_frame_is_not_kept_for_ever() -> None:
    _, got = run([1, 0, 0])
    assert got == [-1, 0, -1]


def test_a_source_that_ran_dry_gets_more_room_and_gives_it_back_after_a_calm() -> None:
    inlet, _ = run([1, 1, 0, 0, 3, 1, 1])
    assert inlet.depth == SHALLOWEST + 1
    inlet, _ = run([1, 1, 0, 0, 3, 1, 1] + [1] * CALM_TICKS)
    assert inlet.depth == SHALLOWEST


def test_a_pause_is_no_jitter() -> None:
    inlet, _ = run([1, 1, *[0] * 20, 1, 1])
    assert inlet.depth == SHALLOWEST


def test_a_burst_is_bounded_and_loses_its_oldest() -> None:
    _, got = run([100, 0])
    assert got == [100 - MOST_WAITING, 101 - MOST_WAITING]


def test_a_backlog_melts_in_silence() -> None:
    inlet = Inlet()
    for _ in range(8):
        inlet.push(SILENCE)
    for _ in range(8):
        inlet.push(SILENCE)
        inlet.pop()
    assert len(inlet) <= SHALLOWEST


def test_a_backlog_of_somebody_who_never_pauses_goes_frame_by_frame() -> None:
    inlet, _ = run([9] + [1] * 10 * WINDOW)
    assert len(inlet) == SHALLOWEST - 1


@given(st.lists(st.integers(0, 4), max_size=60))
@settings(max_examples=60, deadline=None)
def test_whatever_the_jitter_frames_keep_their_order_and_the_delay_its_bound(pushes: list[int]) -> None:
    inlet, got = run(pushes)
    heard = [number for number in got if number >= 0]
    assert heard == sorted(set(heard))
    assert SHALLOWEST <= inlet.depth <= DEEPEST
    assert len(inlet) <= MOST_WAITING


# -- arithmetic


@given(st.lists(st.integers(-32768, 32767), min_size=2, max_size=9))
@settings(max_examples=60, deadline=None)
def test_mixes_are_sums_that_saturate(values: list[int]) -> None:
    frames = [np.full(320, value, "<i2").tobytes() for value in values]
    everything, without = mixes(frames)
    assert set(floats(everything)) == {float(np.clip(sum(values), -32768, 32767))}
    for number, pcm_without in enumerate(without):
        rest = sum(values) - values[number]
        assert set(floats(pcm_without)) == {float(np.clip(rest, -32768, 32767))}
        assert len(pcm_without) == FRAME_BYTES


def test_mixes_of_nobody_and_of_one() -> None:
    one = frame(500)
    assert mixes([]) == (SILENCE, [])
    assert mixes([one]) == (one, [SILENCE])
