from __future__ import annotations

from pathlib import Path

import pytest

from voxrun.errors import ConfigError
from voxrun.toml_file import read_toml


def written(folder: Path, text: str) -> Path:
    path = folder / "voxrun.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_key_knows_its_line(tmp_path: Path) -> None:
    text = '# first\n[server]\nport = 1\n\n[ai]\nagent = """\n[not.a]\nkey = 1\n"""\nmode = "local"\n'
    file = read_toml(written(tmp_path, text))
    assert file.where("server", "port") == f"{file.path}:3"
    assert file.where("ai", "mode") == f"{file.path}:10"
    assert file.values["ai"]["mode"] == "local"


def test_tables_of_an_array_are_told_apart(tmp_path: Path) -> None:
    file = read_toml(written(tmp_path, '[[routes]]\nleg = "a"\n[[routes]]\nleg = "b"\n'))
    assert file.where("routes", 1, "leg") == f"{file.path}:4"


def test_dotted_and_quoted_keys_are_found(tmp_path: Path) -> None:
    file = read_toml(written(tmp_path, 'server.port = 1\n"ai".\'mode\' = "x"\n'))
    assert file.where("server", "port") == f"{file.path}:1"
    assert file.where("ai", "mode") == f"{file.path}:2"


def test_a_key_that_is_not_written_gives_its_table(tmp_path: Path) -> None:
    file = read_toml(written(tmp_path, "\n[server]\n"))
    assert file.where("server", "port") == f"{file.path}:2"
    assert file.where("ai") == str(file.path)


def test_broken_toml_names_file_line_and_column(tmp_path: Path) -> None:
    path = written(tmp_path, "[server]\nport = = 8080\n")
    with pytest.raises(ConfigError) as caught:
        read_toml(path)
    assert str(caught.value).startswith(f"{path}:2:8: not valid TOML")
    assert str(caught.value).splitlines()[1:] == ["  port = = 8080", "         ^"]


def test_toml_that_ends_too_early_names_its_end(tmp_path: Path) -> None:
    path = written(tmp_path, '[server]\nhost = "abc')
    with pytest.raises(ConfigError, match=r"voxrun.toml:2:\d+: not valid TOML"):
        read_toml(path)


def test_a_file_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "voxrun.toml"
    path.write_bytes(b"[server]\n# caf\xe9\n")
    with pytest.raises(ConfigError, match=r"voxrun.toml:2: not UTF-8"):
        read_toml(path)


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "voxrun.toml").mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        read_toml(tmp_path / "voxrun.toml")


def test_what_is_unknown_is_told_with_its_place_and_the_nearest_name(tmp_path: Path) -> None:
    file = read_toml(written(tmp_path, "[server]\nprot = 1\n"))
    assert str(file.unknown(("server", "prot"), "key", ("port", "host"))) == (
        f'{file.path}:2: unknown key "prot" in [server]. Did you mean "port"?'
    )
    assert str(file.unknown(("server", "zzz"), "key", ("port", "host"))).endswith("There is: host, port.")
