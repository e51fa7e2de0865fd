from __future__ import annotations

from pathlib import Path

import pytest

from voxrun.errors import ConfigError
from voxrun.secret_values import Secrets, parse_secret, read_env_file


def test_secrets_show_their_names_only() -> None:
    secrets = Secrets({"KEY": "hunter2"})
    assert "hunter2" not in repr(secrets) + str(secrets) + f"{secrets!r}"
    assert "KEY" in repr(secrets)
    assert secrets["KEY"] == "hunter2"
    assert dict(secrets) == {"KEY": "hunter2"}


def test_a_value_may_hold_equals_signs_and_be_empty() -> None:
    assert parse_secret("KEY=a=b==") == ("KEY", "a=b==")
    assert parse_secret("KEY=") == ("KEY", "")


@pytest.mark.parametrize("text", ["hunter2", "=hunter2", "my key=hunter2"])
def test_a_malformed_secret_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_secret(text)
    assert "hunter2" not in str(caught.value)


def test_an_env_file_takes_comments_export_and_quotes(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(
        "\ufeff# comment\n\nA=1\nexport B = two words # remark\nC='x # y'\nD=\"\"\nE=a#b\n", encoding="utf-8"
    )
    assert read_env_file(path) == {"A": "1", "B": "two words", "C": "x # y", "D": "", "E": "a#b"}


def test_a_broken_env_file_names_the_line_but_not_its_text(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("A=1\nhunter2\n")
    with pytest.raises(ConfigError) as caught:
        read_env_file(path)
    assert str(caught.value) == f"{path}:2: expected KEY=VALUE."


def test_a_missing_or_binary_env_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_env_file(tmp_path / "none")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_env_file(tmp_path / "binary")
