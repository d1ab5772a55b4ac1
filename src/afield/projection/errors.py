"""Faults of the projection and of the query language."""

from __future__ import annotations

from afield.kernel.errors import Busy, Damaged, Refused, Unreachable, Usage


class ProjectionDamaged(Damaged):
    """The database file is no database, or its pages do not fit; it is deleted and rebuilt."""

    code = "projection.damaged"


class ProjectionDoubtful(ProjectionDamaged):
    """A statement failed, or rows hold what no fold writes: damage, or else a bug of ours.

    It is a bug when tables folded anew give the same; then what caused this is raised.
    """

    code = "projection.doubtful"


class ProjectionSuperseded(Busy):
    """Another process judges the entries of this file by other rules by now: take those up."""

    code = "projection.superseded"


class ProjectionUnwritable(Unreachable):
    """The disk is read-only, full or failing; a file's tables are kept in memory instead."""

    code = "projection.unwritable"


class DatabaseUnreachable(Unreachable):
    """PostgreSQL does not answer, or lets nobody in by that name and password."""

    code = "projection.unreachable"


class DatabaseRefused(Refused):
    """PostgreSQL is not as it has to be: an address, a version, a right."""

    code = "projection.database_refused"


class QuerySlow(Refused):
    """PostgreSQL took longer for one statement than it may: not retried by who asks too much."""

    code = "projection.slow"
    status = 503


class PatternRefused(Refused):
    """A regular expression is none, or asks for more memory than a search may take."""

    code = "query.pattern"


class QueryError(Usage):
    """A query cannot be understood; `offset` is where, in characters from its start."""

    code = "query.error"
    usual_hint: str | None = None

    def __init__(
        self, why: str, *, text: str, offset: int, length: int = 1, hint: str | None = None
    ) -> None:
        self.offset = offset
        super().__init__(
            "cannot read query",
            text,
            why,
            hint=hint or self.usual_hint,
            offset=offset,
            length=length,
            query=text,
        )

    @property
    def message(self) -> str:
        """What is wrong, then the query with a caret under the place.

        The query stands on a line of its own, so that the caret can point into it.
        """
        shown, column = _window(str(self.value), self.offset)
        return f"{self.what}: {self.why}\n  {shown}\n  {' ' * column}^"


class QuerySyntax(QueryError):
    """The words of a query are in an order that means nothing."""

    code = "query.syntax"
    usual_hint = """afield runs 'metrics.acc > 0.9 and params.model = "tree" order by started'"""


class QueryField(QueryError):
    """A query names a field that there is none of."""

    code = "query.field"


class QueryValue(QueryError):
    """A value does not fit its field: text for a number, no moment for a time."""

    code = "query.value"


def _window(text: str, offset: int, width: int = 72) -> tuple[str, int]:
    """Cut one printable line of `text` around `offset`; return it and the caret's column."""
    start = max(0, offset - width // 2) if len(text) > width else 0
    line = "".join(c if c.isprintable() else " " for c in text[start : start + width])
    before = "..." if start else ""
    after = "..." if start + width < len(text) else ""
    return before + line + after, len(before) + offset - start
