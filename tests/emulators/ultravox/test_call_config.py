"""What a call is like unless its request says otherwise: the defaults of the published schema."""

from __future__ import annotations

from voxrun.emulators.ultravox.call_config import ALL_FLAGS, DEFAULT_FLAGS, CallConfig


def test_a_call_without_wishes_has_the_defaults_of_the_schema() -> None:
    config = CallConfig()
    assert (config.join_timeout, config.max_duration, config.output) == (30.0, 3600.0, "voice")
    assert (config.first.agent, config.first.delay) == (True, None)
    assert (config.medium.buffer_ms, config.medium.flags) == (60, DEFAULT_FLAGS)
    assert (config.vad.turn_endpoint_delay, config.vad.minimum_interruption) == (0.384, 0.09)


def test_debug_messages_are_sent_on_demand_only() -> None:
    assert DEFAULT_FLAGS < ALL_FLAGS
    assert "debug" in ALL_FLAGS - DEFAULT_FLAGS
