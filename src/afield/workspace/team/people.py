"""Members by what people call them."""

from __future__ import annotations

from afield.kernel.errors import NotFound
from afield.kernel.ids import MemberId
from afield.kernel.late import late
from afield.workspace.workspace import Workspace

_MENTION = late(r"(?<![\w@/])@([\w][\w.\-]{0,60}\w|\w)")
ME = "me"


def find_member(workspace: Workspace, words: str) -> MemberId:
    """Return the member of a name, the beginning of one, or an id; `me` is who writes here.

    Raises:
        NotFound: there is none, or several fit.
    """
    asked = words.strip().removeprefix("@")
    if asked.casefold() == ME:
        return workspace.config.member
    known = _known(workspace)
    if asked in known:
        return MemberId(asked)
    folded = asked.casefold()
    for fits in (
        [one for one, name in known.items() if name.casefold() == folded],
        [one for one, name in known.items() if folded in name.casefold().split()],
        [one for one, name in known.items() if folded and name.casefold().startswith(folded)],
        [one for one in known if len(folded) >= 4 and one.startswith(folded)],  # noqa: PLR2004
    ):
        if len(fits) == 1:
            return MemberId(fits[0])
        if fits:
            names = ", ".join(f"{known[one]} ({one[:6]})" for one in sorted(fits))
            raise NotFound("several members are called so", words, names)
    raise NotFound("no such member", words, hint="afield team")


def mentioned(workspace: Workspace, text: str) -> list[str]:
    """Return the members whom a text names with `@`; names that nobody has are words.

    `@me` calls nobody: on a server, `me` is not who writes.
    """
    found: dict[str, None] = {}
    for name in _MENTION().findall(text):
        if name.casefold() == ME:
            continue
        try:
            found[find_member(workspace, name.replace("_", " "))] = None
        except NotFound:
            continue
    return list(found)


def _known(workspace: Workspace) -> dict[str, str]:
    rows = workspace.query("SELECT id FROM members ORDER BY id")
    found = {row[0]: workspace.name_of(row[0]) for row in rows}
    return found or {workspace.config.member: workspace.name_of(workspace.config.member)}
