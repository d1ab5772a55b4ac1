"""One term of a filter as SQL on a column."""

from __future__ import annotations

from afield.mlflow_rest.search.grammar import LIKES, LISTS, Term
from afield.projection.compile import Sql
from afield.workspace.workspace import Workspace


def compared(workspace: Workspace, value: Sql, term: Term) -> Sql:
    """Return the condition that a term puts on an expression."""
    sign, wanted = term.sign, term.value
    if sign == "IS NOT NULL":
        return Sql(f"{value.text} IS NOT NULL", value.params)
    if sign in LISTS:
        assert isinstance(wanted, tuple), wanted
        marks = ", ".join("?" * len(wanted))
        return Sql(f"{value.text} {sign} ({marks})", (*value.params, *wanted))
    if sign in LIKES:
        # the pattern's place among the parameters is the database's; a plain name has none before
        words = workspace.projection
        if sign == "RLIKE":
            text, params = words.rlike_sql("like_value", str(wanted))
        else:
            text, params = words.like_sql("like_value", str(wanted), fold=sign == "ILIKE")
        before = text.index("?") < text.index("like_value")
        text = text.replace("like_value", value.text)
        return Sql(text, (*params, *value.params) if before else (*value.params, *params))
    return Sql(f"{value.text} {'<>' if sign == '!=' else sign} ?", (*value.params, wanted))
