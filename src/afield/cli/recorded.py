"""What `afield run` says afterwards: two short lines for people, one object for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from afield.cli import words
from afield.cli.output import mark, plain
from afield.cli.words import short

if TYPE_CHECKING:
    from afield.runs.capture.capture import Outcome
    from afield.runs.manifest import Manifest

BLOCKERS_SHOWN = 3
DATA_SHOWN = 3


def recorded_document(outcome: Outcome) -> dict[str, Any]:
    """Return `afield.recorded/1`."""
    manifest = outcome.manifest
    return {
        "schema": "afield.recorded/1",
        "run": outcome.run,
        "name": outcome.name,
        "recorded": outcome.recorded,
        "exit_code": outcome.exit_code,
        "signal": manifest.signal,
        "blockers": list(manifest.blockers),
        "warnings": list(dict.fromkeys([*manifest.capture.warnings, *outcome.faults])),
        "redactions": len(manifest.redactions),
    }


def summary_lines(outcome: Outcome) -> list[str]:
    """Return the paragraph: what was kept, and whether it can be reproduced."""
    manifest = outcome.manifest
    us = mark("afield", "cyan", "bold")
    if not outcome.recorded:
        return []  # capture has said why, on stderr, as it could not write it down
    name = f"{mark(short(outcome.run), 'bold')} ({plain(outcome.name)})"
    ended = f", ended by {manifest.signal}" if manifest.signal else ""
    kept = ", ".join(_kept(manifest))
    lines = [f"{us}: recorded {name}{ended}: {kept}"]
    if manifest.redactions:
        secrets = words.count(len(manifest.redactions), "secret")
        lines.append(f"{us}: {secrets} replaced by `redacted:…` before anything was written")
    warnings = manifest.capture.warnings
    if manifest.blockers:  # what stands in the way says most of it better
        warnings = tuple(text for text in warnings if "left in the background" in text)
    lines += [f"{us}: warning: {plain(text)}" for text in warnings[:2]]
    if manifest.blockers:
        shown = "; ".join(plain(text) for text in manifest.blockers[:BLOCKERS_SHOWN])
        more = len(manifest.blockers) - BLOCKERS_SHOWN
        tail = f"; and {more} more" if more > 0 else ""
        stand = mark("in the way of reproducing it", "yellow")
        lines.append(f"{us}: {stand}: {shown}{tail}")
    else:
        lines.append(f"{us}: reproduce it with: afield reproduce {short(outcome.run)}")
    return lines


def _kept(manifest: Manifest) -> list[str]:
    """Return what was kept, in a few words each."""
    parts = []
    if manifest.git is not None and manifest.git.commit:
        changes = " with changes" if manifest.git.dirty else ""
        branch = f"{plain(manifest.git.branch)} " if manifest.git.branch else ""
        parts.append(f"code at {branch}{manifest.git.commit[:7]}{changes}")
    elif manifest.code is not None:
        parts.append(f"code ({words.count(manifest.code.files, 'file')})")
    environment = manifest.environment
    if environment is not None:
        packages = words.count(len(environment.distributions), "package")
        parts.append(f"Python {environment.python} with {packages}")
    parts.append(words.count(len(manifest.inputs), "input"))
    if manifest.datasets:
        parts.append(", ".join(one.label for one in manifest.datasets[:DATA_SHOWN]))
        if len(manifest.datasets) > DATA_SHOWN:
            more = len(manifest.datasets) - DATA_SHOWN
            parts.append(f"{words.count(more, 'more version')} of data")
    size = words.size(sum(found.size_bytes for found in manifest.outputs))
    outputs = words.count(len(manifest.outputs), "output")
    parts.append(f"{outputs} ({size})" if manifest.outputs else outputs)
    parts.append(f"console ({words.size(manifest.console_bytes)})")
    return parts
