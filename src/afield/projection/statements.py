"""SQL made from declarations: tables, upserts of registers, indexes, dumps."""

from __future__ import annotations

from collections.abc import Sequence

from afield.kernel.late import late
from afield.projection.ops import Frame
from afield.projection.schema import ONCE, Column, ColumnType, Table, stamp_name

_UNFIT = late("[\0\ud800-\udfff]")


def quoted(name: str) -> str:
    """Quote a name of a table or column."""
    return '"' + name.replace('"', '""') + '"'


def all_columns(table: Table) -> list[str]:
    """Return the names of all columns in their stored order, stamps included."""
    names = [column.name for column in table.key]
    for group, columns in table.groups.items():
        names += [column.name for column in columns]
        names.append(stamp_name(group))
    return names


def create_table(table: Table, types: dict[ColumnType, str]) -> str:
    """Return the statement for a table; whether rows hang on the key's tree comes after it."""
    parts = [f"{quoted(each.name)} {types[each.type]} NOT NULL" for each in table.key]
    for group, columns in table.groups.items():
        parts += [f"{quoted(each.name)} {types[each.type]}" for each in columns]
        parts.append(f"{quoted(stamp_name(group))} {types['blob']}")
    parts.append(f"PRIMARY KEY ({_names(table.key)})")
    return f"CREATE TABLE IF NOT EXISTS {quoted(table.name)} ({', '.join(parts)})"


def index_statements(table: Table) -> list[str]:
    """Return the statements for a table's indexes, but for those of large databases."""
    found = []
    for index in table.every_index():
        if index.large:
            continue
        name = quoted(f"{table.name}_by_{'_'.join(index.columns)}")
        on = ", ".join(quoted(column) for column in index.columns)
        found.append(f"CREATE INDEX IF NOT EXISTS {name} ON {quoted(table.name)} ({on})")
    return found


def upsert(table: Table, groups: Sequence[str], places: Sequence[int | None] = ()) -> str:
    """Return the upsert of one row's registers: commutative and idempotent by their guards.

    Parameters are the key, then for each group its columns and the stamp. `places` says of each
    which parameter it is instead, from 0; None: it is NULL in every row.
    """
    keys = [quoted(column.name) for column in table.key]
    columns = [column for group in groups for column in register(table, group)]
    places = places or range(len(keys) + len(columns))
    marks = ", ".join("NULL" if place is None else f"?{place + 1}" for place in places)
    into = f"INSERT INTO {quoted(table.name)} ({', '.join(keys + columns)})"
    return f"{into} VALUES ({marks}) {on_conflict(table, groups)}"


def upsert_many(table: Table, group: str, rows: int) -> str:
    """Return the upsert of one group in some rows that share the first part of their key.

    Parameters are that part, the stamp, then for each row the rest of its key and the group's
    columns. To bind a value once for all rows, and to run one statement for them, halves the
    time of a row.
    """
    keys = [quoted(column.name) for column in table.key]
    columns = register(table, group)
    width = len(keys) + len(columns) - 2
    into = f"INSERT INTO {quoted(table.name)} ({', '.join([keys[0], columns[-1], *keys[1:]])}"
    into += f", {', '.join(columns[:-1])})"
    cells = ", ".join(f"column{index + 1}" for index in range(width))
    values = ", ".join([f"({', '.join('?' * width)})"] * rows)
    # WHERE: without it, ON would be taken for a join's.
    chosen = f"SELECT ?, ?, {cells} FROM (VALUES {values}) AS cells WHERE 1 = 1"
    return f"{into} {chosen} {on_conflict(table, (group,))}"


def upsert_alike(table: Table, group: str, frame: Frame) -> str | None:
    """Return the upsert of a frame's rows, or None: a text in it can stand in no statement.

    Parameters are the first part of the key, the stamp, then the values. To bind a value takes
    longer than to write it: what the frame says stands in the statement.
    """
    keys = [quoted(column.name) for column in table.key]
    columns = register(table, group)
    rows = []
    for index, row in enumerate(frame.rows):
        start = 3 + index * frame.width
        cells = [f"?{start + cell}" if isinstance(cell, int) else _literal(cell) for cell in row]
        rows.append(f"(?1, {', '.join(cells)}, ?2)")
    sql = f"INSERT INTO {quoted(table.name)} ({', '.join(keys + columns)})"
    sql += f" VALUES {', '.join(rows)} {on_conflict(table, (group,))}"
    return None if _UNFIT().search(sql) else sql


def _literal(text: str | None) -> str:
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"


def register(table: Table, group: str) -> list[str]:
    """Return the quoted names of a group's columns, its stamp's last."""
    return [quoted(column.name) for column in table.groups[group]] + [quoted(stamp_name(group))]


def on_conflict(table: Table, groups: Sequence[str]) -> str:
    """Return how each of the groups keeps its winner where the row is there already."""
    name = quoted(table.name)
    wins = {}
    for group in groups:
        at = quoted(stamp_name(group))
        newer = "<" if group == ONCE else ">"
        wins[group] = f"excluded.{at} {newer} {name}.{at} OR {name}.{at} IS NULL"
    if len(groups) == 1:
        sets = [f"{column} = excluded.{column}" for column in register(table, groups[0])]
    else:
        sets = [
            f"{column} = CASE WHEN {wins[group]} THEN excluded.{column} ELSE {name}.{column} END"
            for group in groups
            for column in register(table, group)
        ]
    return (
        f"ON CONFLICT ({_names(table.key)}) DO UPDATE SET {', '.join(sets)}"
        f" WHERE {' OR '.join(wins.values())}"
    )


def select_all(table: Table) -> str:
    """Return the query for every row, in the order of the key."""
    columns = ", ".join(quoted(name) for name in all_columns(table))
    return f"SELECT {columns} FROM {quoted(table.name)} ORDER BY {_names(table.key)}"


def _names(columns: tuple[Column, ...]) -> str:
    return ", ".join(quoted(column.name) for column in columns)
