from __future__ import annotations

from pathlib import Path

import pytest

from voxrun.realm import make_zones


def test_zones_of_one_rule_share_a_line_and_absent_ones_are_left_out(tmp_path: Path) -> None:
    for name, rule in (("Here/A", "EST5EDT,M3.2.0,M11.1.0"), ("Here/C", "UTC0"), ("Here/B", "UTC0")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"TZif2" + bytes(40) + b"\n" + rule.encode() + b"\n")
    text = make_zones.make_zones_js([tmp_path / "none", tmp_path], ["Here/C", "Here/B", "Here/A", "Gone"])
    assert [line.strip() for line in text.splitlines() if line.startswith("    ")] == [
        '"EST5EDT,M3.2.0,M11.1.0|Here/A",',
        '"UTC0|Here/B|Here/C",',
    ]


def test_a_machine_without_zones_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(make_zones.zoneinfo, "TZPATH", (str(tmp_path),))
    monkeypatch.setattr(make_zones, "TARGET", tmp_path / "zones.js")
    assert make_zones.main() == 1
    assert not (tmp_path / "zones.js").exists()
