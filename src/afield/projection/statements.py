"""SQL made from declarations: tables, upserts of registers, indexes, dumps."""

from __future__ import annotations

from afield.projection.schema import ONCE, Column, ColumnType, Table, stamp_name


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
    """Return the statements for a table's indexes."""
    found = []
    for columns in table.index_columns():
        name = quoted(f"{table.name}_by_{'_'.join(columns)}")
        on = ", ".join(quoted(column) for column in columns)
        found.append(f"CREATE INDEX IF NOT EXISTS {name} ON {quoted(table.name)} ({on})")
    return found


def upsert(table: Table, group: str) -> str:
    """Return the upsert of one register: commutative and idempotent by its guard.

    Parameters are the key, the group's columns, the stamp.
    """
    at = quoted(stamp_name(group))
    columns = [quoted(column.name) for column in table.groups[group]] + [at]
    keys = [quoted(column.name) for column in table.key]
    name = quoted(table.name)
    marks = ", ".join("?" * (len(keys) + len(columns)))
    sets = ", ".join(f"{column} = excluded.{column}" for column in columns)
    newer = "<" if group == ONCE else ">"
    return (
        f"INSERT INTO {name} ({', '.join(keys + columns)}) VALUES ({marks}) "
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {sets} "
        f"WHERE excluded.{at} {newer} {name}.{at} OR {name}.{at} IS NULL"
    )


def select_all(table: Table) -> str:
    """Return the query for every row, in the order of the key."""
    columns = ", ".join(quoted(name) for name in all_columns(table))
    return f"SELECT {columns} FROM {quoted(table.name)} ORDER BY {_names(table.key)}"


def _names(columns: tuple[Column, ...]) -> str:
    return ", ".join(quoted(column.name) for column in columns)
