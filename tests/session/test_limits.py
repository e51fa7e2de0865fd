"""The platform's limits."""

from __future__ import annotations

from voxrun.session.limits import Limits


def test_they_are_the_platform_s_by_default_and_cross_to_the_realm_by_name() -> None:
    assert Limits().as_dict() == {
        "memory_mb": 16,
        "turn_ms": 1000,
        "script_chars": 262_144,
        "timers": 100,
        "players": 10,
        "http_active": 3,
        "http_total": 35,
        "http_response_bytes": 2_097_152,
        "calls": 50,
        "conference_calls": 100,
        "conference_endpoints": 100,
        "calls_progressing": 10,
        "refers": 10,
        "header_bytes": 200,
        "headers_bytes": 4095,
        "answer_ms": 60_000,
        "early_media_ms": 60_000,
        "idle_ms": 60_000,
        "pending_http_ms": 90_000,
        "say_chars": 1500,
        "play_bytes": 10_485_760,
        "play_download_ms": 12_000,
        "websockets": 100,
        "websocket_chars": 1_048_576,
    }
