"""Search over a workspace: what is found and how it is marked; the index follows the record."""

from __future__ import annotations

import random
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from afield.datasets import events as datasets
from afield.datasets.card import edit_card
from afield.members.events import member_introduced
from afield.members.names import to_object
from afield.members.query import waiting
from afield.projection.sqlite import SqliteDatabase
from afield.registry import events as registry
from afield.runs.events import deleted
from afield.runs.record import end_run, start_run
from afield.sync.pace import Pace
from afield.traces import events as traces
from afield.workspace.errors import SearchRefused
from afield.workspace.marks import mark_run, note_run
from afield.workspace.membership import let_in
from afield.workspace.remotes import add_remote, remotes
from afield.workspace.search.find import EVERYTHING, search, search_each
from afield.workspace.search.index import FILE
from afield.workspace.search.sources import NEEDED, SOURCES
from afield.workspace.sync import Wishes, clone, sync
from afield.workspace.team.asks import ask
from afield.workspace.workspace import Workspace

PACE = Pace(None, monotonic_s=lambda: 0.0, sleep=lambda _: None)


@pytest.fixture
def workspace(tmp_path):
    with Workspace.init(tmp_path) as workspace:
        yield workspace


def recorded(workspace, name, project="vision"):
    run = start_run(workspace.record, kind="python", name=name, project=project)
    end_run(workspace.record, run, status="finished", exit_code=0)
    return workspace.run(run)


def hits(workspace, text, **given):
    workspace.refresh()
    return {(one.sort, one.label) for one in search(workspace, text, limit=50, **given).found}


def index_file(workspace):
    return workspace.path / "cache" / FILE


def test_every_sort_of_document_asks_for_a_right():
    sorts = [sort for source in SOURCES for sort in source.sorts]
    assert sorted(sorts) == sorted(NEEDED)


def test_what_people_wrote_and_recorded_is_found_by_its_words(workspace):
    run = recorded(workspace, "bert-large_v2")
    note_run(workspace, run, "The plateau comes after warming up.")
    mark_run(workspace, run, tags={"stage": "ablation"})
    put = workspace.record.vault.put
    said = put(b"calibrated by hand", meta=True)
    tree, profile = put(b"", meta=True), put(to_object("Ada Lovelace"), meta=True)
    drafts = [
        edit_card("customers", {"origin": "a telephone survey"}, workspace.record.vault),
        datasets.added("customers", tree=tree, files=0, size_bytes=0),
        registry.made("rm-1", name="ranker", project="vision"),
        registry.versioned("rm-1", source=f"runs:/{run.id}/w", run=run.id, described=said),
        traces.told("tr-1", experiment="0", request_ms=5, state="OK", tags={"area": "billing"}),
        member_introduced(workspace.config.member, profile=profile),
    ]
    workspace.record.vault.flush()
    workspace.record.journal.append_many(drafts)
    ask(workspace, "Which split?", workspace.config.member, detail="the cohort of 2024")
    for text, found in {
        "cohort": ("ask", "Which split?"),
        "warm": ("note", "bert-large_v2"),  # the stem
        "abla": ("run", "bert-large_v2"),  # while it is typed
        "rge_v": ("run", "bert-large_v2"),  # a part of a name
        "telephone": ("dataset", "customers@1"),
        "calibrated hand": ("model", "ranker@1"),
        "billing": ("trace", "tr-1"),
        "lovelace": ("member", "Ada Lovelace"),
    }.items():
        assert hits(workspace, text) == {found}, text
    assert hits(workspace, "plateau telephone") == set()


