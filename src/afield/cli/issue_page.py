"""The text of `afield issue`: GitHub-flavoured Markdown about a run, ready to be pasted.

Drawn from the `afield.run/1` document and from nothing else but the diff beside it. Every part has
a bound, so that the whole fits a tracker; folders of the person's machine are named, not told.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from afield.cli import words
from afield.cli.arguments import short
from afield.cli.uncommitted import Uncommitted

TITLE_CHARS_MAX = 120
PAGE_CHARS_MAX = 60_000
"""GitHub takes 65,536 characters."""

TRACEBACK_CHARS_MAX = 12_000
NOTE_CHARS_MAX = 1_000
PACKAGES_MAX = 300
INPUTS_MAX = 40
LINES_MAX = 20
BEFORE_MAX = 5

_IMPORTED_AS = {
    "PIL": "pillow",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "umap": "umap-learn",
    "yaml": "pyyaml",
}
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_TICKS = re.compile("`+")


def issue_title(run: Mapping[str, Any], *, home: str) -> str:
    """Return one line that names the failure, or the run when nothing tells why it failed."""
    found = run["failure"]
    if found is None:
        title = f"Run {short(run['id'])} {run['status']}"
    else:
        message = _shown((found["message"] or "").partition("\n")[0], _folders(run, home))
        title = f"{found['exception']}: {message}" if message else found["exception"]
        if found["where"]:
            title = f"{_clip(title, TITLE_CHARS_MAX - 40)} ({words.place(found['where'])})"
    return _clip(_line(title), TITLE_CHARS_MAX)


def issue_text(
    run: Mapping[str, Any], code: Uncommitted | None, *, home: str, with_bundle: bool
) -> str:
    """Return the report.

    Args:
        run: its `afield.run/1` document.
        code: how its code differed from its commit; None when it did not.
        home: the person's home folder, shown as `~`.
        with_bundle: whether this Afield can put a run into one file.
    """
    names = _folders(run, home)
    parts = [
        [f"# {_prose(issue_title(run, home=home))}"],
        _ran(run, names),
        _failure(run, names),
        _before(run, names),
        _environment(run),
        _data(run, names),
        _code(run, code, names),
        _randomness(run),
        _again(run, names, with_bundle=with_bundle),
    ]
    text = "\n\n".join("\n".join(part) for part in map(list, parts) if part) + "\n"
    if len(text) > PAGE_CHARS_MAX:
        text = text[:PAGE_CHARS_MAX].rpartition("\n")[0] + "\n\n…\n"
    return text


def _ran(run: Mapping[str, Any], names: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield "## What was run"
    yield ""
    if run["argv"]:
        yield from _fenced(_shown(shlex.join(run["argv"]), names), "sh")
        folder = run.get("folder") or "."
        where = "in the project's folder" if folder == "." else f"in {_code_span(folder)}"
    else:
        where = "as a Python script (recorded by `afield.init`)"
    how = f"signal {run.get('signal')}" if run.get("signal") else f"exit code {run['exit_code']}"
    took = words.duration(run["duration_s"])
    yield ""
    yield (
        f"It {_code_span(run['status'])} with {how}, {where}"
        f"{f', after {took}' if took else ''}, on {run['started']:%Y-%m-%d %H:%M} UTC."
        f" Run {_code_span(run['id'])}, recorded with Afield."
    )


def _failure(run: Mapping[str, Any], names: Sequence[tuple[str, str]]) -> Iterator[str]:
    found = run["failure"]
    yield "## What happened"
    yield ""
    if found is None:
        yield "Nothing that was printed tells why."
        return
    if found["where"]:
        yield f"At {_code_span(words.place(found['where']))}:"
        yield ""
    text = _shown(found["text"] or found["message"] or found["exception"], names)
    if len(text) > TRACEBACK_CHARS_MAX:
        half = TRACEBACK_CHARS_MAX // 2
        text = f"{text[:half]}\n…\n{text[-half:]}"
    yield from _fenced(text, "pytb" if "Traceback (most recent" in text else "text")


def _before(run: Mapping[str, Any], names: Sequence[tuple[str, str]]) -> Iterator[str]:
    found = run["failure"]
    if found is None or not (found["times_before"] or found["solved_by"]):
        return
    yield "## Seen before"
    yield ""
    times = found["times_before"]
    if times:
        often = "once" if times == 1 else f"{times:,} times"
        yield f"The same failure (`{found['fingerprint']}`) happened {often} before:"
        yield ""
    for one in found["before"][:BEFORE_MAX]:
        yield f"- {one['started']:%Y-%m-%d %H:%M} UTC, run {_code_span(short(one['run']))}"
        for note in one["notes"][-1:]:
            yield ""
            fenced = _fenced(_clip(_shown(note["text"], names), NOTE_CHARS_MAX), "text")
            yield from (f"  {line}" for line in fenced)
    solved = found["solved_by"]
    if solved:
        yield ""
        compared = f"afield compare {short(solved['failed'])} {short(solved['run'])}"
        yield f"The same script succeeded later; what was changed: `{compared}`"


def _environment(run: Mapping[str, Any]) -> Iterator[str]:
    found, host = run["environment"], run.get("host")
    if not found:
        return
    yield "## Environment"
    yield ""
    yield f"- {found['implementation']} {found['python']} on {_code_span(found['platform'])}"
    if host:
        gpus = "".join(f", {_prose(gpu)}" for gpu in host.get("gpus") or ())
        memory = words.size(host["memory_bytes"])
        yield f"- {_prose(host['cpu'])}, {words.count(host['cores'], 'core')}, {memory}{gpus}"
    first, rest = _packages(run)
    if first:
        yield f"- in the traceback: {', '.join(first)}"
    if rest:
        yield ""
        yield "<details><summary>" + words.count(len(rest), "other package") + "</summary>"
        yield ""
        shown = rest[:PACKAGES_MAX]
        more = len(rest) - len(shown)
        yield from _fenced("\n".join([*shown, *([f"… and {more} more"] if more else [])]), "text")
        yield ""
        yield "</details>"


def _packages(run: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return the packages that the traceback passed through, and the others."""
    chain = run["failure"]["chain"] if run["failure"] else []
    imported = {
        frame["file"].partition("/")[0].removesuffix(".py")
        for raised in chain
        for frame in raised.get("frames", ())
        if frame.get("kind") == "library"
    }
    wanted = {_distribution(_IMPORTED_AS.get(name, name)) for name in imported}
    first: list[str] = []
    rest: list[str] = []
    for one in run["environment"]["distributions"]:
        text = f"{one['name']} {one['version']}"
        if one["origin"] != "index":
            text += f" ({one['origin']})"
        (first if _distribution(one["name"]) in wanted else rest).append(text)
    return [_code_span(text) for text in first], rest


