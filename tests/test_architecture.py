"""The house as a whole: who imports whom, where time and chance come from, which module has tests."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "runtime"
MODULES = sorted((SOURCE / "voxrun").rglob("*.py"))

FLOORS = {
    "cli": 8,
    "replay": 7,  # calls in real time are played to a scenario that is served
    "server": 6,
    "report": 5,  # reads what a session has left behind, whoever ran it; call scripts write theirs with it
    "session": 4,
    "services": 3,
    "emulators": 3,
    "connectors": 2,
    "legs": 2,
    "speech": 2,
    "media": 1,
}
"""A room imports from lower floors and from itself. The emulators stand apart from services: both only look
down."""

APART = {
    "services": {"emulators"},
    "emulators": {"services", "connectors", "legs"},
    "report": {"services", "emulators", "connectors", "legs", "speech"},
}
"""Rooms that must not know each other although their floors would allow it."""

LEAVES = {
    "voxrun",
    "voxrun.errors",
    "voxrun.jsontext",
    "voxrun.nearest",
    "voxrun.patterns",
    "voxrun.realm.port",
    "voxrun.session.clock",
    "voxrun.session.limits",
    "voxrun.session.messages",
    "voxrun.threads",
    "voxrun.yamldoc",
    "voxrun.yamlnodes",
}
"""Modules that import nothing of ours but each other, and that every room may import."""

SETTINGS = {
    "voxrun.config",
    "voxrun.config_keys",
    "voxrun.config_tables",
    "voxrun.secret_values",
    "voxrun.toml_file",
}
"""Settings: for the rooms from session upwards."""

REALM_USERS = {"cli", "server", "replay", "session"}

ENTRY_POINTS = re.compile(
    r"voxrun\.(cli\..*|session\.clock|.*\.__main__|realm\.host|realm\.reserve|realm\.make_surface|speech\.process"
    r"|emulators\.ultravox\.serve|session\.runtime|realm\.inline|replay\.plugin)"
)
"""Where processes and sessions begin; only they may read the wall clock or draw real random numbers (a
session's seed and token, when none are given; the watchdog that looks at real time beside virtual time)."""

CLOCKS = {
    "time.time",
    "time.time_ns",
    "time.monotonic",
    "time.monotonic_ns",
    "time.perf_counter",
    "time.perf_counter_ns",
    "time.sleep",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.date.today",
    "datetime.now",
    "datetime.utcnow",
}
CHANCE = re.compile(
    r"^(random\.(?!Random\b)\w+|secrets\.(?!compare_digest\b)\w+|os\.urandom|uuid\.uuid[14])$"
)


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    """ "media" for voxrun.media.dtmf; the module's own name for files at the top."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Modules of ours that a file imports, with the line."""
    known = {module_name(p) for p in MODULES}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "voxrun":
                    yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: write the whole name instead of a relative import"
            if node.module and node.module.split(".")[0] == "voxrun":
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    yield (inner if inner in known else node.module), node.lineno


def may_import(importer: str, imported: str) -> bool:
    mine, theirs = room_of(importer), room_of(imported)
    if imported in LEAVES:
        return True
    if importer in LEAVES:
        return False
    if imported in SETTINGS:
        return importer in SETTINGS or FLOORS.get(mine, 0) >= FLOORS["session"]
    if importer in SETTINGS:
        return False
    if mine == theirs:
        return True
    if theirs == "realm":
        return mine in REALM_USERS
    if theirs in APART.get(mine, set()):
        return False
    return mine in FLOORS and theirs in FLOORS and FLOORS[mine] > FLOORS[theirs]


def test_every_room_is_on_the_plan() -> None:
    rooms = {p.parent.name for p in (SOURCE / "voxrun").glob("*/__init__.py")}
    assert rooms - set(FLOORS) - {"realm"} == set()


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_imports_point_down(path: Path) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: imports {imported}"
        for imported, line in imports(path)
        if not may_import(module_name(path), imported)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("importer", "imported", "allowed"),
    [
        ("voxrun.media.dtmf", "voxrun.services.calls", False),
        ("voxrun.media.dtmf", "voxrun.errors", True),
        ("voxrun.realm.host", "voxrun.session.journal", False),
        ("voxrun.realm.host", "voxrun.session.messages", True),
        ("voxrun.session.messages", "voxrun.realm.engine", False),
        ("voxrun.legs.sip", "voxrun.connectors.base", False),
        ("voxrun.services.calls", "voxrun.legs.base", True),
        ("voxrun.services.calls", "voxrun.realm.engine", False),
        ("voxrun.services.calls", "voxrun.config", False),
        ("voxrun.cli.serve", "voxrun.server.web", True),
        ("voxrun.server.web", "voxrun.cli.main", False),
    ],
)
def test_the_plan_itself(importer: str, imported: str, allowed: bool) -> None:
    assert may_import(importer, imported) is allowed


def dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else ""
    return ""


def real_names(tree: ast.AST) -> dict[str, str]:
    """What imported names stand for: {"monotonic": "time.monotonic"}."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.asname or alias.name: alias.name for alias in node.names}
    return names


def clocks_and_chance(source: str) -> Iterator[tuple[str, int]]:
    tree = ast.parse(source)
    names = real_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Attribute, ast.Name)):
            first, _, rest = dotted(node).partition(".")
            full = names.get(first, "") + (f".{rest}" if rest else "")
            if full in CLOCKS or CHANCE.match(full):
                yield full, node.lineno


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_time_and_chance_come_in_as_arguments(path: Path) -> None:
    if ENTRY_POINTS.fullmatch(module_name(path)):
        pytest.skip("an entry point")
    found = clocks_and_chance(path.read_text("utf-8"))
    wrong = [f"{path.relative_to(ROOT)}:{line}: {name}" for name, line in found]
    assert not wrong, "\n".join(wrong)


def test_time_and_chance_are_recognised() -> None:
    source = (
        "import time, random as r\nfrom time import monotonic as m\nfrom random import Random\n"
        "time.time(); m(); r.random(); r.Random(1); Random(2); time.strftime('x'); rng.random()\n"
        "secrets.items()\n"
    )
    assert [name for name, _ in clocks_and_chance(source)] == ["time.time", "time.monotonic", "random.random"]


def has_code(path: Path) -> bool:
    """Whether a module holds a function with a body (contracts and plain data need no test of their own)."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            body = [
                n for n in node.body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))
            ]
            if body and not all(isinstance(n, ast.Pass) for n in body):
                return True
    return False


@pytest.mark.parametrize("path", [p for p in MODULES if has_code(p)], ids=module_name)
def test_every_module_has_its_own_tests(path: Path) -> None:
    inside = path.relative_to(SOURCE / "voxrun")
    name = inside.parent.name if inside.name == "__init__.py" else inside.stem.strip("_")
    folder = inside.parent.parent if inside.name == "__init__.py" else inside.parent
    expected = ROOT / "tests" / folder / f"test_{name}.py"
    assert expected.is_file(), f"{inside} has no {expected.relative_to(ROOT)}"


def tracked() -> list[Path]:
    """Files that belong to the repository; those in the tree where there is no git."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode == 0:
        return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    skip = {".git", ".venv", "node_modules", "__pycache__"}
    return [p for p in ROOT.rglob("*") if p.is_file() and not skip & set(p.relative_to(ROOT).parts)]


LOCAL = re.compile(r"(?<![\w.])/(?:work|home|root|Users)/[\w.-]+|\.\./shared\b")
"""Paths of one person's machine."""


def test_nothing_names_a_local_path() -> None:
    wrong = []
    for path in tracked():
        if path == Path(__file__):
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if LOCAL.search(line):
                wrong.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert not wrong, "\n".join(wrong)


def test_no_module_is_too_long_to_read() -> None:
    lengths = {p.relative_to(ROOT): len(p.read_text("utf-8").splitlines()) for p in MODULES}
    assert {str(p): n for p, n in lengths.items() if n > 700} == {}