def test_phrases_beginnings_negations_and_filters_narrow_it_down(workspace):
    first, second = recorded(workspace, "one"), recorded(workspace, "two", project="audio")
    note_run(workspace, first, "a high learning rate, then a collapse")
    note_run(workspace, second, "the rate at which learning slows")
    both, one, two = {("note", "one"), ("note", "two")}, {("note", "one")}, {("note", "two")}
    name = workspace.name_of(workspace.config.member).split()[0]
    for text, found in {
        "learning rate": both,
        '"learning rate"': one,
        "learning -collapse": two,
        "colla*": one,
        "rate project:audio": two,
        f"rate by:{name}": both,
        "rate since:2d": both,
        "rate since:2100-01-01": set(),
        "sort:note": both,
        "rate sort:run": set(),
    }.items():
        assert hits(workspace, text) == found, text
    (shown,) = search(workspace, '"learning rate" collapse', limit=1).found
    marked = [shown.excerpt.text[begin:end] for begin, end in shown.excerpt.marks]
    assert marked == ["learning rate", "collapse"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('"open', "not closed"),
        ("-only", "alone find nothing"),
        ("sort:shoe", "no such sort"),
        ("since:whenever", "not a moment"),
        ("by:nobody-here", "nobody is called so"),
        ("x" * 501, "so much"),
    ],
)
def test_words_that_mean_nothing_are_refused_with_the_reason(workspace, text, why):
    with pytest.raises(SearchRefused, match=why):
        search(workspace, text, limit=5)


@pytest.mark.parametrize(
    "text", ["%", "_", "* *", "\x00", "😀😀😀", 'a" "b', "(", "NEAR(", "^x", "\ud800"]
)
def test_signs_of_the_database_are_nothing_but_text(workspace, text):
    recorded(workspace, "plain")
    assert hits(workspace, text) == set()


def test_a_title_counts_more_than_a_text_and_the_newer_more_than_the_older(workspace):
    old = recorded(workspace, "old")
    note_run(workspace, old, "about distillation")
    recorded(workspace, "distillation")
    new = recorded(workspace, "new")
    note_run(workspace, new, "about distillation")
    workspace.refresh()
    found = search(workspace, "distillation", limit=5).found
    assert [one.label for one in found] == ["distillation", "new", "old"]
    each = search_each(workspace, "distillation", limit=1)
    assert [(one.sort, one.label) for one in each] == [("run", "distillation"), ("note", "new")]


def test_nobody_finds_what_is_of_a_project_that_they_may_not_read(workspace):
    for name, project in (("mine", "vision"), ("theirs", "audio")):
        note_run(workspace, recorded(workspace, name, project), "secret sauce")
    own = {**dict.fromkeys(EVERYTHING, ()), "run": ("vision",), "note": ("vision",)}
    assert hits(workspace, "sauce", visible=own) == {("note", "mine")}
    assert hits(workspace, "project:audio sauce", visible=own) == set()
    assert hits(workspace, "since:1d", visible=own) == {("run", "mine"), ("note", "mine")}


@pytest.mark.parametrize("seed", range(3))
def test_an_index_that_followed_along_answers_as_one_made_anew(workspace, seed):
    rng = random.Random(seed)
    words = ["alpha", "beta", "gamma", "delta"]
    runs = [recorded(workspace, f"first-{rng.choice(words)}")]
    for _ in range(25):
        run, word = rng.choice(runs), rng.choice(words)
        what = rng.randrange(5)
        if what == 0:
            runs.append(recorded(workspace, f"{word}-{len(runs)}"))
        elif what == 1:
            note_run(workspace, run, f"saw {word} {rng.choice(words)}")
        elif what == 2:
            mark_run(workspace, run, name=f"{word}-renamed", tags={"kind": rng.choice(words)})
        else:
            workspace.record.journal.append_many([deleted(run.id, gone=what == 3)])
        if rng.random() < 0.5:
            hits(workspace, word)
    asked = [*words, "saw -alpha", "kind", "renamed", "sort:run", "sort:note alpha"]
    followed = [hits(workspace, text) for text in asked]
    index_file(workspace).unlink()
    assert [hits(workspace, text) for text in asked] == followed
    assert any(followed)


