"""The ``voxrun`` command. It reads the command line and hands over; what is done is done elsewhere.

Imports of the rooms that do the work stay inside the commands: ``voxrun check`` needs no web server, and
the time to start is what people wait for.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from voxrun import __version__
from voxrun.cli.exits import guarded
from voxrun.cli.start import as_usual
from voxrun.nearest import did_you_mean
from voxrun.secret_values import CLOUD_KEY, LOCAL_KEY
from voxrun.threads import one_each

EPILOG = (
    "Exit codes: 0 all went well; 1 the scenario, the call or the check failed; "
    "2 the command line, voxrun.toml or a named file is wrong."
)

FILES = click.Path(path_type=Path)


class FileFirst(click.Group):
    """A group whose default command is ``run``: ``voxrun FILE.js`` needs no command word."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = {"--help", "-h", "--version"}
        if args and args[0] not in self.commands and args[0] not in own:
            self._refuse_mistyped_command(ctx, args[0])
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def _refuse_mistyped_command(self, ctx: click.Context, word: str) -> None:
        is_path = "." in word or os.sep in word or word.startswith("-")
        if not is_path and not Path(word).exists():
            hint = did_you_mean(word, self.list_commands(ctx))
            raise click.UsageError(f'no command and no file is called "{word}".{hint}', ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, command in self.commands.items() if not command.hidden]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        options = [p for p in self.commands["run"].params if isinstance(p, click.Option)]
        records = [option.get_help_record(ctx) for option in options]
        with formatter.section("Options of a run"):
            formatter.write_dl([record for record in records if record])
        super().format_options(ctx, formatter)


