"""The index over many reports."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.report.calls import missed_outcome
from tests.report.hostile import TEXTS, hostile_outcome
from tests.report.journals import Writing
from tests.report.test_page import Elements

from voxrun.errors import ConfigError
from voxrun.report.index import find_reports, write_index
from voxrun.report.outcome import Outcome
from voxrun.report.page import write


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A passed report, a failed one in a folder below, and pages that are no reports."""
    session = Writing().save(tmp_path / "sessions" / "one")
    folder = tmp_path / "suite"
    (folder / "more").mkdir(parents=True)
    write(session, folder / "a call.html", Outcome("a.call.yaml", True))
    write(session, folder / "more" / "b#1.html", missed_outcome())
    (folder / "notes.html").write_text("<p>not a report")
    return folder


def test_every_report_has_a_row_the_failed_ones_first(suite: Path) -> None:
    path = write_index(suite, "Nightly")
    text = path.read_text("utf-8")
    links = [attrs["href"] for tag, attrs in Elements(text).tags if tag == "a"]
    assert links == ["#calls", "more/b%231.html", "a%20call.html"]
    assert '<h1 class="theirs">Nightly</h1>' in text
    assert "2 calls: 1 failed, 1 passed." in text
    assert "3 of 5" in text
    write(suite.parent / "sessions" / "one", suite / "no script.html")
    assert "3 calls: 1 failed, 2 did not." in write_index(suite).read_text("utf-8")


def test_scripts_are_named_by_their_file_and_kept_together(tmp_path: Path) -> None:
    session = Writing().save(tmp_path / "sessions" / "one")
    for number, script in enumerate(("b.call.yaml", "a.call.yaml")):
        write(session, tmp_path / f"{number}.html", Outcome("Alike", True, script=script))
    text = write_index(tmp_path).read_text("utf-8")
    assert text.index("a.call.yaml") < text.index("b.call.yaml")


def test_an_index_can_be_made_again(suite: Path) -> None:
    once = write_index(suite).read_bytes()
    assert write_index(suite).read_bytes() == once


def test_reports_are_found_by_what_they_are(suite: Path) -> None:
    assert {href for href, _ in find_reports(suite)} == {"a call.html", "more/b#1.html"}


def test_a_folder_without_reports_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no reports"):
        write_index(tmp_path)


def test_all_passed_says_so(tmp_path: Path) -> None:
    write(Writing().save(tmp_path / "s"), None, Outcome("a", True))
    assert "1 call: all passed." in write_index(tmp_path).read_text()


@pytest.mark.parametrize("text", TEXTS)
def test_nothing_that_others_wrote_becomes_part_of_the_index(tmp_path: Path, text: str) -> None:
    write(Writing().save(tmp_path / "s"), None, hostile_outcome("plain"))
    plain = [tag for tag, _ in Elements(write_index(tmp_path).read_text("utf-8")).tags]
    write(tmp_path / "s", None, hostile_outcome(text))
    found = [tag for tag, _ in Elements(write_index(tmp_path).read_text("utf-8")).tags]
    assert found == plain
