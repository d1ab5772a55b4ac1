"""What items are about: a link names a thing in the record for good, a label says it to people.

`run:<id>`, `data:<name>@<tree>`, `model:<id>@<device>-<seq>`, `member:<id>`, `<sort>:<id>`. Numbers
of versions are counted when asked and can move; what a link says cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from afield.datasets.errors import DatasetNotFound, VersionNotFound
from afield.datasets.query import versions
from afield.kernel.errors import NotFound
from afield.registry import query as registry
from afield.runs.errors import RunNotFound
from afield.teamwork import query
from afield.teamwork.errors import ItemNotFound
from afield.teamwork.sorts import SORT_OF, SORTS
from afield.workspace.models import find_version
from afield.workspace.team.items import title_of
from afield.workspace.team.people import find_member
from afield.workspace.workspace import Workspace


def link_to(workspace: Workspace, words: str) -> str:
    """Return the link that a person's words mean.

    Args:
        workspace: with its tables up to date.
        words: `run:NAME`, `data:NAME@VERSION`, `model:NAME@VERSION`, `member:NAME`, `ask:ID` and
            so on; without a kind, a run or an item.

    Raises:
        NotFound: there is nothing of this name.
    """
    kind, sign, rest = words.partition(":")
    if sign and kind == "run":
        return f"run:{workspace.run(rest).id}"
    if sign and kind == "data":
        return _data(workspace, rest)
    if sign and kind == "model":
        version = find_version(workspace, rest)
        return f"model:{version.model}@{version.place[0]}-{version.place[1]}"
    if sign and kind == "member":
        return f"member:{find_member(workspace, rest)}"
    if sign and kind in SORT_OF:
        return query.find(workspace.query, SORT_OF[kind], rest).link
    return _any(workspace, words)


def project_of(workspace: Workspace, link: str) -> str:
    """Return the project of the thing that a link names; `default` where it is in none."""
    kind, _, rest = link.partition(":")
    if kind == "run":
        found = next(iter(workspace.views([rest])), None)
        return "default" if found is None else found.project
    if kind in SORT_OF:
        item = next(iter(query.read(workspace.query, SORT_OF[kind], [rest])), None)
        return "default" if item is None else item.project
    return "default"


def label_of(workspace: Workspace, link: str) -> str:
    """Return what people call the thing that a link names; the link itself where it is not here."""
    kind, _, rest = link.partition(":")
    if kind in SORT_OF:
        item = next(iter(query.read(workspace.query, SORT_OF[kind], [rest])), None)
        if item is None:
            return link
        by = "" if SORT_OF[kind].field("title") else f" by {workspace.name_of(item.author)}"
        return f"{kind}: {title_of(workspace, item)}{by}"
    label = _LABELS.get(kind)
    return (label and label(workspace, rest)) or link


def _run_label(workspace: Workspace, run: str) -> str:
    found = next(iter(workspace.views([run])), None)
    return "" if found is None else f"run {found.name}"


def _data_label(workspace: Workspace, rest: str) -> str:
    name, _, tree = rest.rpartition("@")
    known = versions(workspace.projection, name, dropped=True)
    same = [one.label for one in known if one.tree == tree]
    return f"data {same[-1]}" if same else ""


def _model_label(workspace: Workspace, rest: str) -> str:
    model, _, place = rest.partition("@")
    device, _, seq = place.partition("-")
    if not seq.isdecimal():
        return ""
    found = registry.version_at(workspace.query, model, (device, int(seq)))
    return "" if found is None else f"model {found.name}@{found.number}"


_LABELS: Mapping[str, Callable[[Workspace, str], str]] = {
    "run": _run_label,
    "data": _data_label,
    "model": _model_label,
    "member": lambda workspace, rest: workspace.name_of(rest),
}


def _data(workspace: Workspace, words: str) -> str:
    name, sign, which = words.rpartition("@")
    if not sign:
        name, which = words, "latest"
    known = versions(workspace.projection, name)
    if not known:
        raise DatasetNotFound("no such dataset", name, hint="afield data list")
    if which == "latest":
        return f"data:{name}@{known[-1].tree}"
    for one in known:
        if str(one.number) == which or (len(which) > 5 and one.tree.startswith(which)):  # noqa: PLR2004 - a digest
            return f"data:{name}@{one.tree}"
    raise VersionNotFound("no such version", words, hint=f"afield data show {name}")


def _any(workspace: Workspace, words: str) -> str:
    """Return a run or an item, whichever has such an id or name."""
    try:
        return f"run:{workspace.run(words).id}"
    except RunNotFound:
        pass
    for sort in SORTS:
        try:
            return query.find(workspace.query, sort, words).link
        except ItemNotFound:
            continue
    hint = "afield runs; or say what it is: run:NAME, data:NAME@3, model:NAME@2, ask:ID"
    raise NotFound("nothing in the record is called so", words, hint=hint)