def test_a_damaged_index_is_made_anew(workspace):
    note_run(workspace, recorded(workspace, "one"), "saturated")
    assert hits(workspace, "saturated")
    for path in index_file(workspace).parent.glob(f"{FILE}*"):
        path.unlink()
    index_file(workspace).write_bytes(b"no database" * 1000)
    assert hits(workspace, "saturated") == {("note", "one")}
    with sqlite3.connect(index_file(workspace)) as database:
        database.execute("DROP TABLE words_data")
    database.close()
    assert hits(workspace, "saturated") == {("note", "one")}


def test_words_that_were_erased_are_neither_found_nor_in_the_file(workspace):
    run = recorded(workspace, "one")
    note_run(workspace, run, "kept in mind")
    before = set(workspace.record.vault.packs.names())
    note_run(workspace, run, "unspeakablename")
    (pack,) = set(workspace.record.vault.packs.names()) - before
    assert hits(workspace, "unspeakablename") == {("note", "one")}
    assert b"unspeakablenam" in index_file(workspace).read_bytes()
    (workspace.path / "packs" / f"{pack}.pack").unlink()
    assert hits(workspace, "unspeakablename") == set()
    assert hits(workspace, "kept mind") == {("note", "one")}
    rest = [path.read_bytes() for path in index_file(workspace).parent.glob(f"{FILE}*")]
    assert not any(b"unspeakablenam" in data for data in rest)


def test_words_that_arrive_after_their_entry_are_found_once_they_are_there(workspace):
    run = recorded(workspace, "one")
    before = set(workspace.record.vault.packs.names())
    note_run(workspace, run, "latecomer")
    (pack,) = set(workspace.record.vault.packs.names()) - before
    path = workspace.path / "packs" / f"{pack}.pack"
    data = path.read_bytes()
    path.unlink()
    workspace.record.vault.refresh()
    assert hits(workspace, "latecomer") == set()
    path.write_bytes(data)
    assert hits(workspace, "latecomer") == {("note", "one")}


def test_words_of_a_device_are_found_once_it_is_confirmed(workspace, tmp_path):
    run = recorded(workspace, "one")
    add_remote(workspace, "team", str(tmp_path / "team"))
    (remote,) = remotes(workspace).values()
    sync(workspace, remote, PACE, Wishes())
    bob, _ = clone(str(tmp_path / "team"), str(tmp_path / "bob"), person=lambda: "bob")
    with bob:
        sync(bob, *remotes(bob).values(), PACE, Wishes())
        note_run(bob, bob.run(run.id), "from afar")
        sync(bob, *remotes(bob).values(), PACE, Wishes())
    sync(workspace, remote, PACE, Wishes())
    assert hits(workspace, "afar") == set()
    workspace.refresh()
    let_in(workspace, *waiting(workspace.projection))
    assert hits(workspace, "afar") == {("note", "one")}
    assert hits(workspace, "by:bob sort:note") == {("note", "one")}


def test_many_readers_make_one_index_at_once_and_all_find_the_same(workspace):
    run = recorded(workspace, "one")
    for number in range(20):
        note_run(workspace, run, f"observation {number}")
    workspace.refresh()

    def look(number):
        with Workspace.open(workspace.path) as own:
            note_run(own, own.run(run.id), f"more {number}")
            own.refresh()
            return len(search(own, "observation", limit=50).found)

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(look, range(8))) == [20] * 8
    workspace.refresh()
    assert len(search(workspace, "more", limit=50).found) == 8


def test_many_open_one_new_file_of_tables_at_once(tmp_path):
    def use(path):
        database = SqliteDatabase(path, busy_wait_s=60)
        mode = database.query("PRAGMA journal_mode")
        database.close()
        return mode

    with ThreadPoolExecutor(6) as threads:
        for number in range(100):
            modes = list(threads.map(use, [str(tmp_path / f"{number}.db")] * 6))
            assert modes == [[("wal",)]] * 6
