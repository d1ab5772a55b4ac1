"""The engine's own tables: fingerprint, positions, standings, what was set aside, damage.

They live beside the rooms' tables and are written in the same transactions. Plain SQL over a
`Database`; no decision is taken here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from afield.journal.entry import Entry
from afield.journal.places import LogName, Position, is_log
from afield.kernel.findings import Finding
from afield.projection.database import Database
from afield.projection.errors import ProjectionDamaged
from afield.projection.limits import QUARANTINE_SHOWN_MAX

TABLES = (
    """CREATE TABLE IF NOT EXISTS afield_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS afield_position (
        device TEXT PRIMARY KEY, segment TEXT NOT NULL, place BIGINT NOT NULL,
        seq BIGINT NOT NULL, digest TEXT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS afield_standing (
        device TEXT NOT NULL, standing TEXT NOT NULL, PRIMARY KEY (device, standing))""",
    """CREATE TABLE IF NOT EXISTS afield_author (
        member TEXT PRIMARY KEY, last BIGINT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS quarantine (
        device TEXT NOT NULL, seq BIGINT NOT NULL, digest TEXT NOT NULL, why TEXT NOT NULL,
        kind TEXT NOT NULL, about TEXT NOT NULL, entry TEXT NOT NULL,
        PRIMARY KEY (device, seq, digest))""",
    """CREATE TABLE IF NOT EXISTS afield_damage (
        device TEXT NOT NULL, what TEXT NOT NULL, name TEXT NOT NULL, why TEXT NOT NULL,
        segment TEXT NOT NULL, place BIGINT NOT NULL, seq BIGINT NOT NULL, digest TEXT NOT NULL,
        PRIMARY KEY (device, what, name, why))""",
)


FINGERPRINT = "fingerprint"
"""What `schema.fingerprint` gave when the tables were made."""

_DIGEST = re.compile(r"[0-9a-f]{64}")


class SetAside(msgspec.Struct, frozen=True):
    """An entry that was not applied, and why."""

    device: str
    seq: int
    why: str
    kind: str
    about: str


def read_meta(database: Database, name: str) -> str | None:
    """Return one of the database's own facts."""
    found = database.query("SELECT value FROM afield_meta WHERE name = ?", (name,))
    return str(found[0][0]) if found else None


def write_meta(database: Database, name: str, value: str) -> None:
    """Set one of the database's own facts."""
    database.write_many(
        "INSERT INTO afield_meta (name, value) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [(name, value)],
    )


def read_positions(database: Database) -> dict[LogName, Position]:
    """Return up to where each device's log is folded."""
    rows = database.query("SELECT device, segment, place, seq, digest FROM afield_position")
    return {LogName(row[0]): _position(row) for row in rows}


def _position(row: Sequence[Any]) -> Position:
    """Return the position in a row.

    Raises:
        ProjectionDamaged: no position was ever written like that.
    """
    device, segment, place, seq, digest = row
    texts = isinstance(device, str) and isinstance(segment, str) and isinstance(digest, str)
    if (
        not (texts and isinstance(place, int) and isinstance(seq, int))
        or not is_log(device)
        or (segment and not (segment.isascii() and segment.isdigit()))
        or _DIGEST.fullmatch(digest) is None
        or min(place, seq) < 0
    ):
        raise ProjectionDamaged("cannot read projection", "afield_position", f"no position: {row}")
    return Position(segment, place, seq, digest)


def write_positions(database: Database, positions: Mapping[LogName, Position]) -> None:
    """Set up to where the logs of these devices are folded."""
    database.write_many(
        "INSERT INTO afield_position (device, segment, place, seq, digest)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (device) DO UPDATE SET segment = excluded.segment,"
        " place = excluded.place, seq = excluded.seq, digest = excluded.digest",
        [(device, *position) for device, position in positions.items()],
    )


def read_standings(database: Database) -> dict[str, set[str]]:
    """Return the standings of each device that has any."""
    found: dict[str, set[str]] = {}
    for device, standing in database.query("SELECT device, standing FROM afield_standing"):
        found.setdefault(device, set()).add(standing)
    return found


def write_standing(database: Database, device: str, standing: str) -> None:
    """Remember a standing of a device."""
    database.write_many(
        "INSERT INTO afield_standing (device, standing) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(device, standing)],
    )


def read_authors(database: Database) -> dict[str, int]:
    """Return the latest stamp of each author among the entries that were judged."""
    rows = database.query("SELECT member, last FROM afield_author")
    return {str(member): int(last) for member, last in rows}


def write_authors(database: Database, last: Mapping[str, int]) -> None:
    """Move the latest stamps of authors on."""
    database.write_many(
        "INSERT INTO afield_author (member, last) VALUES (?, ?) ON CONFLICT (member) DO UPDATE"
        " SET last = excluded.last WHERE excluded.last > afield_author.last",
        list(last.items()),
    )


def set_aside(database: Database, refused: Iterable[tuple[Entry, str]]) -> None:
    """Keep entries that are not applied, each with the reason."""
    database.write_many(
        "INSERT INTO quarantine (device, seq, digest, why, kind, about, entry)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [(each.device, each.seq, each.digest, why, *_told(each)) for each, why in refused],
    )


def _told(entry: Entry) -> tuple[str, str, str]:
    return entry.kind, entry.about, msgspec.json.encode(entry).decode()


def take_waiting(database: Database, device: str) -> list[Entry]:
    """Take out the entries of a device that were set aside, to be judged again."""
    where = "FROM quarantine WHERE device = ?"
    rows = database.query(f"SELECT entry {where} ORDER BY seq", (device,))
    database.write_many(f"DELETE {where}", [(device,)])
    try:
        return [msgspec.json.decode(text, type=Entry) for (text,) in rows]
    except (msgspec.MsgspecError, TypeError) as error:
        raise ProjectionDamaged("cannot read projection", "quarantine", str(error)) from error


def read_set_aside(database: Database) -> list[SetAside]:
    """Return the entries that are set aside, the first thousand of them."""
    rows = database.query(
        "SELECT device, seq, why, kind, about FROM quarantine ORDER BY device, seq LIMIT ?",
        (QUARANTINE_SHOWN_MAX,),
    )
    return [SetAside(*row) for row in rows]


def note_damage(database: Database, damage: Sequence[tuple[LogName, Finding, Position]]) -> None:
    """Remember damage in a log and the position before it, from which to read again."""
    database.write_many(
        "INSERT INTO afield_damage (device, what, name, why, segment, place, seq, digest)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [
            (device, finding.what, finding.name, finding.why, *before)
            for device, finding, before in damage
        ],
    )


def take_damaged(database: Database) -> dict[LogName, Position]:
    """Forget known damage; return for each device where to read again to see if it lasts."""
    rows = database.query("SELECT device, segment, place, seq, digest FROM afield_damage")
    if not rows:
        return {}
    found: dict[LogName, Position] = {}
    for row in rows:
        device, position = LogName(row[0]), _position(row)
        if device not in found or position.seq < found[device].seq:
            found[device] = position
    database.write_many("DELETE FROM afield_damage WHERE device = ?", [(each,) for each in found])
    return found


def read_damage(database: Database) -> list[Finding]:
    """Return what was damaged in the logs when they were folded."""
    rows = database.query("SELECT what, name, why FROM afield_damage ORDER BY device, name, why")
    return [Finding(what=what, name=name, why=why, damaged=True) for what, name, why in rows]
