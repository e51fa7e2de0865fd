"""``voxrun bench``: runs the benchmarks of the repository's bench/ folder.

Each file there is a benchmark of its name with a function ``measure() -> Sequence[Figure]``; what else can be
wished for (``--quick``) is an argument of the function in those that know it.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import to_builtins

import voxrun
from voxrun.cli.exits import FAILED, OK
from voxrun.cli.figures import Figure
from voxrun.errors import ConfigError
from voxrun.nearest import did_you_mean

FOLDER = Path(voxrun.__file__).parents[2] / "bench"


def run(
    names: Sequence[str],
    as_json: bool,
    say: Callable[[str], object],
    folder: Path = FOLDER,
    wishes: Mapping[str, object] | None = None,
) -> int:
    """Run the named benchmarks; without a name, list them. Exit code 1 when a figure misses its mark."""
    there = {path.stem: path for path in sorted(folder.glob("*.py")) if not path.stem.startswith("_")}
    if not there:
        raise ConfigError(f"{folder}: no benchmarks here. They come with a clone of the repository.")
    for name in names:
        if name not in there:
            hint = did_you_mean(name, there) or f" There is: {', '.join(there)}."
            raise ConfigError(f'no benchmark is called "{name}".{hint}')
    if not names:
        say("voxrun bench NAME ...")
        for name, path in there.items():
            say(f"  {name:<12} {_first_line(path)}")
        return OK
    figures = [figure for name in names for figure in _measure(there[name], wishes or {})]
    for line in [as_object(figures)] if as_json else table(figures):
        say(line)
    return FAILED if any(figure.missed for figure in figures) else OK


def as_object(figures: Sequence[Figure]) -> str:
    """JSON: the value of each figure by its key, where it has one, and all there is to say of each."""
    values = {figure.key: figure.value for figure in figures if figure.key}
    return json.dumps(values | {"figures": [to_builtins(figure) for figure in figures]}, indent=1)


def table(figures: Iterable[Figure]) -> list[str]:
    """Rows as in BENCHMARKS.md."""
    rows = ["| what | measured | spread | mark | against |", "|---|---:|---:|---:|---|"]
    for figure in figures:
        mark = _mark(figure)
        spread = "" if figure.spread is None else " to ".join(map(_number, figure.spread))
        value = f"{_number(figure.value)} {figure.unit}"
        rows.append(f"| {figure.name} | {value} | {spread} | {mark} | {figure.against} |")
    return rows


def _mark(figure: Figure) -> str:
    """The marks, and on which side of them the figure is."""
    marks = []
    if figure.most is not None:
        marks.append(f"{'over' if figure.value > figure.most else 'under'} {figure.most:g}")
    if figure.least is not None:
        marks.append(f"{'under' if figure.value < figure.least else 'over'} {figure.least:g}")
    return ", ".join(marks)


def _number(value: float) -> str:
    """Three digits are as much as a measurement is worth; never in powers of ten."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _measure(path: Path, wishes: Mapping[str, object]) -> Sequence[Figure]:
    spec = importlib.util.spec_from_file_location(f"voxrun_bench_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))  # for what benchmarks share (files with a leading underscore)
    sys.modules[spec.name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    unknown = set(wishes) - set(inspect.signature(module.measure).parameters)
    if unknown:
        raise ConfigError(f"{path.stem} has no --{min(unknown).partition('_')[0]}")
    figures: Sequence[Figure] = module.measure(**wishes)
    return figures


def _first_line(path: Path) -> str:
    """The first line of a file's docstring."""
    return path.read_text("utf-8").lstrip().removeprefix('"""').split("\n", 1)[0].rstrip('".')
