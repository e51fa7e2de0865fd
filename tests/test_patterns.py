"""An expression that would search for ever is broken off with one message; others search as ever."""

from __future__ import annotations

import re
import signal
import threading

import pytest

from voxrun.patterns import EndlessPattern, fullmatch, search

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
