"""Makes ``js/modules/_zones.js``: the rule of each time zone, from the time zone database of this machine.

Run by hand, when rules change (a few zones a year)::

    python -m voxrun.realm.make_zones

A rule is the POSIX TZ text at the end of a TZif file (RFC 9636): it holds from the last change on. Zones that
share a rule stand in one line.
"""

from __future__ import annotations

import json
import sys
import zoneinfo
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final

TARGET: Final = Path(__file__).parent / "js" / "modules" / "_zones.js"

HEAD: Final = """\
// Made by voxrun/realm/make_zones.py from the time zone database. A line: a POSIX TZ rule, its zones.
(function (V) {
  V.zones = [
"""


def make_zones_js(folders: Iterable[Path], names: Iterable[str]) -> str:
    """The text of ``_zones.js``; zones that no folder has are left out."""
    zones: dict[str, list[str]] = defaultdict(list)
    for name in sorted(names):
        rule = next((footer(path) for folder in folders if (path := folder / name).is_file()), "")
        if rule:
            zones[rule].append(name)
    lines = (f"    {json.dumps('|'.join([rule, *zones[rule]]))},\n" for rule in sorted(zones))
    return HEAD + "".join(lines) + "  ];\n})\n"


def footer(path: Path) -> str:
    """The POSIX TZ text of a TZif file of version 2 or later."""
    return path.read_bytes().rstrip(b"\n").rpartition(b"\n")[2].decode("ascii")


def main() -> int:
    """Write the file; 1 where this machine has no time zones."""
    folders = [Path(folder) for folder in zoneinfo.TZPATH]
    text = make_zones_js(folders, zoneinfo.available_timezones() - {"localtime", "Factory"})
    if text.count("\n") < 50:
        print("this machine has no time zone database (Debian, Ubuntu: apt install tzdata)", file=sys.stderr)
        return 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
