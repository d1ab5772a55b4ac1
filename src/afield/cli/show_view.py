"""The page of one run, drawn from its `afield.run/1` document."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from afield.cli import screen, words
from afield.cli.apart import in_words
from afield.cli.arguments import short
from afield.cli.failure_view import failure_rows
from afield.cli.output import plain
from afield.cli.screen import grid, status_text, styled, verdict_text

VARIED_MAX = 5
PATCHES_MAX = 3
LINES_MAX = 8
"""Lines of a list before it says how many more there are."""


def run_page(run: dict[str, Any], now: datetime, *, everything: bool) -> Iterator[RenderableType]:
    """Yield what is printed for a run, from its title to what stands in the way."""
    most = None if everything else LINES_MAX
    title = Text()
    title.append(plain(run["name"]), style="bold")
    title.append(f"  {run['id']}  ", style="dim")
    title.append_text(status_text(run["status"], run["exit_code"]))
    if run["deleted"]:
        title.append("  deleted", style="yellow")
    yield title
    if run["argv"]:
        yield styled(f"$ {shlex.join(run['argv'])}", "cyan")
    yield Text()
    table = grid()
    for label, value in _rows(run, now, most):
        table.add_row(label, value)
    yield table


def _rows(
    run: dict[str, Any], now: datetime, most: int | None
) -> Iterator[tuple[str, RenderableType]]:
    yield "project", styled(f"{run['project']} / {run['experiment']}")
    yield "started", styled(_when(run, now))
    if run["imported"]:
        yield "imported", styled(f"from {run['imported']['tool']}: {run['imported']['key']}")
    yield from failure_rows(run, now)
    if run.get("code") or run.get("git"):
        yield "code", styled(_code(run))
    yield from _environment(run, most)
    yield from _machine(run)
    for label in ("params", "metrics", "tags"):
        if run[label]:
            shown = _metrics if label == "metrics" else _pairs
            yield label, shown(run[label], most)
    if run["summary"]:
        yield "summary", _pairs(run["summary"], most)
    if run["data"]:
        yield "data", screen.lines([_data(one) for one in run["data"]], most)
    yield from _files(run, most)
    if run.get("entropy"):
        yield "randomness", _entropy(run["entropy"], most)
    if run.get("network"):
        yield "network", screen.lines([styled(text) for text in run["network"]], most)
    yield from _people(run, now)
    if run["disagreements"]:
        apart = [styled(in_words(one, now), "yellow") for one in run["disagreements"]]
        yield "both sides", screen.lines(apart, most)
    yield from _judgement(run, most)


def _when(run: dict[str, Any], now: datetime) -> str:
    started: datetime = run["started"]
    text = f"{started.astimezone():%Y-%m-%d %H:%M:%S} ({words.ago(started, now)})"
    if run["duration_s"] is not None:
        text += f", took {words.duration(run['duration_s'])}"
    used = run.get("resources")
    if used:
        peak = words.size(used["memory_peak_bytes"])
        text += f", {words.duration(used['cpu_s'])} of CPU, {peak} of memory"
    return text


def _code(run: dict[str, Any]) -> str:
    git, code = run.get("git"), run.get("code")
    parts = []
    if git and git["commit"]:
        branch = f"{git['branch']} " if git["branch"] else ""
        parts.append(f"{branch}{git['commit'][:10]}")
        if code or git["dirty"]:  # of a run from elsewhere nobody knows
            parts.append("with uncommitted changes" if git["dirty"] else "clean")
    if code:
        parts.append(f"{words.count(code['files'], 'file')}, {words.size(code['size_bytes'])}")
        if code["not_kept"]:
            lost = sum(found["size_bytes"] for found in code["not_kept"])
            parts.append(f"not kept: {words.size(lost)}")
    return "; ".join(parts)


def _environment(run: dict[str, Any], most: int | None) -> Iterator[tuple[str, RenderableType]]:
    found = run["environment"]
    if not found:
        return
    head = styled(f"{found['implementation']} {found['python']} on {found['platform']}")
    yield "python", head
    names = [f"{one['name']} {one['version']}" for one in found["distributions"]]
    if most is not None and len(names) > most:
        rest = len(names) - most
        yield "packages", styled(f"{', '.join(names[:most])}, … and {rest} more (--all)")
    elif names:
        yield "packages", styled(", ".join(names))
    if found["conda"]:
        conda = [f"{one['name']} {one['version']}" for one in found["conda"]]
        shown = conda if most is None else conda[:most]
        more = f", … and {len(conda) - len(shown)} more" if len(shown) < len(conda) else ""
        yield "conda", styled(", ".join(shown) + more)
    patched = [styled(_patched(one), "yellow") for one in found["distributions"] if one["patched"]]
    if patched:
        yield "patched", screen.lines(patched, most)


def _patched(one: dict[str, Any]) -> str:
    """Say which installed files somebody changed: `1 file of numpy patched by hand: a.py`."""
    files = [
        patch["path"] + ("" if patch["how"] == "changed" else f" ({patch['how']})")
        for patch in one["patched"]
    ]
    shown = ", ".join(files[:PATCHES_MAX]) + (", …" if len(files) > PATCHES_MAX else "")
    return f"{words.count(len(files), 'file')} of {one['name']} patched by hand: {shown}"


def _machine(run: dict[str, Any]) -> Iterator[tuple[str, RenderableType]]:
    host = run.get("host")
    parts = [run["host_name"]] if run["host_name"] else []
    if host:
        parts += [host["cpu"], words.count(host["cores"], "core"), words.size(host["memory_bytes"])]
    if parts:
        yield "machine", styled(", ".join(parts))


def _files(run: dict[str, Any], most: int | None) -> Iterator[tuple[str, RenderableType]]:
    if run["inputs"] or run["argv"]:
        seen = _how_seen(run["capture"])
        folders = [found for found in run["inputs"] if found["folder"]]
        files = [found for found in run["inputs"] if not found["folder"]]
        counted = words.count(len(files), "file")
        if folders:
            counted += f" and {words.count(len(folders), 'folder')}"
        if run["datasets"]:
            counted += f" and {words.count(len(run['datasets']), 'version')} of data"
        yield "inputs", Group(styled(f"{counted}: {seen}"), _file_table(folders + files, most))
    outputs = [*run["outputs"], *run["saved"]]
    if outputs:
        yield "outputs", _file_table(outputs, most)


def _data(found: dict[str, Any]) -> Text:
    """Say which version of a dataset was read, and whether there is a newer one."""
    read = words.count(found["files"], "file") if found["files"] else "looked up, no file read"
    asked = [word for word in found["asked"] if word != found["label"]]
    text = styled(f"{found['label']}: {read}")
    if asked:
        text.append(plain(f" (asked for as {', '.join(asked)})"), "dim")
    if found["newer"]:
        newest = f"{found['name']}@{found['newest']}"
        if found["same_in_newest"]:
            text.append(plain(f"; {newest} is newer, these files are the same in it"), "dim")
        else:
            text.append(plain(f"; {newest} is newer"), "yellow")
    return text


def _how_seen(capture: dict[str, Any]) -> str:
    """Say how far what was read is known."""
    if capture["inputs_complete"]:
        return "complete (kernel-observed)"
    if "kernel" in capture["layers"]:
        return "kernel-observed, with gaps"
    if "python" not in capture["layers"]:
        return "what it read was not seen"
    return "; ".join(["Python-level only", *capture["notes"]])


def _file_table(files: Sequence[dict[str, Any]], most: int | None) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim", overflow="fold")
    for found in files[:most]:
        remark = found.get("where") or ""
        if found.get("changed"):
            remark += " changed during the run"
        if found.get("kept") is False:
            remark += " bytes not kept"
        if found.get("folder"):
            remark += f" {found['note']}"
        table.add_row(
            styled(found["path"]), words.size(found["size_bytes"]), styled(remark.strip())
        )
    return screen.with_rest(table, len(files), most)


def _metrics(metrics: dict[str, Any], most: int | None) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(2):
        table.add_column(no_wrap=True)
    table.add_column(style="dim", overflow="fold")
    for name, found in sorted(metrics.items())[:most]:
        spread = ""
        if found["count"] > 1:
            low, high, mean = (words.number(found[part]) for part in ("min", "max", "mean"))
            spread = f"min {low}  max {high}  mean {mean}  ({found['count']:,} points)"
        table.add_row(styled(name), styled(words.number(found["last"]), "bold"), styled(spread))
    return screen.with_rest(table, len(metrics), most)


def _pairs(values: dict[str, Any], most: int | None) -> RenderableType:
    lines = [styled(f"{name} = {words.number(value)}") for name, value in sorted(values.items())]
    return screen.lines(lines, most)


def _entropy(entropy: dict[str, Any], most: int | None) -> RenderableType:
    if entropy["mode"] != "replay":
        return styled("left alone: a reproduction draws other numbers", "yellow")
    calls = [
        styled(call["source"] + _at(call["where"]) + _times(call["times"]))
        for call in entropy["calls"]
    ]
    head = "recorded, and replayed when reproduced" + ("; nobody seeded:" if calls else "")
    return Group(styled(head), screen.lines(calls, most)) if calls else styled(head)


def _at(where: str) -> str:
    return f" at {where}" if where else ", at no line that was seen"


def _times(times: int) -> str:
    return f" ({times} times)" if times > 1 else ""


def _people(run: dict[str, Any], now: datetime) -> Iterator[tuple[str, RenderableType]]:
    for note in run["notes"]:
        lines = [styled(line) for line in note["text"].splitlines()]
        yield "note", Group(*lines, styled(words.ago(note["at"], now), "dim"))


def _judgement(run: dict[str, Any], most: int | None) -> Iterator[tuple[str, RenderableType]]:
    if run["reproduces"]:
        yield "reproduces", styled(short(run["reproduces"]))
    for found in run["reproductions"]:
        text = verdict_text(found["verdict"])
        text.append(f" by {short(found['run'])}", style="dim")
        if found["cause"]:
            text.append(f", first cause: {found['cause']}", style="dim")
        yield "reproduced", text
    if run["stability"]:
        from afield.cli.stability_view import stability_line

        line = stability_line(run["stability"])
        parts = run["stability"]["parts"]
        varied = [one["name"] or one["part"] for one in parts if one["differed"]]
        if varied:
            line.append(f"; varied: {', '.join(varied[:VARIED_MAX])}", style="yellow")
        yield "stability", line
    for label, lines, style in (
        ("warnings", run["capture"]["warnings"], "yellow"),
        ("in the way", run["blockers"], "yellow"),
    ):
        if lines:
            yield label, screen.lines([styled(line, style) for line in lines], most)