def secret_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--secret`` and ``--env-file``."""
    secret = click.option(
        "--secret", "secrets", multiple=True, metavar="NAME=VALUE", help="A value for getSecretValue."
    )
    file = click.option("--env-file", type=FILES, metavar="FILE", help="KEY=VALUE lines, each a secret.")
    return secret(file(command))


def server_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Where the web server listens, and who may use it."""
    options = [
        click.option("--host", metavar="ADDRESS", help="Address to listen on (127.0.0.1)."),
        click.option("--port", type=click.IntRange(0, 65535), metavar="N", help="Port (8080); 0: any."),
        click.option("--token", metavar="TEXT", help="What visitors from other machines must show."),
        click.option("--tls", type=click.Choice(["self-signed", "off"]), help="TLS without your own files."),
        click.option("--tls-cert", type=FILES, metavar="FILE", help="Certificate (PEM)."),
        click.option("--tls-key", type=FILES, metavar="FILE", help="Its private key (PEM)."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.group(
    cls=FileFirst,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    subcommand_metavar="FILE.js [FILE.js ...] [OPTIONS]  |  COMMAND ...",
    options_metavar="",
)
@click.version_option(__version__, message="voxrun %(version)s")
def voxrun() -> None:
    """Run VoxEngine scenarios on this machine: call them from a browser, or let voxrun place the call."""


@voxrun.command(hidden=True)
@click.argument("files", nargs=-1, required=True, type=FILES, metavar="FILE.js...")
@server_options
@click.option("--workers", metavar="N|auto", help="Processes that take calls (1).")
@click.option("--public-address", metavar="IP", help="Our address as others see it (behind NAT).")
@click.option("--media-ports", metavar="FIRST-LAST", help="UDP ports for media.")
@click.option("--ai", type=click.Choice(["auto", "cloud", "local"]), help="Where the voice AI is.")
@click.option("--agent", type=FILES, metavar="FILE", help="Agent file (*.agent.yaml) of the local AI.")
@secret_options
@click.option("--custom-data", default="", metavar="TEXT", help="What VoxEngine.customData() gives.")
@click.option("--start", is_flag=True, help="Start the scenario at once, as an HTTP start does.")
@click.option(
    "--start-conference", default="", metavar="NAME", help="Start a conference, as StartConference does."
)
@click.option(
    "--conference",
    "conferences",
    multiple=True,
    metavar="[PATTERN=]FILE.js",
    help="Who runs the conferences that callConference names.",
)
@click.option("--record/--no-record", default=None, help="Record calls in stereo (on).")
@click.option("--sessions", type=FILES, metavar="DIR", help="Where sessions are kept (.voxrun/sessions).")
@click.option("--storage", type=FILES, metavar="FILE", help="ApplicationStorage (.voxrun/storage.sqlite).")
@click.option("--cassette", type=FILES, metavar="DIR", help="Record the provider's traffic here.")
@click.option("--keep-going", is_flag=True, default=None, help="Survive exceptions in handlers.")
@click.option("--open", "open_page", is_flag=True, help="Open the page in your browser.")
@click.option("--call", "place_call", is_flag=True, help="Place one call without a browser, then end.")
@click.option("--say", multiple=True, metavar="TEXT", help="With --call: what the caller says, in turn.")
@click.option("--wav", type=FILES, metavar="FILE", help="With --call: audio that the caller plays.")
@click.option("--seconds", type=click.FloatRange(0.1, 86400), metavar="N", help="With --call: its length.")
def run(files: tuple[Path, ...], place_call: bool, **given: Any) -> int:
    """Run the scripts of one rule, in this order, for every call that comes."""
    from voxrun.cli import options

    if place_call and given["port"] is None:
        given["port"] = 0  # a call by itself needs no known port, and 8080 may be another voxrun's
    settings = options.run_settings(files, given, os.environ, Path.cwd())
    plan = options.call_plan(place_call, given)
    if plan is not None:
        from voxrun.cli import calling

        return calling.run(settings, plan)
    from voxrun.cli import serve

    return serve.run(settings)


@voxrun.command()
@click.argument("files", nargs=-1, required=True, type=FILES, metavar="FILE.js...")
def check(files: tuple[Path, ...]) -> int:
    """Find syntax errors and unknown names in scenarios."""
    from voxrun.cli import check

    return check.run(files, click.echo)


@voxrun.command()
@click.option("--port", type=click.IntRange(1, 65535), metavar="N", help="Port that a run would use.")
def doctor(port: int | None) -> int:
    """Tell what is there, what is missing, and why it matters."""
    from voxrun.cli import doctor, options

    settings = options.plain_settings({"port": port}, os.environ, Path.cwd())
    return doctor.run(settings, os.environ, click.echo)


@voxrun.group()
def emulate() -> None:
    """Run a stand-in of a provider by itself."""


@emulate.command("ultravox")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Address.")
@click.option("--port", type=click.IntRange(0, 65535), default=8090, show_default=True, help="Port.")
@click.option("--agent", type=FILES, metavar="FILE", help="Agent file (*.agent.yaml).")
def emulate_ultravox(host: str, port: int, agent: Path | None) -> int:
    """A local Ultravox: its REST API and its WebSocket, for voxrun or any other client."""
    from voxrun.cli import emulating

    return emulating.run(host, port, agent, click.echo)


@voxrun.command()
@click.argument("folders", nargs=-1, required=True, type=FILES, metavar="DIR...")
@click.option("--against", multiple=True, type=FILES, metavar="NEW.js", help="Another scenario instead.")
@secret_options
def replay(folders: tuple[Path, ...], against: tuple[Path, ...], **given: Any) -> int:
    """Run recorded sessions again: session folders, cassettes, or folders of them.

    With --against each call is run with the changed scenario, and those that go another way are listed. Exit
    code 0 when all do the same, 1 with the first difference of each, 2 when none can be read.
    """
    from voxrun.cli import options, replaying

    settings = options.plain_settings(given, os.environ, Path.cwd())
    # A session with the local Ultravox ran with a key of voxrun's own making.
    known = {CLOUD_KEY: LOCAL_KEY, **settings.secrets}
    return replaying.run(folders, against, known, click.echo)


@voxrun.command()
@click.argument("folder", type=FILES, metavar="SESSION_DIR")
@click.option("-o", "--output", type=FILES, metavar="FILE", help="The call script (in the session's folder).")
def script(folder: Path, output: Path | None) -> int:
    """Write a call script and an agent file from a recorded session, or a call script from a cassette."""
    from voxrun.replay import from_session

    return from_session.run(folder, output, click.echo)


@voxrun.command(
    epilog=(
        "Exit codes: 0 every call went as its script says; 1 at least one did not; 2 a script, a path or an "
        "option is wrong; 130 interrupted."
    )
)
@click.argument("paths", nargs=-1, type=FILES, metavar="[PATH...]")
@click.option("-k", "keyword", default="", metavar="WORDS", help="Only calls whose names fit.")
@click.option("-m", "markers", default="", metavar="TAGS", help="Only calls with these tags.")
@click.option("-n", "processes", default="", metavar="N", help="Play in N processes; auto: one a core.")
@click.option("-x", "first", is_flag=True, help="Stop at the first call that fails.")
@click.option("--lf", "last_failed", is_flag=True, help="Only calls that failed the last time.")
@click.option("--junitxml", "junit", type=FILES, metavar="FILE", help="Write results for build servers.")
@click.option("--report", type=FILES, metavar="DIR", help="Write a report of every call, and an index.")
@click.option("--seed", type=click.IntRange(0, 2**48 - 1), metavar="N", help="Seed instead of the scripts'.")
@click.option("--real-time", is_flag=True, help="Play in real time, over WebRTC on this machine.")
@click.option(
    "--ai",
    type=click.Choice(["local", "cloud"]),
    help="With --real-time: which voice AI (local).",
)
def test(paths: tuple[Path, ...], **given: Any) -> int:
    """Play call scripts (*.call.yaml; the current folder without a PATH) and check what they expect."""
    from voxrun.cli import testing

    return testing.run(testing.TestPlan(paths=paths or (Path("."),), **given))


@voxrun.command()
@click.argument("folder", type=FILES, metavar="SESSION_DIR")
@click.option("-o", "--output", type=FILES, metavar="FILE", help="Where to write it (report.html in there).")
@click.option("--open", "open_page", is_flag=True, help="Open it in your browser.")
def report(folder: Path, output: Path | None, open_page: bool) -> int:
    """Write a session as one HTML file: its sound, its words, and everything that happened.

    Of a folder of sessions: a report of each, and an index.
    """
    from voxrun.cli import reporting

    return reporting.run(folder, output, open_page, click.echo)


@voxrun.group()
def storage() -> None:
    """Look at what ApplicationStorage keeps, save it, bring it back."""


def storage_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--storage``."""
    return click.option(
        "--storage", type=FILES, metavar="FILE", help="The file (.voxrun/storage.sqlite, or [storage] path)."
    )(command)


@storage.command("list")
@click.argument("pattern", default="")
@storage_option
def storage_list(pattern: str, storage: Path | None) -> int:
    """List keys, when they end, and their values; of one namespace with PATTERN."""
    from voxrun.cli import storing

    return storing.show(_storage_file(storage), pattern, click.echo)


@storage.command("export")
@click.argument("pattern", default="")
@click.option("-o", "--output", type=FILES, metavar="FILE", help="Where to write it (standard output).")
@storage_option
def storage_export(pattern: str, output: Path | None, storage: Path | None) -> int:
    """Write everything, or one namespace, as JSON."""
    from voxrun.cli import storing

    return storing.save(_storage_file(storage), pattern, output, click.echo)


@storage.command("import")
@click.argument("file", type=FILES, metavar="FILE.json")
@storage_option
def storage_import(file: Path, storage: Path | None) -> int:
    """Add the pairs of an export, or of a JSON object of keys and values; all of them or none."""
    from voxrun.cli import storing

    return storing.load(file, _storage_file(storage), click.echo)


def _storage_file(given: Path | None) -> Path | None:
    from voxrun.cli import options

    return options.plain_settings({"storage": given}, os.environ, Path.cwd()).storage


@voxrun.command()
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable figures.")
@click.option("--quick", is_flag=True, help="Fixed loads instead of a search (live).")
@click.option(
    "--soak", type=click.FloatRange(1, 1440), metavar="MINUTES", help="Whether anything grows (live)."
)
def bench(names: tuple[str, ...], as_json: bool, quick: bool, soak: float | None) -> int:
    """Run benchmarks; without a name, list them."""
    from voxrun.cli import bench

    wishes: dict[str, object] = {"quick": True} if quick else {}
    if soak:
        wishes["soak_minutes"] = soak
    return bench.run(names, as_json, click.echo, wishes=wishes)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; gives the exit code."""
    one_each()
    args = list(sys.argv[1:] if argv is None else argv)
    if args[:1] != ["test"]:  # pytest is long in starting, and says itself when there is something to end
        as_usual()
    return guarded(
        lambda: voxrun.main(args or ["--help"], prog_name="voxrun", standalone_mode=False),
        debug=bool(os.environ.get("VOXRUN_DEBUG")),
    )


if __name__ == "__main__":
    sys.exit(main())
