"""bin/voxrun, bin/test and .ci/run: a Python that only pretends stands in for venv, pip and the tools."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = (
    *("bash", "cat", "chmod", "cp", "dirname", "env", "flock", "grep", "id"),
    *("ln", "mkdir", "mv", "nproc", "readlink", "rm", "tail"),
)

PYTHON = """#!/bin/bash
# A Python as bin/setup.bash sees it. $FAKE holds how it shall behave; every installation adds a line to
# $FAKE/installs and waits while $FAKE/wait exists.
case "$*" in
  --version) echo "Python 3.11.9" ;;
  *"import venv, ensurepip"*) [ ! -e "$FAKE/no-venv" ] ;;
  *"import venv, pip"*) [ ! -e "$FAKE/no-pip" ] ;;
  *"import sys"*) [ ! -e "$FAKE/old" ] ;;
  "-m venv"*) dir=${@: -1}; mkdir -p "$dir/bin" && cp "$0" "$dir/bin/python" ;;
  "-m compileall"*) echo "$*" >>"$FAKE/compiled" ;;
  *"install --quiet pip"*) echo bootstrapped >>"$FAKE/bootstrap" ;;
  "-m ruff"* | "-m mypy"* | "-m pytest"*)
    echo "ran: $*"
    [ ! -e "$FAKE/red" ] || [[ $* != *"ruff check"* ]] ;;
  "-m pip install"*)
    echo "$*" >>"$FAKE/installs"
    while [ -e "$FAKE/wait" ]; do read -r -t 0.02 <>"$FAKE/never"; done
    [ ! -e "$FAKE/offline" ] || { echo "ERROR: Could not find a version of click"; exit 1; }
    echo "Collecting click>=8.1"
    echo "  Downloading click-8.5.1-py3-none-any.whl (126 kB)"
    echo "Installing collected packages: click"
    bin=$(dirname "$0" 2>/dev/null || echo "${0%/*}")
    printf '#!/bin/bash\\necho "voxrun got: $*"\\n' >"$bin/voxrun"
    chmod +x "$bin/voxrun" ;;
esac
"""


class Machine:
    """A fresh machine with a clone of the repository's bin folder."""

    def __init__(self, folder: Path) -> None:
        self.clone = folder / "clone of voxrun"
        self.fake = folder / "fake"
        self.path = folder / "path"
        shutil.copytree(ROOT / "bin", self.clone / "bin")
        shutil.copytree(ROOT / ".ci", self.clone / ".ci")
        (self.clone / "pyproject.toml").write_text("[project]\nname = 'voxrun'\n")
        self.fake.mkdir()
        os.mkfifo(self.fake / "never")
        self.path.mkdir()
        for tool in TOOLS:
            (self.path / tool).symlink_to(shutil.which(tool) or f"/bin/{tool}")
        (self.path / "python3").write_text(PYTHON)
        (self.path / "python3").chmod(0o755)

    def start(
        self, *args: str, program: Path | None = None, cwd: Path | None = None
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(program or self.clone / "bin/voxrun"), *args],
            cwd=cwd or self.clone,
            env={"PATH": str(self.path), "FAKE": str(self.fake), "HOME": str(self.fake)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *args: str, program: Path | None = None, cwd: Path | None = None) -> tuple[int, str, str]:
        process = self.start(*args, program=program, cwd=cwd)
        out, err = process.communicate(timeout=30)
        return process.returncode, out, err

    def installs(self) -> list[str]:
        log = self.fake / "installs"
        return log.read_text().splitlines() if log.exists() else []

    def behave(self, how: str, yes: bool = True) -> None:
        (self.fake / how).touch() if yes else (self.fake / how).unlink()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_fresh_machine_installs_with_speech_and_says_so_and_then_runs(machine: Machine) -> None:
    code, out, err = machine.run("scenarios/a b.js", "--port", "0")
    assert code == 0
    assert out == "voxrun got: scenarios/a b.js --port 0\n"
    assert "Making .venv" in err
    assert "click (126 kB)" in err
    assert "Installed in" in err
    assert len(machine.installs()) == 1
    assert machine.installs()[0].endswith("clone of voxrun[speech]")


def test_the_second_run_installs_nothing_and_says_nothing(machine: Machine) -> None:
    machine.run()
    code, out, err = machine.run("x.js")
    assert (code, out, err) == (0, "voxrun got: x.js\n", "")
    assert len(machine.installs()) == 1


def test_the_installation_leaves_no_compiling_to_the_first_start(machine: Machine) -> None:
    machine.run()
    assert (machine.fake / "compiled").read_text().endswith("clone of voxrun/runtime\n")


def test_a_changed_pyproject_installs_again(machine: Machine) -> None:
    machine.run()
    (machine.clone / "pyproject.toml").write_text("[project]\nname = 'voxrun'\nversion = '2'\n")
    machine.run()
    assert len(machine.installs()) == 2


def test_a_clone_that_moved_installs_again(machine: Machine) -> None:
    machine.run()
    moved = machine.clone.with_name("moved")
    machine.clone.rename(moved)
    code, out, _ = machine.run("x.js", program=moved / "bin/voxrun", cwd=moved)
    assert (code, out) == (0, "voxrun got: x.js\n")
    assert machine.installs()[-1].endswith("/moved[speech]")


