"""``python -m tests.covers``: see the package."""

from __future__ import annotations

import sys

from tests.covers import files
from tests.covers.claims import problems, read_claims
from tests.covers.table import members, values
from voxrun.cli.scan.surface import load_surface


def main(arguments: list[str]) -> int:
    """Write, or with ``--check`` compare. 0: all is true."""
    if arguments not in ([], ["--check"]):
        print("usage: python -m tests.covers [--check]", file=sys.stderr)
        return 2
    surface = load_surface()
    claims = read_claims()
    wrong = problems(claims, members(surface), values(surface))
    for problem in wrong:
        print(problem, file=sys.stderr)
    if wrong:
        return 1
    stale = [
        name for name, text in files.made(surface, claims).items() if files.write(name, text, not arguments)
    ]
    for name in stale:
        print(f"{name} {'is stale: run python -m tests.covers' if arguments else 'written'}")
    return 1 if stale and arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
