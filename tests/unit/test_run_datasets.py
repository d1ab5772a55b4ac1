"""What a run took of datasets: from the words of its processes to its record, and back again."""

from __future__ import annotations

from afield.kernel.digest import digest
from afield.kernel.files import OsFileSystem
from afield.kernel.ids import ObjectId
from afield.replay.data import data_gaps
from afield.runs.capture.datasets_read import describe_datasets, reads_untold
from afield.runs.capture.files_seen import Sieve
from afield.runs.capture.trace import Open, Process, Trace, VersionTold
from afield.runs.manifest import DatasetFile, DatasetRead
from afield.runs.pins import pinned, write_pins
from afield.runs.taken import FILES_MAX
from afield.vault import TreeEntry, Vault

HERE = "/project/.afield"
TREE = digest(b"tree")


def told(path="", *, pid=1, asked="a@latest", tree=TREE, workspace=HERE):
    return VersionTold(
        at_ns=0, pid=pid, asked=asked, workspace=workspace, name="a", number=1, tree=tree,
        added_ms=5, path=path, digest=digest(path.encode()), size_bytes=1,
    )  # fmt: skip


def described(*events):
    sieve = Sieve("/project", workspace=HERE, ours=(), environ={})
    return describe_datasets(Trace(versions=events), sieve, HERE)


def opened(path, pid=1):
    return Open(at_ns=0, pid=pid, path=path, mode="read")


def test_a_version_is_named_once_with_its_words_and_files():
    (found,) = described(told(), told("x"), told("x", asked="a"), told("y", pid=2))
    assert (found.label, found.asked, found.workspace) == ("a@1", ("a@latest", "a"), None)
    assert [file.path for file in found.files] == ["x", "y"]


def test_of_very_many_files_and_of_a_folder_the_whole_version_is_named():
    many = [told(str(number)) for number in range(FILES_MAX + 1)]
    for events in (many, [told("x"), told(".")]):
        (found,) = described(*events)
        assert found.whole
        assert not found.files


def test_a_version_of_another_workspace_is_told_apart():
    here, there = described(told(), told(workspace="/other/.afield"))
    assert (here.workspace, there.workspace) == (None, "/other/.afield")


def test_what_is_read_of_the_record_by_a_process_that_told_of_no_version_is_noticed():
    pack, checked_out = f"{HERE}/packs/a.pack", f"{HERE}/cache/data/trees/{TREE}/x"
    fork = Process(at_ns=0, pid=2, parent=1, started_by="fork")
    events = (told("."),)
    assert reads_untold(Trace(opens=(opened(pack),)), HERE)
    assert reads_untold(Trace(opens=(opened(checked_out),)), HERE)
    assert reads_untold(Trace(opens=(opened(checked_out),), versions=(told(),)), HERE)
    assert reads_untold(Trace(opens=(opened(pack, 2),), versions=events), HERE)
    assert not reads_untold(Trace(opens=(opened(checked_out, 3),), versions=events), HERE)
    forked = Trace(opens=(opened(pack), opened(pack, 2)), versions=events, processes=(fork,))
    assert not reads_untold(forked, HERE)


def test_words_mean_in_a_repeated_run_what_they_meant_when_it_was_recorded(tmp_path):
    live = str(tmp_path)
    assert pinned(live, "a") is None
    first = DatasetRead(name="a", number=1, tree=TREE, added_ms=5, asked=("a@latest", "a"))
    second = DatasetRead(name="a", number=2, tree=digest(b"2"), added_ms=6, asked=("a", "a@2"))
    away = DatasetRead(name="b", number=1, tree=TREE, added_ms=5, asked=("b",), workspace="/other")
    write_pins(live, (first, second, away))
    assert (pinned(live, "a@latest"), pinned(live, "a@2")) == (first, second)
    assert pinned(live, "a") is None
    assert pinned(live, "b") is None
    assert pinned(live, "c") is None
    (tmp_path / "datasets.json").write_text("{")
    assert pinned(live, "a@2") is None


def test_bytes_that_are_not_here_are_told_before_a_run_is_repeated(tmp_path):
    vault = Vault(str(tmp_path / "packs"), OsFileSystem())
    here, gone = vault.put(b"here"), ObjectId(digest(b"gone"))
    tree = vault.put_tree([TreeEntry("x", 0o644, 4, here), TreeEntry("y", 0o644, 4, gone)])
    of_x, of_y = (
        (DatasetFile(path=path, digest=found, size_bytes=4),)
        for path, found in (("x", here), ("y", gone))
    )

    def gaps(**fields):
        read = DatasetRead(name="a", number=1, added_ms=5, **fields)
        return [(gap.detail, gap.missing) for gap in data_gaps([read], vault)]

    assert gaps(tree=tree, files=of_x) == []
    lost = f"a@1: the bytes of y are not here (afield fetch a@{tree[:12]})"
    assert gaps(tree=tree, files=of_y) == gaps(tree=tree, whole=True) == [(lost, True)]
    assert "the list of its files is not here" in gaps(tree=TREE)[0][0]
    away = str(tmp_path / "away")
    assert gaps(tree=TREE, workspace=away)[0][1]
    assert not gaps(tree=TREE, workspace=str(tmp_path))[0][1]
