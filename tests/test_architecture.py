"""The structure of the package, read from its source: who imports whom, what stays small, what stays unloaded."""

from __future__ import annotations

import ast
import importlib
import io
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "uncertainty"

BOTTOM = frozenset({"components", "heads", "optim", "metrics"})
ENGINE = BOTTOM | {"training", "predictive"}
TOP = frozenset({"calibration", "diagnostics", "persistence"})

# Room (or module at the top of the package) -> the other rooms it may import. Downward only.
MAY_IMPORT: dict[str, frozenset[str]] = {
    "components": frozenset(),
    "heads": frozenset(),
    "optim": frozenset(),
    "metrics": frozenset(),
    "predictive": frozenset({"heads", "metrics"}),
    "training": frozenset({"components", "heads", "optim"}),
    "estimators": ENGINE,
    "calibration": ENGINE | {"estimators"},
    "diagnostics": ENGINE | {"estimators"},
    "tables": frozenset(),
    "persistence": ENGINE | {"estimators", "calibration", "tables"},
    "plotting": ENGINE | TOP | {"estimators"},
    "export": ENGINE | {"estimators", "calibration", "persistence"},
    "report": ENGINE | TOP | {"estimators", "plotting", "tables"},
    "cli": ENGINE | TOP | {"estimators", "export", "plotting", "report", "tables"},
    "__init__": ENGINE | TOP | {"estimators", "export", "plotting", "report", "tables"},
}

# (room, module it may import all the same): why.
IMPORT_EXCEPTIONS = {
    ("heads", "uncertainty.components.spec"): "a head is chosen by a spec, as every option is",
    ("heads", "uncertainty.components.whole_vectors"): "a head's arithmetic is on the member axis too",
    ("optim", "uncertainty.components.spec"): "an optimizer is chosen by a spec, as every option is",
    ("optim", "uncertainty.components.moving_averages"): "optimizers average gradients as batch-norm does statistics",
}

# (room, function, room it imports inside that function alone): why.
LATE_IMPORT_EXCEPTIONS = {
    ("diagnostics", "plot", "plotting"): "an examination of which there is a Display is drawn by it",
    ("estimators", "save", "persistence"): "the method that saves an estimator hands it to the room that knows how",
}

MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 40

# module -> why it may be longer.
LONG_MODULES: dict[str, str] = {}

# (module, function) -> why it may be longer.
LONG_FUNCTIONS: dict[tuple[str, str], str] = {
    ("uncertainty.estimators.probabilistic_mlp", "__init__"): "scikit-learn wants a line for every argument, twice",
}

NEVER_AT_MODULE_LEVEL = {"matplotlib", "pandas"}
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "misc", "common"}


@dataclass(frozen=True)
class Import:
    """One imported module, as a dotted name, and the function it is imported in (none at module level)."""

    module: str
    names: tuple[str, ...]
    function: str | None
    line: int


