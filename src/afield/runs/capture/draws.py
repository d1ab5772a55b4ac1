"""Which lines of the person's sources draw numbers of a generator that nobody seeded.

Only the text is looked at. What reads Python is loaded with this file, when there was a draw.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterable, Iterator, Mapping

from afield.kernel.late import late

SOURCE_BYTES_MAX = 1 << 20
LINES_MAX = 20
NO_DRAW = {
    "BitGenerator", "Generator", "MT19937", "PCG64", "PCG64DXSM", "Philox", "Random", "RandomState",
    "SFC64", "SeedSequence", "SystemRandom", "default_rng", "get_state", "getstate", "seed",
    "set_state", "setstate",
}  # fmt: skip

_WORDS = {"torch": (b"torch",), "numpy.random": (b"random", b"rvs")}
"""Of these one stands in every source that draws from a module's generator; else `random`."""

_TORCH_DRAWS = late(
    r"torch\.(rand\w*|normal|bernoulli|multinomial|poisson|nn\.[A-Z]\w*|nn\.init\.\w+"
    r"|nn\.functional\.(\w*dropout\w*|gumbel_softmax|rrelu)|utils\.data\.\w+)"
)
_TORCH_FILLS = frozenset(
    ("bernoulli_", "cauchy_", "exponential_", "geometric_", "log_normal_", "normal_", "random_",
     "uniform_")
)  # fmt: skip


def is_seeded_state(where: str) -> bool:
    """Tell whether a line `file.py:12` only makes a `RandomState` of a seed that stands there.

    numpy takes entropy for it all the same, before it looks at the seed.
    """
    path, _, line = where.rpartition(":")
    tree = _parse(path, b"RandomState")
    if tree is None or not line.isdigit():
        return False
    names = dict(_imported(tree))
    made = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and node.lineno <= int(line) <= (node.end_lineno or node.lineno)
        and _full_name(node, names).startswith("numpy.random.")
    ]
    return bool(made) and all(
        _full_name(node, names).endswith(".RandomState") and _has_seed(node) for node in made
    )


def _has_seed(call: ast.Call) -> bool:
    given = [*call.args, *(word.value for word in call.keywords)]
    return any(isinstance(one, ast.Constant) and one.value is not None for one in given)


def _parse(path: str, *words: bytes) -> ast.Module | None:
    """Return a source file in which one of the words stands; None when it cannot be read, too."""
    try:
        with open(path, "rb") as stream:
            data = stream.read(SOURCE_BYTES_MAX)
        return ast.parse(data) if any(word in data for word in words) else None
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def lines_drawing(sources: Iterable[str], module: str) -> list[str]:
    """Return `file.py:12` of the calls that draw from the default generator of a module.

    `module` is `random`, `numpy.random` or `torch`. Only the text is looked at, file by file; a
    file that cannot be read or parsed has none. At most LINES_MAX.
    """
    found: dict[str, None] = {}
    for path in dict.fromkeys(sources):
        tree = _parse(path, *_WORDS.get(module, (b"random",)))
        if tree is not None:
            found.update((f"{path}:{line}", None) for line in _draws(tree, module))
    return list(found)[:LINES_MAX]


def lines_of_texts(texts: Mapping[str, str], module: str) -> list[str]:
    """Return the same of texts that are no files: `NAME:12`.

    What one imports the others have: they are cells of one session. A text that is no Python
    has none.
    """
    trees: dict[str, ast.Module] = {}
    for name, text in texts.items():
        with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            trees[name] = ast.parse(text[:SOURCE_BYTES_MAX])
    names = dict(pair for tree in trees.values() for pair in _imported(tree))
    found = [f"{name}:{n}" for name, tree in trees.items() for n in _draws(tree, module, names)]
    return list(dict.fromkeys(found))[:LINES_MAX]


def _draws(
    tree: ast.Module, module: str, imported: Mapping[str, str] | None = None
) -> Iterator[int]:
    names = dict(_imported(tree)) if imported is None else imported
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _draws_from(module, _full_name(node, names), node):
            yield node.lineno


def _full_name(call: ast.Call, names: Mapping[str, str]) -> str:
    """Return what is called, by its module's full name; empty where that is not known."""
    start, _, rest = _dotted(call.func).partition(".")
    return names[start] + (f".{rest}" if rest else "") if start in names else ""


def _draws_from(module: str, full: str, call: ast.Call) -> bool:
    """Tell whether a call draws from a module's generator; `full` is empty for other methods."""
    owner, _, function = full.rpartition(".")
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if module == "torch":
        given = {word.arg for word in call.keywords}
        return "generator" not in given and (
            _TORCH_DRAWS().fullmatch(full) is not None or method in _TORCH_FILLS
        )
    if module == "numpy.random" and method == "rvs":  # distributions of scipy.stats
        return all(word.arg != "random_state" for word in call.keywords)
    return owner == module and function not in NO_DRAW


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield each name that an import binds, and what it stands for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                start = alias.name.partition(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (start, start)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
