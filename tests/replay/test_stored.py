"""What a script says of ApplicationStorage: values at the beginning, and what must be there."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.replay.calls import fails, passes

from voxrun.replay.resources import Resources
from voxrun.replay.script import Stored, Wish
from voxrun.replay.stored import ScriptStorage, closest, described, find
from voxrun.replay.texts import Wanted
from voxrun.services.storage import Item

COUNTS = """
require(Modules.ApplicationStorage);
VoxEngine.addEventListener(AppEvents.CallAlerting, async ({ call }) => {
  call.addEventListener(CallEvents.Disconnected, () => VoxEngine.terminate());
  call.answer();
  const { value } = (await ApplicationStorage.get("total")) || { value: 0 };
  await ApplicationStorage.put("total", Number(value) + 1, 100);
  setTimeout(() => ApplicationStorage.put("last", JSON.stringify({ who: call.callerid() }), 5), 2000);
});
"""


def test_values_are_there_at_the_beginning_and_changes_are_seen(resources: Resources, tmp_path: Path) -> None:
    script = """
storage: {total: 5, "old:1": {value: x, ttl: 3s}}
steps:
  - expect: [{storage: total, with: {value: 6}}, {storage: "old:*"}]
  - expect: {storage: last, absent: true, within: 1s}
  - expect: {storage: last, with: {value: {who: caller}}}
  - wait: 6s
  - expect: {storage: "old:1", absent: true, within: 0s}
  - expect: [{storage: last, absent: true}, {storage: total, with: {value: "/[67]/"}}]
"""
    assert passes(resources, tmp_path, script, COUNTS).met[0].text == 'total: "6"'


def test_a_value_that_is_another_is_told_as_the_closest(resources: Resources, tmp_path: Path) -> None:
    script = "storage: {total: 5}\nsteps: [{expect: {storage: total, with: {value: 7}, within: 3s}}]"
    text = fails(resources, tmp_path, script, COUNTS)
    assert 'storage: "total", with {"value": 7}' in text
    assert 'total: "6"' in text
    assert 'value is "6", expected 7' in text


def test_nothing_like_it_is_told_too(resources: Resources, tmp_path: Path) -> None:
    text = fails(resources, tmp_path, "steps: [{expect: {storage: zebra, within: 3s}}]", COUNTS)
    assert "Nothing like it is stored." in text


def test_what_must_not_be_stored_and_is_fails(resources: Resources, tmp_path: Path) -> None:
    text = fails(resources, tmp_path, "steps: [{expect: {storage: total, absent: true}}, hangup]", COUNTS)
    assert 'this must not be stored, but it is: total: "1"' in text


def wish(key: str, **fields: Any) -> Wish:
    return Wish("storage", Wanted(key), fields)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (wish("a:1"), True),
        (wish("a:*"), True),
        (wish("/a:\\d/"), True),
        (wish("a"), False),
        (wish("a:1", value='{"x": [1]}'), True),
        (wish("a:1", value={"x": [1]}), True),
        (wish("a:1", value={"x": [2]}), False),
        (wish("a:1", expireAt=9), True),
        (wish("a:1", ttl=9), False),
    ],
)
def test_an_item_is_found_by_key_and_fields(wanted: Wish, found: bool) -> None:
    item = Item("a:1", '{"x": [1]}', 9)
    assert (find(wanted, [Item("z", "", 1), item]) == item) is found


def test_a_value_that_is_no_json_is_told() -> None:
    near = closest(wish("k", value={"x": 1}), [Item("k", "plain", 9)], 5)
    assert near is not None
    assert near.why == 'value is "plain", which is no JSON'
    other = closest(wish("customer"), [Item("customers", "v", 9), Item("x", "v", 9)], 5)
    assert other is not None
    assert (other.text, other.why) == ('customers: "v"', "the key is another")
    assert described(Item("k", "", 1)) == 'k: ""'


def test_changes_are_told_and_what_has_ended_is_not_held() -> None:
    touched: list[str] = []
    storage = ScriptStorage(lambda: touched.append("x"))
    storage.fill([Stored("b", "1", 10), Stored("a", "2", 20)], 1000)
    assert [item.key for item in storage.held(1000)] == ["a", "b"]
    assert [item.key for item in storage.held(1010)] == ["a"]
    asyncio.run(storage.put(Item("c", "3", 1010), 1000))
    asyncio.run(storage.remove("c", 1000))
    assert touched == ["x", "x"]
