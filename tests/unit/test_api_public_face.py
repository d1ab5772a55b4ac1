"""The public face: what `import afield` offers, and what it costs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import afield

SOURCE = Path(afield.__file__)
DOCS = Path(__file__).parents[2] / "docs" / "api.md"
HEAVY = {"pyarrow", "numpy", "fastapi", "starlette", "rich", "psycopg", "uv", "ray", "PIL"}


def _typed_names() -> set[str]:
    tree = ast.parse(SOURCE.read_text("utf-8"))
    block = next(
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    names = set()
    for node in block.body:
        if isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.AnnAssign):
            names.add(ast.unparse(node.target))
    return names


def _documented_names() -> set[str]:
    return set(re.findall(r"^### `afield\.(\w+)", DOCS.read_text("utf-8"), flags=re.MULTILINE))


def test_all_typing_block_and_docs_name_the_same_things():
    assert set(afield.__all__) == _typed_names() == _documented_names()


def test_public_names_are_at_most_twenty_five():
    assert len(afield.__all__) <= 25


@pytest.mark.parametrize("name", afield.__all__)
def test_every_public_name_can_be_had(name):
    assert name in dir(afield)
    value = getattr(afield, name)
    assert value is not None or name == "run"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        afield.nonsense  # noqa: B018 - the access is what is tested


def test_importing_loads_few_modules_and_none_that_is_heavy():
    code = "import sys, afield; print(len(sys.modules), *sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    count, *modules = out.stdout.split()
    assert int(count) <= 140
    assert not HEAVY & {module.partition(".")[0] for module in modules}


def test_recording_a_run_loads_nothing_heavy_nor_sqlite(tmp_path):
    code = (
        "import sys, afield\n"
        f"with afield.init(workspace={str(tmp_path)!r}, config={{'lr': 0.1}}) as run:\n"
        "    run.log({'loss': 1.0})\n"
        "print(*sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {module.partition(".")[0] for module in out.stdout.split()}
    assert not (HEAVY | {"sqlite3"}) & loaded
