"""The short way is there only while nothing waits that was given before."""

from __future__ import annotations

from voxrun.media.passage import Passage
from voxrun.media.runs import Run


class Door:
    """An ``AudioDoor`` that keeps what it is given."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []

    def take(self, pcm: bytes) -> None:
        self.taken.append(pcm)

    def room(self, run: Run) -> int:
        return run.count

    def take_run(self, run: Run) -> None:
        self.taken.append(run.sound())


def test_both_directions_are_open_once_somebody_takes_and_nothing_waits() -> None:
    free = {"up": True, "down": True}
    passage = Passage(lambda: free["up"], lambda: free["down"])
    assert passage.to_app is None
    assert passage.to_client is None
    door, told = Door(), list[str | bytes]()
    passage.app, passage.client = door, told.append
    assert passage.to_app is door
    assert passage.to_client is not None
    passage.to_client("hello")
    assert told == ["hello"]
    free["up"] = False
    assert (passage.to_app, passage.to_client is None) == (None, False)
    free["down"] = False
    assert passage.to_client is None
