"""What a recorded session is told as."""

from __future__ import annotations

from tests.replay.test_from_session_story import tell

from voxrun.replay.from_session_items import revealed


def test_what_is_hidden_has_a_stand_in() -> None:
    value = {"a": ["x «secret:KEY»", "«redacted»", "«secret:OTHER»"], "b": 1}
    assert revealed(value, {"KEY": "stand-in"}) == {"a": ["x stand-in", "hidden", "hidden"], "b": 1}
    assert tell().secrets == {"KEY": "test-KEY"}
