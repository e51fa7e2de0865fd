from __future__ import annotations

from pathlib import Path

import pytest

from voxrun.config_keys import BY_PATH, KEYS, IceServer
from voxrun.session.limits import Limits

DOCS = Path(__file__).parents[1] / "docs" / "configuration.md"


def test_every_setting_and_limit_is_documented() -> None:
    text = DOCS.read_text("utf-8")
    for key in KEYS:
        section, name = key.path.split(".")
        assert f"[{section}]" in text
        assert f"`{name}`" in text
        assert f"`{key.env}`" in text
    for limit in Limits().as_dict():
        assert f"`{limit}`" in text


def test_the_environment_name_follows_the_path() -> None:
    assert BY_PATH["server.tls_cert"].env == "VOXRUN_SERVER_TLS_CERT"


@pytest.mark.parametrize(
    ("path", "value", "means"),
    [
        ("server.port", "9000", 9000),
        ("sessions.record", "off", False),
        ("sessions.record", "Yes", True),
        ("media.public_address", "2001:db8::1", "2001:db8::1"),
        ("media.ice_servers", "stun:a:1 turn:b", (IceServer(("stun:a:1",)), IceServer(("turn:b",)))),
        ("media.ports", "40000 - 40100", (40000, 40100)),
        ("media.ports", "", None),
        ("media.codecs", "PCMU g.722", ("PCMU", "G722")),
        ("ai.base_url", "http://localhost:9/", "http://localhost:9"),
        ("ai.agent", "", None),
    ],
)
def test_text_of_the_environment_is_understood(path: str, value: str, means: object) -> None:
    assert BY_PATH[path].read(value, True) == means


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("server.port", "9000"),
        ("server.port", True),
        ("server.port", 65536),
        ("server.host", 1),
        ("server.tls", "on"),
        ("sessions.record", 1),
        ("sessions.dir", 5),
        ("media.public_address", "example.org"),
        ("media.ice_servers", "stun:a"),
        ("media.ice_servers", ["http://a"]),
        ("media.ice_servers", [{"url": "stun:a"}]),
        ("media.ice_servers", [{"urls": "turn:a", "username": 1}]),
        ("media.ice_servers", [{"urls": []}]),
        ("media.ice_servers", [7]),
        ("media.ports", "80-90"),
        ("media.ports", "40100-40000"),
        ("media.ports", 40000),
        ("media.codecs", ["opus", "mp3"]),
        ("media.codecs", ["opus", "opus"]),
        ("media.codecs", "opus"),
        ("ai.base_url", "ftp://a"),
        ("ai.mode", "maybe"),
    ],
)
def test_a_wrong_value_of_the_file_is_refused(path: str, value: object) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        BY_PATH[path].read(value, False)


def test_a_turn_password_is_not_shown() -> None:
    (server,) = BY_PATH["media.ice_servers"].read(
        [{"urls": ["turn:a"], "username": "u", "credential": "hunter2"}], False
    )
    assert server.credential == "hunter2"
    assert "hunter2" not in repr(server)
