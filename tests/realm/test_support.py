from __future__ import annotations

import pytest
from tests.covers.table import members

from voxrun.cli.scan.surface import load_surface
from voxrun.realm.support import IGNORED, NOT_HERE, PARTLY, not_here


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("VoxEngine.enqueueTask", "operators"),
        ("MeasurementProtocol.sendEvent", "Analytics"),
        ("VoximplantAvatar.Events.Error", "platform"),
    ],
)
def test_a_member_is_not_here_where_its_namespace_is_not(name: str, why: str) -> None:
    assert why in not_here(name)


@pytest.mark.parametrize("name", ["", "VoxEngine", "Call.answer", "NetMail", "Net.send"])
def test_the_others_may_come(name: str) -> None:
    assert not_here(name) == ""


def test_only_members_of_the_api_are_spoken_of() -> None:
    surface = load_surface()
    owners = {*surface.namespaces, *surface.classes, *surface.enums}
    modules = {f"Modules.{name}" for name in surface.modules}
    assert set(NOT_HERE) - owners - modules - set(members(surface)) == set()
    assert (set(PARTLY) | set(IGNORED)) - set(members(surface)) == set()
    assert set(PARTLY) & set(NOT_HERE) == set()
