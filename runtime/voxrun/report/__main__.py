"""``python -m voxrun.report FOLDER``: the report of a session that is over, in a process of its own.

A live voxrun runs this after each session, so that drawing and encoding never hold up the calls that go on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from voxrun.errors import VoxrunError
from voxrun.report.page import write

POLITE = 10
"""How much less important than calls this is."""


def main(argv: Sequence[str]) -> int:
    """Write the report of the one folder named; gives the exit code."""
    os.nice(POLITE)
    try:
        write(Path(argv[0]))
    except VoxrunError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
