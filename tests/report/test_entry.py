"""The facts at the top of a report."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.report.calls import missed_outcome
from tests.report.hostile import TEXTS, hostile_outcome
from tests.report.journals import Writing

from voxrun.report.entry import HEAD_BYTES, MARK, read_entry
from voxrun.report.outcome import Expectation, Outcome
from voxrun.report.page import write


def test_what_was_written_is_what_is_read(short_call: Path, tmp_path: Path) -> None:
    path, entry = write(short_call, tmp_path / "r.html", missed_outcome())
    assert read_entry(path) == entry
    assert (entry.title, entry.state, entry.met, entry.expected) == ("weather.call.yaml", "failed", 3, 5)
    assert (entry.turns, entry.slowest_ms is not None and entry.slowest_ms >= 1940) == (3, True)


def test_a_line_names_what_was_missed_and_not_what_was_never_reached(tmp_path: Path) -> None:
    wishes = (Expectation("hears A", True, at_ms=1), Expectation("hears B", False, at_ms=9))
    outcome = Outcome(
        "a", False, "It did not come\nHint: speak", expectations=(*wishes, Expectation("C", False))
    )
    _, entry = write(Writing().save(tmp_path), None, outcome)
    assert entry.summary == "It did not come: hears B Hint: speak"


@pytest.mark.parametrize("text", TEXTS)
def test_hostile_titles_are_read_back_and_fit_in_the_head(tmp_path: Path, text: str) -> None:
    path, entry = write(Writing().save(tmp_path), None, hostile_outcome(text))
    assert read_entry(path) == entry
    assert path.read_bytes().index(b"</script>") < HEAD_BYTES


@pytest.mark.parametrize(
    "content", ["", "<html>", f"{MARK}{{}}</script>", f"{MARK}no json</script>", "\x00" * 50]
)
def test_other_pages_are_no_reports(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.html").write_text(content)
    assert read_entry(tmp_path / "x.html") is None
    assert read_entry(tmp_path / "absent.html") is None
