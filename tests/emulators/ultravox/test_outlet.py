"""Messages by the call's flags."""

from __future__ import annotations

from voxrun.emulators.ultravox.call_config import ALL_FLAGS, DEFAULT_FLAGS
from voxrun.emulators.ultravox.effects import Note, Send, StopAudio
from voxrun.emulators.ultravox.outlet import FLAGS, Outlet
from voxrun.emulators.ultravox.playback import Playback


def test_every_kind_has_a_flag_of_the_api() -> None:
    assert set(FLAGS.values()) <= ALL_FLAGS


def test_a_kind_that_is_off_is_not_sent_but_effects_keep_their_order() -> None:
    outlet = Outlet(frozenset({"state"}))
    assert not outlet.send({"type": "pong", "timestamp": 1})
    outlet.add(StopAudio())
    outlet.show("listening")
    outlet.show("listening")
    assert outlet.take() == [StopAudio(), Send({"type": "state", "state": "listening"})]
    assert outlet.take() == []


def test_a_note_is_a_debug_message_for_who_asked() -> None:
    outlet = Outlet(DEFAULT_FLAGS)
    outlet.note("info", "k", "t")
    assert outlet.take() == [Note("info", "k", "t")]
    outlet.flags |= {"debug"}
    outlet.note("info", "k", "t")
    assert outlet.take() == [Note("info", "k", "t"), Send({"type": "debug", "message": "k: t"})]


def test_the_first_part_is_a_text_and_the_others_are_deltas() -> None:
    outlet = Outlet(DEFAULT_FLAGS)
    playback = Playback("a b c", 3.0, 0.0)
    outlet.parts("voice", 4, playback, 1.5)
    outlet.parts("voice", 4, playback, 3.0)
    common = {"type": "transcript", "role": "agent", "medium": "voice", "final": False, "ordinal": 4}
    assert outlet.take() == [
        Send({**common, "text": "a"}),
        Send({**common, "delta": " b"}),
        Send({**common, "delta": " c"}),
    ]
