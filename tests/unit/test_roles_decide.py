"""Every role, action and scope: the decision is what the table in docs/access.md says, and no more.

`python tests/unit/test_roles_decide.py` writes the table anew.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from afield.kernel.ids import MemberId
from afield.members.actions import Action
from afield.members.caller import Caller
from afield.members.decide import decide
from afield.members.errors import ActionNotAllowed
from afield.members.roles import ALLOWED, ANYWHERE, WHOLE, Role
from afield.workspace.rights_needed import NEEDS
from afield.workspace.rooms import ROOMS

DOCUMENT = Path(__file__).parents[2] / "docs" / "access.md"
BEGIN, END = "<!-- the table begins: made from the code -->", "<!-- the table ends -->"
ANN = MemberId("a" * 16)
SCOPES = ("everywhere", "in one project")
PROJECTS = ("p", "q", None, "*")


def allows(role: Role, action: Action, scope: str) -> bool:
    return decide({"*" if scope == SCOPES[0] else "p": frozenset({role})}, action, "p").allowed


def table() -> str:
    """The table of the document: `yes`, `project` (in that project alone), or nothing."""
    lines = ["| | " + " | ".join(Role) + " |", "| --- |" + " --- |" * len(Role)]
    for action in Action:
        cells = []
        for role in Role:
            everywhere, one = (allows(role, action, scope) for scope in SCOPES)
            assert everywhere or not one
            cells.append("project" if one else "all" if everywhere else "")
        lines.append(f"| `{action}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def test_the_documents_table_is_the_codes():
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text.partition(BEGIN)[2].partition(END)[0].strip() == table()


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", Action)
def test_each_role_allows_each_action_where_the_table_says_and_nowhere_else(role, action):
    listed = action in ALLOWED[role]
    for project in PROJECTS:
        assert decide({"*": frozenset({role})}, action, project).allowed == listed
        here = project == "p" if action not in WHOLE else action in ANYWHERE
        assert decide({"p": frozenset({role})}, action, project).allowed == (listed and here)


def test_no_role_no_right():
    for action, project in itertools.product(Action, PROJECTS):
        for grants in ({}, {"*": frozenset()}, {"p": frozenset(), "q": frozenset()}):
            decision = decide(grants, action, project)
            assert not decision.allowed
            assert str(action) in decision.reason


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(Role, 2)))
def test_two_roles_allow_what_either_does(first, second):
    for action in Action:
        both = decide({"*": frozenset({first, second})}, action, "p").allowed
        assert both == (action in ALLOWED[first] or action in ALLOWED[second])
        apart = decide({"p": frozenset({first}), "q": frozenset({second})}, action, "p").allowed
        assert apart == (
            action in ALLOWED[first] and (action not in WHOLE or action in ANYWHERE)
        ) or (action in ANYWHERE and action in ALLOWED[second])


def test_every_role_does_something_that_fewer_roles_do_and_the_admin_everything():
    assert set(ALLOWED) == set(Role)
    assert ALLOWED[Role.ADMIN] == set(Action)
    for action in (Action.MEMBER_MANAGE, Action.HUB_MANAGE):
        assert [role for role in Role if action in ALLOWED[role]] == [Role.ADMIN]
    assert Action.RUN_LOG not in ALLOWED[Role.VIEWER]
    assert Action.RUN_DELETE not in ALLOWED[Role.LOGGER]
    assert Action.MODEL_STAGE not in ALLOWED[Role.DEVELOPER]


def test_a_token_takes_rights_away_and_never_gives_any():
    for role, action in itertools.product(Role, Action):
        grants = {"*": frozenset({role})}
        whole = Caller(ANN, grants, how="token")
        assert whole.may(action, "p").allowed == (action in ALLOWED[role])
        assert not Caller(ANN, grants, frozenset(), "token").may(action, "p").allowed
        narrow = Caller(ANN, grants, frozenset({Action.RUN_READ}), "token", only_project="p")
        wanted = action == Action.RUN_READ and action in ALLOWED[role]
        assert narrow.may(action, "p").allowed == wanted
        assert not narrow.may(action, "q").allowed
        assert not narrow.may(action).allowed


def test_who_is_not_allowed_is_told_what_is_missing():
    caller = Caller(ANN, {"p": frozenset({Role.VIEWER})})
    caller.need(Action.RUN_READ, "p")
    with pytest.raises(ActionNotAllowed, match=r"run\.log.*no role in p allows run\.log") as caught:
        caller.need(Action.RUN_LOG, "p")
    assert caught.value.exit_code == 12
    assert caller.may_anywhere(Action.RUN_READ)
    assert not caller.may_anywhere(Action.RUN_LOG)
    assert not Caller(ANN, caller.roles, None, "token", "q").may_anywhere(Action.RUN_READ)


def test_for_every_kind_of_entry_that_a_room_folds_it_is_said_who_may_write_it():
    folded = {kind for room in ROOMS for kind in room.folds}
    assert folded == set(NEEDS), "a kind without a line counts from the founder alone"
    anyone = {kind for kind, needs in NEEDS.items() if not needs}
    own = {
        "member.zone", "member.hours", "member.focus", "member.holidays", "member.leave",
        "member.busy", "member.standup", "member.ended",
    }  # fmt: skip
    assert anyone == {
        "device.introduced",
        "device.removed",
        "member.introduced",
        "journal.seen",
        *own,
    }


def test_the_person_at_the_machine_may_everything():
    caller = Caller.local(ANN)
    for action, project in itertools.product(Action, PROJECTS):
        caller.need(action, project)


if __name__ == "__main__":
    found = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = found.partition(BEGIN)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}", "utf-8")
