"""`Workspace`: reading a team's record, and the one door to it for `cli` and scripts.

Every reading method first brings the tables up to date with the journal, which costs a few
stats when nothing is new, and ends runs whose process died.
"""

from __future__ import annotations

import base64
import contextlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import msgspec

from afield.kernel.clock import Clock
from afield.kernel.errors import AfieldError
from afield.kernel.findings import Finding
from afield.kernel.ids import ObjectId, RunId
from afield.members.authority import Authority
from afield.members.claims import size as claims_made
from afield.members.names import from_object
from afield.members.removal import authority
from afield.members.rights import judge_alike
from afield.projection import Projection
from afield.projection.catalog import Catalog
from afield.projection.database import PostgresAt
from afield.projection.errors import ProjectionSuperseded
from afield.runs.errors import SeriesNotFound
from afield.runs.events import RUNNING
from afield.runs.manifest import Manifest
from afield.runs.manifest import decode as decode_manifest
from afield.runs.orphans import sweep_orphans
from afield.runs.query import NEWEST_FIRST, naming
from afield.runs.record import Record
from afield.runs.series.live import live_parts
from afield.workspace import layout
from afield.workspace.config import Config
from afield.workspace.heeded import remember, remembered, stamp
from afield.workspace.person import person_here
from afield.workspace.refs import run_meant
from afield.workspace.rooms import rooms
from afield.workspace.store import find_store, make_store, open_store
from afield.workspace.swept import heal
from afield.workspace.views import COLUMNS, MetricSummary, RunView

if TYPE_CHECKING:
    import pyarrow as pa

    from afield.runs.series.columns import Columns, Points
    from afield.workspace.team.verbs import Team

_T = TypeVar("_T")
_FINDING = "afield.workspace.finding"  # rests on this file
_COLUMNS_KEPT = 4
_NAMED_MAX = 8
_TRIES = 3
_KEYS_AT_ONCE = 500


