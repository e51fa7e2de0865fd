"""Which message of a page goes to which worker, and back."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from voxrun.server.switchboard import LOST, Switchboard


class Board(Switchboard):
    def __init__(self, *turns: int | None, owners: dict[str, int] | None = None) -> None:
        self.turns = list(turns)
        super().__init__(lambda: self.turns.pop(0) if self.turns else None, (owners or {}).get)
        for worker in (0, 1):
            self.joined(worker)

    def page(self, **message: Any) -> list[tuple[int, dict[str, Any]]]:
        orders, self.told = self.from_page(json.dumps(message))
        return [(worker, json.loads(text)) for worker, text in orders]

    def worker(self, number: int, **message: Any) -> dict[str, Any] | None:
        _, text = self.from_worker(number, json.dumps(message))
        found: dict[str, Any] | None = json.loads(text) if text else None
        return found


def test_a_call_stays_with_the_worker_that_was_chosen_for_it() -> None:
    board = Board(1)
    call = {"type": "call", "id": "c1", "to": "100", "sdp": "..."}
    assert board.page(**call) == [(1, call)]
    assert board.page(type="hangup", id="c1") == [(1, {"type": "hangup", "id": "c1"})]
    assert board.worker(1, type="ended", id="c1", code=200) == {"type": "ended", "id": "c1", "code": 200}
    assert board.page(type="hangup", id="c1")[0][0] == 0  # the first worker says that there is no such call


def test_without_a_worker_a_new_call_is_refused() -> None:
    board = Board(None)
    assert board.page(type="call", id="c1") == []
    assert board.told[0]["id"] == "c1"
    assert board.told[0]["type"] == "error"
    assert board.page(type="start") == []


def test_a_call_goes_to_another_worker_while_the_socket_to_the_chosen_one_is_not_open() -> None:
    board = Board(2)
    call = {"type": "call", "id": "c1", "to": "100"}
    assert board.page(**call) == [(0, call)]
    for worker in (0, 1):
        board.left(worker)
    board.turns = [2]
    assert board.page(type="call", id="c2") == []
    assert board.told[0]["type"] == "error"


def test_incoming_calls_of_two_workers_do_not_share_an_id() -> None:
    board = Board()
    first, second = (board.worker(n, type="incoming", id="in-1", to="anna") for n in (0, 1))
    assert first is not None
    assert second is not None
    assert (first["id"], second["id"]) == ("in-0-1", "in-1-1")
    assert board.page(type="answer", id="in-1-1", sdp="x") == [
        (1, {"type": "answer", "id": "in-1", "sdp": "x"})
    ]
    assert board.worker(1, type="answered", id="in-1", sdp="y") == {
        "type": "answered",
        "id": "in-1-1",
        "sdp": "y",
    }


def test_a_registration_goes_to_all_and_is_answered_once() -> None:
    board = Board()
    assert [worker for worker, _ in board.page(type="register", user="anna")] == [0, 1]
    assert board.worker(0, type="registered", user="anna") == {"type": "registered", "user": "anna"}
    assert board.worker(1, type="registered", user="anna") is None
    assert board.worker(1, type="error", re="register", message="no") is None
    assert json.loads(board.joined(2)[0])["user"] == "anna"  # a worker that comes later is told
    board.page(type="unregister")
    assert board.joined(3) == []


def test_who_watches_one_session_hears_it_from_its_worker_alone() -> None:
    board = Board(owners={"s1": 1})
    assert board.page(type="watch", session="s1") == [
        (0, {"type": "watch", "session": ""}),
        (1, {"type": "watch", "session": "s1"}),
    ]
    assert [worker for worker, _ in board.page(type="watch", session="*")] == [0, 1]
    assert json.loads(board.joined(2)[0])["session"] == "*"


def test_a_page_is_told_of_every_call_that_a_lost_worker_had() -> None:
    board = Board(0, 1)
    board.page(type="call", id="mine")
    board.page(type="call", id="other")
    board.worker(0, type="incoming", id="in-4")
    told = board.left(0)
    assert [(m["type"], m["id"]) for m in told] == [
        ("ended", "mine"),
        ("cancelled", "in-0-4"),
        ("ended", "in-0-4"),
    ]
    assert {m["reason"] for m in told} == {LOST}
    assert board.page(type="hangup", id="other")[0][0] == 1


@given(st.text(max_size=40))
def test_garbage_goes_to_the_first_worker_which_says_what_is_wrong(text: str) -> None:
    orders, told = Board().from_page(text)
    assert told == []
    assert all(worker in (0, 1) for worker, _ in orders)
