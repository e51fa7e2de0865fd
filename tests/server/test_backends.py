"""Who takes a call, and whose a session is."""

from __future__ import annotations

from voxrun.server.backends import Backend, Backends


def two() -> tuple[Backends, Backend, Backend]:
    backends = Backends()
    first, second = Backend(0, "http://a", "t0"), Backend(1, "http://b", "t1")
    backends.add(second)
    backends.add(first)
    return backends, first, second


def test_the_worker_with_the_fewest_calls_takes_the_next() -> None:
    backends, first, second = two()
    assert backends.least() is first
    backends.began("s1", first)
    assert backends.least() is second
    second.coming = 2
    assert backends.least() is first
    assert backends.live == 3
    backends.ended("s1")
    assert backends.live == 2
    assert Backends().least() is None


def test_a_path_belongs_to_the_owner_of_its_session() -> None:
    backends, first, second = two()
    backends.began("abc", second)
    assert backends.for_path("/request/abc/token") is second
    assert backends.for_path("/sessions/abc/files/x.mp3") is second
    assert backends.for_path("/whip/resource/abc-1") is second
    assert backends.for_path("/request/unknown/token") is None
    assert backends.for_path("/static/js/app.js") is first
    backends.ended("abc")
    assert backends.for_path("/sessions/abc/files/x.mp3") is second  # its files are still asked for


def test_a_worker_that_is_gone_leaves_its_sessions_and_not_those_of_its_successor() -> None:
    backends, first, _ = two()
    backends.began("s2", first)
    backends.began("s1", first)
    backends.ended("s2")
    again = Backend(0, "http://c", "t2")
    backends.add(again)
    assert backends.remove(first) == ["s1"]
    assert backends.owner("s1") is None
    assert again in backends.up


def test_its_token_is_in_no_text() -> None:
    assert "secret" not in repr(Backend(0, "http://a", "secret"))
    assert Backend(0, "http://a", "secret").headers == {"Authorization": "Bearer secret"}