class Workspace:
    """A workspace on this machine.

    Attributes:
        path: the `.afield` folder.
        record: its writing side: journal, vault, live runs.
        config: who the workspace, this device and its member are.
        projection: its tables.
    """

    def __init__(self, record: Record, config: Config, *, database: str | None = None) -> None:
        self.path = Path(record.workspace)
        self.record = record
        self._heeded_stamp = stamp(record.files, record.workspace)
        found = remembered(record.files, record.workspace)
        self.config = msgspec.structs.replace(config, removed=found.removed, ruled=found.rights)
        self._database = database
        self.projection = self._tables()
        self._claims_heeded: int | None = None
        self._names: dict[str, str] | None = None
        self._hosts: dict[str, str | None] = {}
        self._columns: dict[str, Columns] = {}

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        clock: Clock | None = None,
        database: str | None = None,
    ) -> Workspace:
        """Open the workspace that `path` holds or is.

        Args:
            path: its folder, or the one that it is in.
            clock: the time, when not this machine's.
            database: `postgresql://…`, where its tables are; None: in a file of its own.

        Raises:
            NoWorkspace: there is none.
            DatabaseUnreachable: the database does not answer.
        """
        record, config = open_store(layout.folder_for(os.fspath(path)), clock=clock)
        try:
            return cls(record, config, database=database)
        except BaseException:
            record.vault.close()
            record.journal.close()
            raise

    @classmethod
    def init(cls, path: str | os.PathLike[str], *, clock: Clock | None = None) -> Workspace:
        """Make a workspace in the folder `path`, or open the one that is there.

        Raises:
            WorkspaceForeign: a `.afield` is there that is not Afield's.
            WorkspaceUnwritable: it cannot be made.
        """
        return cls(*make_store(layout.folder_for(os.fspath(path)), clock=clock, person=_person))

    @classmethod
    def find(
        cls,
        start: str | os.PathLike[str],
        *,
        env: Mapping[str, str],
        home: str | os.PathLike[str],
        clock: Clock | None = None,
    ) -> Workspace:
        """Open the workspace that is meant at `start`.

        The one that `AFIELD_WORKSPACE` names; else the nearest at or above `start`; else the
        user's default one, which is made on first use (as is the one named).
        """
        return cls(*find_store(os.fspath(start), env=env, home=os.fspath(home), clock=clock))

    @property
    def team(self) -> Team:
        """The team's things: `workspace.team.ask("ada", "Which split?")`; see `docs/api.md`."""
        found: type[Team] = import_module("afield.workspace.team.verbs").Team  # rests on this file
        return found(self)

    def search(self, words: str, sorts: Iterable[str] = (), *, limit: int = 20) -> dict[str, Any]:
        """Find what holds all words, the best first; see `docs/search.md`.

        Args:
            words: as `afield search` takes them.
            sorts: what to look among, as `run` and `note`; everything unless they are said.
            limit: at most so many.

        Raises:
            SearchRefused: the words mean nothing.
        """
        answer: dict[str, Any] = import_module(_FINDING).found(self, words, sorts, limit)
        return answer

    def why(self, what: str, depth: int = 4) -> dict[str, Any]:
        """Trace a number, model, file or decision back to what it came from.

        Args:
            what: `RUN:metrics.acc`, a run, `RUN:PATH`, `model:NAME@3`, `data:NAME@2`,
                `decision:ID`.
            depth: how many runs away to look.

        Raises:
            NotFound: nothing is called so, or several things are.
        """
        answer: dict[str, Any] = import_module(_FINDING).traced(self, what, depth)
        return answer

    def refresh(self) -> int:
        """End orphans, then bring the tables up to date; return the entries folded."""
        with contextlib.suppress(OSError):  # a workspace that is read only is still read
            heal(self.record)
            sweep_orphans(self.record)
        return self.catch_up()

    def catch_up(self) -> int:
        """Bring the tables up to date, and look after nothing else: for a server's many requests.

        Returns the entries folded.
        """
        self._names = None
        self._hosts = {}
        for _ in range(_TRIES):
            self._heed_others()
            # another process may just have heeded more than this one
            with contextlib.suppress(ProjectionSuperseded):
                folded = self.projection.refresh(self.record.journal)
                if folded or self._claims_heeded is None:
                    folded += self._heed()
                return folded
        return self.projection.rebuild(self.record.journal)

    def _tables(self) -> Projection:
        if self._database is not None:
            at = PostgresAt(self._database, f"afield_{self.config.device}")
            return Projection(at, rooms(self.config.roots))
        path = os.path.join(self.record.workspace, layout.PROJECTION)
        return Projection(path, rooms(self.config.roots))

    def _heed(self) -> int:
        """Fold anew when other devices are removed, or other roles held, than the tables know."""
        made = claims_made(self.projection)
        if made == self._claims_heeded and not self.config.removed:
            return 0
        found = authority(self.projection, self.record.journal, self.config.founded_by)
        self._claims_heeded = made
        if found == (self.config.removed, self.config.rights):
            return 0
        remember(self.record.files, self.record.workspace, found)
        self._judge_by(found)
        return self.projection.refresh(self.record.journal)

    def _heed_others(self) -> None:
        """Take up what another process has heeded, before its tables are taken for damaged."""
        seen = stamp(self.record.files, self.record.workspace)
        if seen != self._heeded_stamp:
            found = remembered(self.record.files, self.record.workspace)
            if found != (self.config.removed, self.config.rights):
                self._judge_by(found)
            self._heeded_stamp = seen

    def _judge_by(self, found: Authority) -> None:
        """Go on with what holds; the tables are folded anew if they would be others."""
        before, config = self.config.rights, self.config
        removed, rights = found
        self.config = msgspec.structs.replace(config, removed=removed, ruled=rights)
        self._heeded_stamp = stamp(self.record.files, self.record.workspace)
        alike = partial(judge_alike, before, rights)
        if removed == config.removed and self.projection.adopt(rooms(self.config.roots), alike):
            return
        self.projection.close()
        self.projection = self._tables()

    def runs(
        self, query: str = "", *, limit: int | None = 50, offset: int = 0, deleted: bool = False
    ) -> list[RunView]:
        """Return the runs that fit a query, newest first unless it orders them.

        Args:
            query: `metrics.acc > 0.9 and params.model = "tree" order by metrics.f1 desc`; see
                `docs/query.md`.
            limit: how many at most; None for all.
            offset: how many to leave out first.
            deleted: whether deleted runs are among them.

        Raises:
            Usage: the query cannot be understood; the message points at the place.
        """
        from afield.projection.language import parse
        from afield.projection.search import search

        self.refresh()
        keys = search(
            self.projection,
            parse(query),
            self.catalog(query),
            clock=self.record.clock,
            limit=limit,
            offset=offset,
            where="" if deleted else "r.deleted IS NOT TRUE",
        )
        return self.views(keys)

    def views(self, ids: Sequence[str]) -> list[RunView]:
        """Return the runs with these ids, in this order; those that are not there are left out."""
        found: dict[str, RunView] = {}
        for start in range(0, len(ids), _KEYS_AT_ONCE):
            some = ids[start : start + _KEYS_AT_ONCE]
            where = f"r.id IN ({', '.join('?' * len(some))})"
            found |= {view.id: view for view in self._views(where, some)}
        return [found[key] for key in ids if key in found]

    def count(self, query: str = "", *, deleted: bool = False) -> int:
        """Return how many runs fit a query.

        Raises:
            Usage: the query cannot be understood.
        """
        from afield.projection.language import parse
        from afield.projection.search import count

        self.refresh()
        return count(
            self.projection,
            parse(query),
            self.catalog(query),
            clock=self.record.clock,
            where="" if deleted else "r.deleted IS NOT TRUE",
        )

    def run(self, ref: str) -> RunView:
        """Return the run with this id, unique id prefix or name, or `latest`; see `run_meant`.

        Raises:
            RunNotFound: there is none.
            RunAmbiguous: there are several; the message names them.
        """
        self.refresh()
        return run_meant(ref, self._views, self.config.device)

    def series(self, run: RunView | str, name: str, max_points: int | None = None) -> pa.Table:
        """Return the points of a metric, in the order they were logged, as an Arrow table.

        Columns: `step` (int64), `time` (timestamp[us, UTC]), `value` (float64). With
        `max_points`, at most so many rows, each a bucket of consecutive points: its last
        point, and `min` and `max` over it. Of a running run: what it has logged by now.

        Raises:
            RunNotFound: there is no such run.
            SeriesNotFound: the run has no such metric.
            Damaged: the series' bytes are not what was written.
        """
        from afield.workspace.arrow import to_table  # who reads no metric starts without it

        points = self.points(run, name)
        return to_table(points, max_points)

    def points(self, run: RunView | str, name: str) -> Points:
        """Return the points of a metric as arrays; see `series`."""
        from afield.runs.series.columns import live_points

        view = self._view(run)
        if view.status == RUNNING:
            found = live_points(live_parts(self.live_folder(view.id)), name)
            if found is not None:
                return found
            view = self.run(view.id)  # it may have ended just now
        columns = self._sealed_columns(view.id)
        points = None if columns is None else columns.points(name)
        if points is None:
            known = sorted(view.metrics)
            raise SeriesNotFound(
                "no such metric",
                name,
                f"run {view.id} has {', '.join(known[:_NAMED_MAX]) or 'none'}"
                + (" ..." if len(known) > _NAMED_MAX else ""),
            )
        return points

    def metrics(self, run: RunView | str) -> dict[str, MetricSummary]:
        """Return each metric's summary, by name."""
        return self._view(run).metrics

    def manifest(self, run: RunView | str) -> Manifest | None:
        """Return what was captured of a run, or None when it was not captured."""
        view = self._view(run)
        if view.manifest_id is None:
            return None
        return decode_manifest(self.record.vault.get(view.manifest_id))

    def verify(self) -> list[Finding]:
        """Check every log, seal, pack, object, reference and table; return what is to be named.

        Tables that differ from what the journal says are folded anew.
        """
        from afield.workspace.check import examine

        return examine(self.record, self.projection, self.config.roots).findings

    def damage(self) -> list[Finding]:
        """Return what of the journal did not verify when the tables were last brought up to date.

        None of it is in any answer.
        """
        return self.projection.damage()

    def close(self) -> None:
        """Seal what was written, and let go of the files; what was put must be named by now."""
        with contextlib.ExitStack() as ends:  # whatever one of them meets, the others end
            ends.callback(self.projection.close)
            ends.callback(self.record.vault.close)
            self.record.journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<afield.Workspace {str(self.path)!r}>"

    def query(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a SELECT on the tables as they were last brought up to date."""
        return self.projection.query(sql, args)

    def read(
        self, sql: str, args: Sequence[Any], decode: Callable[[list[tuple[Any, ...]]], _T]
    ) -> _T:
        """Run a SELECT and make something of its rows; rows that nobody wrote are mended."""
        return self.projection.read(sql, args, decode)

    def text_of(self, found: ObjectId) -> str:
        """Return an object that is text."""
        return self.record.vault.get(found).decode("utf-8", "replace")

    def name_of(self, member: str) -> str:
        """Return what a member is called; the id when its profile is missing or was erased."""
        return self._known_names().get(member, member)

    def host_of(self, found: ObjectId | None) -> str | None:
        """Return the name of a machine; None when its object is missing or was erased."""
        if found is None:
            return None
        if found not in self._hosts:
            self._hosts[found] = self._name_in(found)
        return self._hosts[found]

    def live_folder(self, run: RunId) -> str:
        """Return the folder of a running run."""
        return self.record.live_folder(run)

    def _known_names(self) -> dict[str, str]:
        if self._names is None:
            sql = "SELECT id, profile_object FROM members WHERE profile_object IS NOT NULL"
            self._names = {}
            for member, profile in self.query(sql):
                if name := self._name_in(profile):
                    self._names[member] = name
        return self._names

    def _name_in(self, found: ObjectId) -> str | None:
        try:
            return from_object(self.record.vault.get(found)) or None
        except (AfieldError, OSError, ValueError):  # of whatever kind: a list does not fail for it
            return None

    def catalog(self, query: str) -> Catalog:
        """Return the fields that a query may name, with what people and machines are called."""
        hosts: dict[str, str] = {}
        if "host" in query.lower():  # to find them takes a look at every run
            for (found,) in self.query("SELECT DISTINCT host_object FROM runs"):
                if name := self.host_of(found):
                    hosts[found] = name
        return naming(self._known_names(), hosts)

    def _view(self, run: RunView | str) -> RunView:
        return run if isinstance(run, RunView) else self.run(run)

    def _views(self, where: str, args: Sequence[Any]) -> list[RunView]:
        sql = (
            f"SELECT {COLUMNS} FROM runs r WHERE {where} AND r.started_ms IS NOT NULL"  # noqa: S608 - literals
            f" ORDER BY {NEWEST_FIRST}, r.id"
        )
        return self.read(sql, args, lambda rows: [RunView(self, row) for row in rows])

    def _sealed_columns(self, run: RunId) -> Columns | None:
        """Return the decoded columns of an ended run: from memory, cache or its object."""
        from afield.runs.series.columns import ColumnCache, decode_columns

        columns = self._columns.get(run)
        if columns is not None:
            return columns
        rows = self.query("SELECT inline, object FROM run_series WHERE run = ?", (run,))
        if not rows:
            return None
        inline, found = rows[0]
        if inline is not None:
            columns = decode_columns(base64.b64decode(inline))
        else:
            cache = ColumnCache(os.path.join(self.record.workspace, layout.CACHE, "series"))
            columns = cache.load(found)
            if columns is None:
                columns = decode_columns(self.record.vault.get(found))
                cache.store(found, columns)
        while len(self._columns) >= _COLUMNS_KEPT:
            self._columns.pop(next(iter(self._columns)))
        self._columns[run] = columns
        return columns


def _person() -> str:
    return person_here(os.environ, os.path.expanduser("~"))
