"""What a script does that nobody can replay: it reads a clock, or works in parallel.

Read from its recorded source, never by running it. A suspect is no cause by itself: it is named
with a difference for which nothing recorded accounts, and says where to look.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from afield.replay.causes.cause import Side
from afield.replay.timing import is_duration_name
from afield.runs.capture.entropy import NOT_REPLAYED

SOURCE_CHARS_MAX = 1_000_000
FILES_MAX = 100
_CLOCKS = {
    **dict.fromkeys(("time", "perf_counter", "monotonic", "process_time", "thread_time"), "time"),
    **dict.fromkeys(("default_timer", "timeit", "repeat", "Timer"), "timeit"),
    **dict.fromkeys(("now", "utcnow"), "datetime.datetime"),
    **dict.fromkeys(("today",), "datetime.date"),
    **dict.fromkeys(("uuid1",), "uuid"),
    **dict.fromkeys(("getpid",), "os"),
}
_PARALLEL = {
    "Parallel": "joblib",
    "ThreadPoolExecutor": "concurrent.futures",
    "ProcessPoolExecutor": "concurrent.futures",
    "Pool": "multiprocessing",
    "Process": "multiprocessing",
    "ThreadPool": "multiprocessing.pool",
    "Thread": "threading",
}
CLOCKS = frozenset(
    name
    for function, module in _CLOCKS.items()
    for name in (f"{module}.{function}", f"{module}.{function}_ns")
) | {"datetime.datetime.today"}
PROCESS_ID = "os.getpid"
PARALLEL = frozenset(f"{module}.{name}" for name, module in _PARALLEL.items())
_WORKERS = frozenset(("n_jobs", "num_workers", "workers", "processes"))
_THREADED = ("libgomp", "libomp", "libiomp", "vcomp")


def suspects(side: Side) -> list[str]:
    """Return what its sources do that may differ by itself: clocks first, then parallel work."""
    clocks: list[str] = []
    parallel: list[str] = []
    for path in _sources(side):
        text = side.source(path)
        if text is None or len(text) > SOURCE_CHARS_MAX:
            continue
        for line, word, is_clock in sorted(_found(text)):
            told = f"{path}:{line} (`{word}`)"
            if is_clock:
                what = "the process id is taken" if word == PROCESS_ID else "a time is measured"
                clocks.append(f"{what} at {told}")
            else:
                parallel.append(f"work is done in parallel at {told}")
    clocks += [
        f"{source.removesuffix(NOT_REPLAYED).strip()} gives what no seed brings back, at {where}"
        for source, where, _ in side.manifest.entropy.calls
        if source.endswith(NOT_REPLAYED) and not source.startswith("uuid.")  # these are clocks
    ]
    if not clocks and not parallel and (library := _threads(side)):
        parallel.append(f"{library} was loaded, whose threads may add up in any order")
    return clocks + parallel


def _sources(side: Side) -> list[str]:
    """Return the script that the command names, then the files of the project that it read."""
    folder = "" if side.manifest.cwd in {"", "."} else side.manifest.cwd + "/"
    named = [folder + word.removeprefix("./") for word in side.manifest.argv]
    read = [one.path for one in side.manifest.inputs]
    paths = dict.fromkeys(path for path in (*named, *read) if path.endswith(".py"))
    return [path for path in paths if path in side.tree][:FILES_MAX]


def _found(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield (line, word, whether it is a time) of each suspect in a source."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    names = dict(_imported(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = _dotted(node.func, names)
            if called in CLOCKS or called in PARALLEL:
                yield node.lineno, called, called in CLOCKS
            for word in node.keywords:
                if word.arg in _WORKERS and _is_several(word.value):
                    yield word.value.lineno, ast.unparse(word), False
        elif isinstance(node, ast.Constant) and _names_time(node.value):
            yield node.lineno, str(node.value), True


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield (name in the source, what it stands for) of each import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                if one.asname:
                    yield one.asname, one.name
                else:
                    top = one.name.partition(".")[0]
                    yield top, top
        elif isinstance(node, ast.ImportFrom) and node.module:
            for one in node.names:
                yield one.asname or one.name, f"{node.module}.{one.name}"


def _dotted(node: ast.expr, names: dict[str, str]) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in names:
        return ""
    return ".".join([names[node.id], *reversed(parts)])


def _names_time(value: object) -> bool:
    return isinstance(value, str) and value.isidentifier() and is_duration_name(value)


def _is_several(value: ast.expr) -> bool:
    return not (isinstance(value, ast.Constant) and value.value in {None, 0, 1})


def _threads(side: Side) -> str:
    """Return the library of threads that was loaded, where it had more than one to use."""
    host = side.manifest.host
    if host is None or host.cores < 2 or side.manifest.threads.get("OMP_NUM_THREADS") == "1":  # noqa: PLR2004 - one core
        return ""
    names = (path.replace("\\", "/").rsplit("/", 1)[-1] for path in side.manifest.libraries)
    return next((name for name in names if name.startswith(_THREADED)), "")
