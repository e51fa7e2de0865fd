from __future__ import annotations

from voxrun.cli.scan.surface import load_surface

SURFACE = load_surface()


def test_a_namespace_holds_its_functions_enums_and_classes() -> None:
    members = SURFACE.members("Ultravox")
    assert members is not None
    assert {"createWebSocketAPIClient", "WebSocketAPIEvents", "HTTPEndpoint"} <= members


def test_old_names_lead_to_those_of_today() -> None:
    members = SURFACE.members("ElevenLabs.ConversationalAIEvents")
    assert members is not None
    assert "AgentResponse" in members


def test_what_is_not_wholly_known_has_no_list() -> None:
    assert SURFACE.members("Deepgram") is None
    assert SURFACE.members("VoiceList.Amazon") is None
    assert SURFACE.members("Nothing") is None


def test_global_names_are_the_first_words() -> None:
    assert {"VoxEngine", "Net", "CallEvents", "setTimeout", "Modules", "WebSocket"} <= SURFACE.roots


def test_events_that_never_come_are_known() -> None:
    assert "CallEvents.VideoTrackCreated" in SURFACE.silent
    assert "CallEvents.Connected" not in SURFACE.silent


def test_methods_of_several_classes_come_together() -> None:
    assert {"answer", "clearMediaBuffer"} <= SURFACE.methods(["Call", "Ultravox.WebSocketAPIClient"])