def test_it_works_from_another_folder_and_through_links(machine: Machine, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "first").symlink_to(machine.clone / "bin/voxrun")
    (other / "second").symlink_to("first")
    code, out, _ = machine.run("x.js", program=other / "second", cwd=other)
    assert (code, out) == (0, "voxrun got: x.js\n")
    assert (machine.clone / ".venv/bin/voxrun").exists()


def test_a_failed_installation_shows_why_and_the_next_run_repeats_it(machine: Machine) -> None:
    machine.behave("offline")
    code, out, err = machine.run("x.js")
    assert code == 1
    assert out == ""
    assert "ERROR: Could not find a version of click" in err
    assert "run the same command again" in err
    machine.behave("offline", yes=False)
    assert machine.run("x.js")[0] == 0


def test_an_interrupted_installation_is_repeated(machine: Machine) -> None:
    machine.behave("wait")
    process = machine.start("x.js")
    _until_installing(machine, 1)
    process.kill()
    machine.behave("wait", yes=False)
    process.communicate(timeout=30)
    code, out, _ = machine.run("x.js")
    assert (code, out) == (0, "voxrun got: x.js\n")
    assert len(machine.installs()) == 2


def test_two_runs_at_once_install_once(machine: Machine) -> None:
    machine.behave("wait")
    first = machine.start("1.js")
    _until_installing(machine, 1)
    second = machine.start("2.js")
    assert second.stderr is not None
    assert "Another voxrun is installing" in second.stderr.readline()
    machine.behave("wait", yes=False)
    assert first.communicate(timeout=30)[0] == "voxrun got: 1.js\n"
    assert second.communicate(timeout=30)[0] == "voxrun got: 2.js\n"
    assert len(machine.installs()) == 1


def test_an_old_python_gets_a_clear_message(machine: Machine) -> None:
    machine.behave("old")
    code, _, err = machine.run("x.js")
    assert code == 1
    assert "Python 3.11 or newer is needed" in err
    assert "Traceback" not in err


def test_no_python_gets_a_clear_message(machine: Machine) -> None:
    (machine.path / "python3").unlink()
    code, _, err = machine.run("x.js")
    assert code == 1
    assert "apt install python3 python3-venv" in err
    assert "command not found" not in err


def test_a_debian_without_python3_venv_is_told_what_to_install(machine: Machine) -> None:
    machine.behave("no-venv")
    machine.behave("no-pip")
    code, _, err = machine.run("x.js")
    assert code == 1
    assert "apt install python3-venv" in err


def test_without_python3_venv_a_pip_that_is_there_will_do(machine: Machine) -> None:
    machine.behave("no-venv")
    assert machine.run("x.js")[:2] == (0, "voxrun got: x.js\n")
    assert (machine.fake / "bootstrap").exists()


def test_output_to_a_file_has_no_colour(machine: Machine) -> None:
    _, out, err = machine.run("x.js")
    assert "\x1b" not in out + err


def test_bin_test_runs_style_types_and_tests_and_says_what_it_does(machine: Machine) -> None:
    code, out, _ = machine.run(program=machine.clone / "bin/test")
    assert code == 0
    ran = [line for line in out.splitlines() if line.startswith("ran: ")]
    assert [line.split()[2] for line in ran] == ["ruff", "ruff", "mypy", *["pytest"] * 3]
    assert "== types: .venv/bin/python -m mypy" in out
    assert machine.installs()[0].endswith("[speech,dev]")


def test_bin_test_gives_its_arguments_to_pytest_alone(machine: Machine) -> None:
    _, out, _ = machine.run("tests/media", "-k", "dtmf or tone", program=machine.clone / "bin/test")
    assert [line for line in out.splitlines() if line.startswith("ran: ")] == [
        "ran: -m pytest tests/media -k dtmf or tone"
    ]


def test_bin_test_runs_everything_before_it_fails(machine: Machine) -> None:
    machine.behave("red")
    code, out, _ = machine.run(program=machine.clone / "bin/test")
    assert code == 1
    assert "ran: -m pytest" in out
    assert out.splitlines()[-1] == "Failed: style"


def test_users_of_bin_voxrun_keep_what_bin_test_installed(machine: Machine) -> None:
    machine.run(program=machine.clone / "bin/test")
    assert machine.run("x.js")[2] == ""
    assert len(machine.installs()) == 1


def test_the_build_server_installs_the_browser_first(machine: Machine) -> None:
    apt = machine.path / "apt-get"
    apt.write_text('#!/bin/bash\necho "apt-get $*" >>"$FAKE/apt"\n')
    apt.chmod(0o755)
    sudo = machine.path / "sudo"
    sudo.write_text('#!/bin/bash\nshift\n"$@"\n')
    sudo.chmod(0o755)
    code, out, _ = machine.run(program=machine.clone / ".ci/run")
    assert code == 0
    updated, installed = (machine.fake / "apt").read_text().splitlines()
    assert updated.endswith("update")
    assert " chromium" in installed
    assert "ran: -m pytest" in out


def _until_installing(machine: Machine, count: int) -> None:
    """Wait for the pretended pip: its line in the log."""
    deadline = 500
    while len(machine.installs()) < count and deadline:
        subprocess.run([machine.path / "bash", "-c", 'read -r -t 0.02 <>"$0"', machine.fake / "never"])
        deadline -= 1
    assert deadline, "the installation never began"