def python_files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def room_of(module: str) -> str:
    """Return the room of a module of the package: ``uncertainty.heads.gaussian`` -> ``heads``."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def is_type_checking(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def imports_of(path: Path) -> list[Import]:
    """Return every import of a file outside ``if TYPE_CHECKING``, relative ones made absolute."""
    found: list[Import] = []

    def visit(node: ast.AST, function: str | None) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            function = function or node.name
        if isinstance(node, ast.Import):
            found.extend(Import(alias.name, (), function, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            found.append(Import(absolute_name(path, node), names, function, node.lineno))
        for child in ast.iter_child_nodes(node):
            if not (isinstance(child, ast.stmt) and is_type_checking(child)):
                visit(child, function)

    visit(ast.parse(path.read_text(encoding="utf-8")), None)
    return found


def absolute_name(path: Path, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = module_name(path).split(".")[: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


def is_submodule(module: str) -> bool:
    path = ROOT.joinpath(*module.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def imported_modules(statement: Import) -> list[str]:
    """Return the modules a statement reaches: ``from uncertainty import heads`` reaches ``uncertainty.heads``."""
    submodules = [
        f"{statement.module}.{name}" for name in statement.names if is_submodule(f"{statement.module}.{name}")
    ]
    return submodules or [statement.module]


def room_violations(path: Path) -> Iterator[str]:
    room = room_of(module_name(path))
    for statement in imports_of(path):
        for module in imported_modules(statement):
            if module.split(".")[0] in ("benchmarks", "examples", "tests"):
                yield f"{path.relative_to(ROOT)}:{statement.line} imports {module}, which is not part of the package"
            if module.split(".")[0] != PACKAGE:
                continue
            target = room_of(module)
            allowed = (
                target == room
                or target in MAY_IMPORT[room]
                or (room, module) in IMPORT_EXCEPTIONS
                or (room, statement.function, target) in LATE_IMPORT_EXCEPTIONS
            )
            if not allowed:
                yield f"{path.relative_to(ROOT)}:{statement.line} ({room}) imports {module}"


@pytest.mark.parametrize("path", python_files(PACKAGE), ids=module_name)
def test_imports_go_downward(path: Path) -> None:
    room = room_of(module_name(path))
    assert room in MAY_IMPORT, f"say in MAY_IMPORT what {room!r} may import"
    assert list(room_violations(path)) == []


def test_import_exceptions_are_needed() -> None:
    used = {
        (room_of(module_name(path)), module)
        for path in python_files(PACKAGE)
        for statement in imports_of(path)
        for module in imported_modules(statement)
    }
    assert set(IMPORT_EXCEPTIONS) - used == set()


def test_the_rules_have_no_cycle() -> None:
    done: set[str] = set()
    waiting = dict(MAY_IMPORT)
    while waiting:
        ready = [room for room, allowed in waiting.items() if allowed <= done]
        assert ready, f"these rooms may import each other in a circle: {sorted(waiting)}"
        done.update(ready)
        for room in ready:
            del waiting[room]


@pytest.mark.parametrize("path", [*python_files(PACKAGE), *python_files("benchmarks")], ids=module_name)
def test_heavy_packages_are_not_imported_at_module_level(path: Path) -> None:
    for statement in imports_of(path):
        if statement.function is None:
            assert statement.module.split(".")[0] not in NEVER_AT_MODULE_LEVEL, f"line {statement.line}"


def code_lines(source: str) -> set[int]:
    """Return the numbers of the lines that hold code: no blank lines, comments or docstrings."""
    skipped = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in skipped:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


SIZED_FILES = [*python_files(PACKAGE), *python_files("benchmarks")]


@pytest.mark.parametrize("path", SIZED_FILES, ids=module_name)
def test_modules_stay_small(path: Path) -> None:
    n_lines = len(path.read_text(encoding="utf-8").splitlines())
    assert n_lines < MAX_MODULE_LINES or module_name(path) in LONG_MODULES, f"{n_lines} lines"


def long_functions(path: Path) -> dict[str, int]:
    source = path.read_text(encoding="utf-8")
    lines = code_lines(source)
    sizes: dict[str, int] = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size = sum(node.lineno <= line <= (node.end_lineno or 0) for line in lines)
            sizes[node.name] = max(size, sizes.get(node.name, 0))
    return {name: size for name, size in sizes.items() if size >= MAX_FUNCTION_LINES}


@pytest.mark.parametrize("path", SIZED_FILES, ids=module_name)
def test_functions_stay_small(path: Path) -> None:
    excess = {name: n for name, n in long_functions(path).items() if (module_name(path), name) not in LONG_FUNCTIONS}
    assert excess == {}


def test_size_exceptions_are_needed() -> None:
    paths = {module_name(path): path for path in SIZED_FILES}
    for module in LONG_MODULES:
        assert len(paths[module].read_text(encoding="utf-8").splitlines()) >= MAX_MODULE_LINES, module
    for module, function in LONG_FUNCTIONS:
        assert function in long_functions(paths[module]), (module, function)


def test_no_module_has_a_vague_name() -> None:
    names = {
        path.stem.strip("_") for folder in (PACKAGE, "benchmarks", "examples", "tests") for path in python_files(folder)
    }
    assert names & VAGUE_NAMES == set()


OUTSIDERS = [*python_files("benchmarks"), *python_files("examples"), *python_files("docs")]


@pytest.mark.parametrize("path", OUTSIDERS, ids=module_name)
def test_benchmarks_examples_and_figures_use_public_names_only(path: Path) -> None:
    for statement in imports_of(path):
        parts = statement.module.split(".")
        if parts[0] != PACKAGE:
            continue
        assert len(parts) <= 2, f"line {statement.line}: {statement.module} is below a room"
        room = importlib.import_module(statement.module)
        private = [name for name in statement.names if name not in room.__all__ and not is_room(parts, name)]
        assert private == [], f"line {statement.line}: not in {statement.module}.__all__"


def is_room(parts: list[str], name: str) -> bool:
    """``from uncertainty import metrics`` is public: a room with a list of its names."""
    return parts == [PACKAGE] and hasattr(importlib.import_module(f"{PACKAGE}.{name}"), "__all__")


def run_python(code: str) -> None:
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_importing_the_package_does_not_import_torch() -> None:
    run_python("import sys, uncertainty; assert 'torch' not in sys.modules, 'torch was imported'")


def test_every_public_name_can_be_reached() -> None:
    package = importlib.import_module(PACKAGE)
    assert package.__all__
    missing = [name for name in package.__all__ if not hasattr(package, name)]
    assert missing == []
    assert set(package.__all__) <= set(dir(package))


def test_metrics_work_without_torch() -> None:
    run_python(
        """
import sys

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ImportError("torch is not installed here")

sys.meta_path.insert(0, NoTorch())
import uncertainty.metrics as metrics
assert metrics.brier_score([0, 1], [[1.0, 0.0], [0.0, 1.0]]) == 0.0
assert metrics.crps_normal([0.0], [0.0], [1.0]) > 0.0
"""
    )