def _distribution(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _data(run: Mapping[str, Any], names: Sequence[tuple[str, str]]) -> Iterator[str]:
    if not run["inputs"]:
        return
    yield "## Data it read"
    yield ""
    yield "| file | size | BLAKE3 |"
    yield "| --- | ---: | --- |"
    for one in run["inputs"][:INPUTS_MAX]:
        path = _code_span(_shown(one["path"], names)).replace("|", "\\|")
        digest = f"`{one['digest']}`" if one["digest"] else "not read"
        yield f"| {path} | {words.size(one['size_bytes'])} | {digest} |"
    more = len(run["inputs"]) - INPUTS_MAX
    if more > 0:
        yield ""
        yield f"… and {words.count(more, 'more file', 'more files')}."


def _code(
    run: Mapping[str, Any], found: Uncommitted | None, names: Sequence[tuple[str, str]]
) -> Iterator[str]:
    git = run["git"]
    if not git:
        return
    yield "## Code"
    yield ""
    commit = f"Commit {_code_span(git['commit'])}" if git["commit"] else "No commit yet"
    branch = f" on {_code_span(git['branch'])}" if git["branch"] else ""
    remote = f" of {_code_span(git['remote'])}" if git["remote"] else ""
    state = "with uncommitted changes" if git["dirty"] else "clean"
    yield f"{commit}{branch}{remote}, {state}."
    if found is None:
        return
    if found.why:
        yield f"What was not committed is not shown: {_prose(_shown(found.why, names))}."
    for label, paths in (("Changed", found.changed), ("Not in the commit", found.added)):
        if paths:
            shown = ", ".join(map(_code_span, paths[:LINES_MAX]))
            more = f" and {len(paths) - LINES_MAX} more" if len(paths) > LINES_MAX else ""
            yield ""
            yield f"{label}: {shown}{more}"
    if found.diff:
        yield ""
        yield from _fenced(_shown("\n".join(found.diff), names), "diff")


def _randomness(run: Mapping[str, Any]) -> Iterator[str]:
    found = run.get("entropy")
    if not found:
        return
    yield "## Randomness"
    yield ""
    if found["mode"] == "replay":
        yield "Recorded, and replayed by a reproduction."
    else:
        yield "Not recorded: another run draws other numbers."
    for one in found["calls"][:LINES_MAX]:
        at = f" at {_code_span(one['where'])}" if one["where"] else ""
        yield f"- unseeded: {_code_span(one['source'])}{at}"


def _again(
    run: Mapping[str, Any], names: Sequence[tuple[str, str]], *, with_bundle: bool
) -> Iterator[str]:
    id_ = short(run["id"])
    yield "## How to reproduce"
    yield ""
    if not run["argv"]:
        yield "The command was not recorded; run the script again with `afield run`."
        return
    yield from _fenced(f"afield reproduce {id_}", "sh")
    if with_bundle:
        yield ""
        yield "Elsewhere, from one file with all that it needs:"
        yield ""
        yield from _fenced(
            f"afield bundle {id_} -o {id_}.afield\nafield reproduce {id_}.afield", "sh"
        )
    if run["blockers"]:
        yield ""
        yield "In the way of it:"
        yield ""
        for line in run["blockers"][:LINES_MAX]:
            yield f"- {_prose(_shown(line, names))}"


def _folders(run: Mapping[str, Any], home: str) -> list[tuple[str, str]]:
    """Return folders of that machine, longest first, and what they are called here."""
    found = run["environment"] or {}
    executable = found.get("executable") or ""
    prefix = executable.rpartition("/")[0].removesuffix("/bin")
    pairs = [(run.get("root") or "", "."), (prefix, "<environment>"), (home, "~")]
    return sorted(
        ((path.rstrip("/"), name) for path, name in pairs if len(path.rstrip("/")) > 1),
        key=lambda pair: -len(pair[0]),
    )


def _shown(text: str, names: Sequence[tuple[str, str]]) -> str:
    for path, name in names:
        text = re.sub(
            rf"{re.escape(path)}(?=$|[/\\\s'\"`:;,)\]}}>])", name, text, flags=re.MULTILINE
        )
    return _CONTROLS.sub("", text)


def _fenced(text: str, language: str) -> Iterator[str]:
    """Yield a block that no text can end."""
    fence = "`" * max(3, 1 + max(map(len, _TICKS.findall(text)), default=0))
    yield f"{fence}{language}"
    yield from text.rstrip("\n").split("\n")
    yield fence


def _code_span(text: str) -> str:
    text = _line(text)
    ticks = "`" * (1 + max(map(len, _TICKS.findall(text)), default=0))
    return f"{ticks} {text} {ticks}" if "`" in text else f"{ticks}{text}{ticks}"


def _prose(text: str) -> str:
    """Return text in which nothing means anything to Markdown, and nobody is called by it."""
    return re.sub(r"([\\`*_\[\]<>#|~])", r"\\\1", _line(text)).replace("@", "@\u200b")


def _line(text: str) -> str:
    return _CONTROLS.sub("", " ".join(str(text).split()))


def _clip(text: str, chars_max: int) -> str:
    return text if len(text) <= chars_max else text[: chars_max - 1] + "…"
