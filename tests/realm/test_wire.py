"""Frames between host and parent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxrun.realm import wire
from voxrun.realm.port import BootInfo, RealmError, Script, TurnResult
from voxrun.session.messages import Command

TEXT = st.text(st.characters(), max_size=20)
DATA = st.dictionaries(
    TEXT, st.none() | st.booleans() | st.integers() | TEXT | st.lists(TEXT, max_size=3), max_size=4
)
ERRORS = st.builds(RealmError, st.sampled_from(["cpu", "memory", "killed"]), TEXT, TEXT)
RESULTS = st.builds(
    TurnResult,
    st.lists(st.builds(Command, TEXT, TEXT, DATA, TEXT), max_size=3).map(tuple),
    st.none() | ERRORS,
    st.lists(ERRORS, max_size=2).map(tuple),
)


@given(st.lists(DATA, max_size=5), st.integers(1, 7))
def test_messages_survive_any_cutting_of_the_stream(messages: list[dict[str, object]], step: int) -> None:
    stream = b"".join(wire.pack(message) for message in messages)
    unpacker = wire.Unpacker()
    out = [m for at in range(0, len(stream), step) for m in unpacker.feed(stream[at : at + step])]
    assert out == messages


@given(RESULTS)
def test_results_come_back_as_they_were(result: TurnResult) -> None:
    (data,) = wire.Unpacker().feed(wire.pack(wire.result_to_json(result)))
    assert wire.result_from_json(data) == result


@given(DATA, st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_a_raw_text_comes_back_as_it_was(head: dict[str, object], raw: str) -> None:
    message = {**head, "raw": raw}
    assert list(wire.Unpacker().feed(wire.pack(message))) == [message]
    assert message["raw"] == raw


def test_boot_data_comes_back_as_it_was() -> None:
    info = BootInfo((Script("a.js", "ä\0"),), 2**64, 5, "c", {"K": "v"}, {"turn_ms": 1}, {"id": "s"}, True)
    (message,) = wire.Unpacker().feed(wire.pack(wire.boot_to_json(info)))
    assert wire.boot_from_json(message) == info


def test_an_absurd_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="frame of"):
        list(wire.Unpacker().feed(wire.HEADER.pack(2**32 - 1)))
