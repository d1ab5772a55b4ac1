"""What a handler is handed: the hosted workspace, who asks, and whether they may.

Every route of the API has `needs(action)` among its dependencies, or is refused by a test. All of
these are `async`, since FastAPI hands each one that is not to a thread.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request

from afield.hub.accounts.endpoint import caller_of
from afield.members.actions import Action
from afield.members.caller import Caller
from afield.members.roles import EVERY_PROJECT
from afield.workspace.hosted import Hosted


class Needs:
    """A dependency that lets a request pass when its caller may do `action` somewhere.

    The project of what is asked for is known to the handler only; it asks again, by
    `Caller.need`, or leaves out what the caller may not see.
    """

    def __init__(self, action: Action) -> None:
        self.action = action

    async def __call__(self, request: Request) -> None:
        """Refuse a caller who may do it nowhere."""
        caller = caller_of(request)
        if not caller.may_anywhere(self.action):
            caller.need(self.action)


def needs(action: Action) -> Any:
    """Return the dependency of a route that takes an action."""
    return Depends(Needs(action))


def projects_of(caller: Caller, action: Action) -> tuple[str, ...] | None:
    """Return the projects in which a caller may do something; None: in every one."""
    if caller.may(action).allowed:
        return None
    known = {caller.only_project} if caller.only_project else caller.roles.keys() - {EVERY_PROJECT}
    return tuple(sorted(one for one in known if caller.may(action, one).allowed))


async def _hosted(request: Request) -> Hosted:
    found: Hosted = request.app.state.hosted
    return found


async def _caller(request: Request) -> Caller:
    return caller_of(request)


TheHosted = Annotated[Hosted, Depends(_hosted)]
TheCaller = Annotated[Caller, Depends(_caller)]
