from __future__ import annotations

from pathlib import Path

import pytest

from voxrun.cli.scripts import read_scripts
from voxrun.errors import ConfigError, ScenarioError, UserError


def refused(path: Path, kind: type[UserError], most: int = 1000) -> str:
    with pytest.raises(kind) as caught:
        read_scripts([path], most)
    return str(caught.value).replace(str(path.parent), "")


def test_scripts_keep_their_order_and_the_names_they_were_given(tmp_path: Path) -> None:
    for name in ("b.js", "a.js"):
        (tmp_path / name).write_text(f"// {name}: ü", encoding="utf-8")
    scripts = read_scripts([tmp_path / "b.js", tmp_path / "a.js"])
    assert [s.source for s in scripts] == ["// b.js: ü", "// a.js: ü"]
    assert scripts[0].name == str(tmp_path / "b.js")


def test_a_byte_order_mark_is_no_part_of_the_script(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_bytes(b"\xef\xbb\xbflet a;")
    assert read_scripts([tmp_path / "a.js"])[0].source == "let a;"


def test_a_missing_file_names_one_of_nearly_that_name(tmp_path: Path) -> None:
    (tmp_path / "inbound.js").write_text("x")
    assert (
        refused(tmp_path / "inbuond.js", ConfigError)
        == "/inbuond.js: no such file. Did you mean /inbound.js?"
    )
    assert refused(tmp_path / "zzz.js", ConfigError) == "/zzz.js: no such file."
    assert "no such file" in refused(tmp_path / "no" / "zzz.js", ConfigError)


def test_all_files_that_cannot_be_read_are_told_at_once(tmp_path: Path) -> None:
    for name, data in (("good.js", b"let a;"), ("empty.js", b" "), ("binary.js", b"a\0b")):
        (tmp_path / name).write_bytes(data)
    with pytest.raises(UserError) as caught:
        read_scripts([tmp_path / name for name in ("zzz.js", "good.js", "empty.js", "binary.js")])
    told = [line.rpartition("/")[2].partition(":")[0] for line in str(caught.value).splitlines()]
    assert told == ["zzz.js", "empty.js", "binary.js"]


def test_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert "folder" in refused(tmp_path / "a", ConfigError)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "/a.js: the file is empty."),
        (b" \n\t\n", "/a.js: the file is empty."),
        (b"\x7fELF\x00\x01", "/a.js: this is no text: it holds zero bytes. Is it the right file?"),
        (b"let a;\nlet \xfc = 1;", "/a.js:2:5: byte 0xfc is not UTF-8. Save the file as UTF-8."),
        (b"x" * 1001, "/a.js: 1,001 characters; the platform takes scenarios of at most 1,000."),
    ],
)
def test_a_file_that_is_no_scenario_is_told(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.js").write_bytes(content)
    assert refused(tmp_path / "a.js", ScenarioError).startswith(message)


def test_the_limit_counts_characters_and_not_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("ü" * 1000, encoding="utf-8")
    assert len(read_scripts([tmp_path / "a.js"], 1000)[0].source) == 1000


def test_typescript_is_told_to_compile_first(tmp_path: Path) -> None:
    (tmp_path / "a.ts").write_text("let a: number;")
    assert "TypeScript" in refused(tmp_path / "a.ts", ScenarioError)
