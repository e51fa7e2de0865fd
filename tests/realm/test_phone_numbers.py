"""The table of numbering plans: when it is wanted, what it holds, and the file it is kept in."""

from __future__ import annotations

import builtins
import json
import os
from pathlib import Path
from typing import Any

import phonenumbers
import pytest

from voxrun.realm import phone_numbers
from voxrun.realm.countries import COUNTRIES
from voxrun.realm.phone_numbers import cache_file, make, read, table, wanted, write
from voxrun.realm.port import Script


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("PhoneNumber.getInfo('1')", True),
        ("const {getInfo} = globalThis.PhoneNumber;", True),
        ("const customerPhoneNumber = 1;", False),
        ("PhoneNumbers", False),
        ("$PhoneNumber", False),
        ("", False),
    ],
)
def test_only_scenarios_that_name_it_get_the_table(source: str, found: bool) -> None:
    assert wanted([Script("a.js", "1;"), Script("b.js", source)]) is found


def test_the_table_holds_every_country_with_its_name() -> None:
    made = make()
    regions = {entry[:2]: entry[2:] for entry in made["regions"].split("|")}
    assert regions.keys() == phonenumbers.SUPPORTED_REGIONS
    assert regions["DE"] == "49"
    assert COUNTRIES.keys() >= phonenumbers.SUPPORTED_REGIONS
    us = json.loads(made["1"])[0]
    assert us[:2] == ["US", "011"]
    assert us[6][1:] == [[10], [7]]
    assert len(json.dumps(made)) < 160_000


def test_it_is_kept_for_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "numbers.json"
    assert read(path) is None
    write(path, {"regions": "US1"})
    assert read(path) == {"regions": "US1"}
    path.write_text("{")
    assert read(path) is None
    path.write_text("[]")
    assert read(path) is None
    assert [p.name for p in path.parent.iterdir()] == ["numbers.json"]
    assert read(None) is None


def test_where_it_cannot_be_kept_it_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    write(tmp_path / "file" / "x.json", {"regions": ""})
    write(None, {})
    assert os.listdir(tmp_path) == ["file"]


def test_the_file_is_found_as_the_base_directory_specification_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (
        cache_file({"XDG_CACHE_HOME": str(tmp_path)}, "9.0") == tmp_path / "voxrun/phone-numbers-1-9.0.json"
    )
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    expected = tmp_path / "home/.cache/voxrun/phone-numbers-1-9.0.json"
    assert cache_file({"XDG_CACHE_HOME": "relative"}, "9.0") == cache_file({}, "9.0") == expected


def test_without_its_package_the_scenario_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: Any) -> Any:
        if name == "phonenumbers":
            raise ImportError
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    table.cache_clear()
    try:
        assert table() == {"error": phone_numbers.MISSING}
    finally:
        table.cache_clear()
