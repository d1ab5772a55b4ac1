"""The team's verbs for Python: `afield.open().team.ask("ada", "Which split?")`.

Each does what the command of its name does, and returns what that says with `--json`.
"""

from __future__ import annotations

from afield.workspace.team.verbs.changing import Changing
from afield.workspace.team.verbs.gathering import Gathering
from afield.workspace.team.verbs.handing import Handing
from afield.workspace.team.verbs.making import Making
from afield.workspace.team.verbs.talking import Talking
from afield.workspace.team.verbs.timing import Timing


class Team(Talking, Making, Handing, Gathering, Changing, Timing):
    """The team's things in one workspace."""
