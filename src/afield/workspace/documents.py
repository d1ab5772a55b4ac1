"""A run as programs read it: the documents of docs/json.md, built from the record.

What people see is drawn from these same documents, so that nothing is said to one that is
not said to the other. Field names are a promise; new ones may be added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from afield.replay import Stability
    from afield.runs.manifest import DatasetRead, FileRecord, Manifest, Notebook
    from afield.workspace.views import RunView
    from afield.workspace.workspace import Workspace


def run_row(run: RunView) -> dict[str, Any]:
    """Return a run as `afield.runs/1` lists it."""
    return {
        "id": run.id,
        "name": run.name,
        "project": run.project,
        "experiment": run.experiment,
        "status": run.status,
        "exit_code": run.exit_code,
        "started": run.started,
        "ended": run.ended,
        "duration_s": run.duration_s,
        "user": run.user,
        "host": run.host,
        "branch": run.facts.get("branch"),
        "commit": run.facts.get("commit"),
        "python": run.facts.get("python"),
        "params": dict(run.params),
        "metrics": {name: summary(found) for name, found in run.metrics.items()},
        "tags": dict(run.tags),
        "reproduces": run.reproduces,
        "verdict": last_verdict(run),
        "failure": run.failure,
        "exception": run.exception,
        "deleted": run.deleted,
    }


def summary(found: Any) -> dict[str, Any]:
    """Return a metric's summary."""
    return {
        "last": found.last,
        "min": found.min,
        "max": found.max,
        "mean": found.mean,
        "count": found.count,
    }


def last_verdict(run: RunView) -> str | None:
    """Return the verdict of the newest reproduction, or None."""
    return run.reproductions[-1].verdict if run.reproductions else None


def run_document(workspace: Workspace, run: RunView) -> dict[str, Any]:
    """Return a run as `afield.run/1`: everything that `afield show` knows."""
    manifest = workspace.manifest(run)
    document: dict[str, Any] = {"schema": "afield.run/1", **run_row(run)}
    for of_lists in ("verdict", "user", "host", "branch", "commit", "python", "exception"):
        del document[of_lists]
    document |= {
        "kind": run.kind,
        "host_name": run.host,
        "summary": dict(run.summary),
        "notes": notes_part(workspace, run),
        "saved": [
            {"path": s.path, "object": s.object, "size_bytes": s.size_bytes} for s in run.saved
        ],
        "reproductions": [
            {"run": r.run, "verdict": r.verdict, "cause": r.cause_kind, "at": r.at}
            for r in run.reproductions
        ],
    }
    document["stability"] = stability_part(workspace, run)
    document |= manifest_part(manifest) if manifest is not None else no_manifest_part(run)
    document["failure"] = failure_part(workspace, run)
    document |= taken_part(workspace, run, manifest)
    document["data"] = data_part(workspace, run, manifest)
    from afield.workspace.apart_documents import about_part
    from afield.workspace.logged import logged_part

    document["logged"] = logged_part(workspace, run.id)
    document["disagreements"] = about_part(workspace, run.id)
    document["imported"] = None
    if run.kind == "imported":
        from afield.workspace.bring.run_documents import imported_part

        document["imported"] = imported_part(workspace, run.id)
    return document


def taken_part(
    workspace: Workspace, run: RunView, manifest: Manifest | None
) -> dict[str, list[dict[str, Any]]]:
    """Return the versions of data that a run took out of a record, as it recorded them."""
    from afield.workspace.lineage import taken_by

    return {"datasets": [dataset_part(one) for one in taken_by(workspace, run.id, manifest)]}


def data_part(
    workspace: Workspace, run: RunView, manifest: Manifest | None
) -> list[dict[str, Any]]:
    """Return the versions of data that a run read from, and whether there are newer ones."""
    from afield.workspace.lineage import taken_by, versions_read

    taken = taken_by(workspace, run.id, manifest)
    inputs = manifest.inputs if manifest is not None else ()
    if not taken and not inputs:
        return []
    started_ms = int(run.started.timestamp() * 1000) if run.started else None
    return [
        {
            "label": one.version.label,
            "name": one.version.name,
            "version": one.version.number,
            "tree": one.version.tree,
            "files": one.files,
            "newest": one.newest.number,
            "newer": one.outdated,
            "same_in_newest": one.same,
            "asked": list(one.asked),
        }
        for one in versions_read(workspace, taken, inputs, started_ms)
    ]


def failure_part(workspace: Workspace, run: RunView) -> dict[str, Any] | None:
    """Return why a run failed, who had that before, and what helped; None when it did not."""
    from msgspec import to_builtins

    from afield.workspace.failures import known_failure

    known = known_failure(workspace, run)
    if known is None:
        return None
    words, solved = known.failure, known.solved
    where = words.where if words else None
    return {
        "fingerprint": known.fingerprint,
        "exception": known.exception,
        "message": words.message if words else None,
        "where": where and {"file": where.file, "line": where.line, "function": where.function},
        "text": words.text if words else None,
        "chain": [to_builtins(raised) for raised in words.chain] if words else [],
        "times_before": known.times_before,
        "before": [{**named_run(one), "notes": notes_part(workspace, one)} for one in known.before],
        "solved_by": solved and {**named_run(solved.run), "failed": solved.failed.id},
    }


