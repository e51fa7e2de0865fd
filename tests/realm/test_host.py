"""A host's own process, spoken to over its socket."""

from __future__ import annotations

import mmap
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from tests.realm.conftest import START, info

from voxrun.realm import wire
from voxrun.realm.host import Host
from voxrun.realm.stack import start_deep
from voxrun.realm.turntext import event_text, parse
from voxrun.session.messages import Event

SOURCE = """
  VoxEngine.addEventListener(AppEvents.Started, () => Logger.write(Math.random() + uuidgen()));
"""
STARTED = ["Application.Started", event_text(Event("Application.Started"), START)]
TURN = {"op": "turn", "s": "s", "k": STARTED[0], "raw": STARTED[1]}


class Talk:
    """The parent's end."""

    def __init__(self) -> None:
        self.ours, theirs = socket.socketpair()
        self.ours.settimeout(20)
        self.board = mmap.mmap(-1, wire.BEGUN.size)
        self._unpacker = wire.Unpacker()
        self._thread = threading.Thread(target=Host(theirs, self.board).serve)
        start_deep(self._thread)

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        self.ours.sendall(wire.pack(message))
        while True:
            for answer in self._unpacker.feed(self.ours.recv(1 << 16)):
                return answer

    def end(self) -> None:
        self.ours.close()
        self._thread.join(20)
        assert not self._thread.is_alive()


@pytest.fixture
def talk() -> Iterator[Talk]:
    talk = Talk()
    yield talk
    talk.end()


def boot(source: str = SOURCE, session: str = "s") -> dict[str, Any]:
    return {"op": "boot", "s": session, "info": wire.boot_to_json(info(source))}


def test_it_boots_turns_and_closes(talk: Talk) -> None:
    assert "e" not in talk.ask(boot())
    assert parse(talk.ask(TURN)["raw"])["c"][0][0] == "log"
    assert talk.ask({"op": "memory", "s": "s"})["bytes"] > 100_000
    assert talk.ask({"op": "close", "s": "s"}) == {}
    assert wire.BEGUN.unpack_from(talk.board)[0] == 4


def test_a_replay_gives_the_same_digests(talk: Talk) -> None:
    live = [talk.ask(boot())["d"], talk.ask(TURN)["d"], talk.ask(TURN)["d"]]
    rebuild = {**boot(session="again"), "op": "rebuild", "events": [STARTED, STARTED]}
    assert talk.ask(rebuild) == {"digests": live}
    assert len(set(live)) == 3


def test_a_realm_made_ahead_is_like_any_other(talk: Talk) -> None:
    first = [talk.ask(boot())["d"], talk.ask(TURN)["d"]]
    assert talk.ask({"op": "ready"}) == {}
    assert [talk.ask(boot())["d"], talk.ask(TURN)["d"]] == first


def test_its_own_fault_is_an_answer_and_it_goes_on(talk: Talk) -> None:
    kind, message, _ = talk.ask({**TURN, "s": "unknown"})["e"]
    assert kind == "internal"
    assert "Please report this" in message
    assert "e" not in talk.ask(boot())
