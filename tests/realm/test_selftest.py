"""What doctor says of the engine."""

from __future__ import annotations

from voxrun.realm.engine import self_test


def test_every_promise_of_the_engine_holds_here() -> None:
    rows = self_test()
    assert [row for row in rows if not row[1]] == []
    assert rows[0][2].startswith("quickjs-ng ")
    assert len(rows) == 7
