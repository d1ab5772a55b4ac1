"""How two runs differ, drawn from the `afield.compare/1` document."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from afield.cli import screen, words
from afield.cli.arguments import short
from afield.cli.screen import grid, styled
from afield.cli.verdict_view import GRADES

LINES_MAX = 12
ALIKE = frozenset(("identical bytes", "identical content", "identical"))
_DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def comparison_page(
    found: dict[str, Any], names: tuple[str, str], *, everything: bool
) -> Iterator[RenderableType]:
    """Yield what is printed for a comparison; `names` are those of the two runs."""
    most = None if everything else LINES_MAX
    head = styled(f"{names[0]} ({short(found['a'])})", "bold")
    head.append("  vs  ", style="dim")
    head.append_text(styled(f"{names[1]} ({short(found['b'])})", "bold"))
    yield head
    rows = [*_made_of(found, most), *_results(found, most)]
    for name, captured in zip(names, found["captured"], strict=True):
        if not captured:
            yield styled(f"{name} was not recorded by `afield run`: only what it logged", "yellow")
    if found["cause"]:
        line = Text("first cause: ", style="bold")
        line.append_text(styled(f"{found['cause']['kind']}: {found['cause']['detail']}"))
        yield line
    yield Text()
    if not rows:
        yield styled("nothing differs", "green")
        return
    table = grid()
    for label, value in rows:
        table.add_row(label, value)
    yield table


def _made_of(found: dict[str, Any], most: int | None) -> Iterator[tuple[str, RenderableType]]:
    yield from _code(found, most)
    packages = package_lines(found["environment"])
    if packages:
        yield "environment", screen.lines(packages, most)
    inputs: list[Text] = []
    for one in found["inputs"]:
        where = f"  first read at {one['where']}" if one["where"] else ""
        inputs += [styled(one["path"] + where, "bold"), *_diff(one["diff"])]
    inputs += [styled(f"{path}: only in the first", "red") for path in found["inputs_only_a"]]
    inputs += [styled(f"{path}: only in the second", "green") for path in found["inputs_only_b"]]
    if inputs:
        yield "inputs", screen.lines(inputs, most)
    if found["datasets"]:
        told = [_change(one["name"], one["a"], one["b"]) for one in found["datasets"]]
        yield "data", screen.lines(told, most)
    if found["arguments"]:
        pair = (shlex.join(found["arguments"][side]) for side in "ab")
        yield "command", screen.lines([_change("", *pair)], most)
    for label in ("params", "variables"):
        if found[label]:
            lines = [_change(one["name"], one["a"], one["b"]) for one in found[label]]
            yield label, screen.lines(lines, most)
    if found["machine"]:
        yield "machine", screen.lines([styled(line) for line in found["machine"]], most)


def _code(found: dict[str, Any], most: int | None) -> Iterator[tuple[str, RenderableType]]:
    """Yield the files of code that differ; those that were read as data are told as inputs."""
    code = found["code"]
    inputs = {one["path"] for one in found["inputs"]}
    sections: dict[str, list[str]] = {path: [] for path in code["changed"] if path not in inputs}
    section: list[str] | None = None
    for line in code["diff"]:
        if line.startswith("--- a/"):
            continue
        if line.startswith("+++ b/"):
            section = sections.get(line.removeprefix("+++ b/"))
        elif section is not None:
            section.append(line)
    lines: list[Text] = []
    for path, changes in sections.items():
        lines += [styled(path, "bold"), *_diff(changes)]
    lines += [styled(f"{path}: only in the first", "red") for path in code["only_a"]]
    lines += [styled(f"{path}: only in the second", "green") for path in code["only_b"]]
    if lines:
        yield "code", screen.lines(lines, most)


def _results(found: dict[str, Any], most: int | None) -> Iterator[tuple[str, RenderableType]]:
    ended = found["exit"]
    if ended["recorded"] != ended["reproduced"]:
        yield "exit code", _change("", ended["recorded"], ended["reproduced"])
    metrics = [one for one in found["metrics"] if one["verdict"] not in ALIKE]
    if metrics:
        yield "metrics", _numbers(metrics, most)
    outputs = [one for one in found["outputs"] if one["verdict"] not in ALIKE]
    if outputs:
        yield "outputs", _graded(outputs, most)
    alike = len(found["outputs"]) - len(outputs)
    if alike and outputs:
        yield "", styled(f"{words.count(alike, 'other output')} alike", "dim")
    console = found["console"]
    if console and console["verdict"] not in ALIKE:
        yield "console", styled(f"{console['verdict']}: {console['detail'] or ''}".rstrip(": "))


def package_lines(environment: dict[str, Any]) -> list[Text]:
    """Return the lines that tell how two environments differ, the interpreter first."""
    made = (environment["python"], environment["platform"])
    lines = [_change("", one["a"], one["b"]) for one in made if one]
    lines += [_change(one["name"], one["a"], one["b"]) for one in environment["changed"]]
    for side, word, style in (("a", "first", "red"), ("b", "second", "green")):
        for one in environment[f"only_{side}"]:
            lines.append(styled(f"{one['name']} {one[side]}: only in the {word}", style))
    lines += [styled(f"{name}: other files, same version") for name in environment["files"]]
    lines += [_change(one["name"], one["a"], one["b"]) for one in environment["origins"]]
    for one in environment["patched"]:
        how = ("as installed" if one[side] is None else f"{one[side]} by hand" for side in "ab")
        lines.append(_change(one["name"], *how))
    return lines


def _numbers(metrics: Sequence[dict[str, Any]], most: int | None) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(overflow="fold")
    for _ in range(3):
        table.add_column(justify="right", no_wrap=True)
    for one in metrics[:most]:
        old, new = one["recorded"], one["reproduced"]
        both = isinstance(old, float | int) and isinstance(new, float | int)
        table.add_row(
            styled(one["name"]),
            styled(_said(old), "red"),
            styled(_said(new), "green"),
            styled(f"{new - old:+.6g}" if both else "", "dim"),
        )
    return screen.with_rest(table, len(metrics), most)


def _graded(outputs: Sequence[dict[str, Any]], most: int | None) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(2):
        table.add_column(overflow="fold")
    table.add_column(style="dim", overflow="fold")
    for one in outputs[:most]:
        style = GRADES.get(one["verdict"], ("?", "yellow"))[1]
        detail = one["detail"] or ""
        table.add_row(styled(one["path"]), styled(one["verdict"], style), styled(detail))
    return screen.with_rest(table, len(outputs), most)


def _change(name: str, old: object, new: object) -> Text:
    text = styled(f"{name}  " if name else "")
    text.append_text(styled(_said(old), "red"))
    text.append(" → ", style="dim")
    text.append_text(styled(_said(new), "green"))
    return text


def _said(value: object) -> str:
    return "(none)" if value is None else words.number(value)


def _diff(lines: Sequence[str]) -> list[Text]:
    shown = [line for line in lines if not line.startswith(("---", "+++"))]
    return [styled(line, _DIFF_STYLES.get(line[:1], "dim")) for line in shown]
