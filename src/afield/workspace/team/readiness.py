"""Whether what changes hands for good is ready for it: reproduced, described, exportable, undoable.

Each check says what it looked at, and what to type where it fails. What cannot be looked at fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from afield.kernel.errors import AfieldError
from afield.registry.query import ModelVersion
from afield.workspace.datasets import card_of
from afield.workspace.lineage import taken_by, versions_read
from afield.workspace.models import find_version
from afield.workspace.views import RunView
from afield.workspace.workspace import Workspace

GOOD = ("identical", "equivalent")


class Check(NamedTuple):
    """One thing that has to be so.

    Attributes:
        name: `reproduced`, `card`, `environment` or `rollback`.
        about: of what, as people call it.
        good: it was looked at, and is so.
        why: what was found.
        hint: what to type where it is not good.
    """

    name: str
    about: str
    good: bool
    why: str
    hint: str


def readiness(workspace: Workspace, links: Sequence[str], rollback: str) -> list[Check]:
    """Return the checks of what is handed over.

    Args:
        workspace: with its tables up to date.
        links: to runs, versions of models and of data.
        rollback: how one goes back, in somebody's words.
    """
    runs, data, found = _subjects(workspace, links)
    for view in runs:
        found.append(_reproduced(workspace, view))
        found.append(_environment(workspace, view))
        data += [name for name in _data_of(workspace, view) if name not in data]
    found += [_card(workspace, name) for name in data]
    why = rollback.strip().partition("\n")[0] or "nobody says how to go back"
    hint = 'afield handover offer ID --rollback "afield model alias NAME@3 champion"'
    found.append(Check("rollback", "", bool(rollback.strip()), why, hint))
    return found


def _subjects(
    workspace: Workspace, links: Sequence[str]
) -> tuple[list[RunView], list[str], list[Check]]:
    """Return the runs and the data that are meant, and checks of what has no run to look at."""
    runs: list[RunView] = []
    data: list[str] = []
    found: list[Check] = []
    for link in links:
        kind, _, rest = link.partition(":")
        if kind == "data":
            data.append(rest.rpartition("@")[0])
        elif kind in ("run", "model"):
            version = _version(workspace, rest) if kind == "model" else None
            run = rest if version is None else version.run or ""
            views = workspace.views([run])
            runs += views
            if not views:
                about = rest if version is None else f"{version.name} {version.number}"
                why = "the run that made it is not in this record"
                found.append(Check("reproduced", about, False, why, "afield sync"))  # noqa: FBT003
    return runs, data, found


def _version(workspace: Workspace, rest: str) -> ModelVersion | None:
    model, _, place = rest.partition("@")
    sql = (
        "SELECT COUNT(*) FROM model_versions v JOIN model_versions o ON o.model = v.model"
        " AND (o.at, o.device, o.seq) <= (v.at, v.device, v.seq)"
        " WHERE v.model = ? AND v.device = ? AND v.seq = ?"
    )
    device, _, seq = place.partition("-")
    if not seq.isdigit():
        return None
    number = workspace.query(sql, (model, device, int(seq)))[0][0]
    names = workspace.query("SELECT COALESCE(name, first_name) FROM registered_models WHERE id = ?",
                            (model,))  # fmt: skip
    try:
        return find_version(workspace, f"{names[0][0]}@{number}") if names else None
    except AfieldError:
        return None


def _reproduced(workspace: Workspace, view: RunView) -> Check:
    sql = "SELECT verdict, member FROM reproductions WHERE original = ? AND member <> ?"
    found = workspace.query(sql, (view.id, view.member))
    good = [(verdict, by) for verdict, by in found if verdict in GOOD]
    if good:
        why = f"{good[-1][0]} when {workspace.name_of(good[-1][1])} repeated it"
    elif found:
        why = f"{found[-1][0]} when {workspace.name_of(found[-1][1])} repeated it"
    else:
        why = "nobody but who ran it has repeated it"
    hint = f"afield reproduce {view.id[:8]}   # by another member"
    return Check("reproduced", view.name, bool(good), why, hint)


def _environment(workspace: Workspace, view: RunView) -> Check:
    from afield.replay.export import Subject
    from afield.replay.export.pins import sort_pins

    hint = f"afield env export {view.id[:8]} --as dockerfile"
    manifest = workspace.manifest(view.id)
    if manifest is None or manifest.environment is None:
        why = "no Python environment was recorded"
        return Check("environment", view.name, False, why, hint)  # noqa: FBT003
    vault = workspace.record.vault
    subject = Subject(view.id, view.name, manifest, manifest.environment, vault, beside=True)
    left_out = sort_pins(subject).left_out
    count = len(manifest.environment.distributions)
    why = f"{count} packages can be installed again"
    if left_out:
        why = f"{len(left_out)} of {count} packages cannot: {left_out[0]}"
    return Check("environment", view.name, not left_out, why, hint)


def _data_of(workspace: Workspace, view: RunView) -> Iterator[str]:
    manifest = workspace.manifest(view.id)
    taken = taken_by(workspace, view.id, manifest)
    inputs = manifest.inputs if manifest is not None else ()
    started_ms = int(view.started.timestamp() * 1000)
    for one in versions_read(workspace, taken, inputs, started_ms):
        yield one.version.name


def _card(workspace: Workspace, name: str) -> Check:
    lacking = card_of(workspace, name).missing
    why = f"lacks {', '.join(lacking)}" if lacking else "its card is filled in"
    return Check("card", name, not lacking, why, f"afield data card {name}")
