from __future__ import annotations

from pathlib import Path

import pytest

from voxrun.cli.check import check, run
from voxrun.realm.port import Script


def said(folder: Path, **files: str) -> tuple[int, str]:
    paths = []
    for name, source in files.items():
        path = folder / f"{name}.js"
        path.write_text(source, encoding="utf-8")
        paths.append(path)
    lines: list[str] = []
    code = run(paths, lines.append)
    return code, "\n".join(lines).replace(f"{folder}/", "")


def test_a_good_scenario_gives_0_and_says_so(tmp_path: Path) -> None:
    assert said(tmp_path, a="VoxEngine.terminate();") == (0, "a.js: no problems found.")


def test_an_unknown_member_is_shown_with_its_line_and_the_nearest_name(tmp_path: Path) -> None:
    code, text = said(tmp_path, a="// first\nVoxEngine.termnate();\n")
    assert code == 1
    assert text.splitlines()[0].startswith('a.js:2:11: VoxEngine has no member "termnate": calling it throws')
    assert "> 2 | VoxEngine.termnate();" in text
    assert text.splitlines()[-1] == "1 problem found."


def test_notes_alone_are_no_failure(tmp_path: Path) -> None:
    code, text = said(tmp_path, a="VoxEngine.callUser({username: 'bob', video: true});")
    assert code == 0
    assert text.startswith(
        'a.js:1:38: note: the option "video" of VoxEngine.callUser is ignored in voxrun.\n'
    )
    assert text.endswith("a.js: no problems found, 1 note.")
    both = "VoxEngine.callUser({username: 'bob', video: true}); require(Modules.ACD); VoxEngine.fly();"
    code, text = said(tmp_path, a=both)
    assert (code, text.splitlines()[-1]) == (1, "1 problem and 2 notes found.")


def test_a_syntax_error_is_told_alone(tmp_path: Path) -> None:
    code, text = said(tmp_path, a="VoxEngine.termnate();\n\nlet x = ;\n")
    assert code == 1
    assert text.startswith("a.js:3:9: syntax error")
    assert "termnate" not in text


def test_files_named_together_are_scripts_of_one_rule(tmp_path: Path) -> None:
    code, text = said(
        tmp_path,
        a="require(Modules.Ultravox); const Helper = {go() {}};",
        b="Helper.go(); Ultravox.createWebSocketAPIClient({});",
    )
    assert (code, text) == (0, "a.js, b.js: no problems found.")


def test_a_finding_in_the_second_file_names_it(tmp_path: Path) -> None:
    assert said(tmp_path, a="let a;", b="AppEvents.Startd;")[1].startswith("b.js:1:11: AppEvents")


@pytest.mark.parametrize(
    "path",
    sorted((Path(__file__).parents[2] / "scenarios").glob("*.js")),
    ids=lambda path: path.name,
)
def test_the_samples_have_no_problems(path: Path) -> None:
    assert check([Script(path.name, path.read_text("utf-8"))]) == []
