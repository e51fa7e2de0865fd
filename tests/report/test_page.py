"""The report's file."""

from __future__ import annotations

import json
import re
import stat
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.report.calls import missed_outcome
from tests.report.hostile import TEXTS, hostile_outcome, hostile_session
from tests.report.journals import Writing

from voxrun.errors import ConfigError
from voxrun.report.page import write


class Elements(HTMLParser):
    """Tags of a page with their attributes, and the contents of its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: dict[str, str] = {}
        self._in = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in = (dict(attrs).get("id") or "main") if tag == "script" else ""

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in:
            self.scripts[self._in] = self.scripts.get(self._in, "") + data


def page_of(folder: Path, target: Path, **more: object) -> tuple[str, Elements]:
    path, _ = write(folder, target, **more)  # type: ignore[arg-type]
    text = path.read_text("utf-8")
    return text, Elements(text)


@pytest.fixture(scope="module")
def page(short_call: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Elements]:
    return page_of(short_call, tmp_path_factory.mktemp("pages") / "a.html", outcome=missed_outcome())


def test_the_page_needs_nothing_from_anywhere(page: tuple[str, Elements]) -> None:
    text, elements = page
    links = [value for _, attrs in elements.tags for name, value in attrs.items() if name in ("src", "href")]
    assert links == ["#conversation-card"]
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest|WebSocket\(|import\(", text)


def test_the_page_holds_every_record_and_the_audio(page: tuple[str, Elements], short_call: Path) -> None:
    _, elements = page
    records = json.loads(elements.scripts["records"])
    assert records == [json.loads(line) for line in (short_call / "journal.jsonl").read_text().splitlines()]
    assert len(elements.scripts["audio-0"]) > 10_000


def test_the_page_is_small(page: tuple[str, Elements]) -> None:
    text, _ = page
    assert len(text) < 300_000  # 18 seconds


def test_the_page_is_for_its_owner_only_and_replaces_the_one_before(short_call: Path, tmp_path: Path) -> None:
    target = tmp_path / "r.html"
    target.write_text("old")
    path, entry = write(short_call, target)
    assert path == target
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert entry.state == "ended"
    assert [each.name for each in tmp_path.iterdir()] == ["r.html"]


def test_unless_told_otherwise_it_is_in_the_session_s_folder(tmp_path: Path) -> None:
    path, _ = write(Writing().save(tmp_path / "s"))
    assert path == tmp_path / "s" / "report.html"


def test_the_same_session_gives_the_same_bytes(short_call: Path, tmp_path: Path) -> None:
    one, _ = write(short_call, tmp_path / "1.html")
    two, _ = write(short_call, tmp_path / "2.html")
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("text", TEXTS)
def test_nothing_that_others_wrote_becomes_part_of_the_page(tmp_path: Path, text: str) -> None:
    plain, _ = write(Writing().save(tmp_path / "plain"))
    expected = [tag for tag, _ in Elements(plain.read_text("utf-8")).tags]
    _, elements = page_of(hostile_session(tmp_path / "s"), tmp_path / "h.html", outcome=hostile_outcome(text))
    assert [tag for tag, _ in elements.tags] == expected
    assert "onerror" not in {name for _, attrs in elements.tags for name in attrs}


def test_a_huge_record_is_cut_and_says_how_long_it_is(tmp_path: Path) -> None:
    writing = Writing()
    writing.add(1, "log", level="write", text="y" * 100_000)
    _, elements = page_of(writing.save(tmp_path), tmp_path / "r.html")
    cut = json.loads(elements.scripts["records"])[1]
    assert cut["of"] > 100_000
    assert len(cut["cut"]) == 20_000


def test_many_long_records_stay_within_a_size(tmp_path: Path) -> None:
    writing = Writing()
    for number in range(1000):
        writing.add(number, "log", level="write", text="z" * 15_000)
    path, _ = write(writing.save(tmp_path))
    assert path.stat().st_size < 5_000_000


def test_a_place_that_cannot_be_written_is_told(short_call: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the report cannot be written"):
        write(short_call, tmp_path / "nowhere" / "r.html")
