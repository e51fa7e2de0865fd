"""Addresses of recordings."""

from __future__ import annotations

from voxrun.server.options import ServerOptions


def test_each_file_has_a_token_of_its_own_that_changes_with_the_secret() -> None:
    one, two = ServerOptions("1", secret=b"a"), ServerOptions("1", secret=b"b")
    tokens = {
        one.file_token("s", "x"),
        one.file_token("s", "y"),
        one.file_token("t", "x"),
        two.file_token("s", "x"),
    }
    assert len(tokens) == 4
    assert one.file_path("s", "x") == f"/sessions/s/files/x?token={one.file_token('s', 'x')}"


def test_secrets_are_not_shown() -> None:
    assert "sesame" not in repr(ServerOptions("1", token="sesame", secret=b"sesame"))
