"""An expression that would search for ever is broken off with one message; others search as ever."""

from __future__ import annotations

import re
import signal
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxrun.patterns import EndlessPattern, fullmatch, in_order, search

ENDLESS = re.compile(r"(a+)+$")
TEXT = "a" * 60 + "b"


def test_a_search_without_an_end_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voxrun.patterns.LIMIT_S", 0.02)
    before = signal.getsignal(signal.SIGVTALRM)
    with pytest.raises(EndlessPattern) as caught:
        search(ENDLESS, TEXT, "it.call.yaml:7:3")
    assert str(caught.value).startswith("it.call.yaml:7:3: the regular expression (a+)+$ was still")
    assert str(caught.value.at("elsewhere")) == str(caught.value)
    assert signal.getsignal(signal.SIGVTALRM) is before
    assert signal.getitimer(signal.ITIMER_VIRTUAL)[0] == 0


def test_its_place_can_be_told_later() -> None:
    with pytest.raises(EndlessPattern) as caught:
        fullmatch(ENDLESS, TEXT, limit_s=0.02)
    assert str(caught.value.at("voxrun.toml:3")).startswith("voxrun.toml:3: the regular")


def test_others_search_as_ever() -> None:
    found = search(re.compile(r"b(.)"), "abc")
    assert found is not None
    assert found[1] == "c"
    assert search(ENDLESS, "b") is None
    assert fullmatch(re.compile("a.c"), "abc") is not None
    assert fullmatch(re.compile("a"), "abc") is None


def test_in_another_thread_there_is_no_limit_and_no_error() -> None:
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(search(re.compile("b"), "abc")))
    thread.start()
    thread.join()
    assert found != [None]


@given(st.lists(st.text("ab", max_size=3), min_size=1, max_size=5), st.text("ab", max_size=12))
def test_pieces_in_order_are_what_the_expression_for_them_finds(pieces: list[str], text: str) -> None:
    expression = re.compile(".*".join(map(re.escape, pieces)), re.S)
    assert in_order(pieces, text) == (expression.fullmatch(text) is not None)


def test_many_pieces_take_no_longer_than_the_text() -> None:
    assert not in_order(["", *["a"] * 50, "c", "b"], "a" * 100_000 + "b")
