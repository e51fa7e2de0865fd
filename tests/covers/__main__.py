"""``python -m tests.covers``: see the package."""

from __future__ import annotations

import sys

from tests.covers import files
from tests.covers.claims import problems, read_claims
from tests.covers.table import kinds, members, values
from voxrun.cli.scan.surface import load_surface

USAGE = "usage: python -m tests.covers [--check | --prove [WORD...]]"


def main(arguments: list[str]) -> int:
    """Write, with ``--check`` compare, with ``--prove`` take members away. 0: all is true."""
    option, words = arguments[:1], arguments[1:]
    if option not in ([], ["--check"], ["--prove"]) or (words and option != ["--prove"]):
        print(USAGE, file=sys.stderr)
        return 2
    surface = load_surface()
    claims = read_claims()
    wrong = problems(claims, members(surface), values(surface))
    for problem in wrong:
        print(problem, file=sys.stderr)
    if wrong:
        return 1
    if option == ["--prove"]:
        from tests.covers.proof import prove  # it changes how hypothesis works

        chosen = [claim for claim in claims if all(word in claim.member for word in words)]
        unproved = prove(chosen, kinds(surface))
        for member in unproved:
            test = min(claim.test for claim in chosen if claim.member == member)
            print(f"{test} passes without {member}")
        print(f"{len({claim.member for claim in chosen}) - len(unproved)} members proved")
        return 1 if unproved else 0
    made = files.made(surface, claims).items()
    stale = [name for name, text in made if files.write(name, text, not option)]
    for name in stale:
        print(f"{name} {'is stale: run python -m tests.covers' if option else 'written'}")
    return 1 if stale and option else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