def named_run(run: RunView) -> dict[str, Any]:
    """Return what names another run in a document: its id, name, user and beginning."""
    return {"run": run.id, "name": run.name, "user": run.user, "started": run.started}


def notes_part(workspace: Workspace, run: RunView) -> list[dict[str, Any]]:
    """Return the notes on a run, oldest first."""
    return [{"at": n.at, "by": workspace.name_of(n.member), "text": n.text} for n in run.notes]


def stability_part(workspace: Workspace, run: RunView) -> dict[str, Any] | None:
    """Return `afield.stability/1` of a run; None when it was never repeated where recorded."""
    if not run.reproductions:
        return None
    from afield.replay import stability

    found = stability(workspace, run.id, workspace.record.vault)
    return stability_document(found) if found.runs else None


def stability_document(found: Stability) -> dict[str, Any]:
    """Return what is known of a run's stability as `afield.stability/1`."""
    from msgspec import to_builtins

    document: dict[str, Any] = to_builtins(found)
    for part, one in zip(document["parts"], found.parts, strict=True):
        part["stable"] = one.stable
    return document


def dataset_part(found: DatasetRead) -> dict[str, Any]:
    """Return a version that a run took out of the record."""
    from msgspec import to_builtins

    return {
        "label": found.label,
        "name": found.name,
        "number": found.number,
        "tree": found.tree,
        "added_ms": found.added_ms,
        "asked": list(found.asked),
        "whole": found.whole,
        "files": [to_builtins(file) for file in found.files],
        "where": found.where,
        "workspace": found.workspace,
    }


def no_manifest_part(run: RunView) -> dict[str, Any]:
    """Return the fields of capture for a run without a manifest, and say why it has none."""
    why = "not recorded by `afield run`: only what the code logged is known"
    if run.kind == "command":
        running = run.status == "running"
        why = "it is still running" if running else "it was cut off: what it was made of is lost"
    return {
        "argv": [],
        "git": None,
        "environment": None,
        "inputs": [],
        "outputs": [],
        "capture": {
            "layers": [],
            "inputs_complete": False,
            "warnings": [],
            "notes": [],
            "beside": [],
        },
        "blockers": [why],
    }


def manifest_part(manifest: Manifest) -> dict[str, Any]:
    """Return the fields that the manifest holds."""
    from msgspec import to_builtins

    git, environment = manifest.git, manifest.environment
    code = manifest.code
    return {
        "argv": list(manifest.argv),
        "folder": manifest.cwd,
        "root": manifest.root,
        "signal": manifest.signal,
        "git": git
        and {
            "commit": git.commit,
            "branch": git.branch,
            "remote": git.remote,
            "dirty": git.dirty,
        },
        "code": code
        and {
            "tree": code.tree,
            "files": code.files,
            "size_bytes": code.size_bytes,
            "not_kept": [to_builtins(found) for found in code.not_kept],
        },
        "environment": environment
        and {
            "python": environment.python,
            "implementation": environment.implementation,
            "executable": environment.executable,
            "platform": environment.platform,
            "identity": environment.identity,
            "distributions": [
                {
                    "name": d.name,
                    "version": d.version,
                    "origin": d.origin,
                    "identity": d.identity,
                    "checked": d.checked,
                    "patched": [to_builtins(patch) for patch in d.patched],
                }
                for d in environment.distributions
            ],
            "conda": [to_builtins(package) for package in environment.conda],
        },
        "inputs": [file_part(found) for found in manifest.inputs],
        "outputs": [file_part(found) for found in manifest.outputs],
        "notebook": manifest.notebook and _notebook_part(manifest.notebook),
        "entropy": _entropy_part(manifest),
        "variables": dict(manifest.variables),
        "threads": dict(manifest.threads),
        "network": list(manifest.network),
        "host": manifest.host and to_builtins(manifest.host),
        "resources": manifest.resources and to_builtins(manifest.resources),
        "console": {"object": manifest.console, "size_bytes": manifest.console_bytes},
        "redactions": [to_builtins(found) for found in manifest.redactions],
        "capture": _capture_part(manifest),
        "blockers": list(manifest.blockers),
    }


def _entropy_part(manifest: Manifest) -> dict[str, Any]:
    return {
        "mode": manifest.entropy.mode,
        "calls": [
            {"source": source, "where": where, "times": times}
            for source, where, times in manifest.entropy.calls
        ],
    }


def _notebook_part(found: Notebook) -> dict[str, Any]:
    return {
        "path": found.path,
        "kernel": found.kernel,
        "language": found.language,
        "cells": found.cells,
        "text": found.text,
        "executed": found.executed,
        "failed_cell": found.failed_cell,
        "by_hand": found.by_hand,
    }


def _capture_part(manifest: Manifest) -> dict[str, Any]:
    return {
        "layers": list(manifest.capture.layers),
        "inputs_complete": manifest.capture.inputs_complete,
        "warnings": list(manifest.capture.warnings),
        "notes": list(manifest.capture.notes),
        "beside": list(manifest.capture.beside),
    }


def file_part(found: FileRecord) -> dict[str, Any]:
    """Return a file that a run read or wrote."""
    from msgspec import to_builtins

    return {
        "path": found.path,
        "digest": found.digest,
        "size_bytes": found.size_bytes,
        "seen_by": found.seen_by,
        "kept": found.kept,
        "where": found.where,
        "changed": found.changed,
        "note": found.note,
        "folder": found.folder and to_builtins(found.folder),
    }
