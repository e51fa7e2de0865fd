"""Deep stacks."""

from __future__ import annotations

import threading

import pytest

from voxrun.realm.realm import Realm
from voxrun.realm.stack import DeepThread, Here, runner


def test_the_main_thread_runs_realms_itself() -> None:
    chosen = runner("test")
    assert isinstance(chosen, Here)
    assert chosen.call(threading.get_ident) == threading.get_ident()


def test_another_thread_gets_a_deep_one_made_for_it() -> None:
    found = []

    def choose() -> None:
        deep = runner("test")
        found.append((deep, deep.call(threading.get_ident) == deep.ident))
        deep.stop()

    thread = threading.Thread(target=choose)
    thread.start()
    thread.join()
    assert isinstance(found[0][0], DeepThread)
    assert found[0][1]


def test_what_is_raised_there_is_raised_here() -> None:
    deep = DeepThread("test")
    with pytest.raises(ZeroDivisionError):
        deep.call(lambda: 1 // 0)
    assert deep.call(lambda: 5) == 5
    realm = deep.call(Realm)
    deep.call(realm.close)
    deep.stop()


def test_the_stack_size_of_other_threads_is_left_alone() -> None:
    before = threading.stack_size()
    DeepThread("test").stop()
    assert threading.stack_size() == before
