"""The index of a suite: one page over all the reports in a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Final
from urllib.parse import quote

from voxrun import __version__
from voxrun.errors import ConfigError
from voxrun.report.entry import Entry, read_entry
from voxrun.report.html import document, escape
from voxrun.report.page import save
from voxrun.report.words import clock, several, span

NAME: Final = "index.html"
STYLES: Final = ("base.css", "index.css")
SCRIPTS: Final = ("index.js",)
ORDER: Final = {"failed": 0, "passed": 1, "ended": 2}
NAMES: Final = {"failed": "Failed", "passed": "Passed", "ended": "Ended"}
DEEP: Final = 3
"""Reports are looked for so many folders down."""


def write_index(folder: Path, title: str = "") -> Path:
    """Write ``folder``/index.html over the reports in it and in folders below. Gives where it is.

    It reads the reports themselves, so it does not matter which processes wrote them, or when. Raises
    ConfigError where there are none.
    """
    found = [*find_reports(folder)]
    if not found:
        raise ConfigError(f"{folder}: there are no reports to make an index of")
    path = folder / NAME
    save(path, render_index(found, title or folder.resolve().name))
    return path


def find_reports(folder: Path) -> Iterator[tuple[str, Entry]]:
    """Each report below ``folder`` as (path from there, its facts)."""
    for root, folders, files in os.walk(folder):
        here = Path(root).relative_to(folder)
        folders[:] = (
            sorted(each for each in folders if not each.startswith(".")) if len(here.parts) < DEEP else []
        )
        for name in sorted(files):
            if name.endswith(".html") and name != NAME and (entry := read_entry(Path(root) / name)):
                yield (here / name).as_posix(), entry


def render_index(found: Sequence[tuple[str, Entry]], title: str) -> str:
    """The page: what failed first, then by time."""
    ordered = sorted(
        found,
        key=lambda pair: (
            ORDER.get(pair[1].state, 3),
            pair[1].start_ms,
            pair[1].script,
            pair[1].title,
            pair[0],
        ),
    )
    entries = [entry for _, entry in ordered]
    failed = sum(entry.state == "failed" for entry in entries)
    return document(
        "index.html",
        STYLES,
        SCRIPTS,
        title=escape(f"{f'{failed} failed' if failed else 'Reports'}: {title}"),
        heading=escape(title),
        sentences=escape(_sentence(entries)),
        rows="\n".join(_row(href, entry) for href, entry in ordered),
        version=escape(__version__),
    )


def _sentence(entries: Sequence[Entry]) -> str:
    scripts = [entry for entry in entries if entry.state in ("passed", "failed")]
    failed = sum(entry.state == "failed" for entry in entries)
    length = sum(entry.length_ms for entry in entries)
    told = several(len(entries), "call")
    if not failed:
        told += ": all passed" if len(scripts) == len(entries) else ", none failed"
    else:
        others = "passed" if len(scripts) == len(entries) else "did not"
        told += f": {failed} failed" + (
            f", {len(entries) - failed} {others}" if failed < len(entries) else ""
        )
    slowest = max((entry.slowest_ms for entry in entries if entry.slowest_ms is not None), default=None)
    waited = f" The longest wait for an answer was {span(slowest)}." if slowest is not None else ""
    return f"{told}. They last {clock(length)} together.{waited}"


def _row(href: str, entry: Entry) -> str:
    state = entry.state if entry.state in NAMES else "ended"
    place = entry.script or PurePath(href).parent.as_posix()
    started = (
        f"{datetime.fromtimestamp(entry.start_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}" if entry.start_ms else ""
    )
    expected = f"{entry.met} of {entry.expected}" if entry.expected else ""
    waits = (
        ""
        if entry.median_ms is None or entry.slowest_ms is None
        else f"{span(entry.median_ms)}, {span(entry.slowest_ms)}"
    )
    cells = [
        f'<td><span class="state {state}">{NAMES[state]}</span></td>',
        f'<td class="name"><a class="theirs" href="{escape(quote(href))}">{escape(entry.title)}</a>'
        + (f'<span class="folder theirs">{escape(place)}</span>' if place != "." else "")
        + (f'<span class="why theirs">{escape(entry.summary)}</span>' if state == "failed" else "")
        + "</td>",
        f'<td data-label="Met">{expected}</td>',
        f'<td data-label="Started" class="time">{started}</td>',
        f'<td data-label="Length" class="number">{clock(entry.length_ms)}</td>',
        f'<td data-label="Wait" class="number">{waits}</td>',
    ]
    return f'<tr class="{state}">{"".join(cells)}</tr>'
