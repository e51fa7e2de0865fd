"""The coverage table is true, and claims that cannot be are found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.covers import files
from tests.covers.__main__ import main
from tests.covers.claims import problems, read_claims
from tests.covers.table import members, rows, values
from voxrun.cli.scan.built import Built
from voxrun.cli.scan.surface import load_surface

SURFACE = load_surface()


def test_the_table_is_what_would_be_made_now() -> None:
    claims = read_claims()
    assert problems(claims, members(SURFACE), values(SURFACE)) == []
    stale = [name for name, text in files.made(SURFACE, claims).items() if files.write(name, text, False)]
    assert stale == [], "run python -m tests.covers and commit what it writes"


def test_the_command_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0
    assert main(["--nonsense"]) == main(["--check", "word"]) == 2
    assert "usage" in capsys.readouterr().err


CLAIMS = """
import pytest
SOURCE = "call.answer(); call.addEventListener(CallEvents.Connected, f);"
MORE = ("Call.answer",)
def helper(stage): assert stage.logs()
def unused(): call.hangup()

@pytest.mark.covers("Call.answer", "CallEvents.Connected", "Call.hangup")
def test_a(stage):
    play(SOURCE)
    helper(stage)

@pytest.mark.covers(*MORE)
def test_b(): "call.answer()"

@pytest.mark.covers("Call.fly", "CallEvents.Failed")
@pytest.mark.parametrize("what", ["fly", "Call.Failed"])
def test_c(what): assert what

def test_d(): "makes no claim"
"""


def test_claims_are_read_with_what_the_test_is_made_of(tmp_path: Path) -> None:
    folder = tmp_path / "tests" / "deep"
    folder.mkdir(parents=True)
    (folder / "test_x.py").write_text(CLAIMS)
    claims = read_claims(tmp_path)
    assert [(c.member, c.test.partition("::")[2]) for c in claims] == [
        ("Call.answer", "test_a"),
        ("Call.answer", "test_b"),
        ("Call.fly", "test_c"),
        ("Call.hangup", "test_a"),
        ("CallEvents.Connected", "test_a"),
        ("CallEvents.Failed", "test_c"),
    ]
    assert problems(claims, members(SURFACE), values(SURFACE)) == [
        "tests/deep/test_x.py::test_b claims Call.answer, but asserts nothing",
        "tests/deep/test_x.py::test_c claims Call.fly, which is no member of the API",
        "tests/deep/test_x.py::test_a claims Call.hangup, but does not mention it",
    ]


PROVE = """
from tests.covers.claims import Claim
from tests.covers.proof import prove
from tests.covers.table import kinds
from voxrun.cli.scan.surface import load_surface
test = "tests/realm/js/test_call.py::test_custom_data_of_a_call_is_its_own"
names = ["Call.customData", "CallEvents.Connected", "Call.hangup", "uuidgen", "Modules"]
print("unproved", prove([Claim(name, test, "", True) for name in names], kinds(load_surface())))
try:
    prove([Claim("uuidgen", "tests/realm/js/test_call.py::test_gone", "", True)], kinds(load_surface()))
except RuntimeError as error:
    print(error)
"""


def test_a_proof_finds_the_claims_of_tests_that_pass_without_the_member() -> None:
    run = subprocess.run([sys.executable, "-c", PROVE], cwd=files.ROOT, capture_output=True, text=True)
    lines = run.stdout.splitlines()
    assert "unproved ['Call.hangup', 'Modules', 'uuidgen']" in lines, run.stderr
    assert lines[-1] == "these tests did not run: tests/realm/js/test_call.py::test_gone"


def test_a_row_works_is_partly_there_or_not(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_x.py").write_text(CLAIMS.replace("Call.hangup", "Call.record"))
    built = Built(frozenset(), frozenset({"Player", "VoxEngine.createASR"}))
    found = {
        f"{row.owner}.{row.member}": (row.state, row.note)
        for row in rows(SURFACE, built, read_claims(tmp_path))
    }
    assert found["Call.answer"][0] == "partly"  # PARTLY says what is missing
    assert found["Call.answer"][1].endswith("; `tests/test_x.py::test_a`")
    assert found["CallEvents.Connected"] == ("works", "`tests/test_x.py::test_a`")
    assert found["Call.hangup"] == ("partly", "no test vouches for it")
    assert found["CallEvents.Ringing"] == ("not there", "no test has seen it come")
    assert found["VoxEngine.createASR"] == found["Player.stop"] == ("not there", "not yet")
    assert found["VoxEngine.enqueueTask"][1].startswith("call queues")
    assert found[".uuidgen"] == ("partly", "no test vouches for it")
