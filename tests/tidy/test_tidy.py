"""The rules of the house that a linter does not know, kept by a walk over the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "afield"
LINK = r"\]\(([^)#\s]+)(?:#[^)]*)?\)"
FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 500
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}

LONG_FUNCTIONS: dict[str, str] = {
    # "room/file.py:function": "why it is better long"
}
LONG_FILES: dict[str, str] = {
    # "room/file.py": "why it is better whole"
}
NOT_IMPORTED_BY_NAME = {
    # file: why nobody imports it by a statement
    "__main__.py": "`python -m afield`",
    "hub/private/plugin.py": "MLflow's client finds it by the entry points in pyproject.toml",
    "workspace/filesystem.py": "fsspec finds it by the entry point in pyproject.toml",
    "replay/inside/compare_pickles.py": "a script that the rebuilt environment's Python runs",
    "replay/inside/compare_torch.py": "the same",
    "replay/inside/compare_hdf5.py": "the same",
    "replay/inside/compare_onnx.py": "the same",
    "replay/inside/answers.py": "those scripts import it, from the folder they are put in",
    "runs/capture/notebook/client.py": "a program of its own, run by Afield's Python",
    "runs/capture/inside/hook/sitecustomize.py": "the child's Python imports it by this name",
    "runs/capture/inside/hook/_afield_importlib_bootstrap.py": "found on the child's PYTHONPATH",
    "runs/capture/inside/hook/_afield_libraries.py": "found on the child's PYTHONPATH",
    "runs/capture/inside/hook/_afield_kernels.py": "found on the child's PYTHONPATH",
    "runs/capture/inside/hook/_afield_generators.py": "found on the child's PYTHONPATH",
    "runs/capture/inside/hook/_afield_identity.py": "found on the child's PYTHONPATH",
    "runs/capture/inside/hook/_afield_log.py": "found on the child's PYTHONPATH",
    "runs/capture/inside/hook/_afield_watch.py": "found on the child's PYTHONPATH",
}

PRINTS = {
    # file: why it prints
    "replay/inside/compare_pickles.py": "its standard output is its answer",
    "replay/inside/answers.py": "the same",
}

FILES = sorted(SOURCE.rglob("*.py"))
RULES_READ_BY_ROOMS = (
    "kernel", "vault", "journal", "projection", "sync", "members", "datasets", "runs",
)  # fmt: skip


def relative(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_the_walk_sees_the_house():
    assert {"kernel", "vault", "journal", "runs"} <= {path.parent.name for path in FILES}


def test_no_function_is_longer_than_a_screen():
    long = {
        f"{relative(path)}:{function.name}": function.end_lineno - function.lineno + 1
        for path in FILES
        for function in functions(tree_of(path))
        if function.end_lineno - function.lineno + 1 > FUNCTION_LINES_MAX
    }
    assert set(long) == set(LONG_FUNCTIONS), long


def test_no_file_is_longer_than_a_sitting():
    long = {
        relative(path): lines
        for path in FILES
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > FILE_LINES_MAX
    }
    assert set(long) == set(LONG_FILES), long


def test_no_module_has_a_name_that_says_nothing():
    assert not [relative(path) for path in FILES if path.stem in BANNED_NAMES]
    assert not [relative(path) for path in FILES if path.parent.name in BANNED_NAMES]


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_every_module_says_what_lives_in_it(path):
    assert ast.get_docstring(tree_of(path)), "a module opens with its docstring"


def test_every_module_is_imported_by_another():
    imported = set()
    for path in [*FILES, *(ROOT / "tests").rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        imported |= set(re.findall(r"afield(?:\.[a-z_]+)+", text))
        package = "afield." + ".".join(path.relative_to(SOURCE).parts[:-1]) if path in FILES else ""
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and node.module:
                imported |= {f"{node.module}.{name.name}" for name in node.names}
                imported.add(node.module)
            elif isinstance(node, ast.Import):
                imported |= {name.name for name in node.names}
                imported |= {f"{package}.{name.name}" for name in node.names}
    alone = []
    for path in FILES:
        name = "afield." + relative(path).removesuffix(".py").replace("/", ".")
        if path.name == "__init__.py" or relative(path) in NOT_IMPORTED_BY_NAME:
            continue
        if name not in imported:
            alone.append(relative(path))
    assert not alone, "nobody imports these"


def test_no_bare_except_and_no_print():
    faults = []
    assert {relative(path) for path in FILES} >= set(PRINTS)
    for path in FILES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ExceptHandler) and node.type is None:
                faults.append(f"{relative(path)}:{node.lineno} bare except")
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "print"
                and relative(path) not in PRINTS
            ):
                faults.append(f"{relative(path)}:{node.lineno} print")
    assert not faults


def test_lower_rooms_read_no_environment_home_or_wall_clock():
    ambient = re.compile(r"os\.environ|os\.getenv|Path\.home\(|expanduser\(|time\.time\(|sys\.argv")
    faults = []
    for path in FILES:
        room, _, rest = relative(path).partition("/")
        if room not in RULES_READ_BY_ROOMS or rest.startswith("capture/inside/"):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if ambient.search(line.split("#")[0]) and "ambient:" not in line:
                faults.append(f"{relative(path)}:{number}: {line.strip()}")
    assert not faults, "hand in a Clock, a path or a setting (or say `# ambient: why`)"


def test_the_product_never_imports_its_test_doubles():
    faults = [
        relative(path)
        for path in FILES
        if not relative(path).startswith("testing/")
        and re.search(r"afield\.testing", path.read_text(encoding="utf-8"))
    ]
    assert not faults


def test_nothing_large_or_generated_is_tracked():
    big = [
        path.relative_to(ROOT).as_posix()
        for folder in ("src", "tests", "docs", "examples", "benchmarks")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.stat().st_size > 1 << 20
    ]
    assert not big


def test_every_document_that_is_linked_exists():
    missing = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        missing += [
            f"{page.relative_to(ROOT)} -> {target}"
            for target in re.findall(LINK, page.read_text(encoding="utf-8"))
            if not re.match(r"[a-z]+:", target) and not (page.parent / target).exists()
        ]
    assert not missing
