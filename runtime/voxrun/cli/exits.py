"""Exit codes, and how a mistake is told: one message on stderr, never a traceback."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from typing import Final

import click

from voxrun.errors import ConfigError, VoxrunError

OK: Final = 0
FAILED: Final = 1
"""The work itself failed: a scenario, a call, a comparison, a check."""
USAGE: Final = 2
"""The command line, voxrun.toml, the environment or a named file is wrong: nothing was started."""
INTERRUPTED: Final = 130
"""Ctrl-C before there was anything to end cleanly."""


def guarded(work: Callable[[], int | None], debug: bool) -> int:
    """Run ``work`` and turn whatever it raises into a message and an exit code.

    ``debug`` prints the traceback as well.
    """
    try:
        return work() or OK
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.UsageError as error:
        return _tell(_usage_text(error), USAGE, debug)
    except click.ClickException as error:
        return _tell(error.format_message(), USAGE, debug)
    except ConfigError as error:
        return _tell(str(error), USAGE, debug)
    except VoxrunError as error:
        return _tell(str(error), FAILED, debug)
    except (KeyboardInterrupt, click.Abort):
        return _tell("interrupted", INTERRUPTED, debug)
    except BrokenPipeError:
        # Whoever read our output went away (voxrun check | head): the rest has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        text = (
            f"a fault of voxrun itself, please report it: {type(error).__name__}: {error}\n"
            "Run the same command with VOXRUN_DEBUG=1 for the details to send along."
        )
        return _tell(text, FAILED, debug)


def _usage_text(error: click.UsageError) -> str:
    command = error.ctx.command_path if error.ctx else "voxrun"
    return f"{error.format_message()}\nTry '{command.removesuffix(' run')} --help'."


def _tell(text: str, code: int, debug: bool) -> int:
    if debug:
        traceback.print_exc(file=sys.stderr)
    print(f"voxrun: {text}", file=sys.stderr, flush=True)
    return code
