from __future__ import annotations

import pytest

from voxrun.cli.scan.built import Built, find_built
from voxrun.cli.scan.surface import load_surface


@pytest.fixture(scope="module")
def built() -> Built:
    return find_built(load_surface())


def test_the_modules_that_voxrun_has_are_found(built: Built) -> None:
    assert "ultravox" in built.modules
    assert not [name for name in built.modules if name.startswith("_")]


def test_what_the_main_job_needs_is_there(built: Built) -> None:
    needed = {
        *("VoxEngine", "VoxEngine.addEventListener", "VoxEngine.sendMediaBetween", "VoxEngine.callUser"),
        *("VoxEngine.callPSTN", "VoxEngine.callSIP", "VoxEngine.customData", "VoxEngine.getSecretValue"),
        *("Net", "Net.httpRequest", "Net.httpRequestAsync", "Ultravox.createWebSocketAPIClient"),
        *("Call.answer", "Call.hangup", "Call.say", "Call.record", "Call.handleTones", "Call.sendMessage"),
        *("setTimeout", "uuidgen", "base64_encode", "str2bytes", "Logger"),
    }
    assert needed & built.missing == set()


def test_only_known_names_are_missing(built: Built) -> None:
    surface = load_surface()
    members = {f"{name}.{member}" for name, held in surface.classes.items() for member in held}
    known = {*surface.functions, *surface.namespaces, *surface.classes, *members}
    assert built.missing <= known
    assert built.gated <= set(surface.namespaces)


def test_what_its_owner_lacks_is_lacking_too() -> None:
    built = Built(frozenset(), frozenset({"Player", "Call.fly"}), frozenset({"OpenAI"}))
    lacking = ("Player", "Player.stop", "Call.fly", "OpenAI.Beta.createRealtimeAPIClient")
    assert [name for name in lacking if not built.lacks(name)] == []
    assert not built.lacks("Call.answer")
