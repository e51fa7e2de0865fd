"""The two files that are made, and whether what is there is what would be made."""

from __future__ import annotations

from collections.abc import Sequence

from tests.covers.claims import ROOT, Claim
from tests.covers.table import page, silent
from voxrun.cli.scan.built import find_built
from voxrun.cli.scan.surface import Surface


def made(surface: Surface, claims: Sequence[Claim]) -> dict[str, str]:
    """Name -> text, fresh."""
    return {
        "docs/coverage.md": page(surface, find_built(surface), claims),
        "runtime/voxrun/realm/silent.txt": silent(surface, claims),
    }


def write(name: str, text: str, really: bool = True) -> bool:
    """Write a file where it differs; tells whether it did."""
    path = ROOT / name
    if path.is_file() and path.read_text("utf-8") == text:
        return False
    if really:
        path.write_text(text, encoding="utf-8")
    return True
