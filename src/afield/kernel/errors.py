"""The one tree of errors, and how an error is worded.

    AfieldError                 exit  kind
    |- Refused                     1  the person asked for what cannot be done
    |  |- Usage                    2  the words of the command are off
    |  |- NotFound                 1  no such run, object, workspace member ...
    |  |- NoWorkspace             10  no workspace here and none may be made
    |  |- Busy                    11  somebody else holds what is needed
    |  `- NotAllowed              12  the member may not do this
    |- Damaged                    13  bytes do not match what was written
    `- Unreachable                14  later, maybe; the only kind that is retried

A bug is an `AssertionError` (exit 70). Rooms derive their own leaves in `errors.py`, each
with a stable `code` such as `vault.object_missing`, which is the same in the CLI's JSON, in
HTTP problem+json and in the docs.
"""

from __future__ import annotations

from typing import ClassVar


class AfieldError(Exception):
    """A fault that a person can read: what failed, the value, why, and a hint to paste.

    Args:
        what: what failed, lower case, no final full stop ("cannot open run").
        value: the literal that it failed on; shown in backticks.
        why: the reason, lower case.
        hint: a command or action that can be pasted or done.
        fields: machine-readable details; part of the JSON form.
    """

    code: ClassVar[str] = "afield.error"
    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        what: str,
        value: object | None = None,
        why: str | None = None,
        *,
        hint: str | None = None,
        **fields: object,
    ) -> None:
        self.what = what
        self.value = value
        self.why = why
        self.hint = hint
        self.fields = fields
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The one-line form, ``what: `value`: why``."""
        parts = [self.what]
        if self.value is not None:
            parts.append(f"`{self.value}`")
        if self.why:
            parts.append(self.why)
        return ": ".join(parts)

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form: `code`, `message`, `hint`, `cause` and the fields."""
        found: dict[str, object] = {"code": self.code, "message": self.message}
        if self.hint:
            found["hint"] = self.hint
        if self.__cause__ is not None:
            found["cause"] = f"{type(self.__cause__).__name__}: {self.__cause__}"
        return {**self.fields, **found}


class Refused(AfieldError):
    """The person asked for something that cannot be done as asked."""

    code = "afield.refused"


class Usage(Refused):
    """The words of a command or query are off."""

    code = "afield.usage"
    exit_code = 2


class NotFound(Refused):
    """What was named does not exist, or the name fits several things."""

    code = "afield.not_found"


class NoWorkspace(Refused):
    """There is no workspace at or above the folder."""

    code = "workspace.not_found"
    exit_code = 10


class Busy(Refused):
    """Somebody else holds a lock for longer than the bound."""

    code = "afield.busy"
    exit_code = 11


class NotAllowed(Refused):
    """The member has no right to do this."""

    code = "afield.not_allowed"
    exit_code = 12


class Damaged(AfieldError):
    """Bytes on disk do not match what was written; never served, always named."""

    code = "afield.damaged"
    exit_code = 13


class Unreachable(AfieldError):
    """A peer, disk or service cannot be reached now; may be retried, with a bound."""

    code = "afield.unreachable"
    exit_code = 14
