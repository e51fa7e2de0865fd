"""``python -m voxrun.report FOLDER...``: reports of sessions that are over, in a process of its own.

A live voxrun runs this after its sessions, so that drawing and encoding never hold up the calls that go on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

POLITE = 19
"""How much less important than calls this is: the least there is."""


def main(argv: Sequence[str]) -> int:
    """Write the report of each folder named, one line on stderr for each that fails; gives the exit code."""
    os.nice(POLITE)  # before the modules are read: that is half of the work
    from voxrun.errors import VoxrunError
    from voxrun.report.page import write

    failed = 0
    for folder in argv:
        try:
            write(Path(folder))
        except (VoxrunError, OSError) as error:
            print(f"No report of {folder}: {error}".replace("\n", " "), file=sys.stderr, flush=True)
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
