"""Versions as Python code reads them: paths, Arrow, pandas, and `afield://` for other libraries."""

from __future__ import annotations

import gc
import os
import pickle
import stat

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import afield
from afield.datasets.errors import ColumnNotFound, FileNotInVersion, NotATable
from afield.kernel.errors import Damaged, NotFound
from afield.workspace.datasets import add
from afield.workspace.workspace import Workspace


def silent(files, size_bytes):
    pass


@pytest.fixture
def table():
    rng = np.random.default_rng(5)
    return pa.table(
        {
            "id": np.arange(60_000),
            "x": rng.normal(size=60_000),
            "word": [f"w{n % 97}" for n in range(60_000)],
        }
    )


@pytest.fixture
def project(tmp_path, table, monkeypatch):
    folder = tmp_path / "data"
    (folder / "sub").mkdir(parents=True)
    afield.write_parquet(table.slice(0, 40_000), folder / "part-0.parquet")
    afield.write_parquet(table.slice(40_000), folder / "part-1.parquet")
    (folder / "sub" / "notes.txt").write_text("by hand")
    (folder / "link.txt").symlink_to("sub/notes.txt")
    with Workspace.init(tmp_path) as workspace:
        add(workspace, str(folder), "customers", progress=silent, profiling=silent)
    monkeypatch.setenv("AFIELD_WORKSPACE", str(tmp_path))
    return tmp_path


def test_a_version_is_read_as_arrow_and_as_pandas(project, table):
    pandas = pytest.importorskip("pandas", reason="not run: pandas is not installed")
    found = afield.dataset("customers@1")
    assert (found.name, found.version, found.label) == ("customers", 1, "customers@1")
    assert found.files == ["link.txt", "part-0.parquet", "part-1.parquet", "sub/notes.txt"]
    assert found.to_arrow().equals(table)
    assert found.to_arrow("part-1.parquet", columns=["x"]).equals(table.slice(40_000).select(["x"]))
    frame = found.to_pandas(columns=["id", "x"])
    pandas.testing.assert_frame_equal(frame, table.select(["id", "x"]).to_pandas())
    assert found.open("link.txt").read() == b"by hand"
    for wrong, fault in (
        (lambda: found.open("part-0.parqet"), FileNotInVersion),
        (lambda: found.to_arrow("sub/notes.txt"), NotATable),
        (lambda: found.to_arrow(columns=["y"]), ColumnNotFound),
        (lambda: afield.dataset("nobody"), NotFound),
    ):
        with pytest.raises(fault):
            wrong()


def test_a_path_is_read_only_and_is_mended_when_somebody_changes_it_all_the_same(project):
    found = afield.dataset("customers")
    folder = found.path()
    file = folder / "sub" / "notes.txt"
    assert file.read_text() == "by hand"
    assert not stat.S_IMODE(file.stat().st_mode) & 0o222
    assert (folder / "link.txt").read_text() == "by hand"
    file.chmod(0o644)
    file.write_text("changed")
    assert found.path("sub/notes.txt").read_text() == "by hand"
    assert found.path() == folder


def test_versions_share_files_on_disk(project):
    first = afield.dataset("customers@1").path("part-0.parquet")
    (project / "data" / "new.txt").write_text("new")
    with Workspace.open(project) as workspace:
        add(workspace, str(project / "data"), "customers", progress=silent, profiling=silent)
    second = afield.dataset("customers@2").path("part-0.parquet")
    assert first != second
    assert first.stat().st_ino == second.stat().st_ino


def test_damaged_bytes_are_named_and_reach_no_path(project):
    for pack in (project / ".afield" / "packs").glob("*.pack"):
        pack.write_bytes(pack.read_bytes().replace(b"by hand", b"by foot"))
    found = afield.dataset("customers")
    with pytest.raises(Damaged):
        found.path("sub/notes.txt")
    with pytest.raises(Damaged):
        found.open("sub/notes.txt").read()
    folder = project / ".afield" / "cache" / "data"
    assert not [one for one in folder.rglob("*") if one.is_file() and b"foot" in one.read_bytes()]


def test_fsspec_lists_and_opens_versions_by_their_url(project, table):
    fsspec = pytest.importorskip("fsspec", reason="not run: fsspec is not installed")
    files = fsspec.filesystem("afield")
    assert files.ls("", detail=False) == ["customers"]
    assert files.ls("afield://customers@1/", detail=False) == [
        "customers@1/link.txt",
        "customers@1/part-0.parquet",
        "customers@1/part-1.parquet",
        "customers@1/sub",
    ]
    assert files.find("customers@1/sub") == ["customers@1/sub/notes.txt"]
    assert files.info("customers@1/link.txt")["size"] == len("by hand")
    assert files.isdir("customers@1/sub")
    assert files.modified("customers@1/link.txt") == afield.dataset("customers").added
    assert not files.exists("customers@1/none.txt")
    assert not files.exists("nobody@1/none.txt")
    with fsspec.open("afield://customers@latest/sub/notes.txt") as stream:
        assert stream.read() == b"by hand"
    with pytest.raises(OSError, match="never changed"):
        files.open("customers@1/new.txt", "wb")
    assert pq.read_table("customers@1/part-0.parquet", filesystem=files).num_rows == 40_000


def test_fsspec_walks_links_to_folders_to_an_end(tmp_path, monkeypatch):
    fsspec = pytest.importorskip("fsspec", reason="not run: fsspec is not installed")
    source = tmp_path / "data"
    (source / "a" / "b").mkdir(parents=True)
    (source / "a" / "b" / "f").write_bytes(b"deep")
    (source / "short").symlink_to("a/b")
    (source / "a" / "b" / "up").symlink_to("..")
    with Workspace.init(tmp_path) as workspace:
        add(workspace, str(source), "linked", progress=silent, profiling=silent)
    files = fsspec.filesystem("afield", workspace=str(tmp_path))
    assert files.find("linked") == ["linked/a/b/f", "linked/a/b/up/b/f", "linked/short/f"]
    assert files.cat("linked/short/up/b/f") == b"deep"
    assert files.isdir("linked/short")
    assert files.cat_file("linked/a/b/f", start=-2) == b"ep"
    files.get("linked", str(tmp_path / "out"), recursive=True)
    assert (tmp_path / "out" / "short" / "f").read_bytes() == b"deep"


def test_pandas_reads_a_version_by_its_url(project, table):
    pytest.importorskip("fsspec", reason="not run: fsspec is not installed")
    pandas = pytest.importorskip("pandas", reason="not run: pandas is not installed")
    frame = pandas.read_parquet(
        "afield://customers@1/part-0.parquet",
        columns=["x"],
        storage_options={"workspace": str(project)},
    )
    assert frame["x"].tolist() == table["x"].slice(0, 40_000).to_pylist()


def test_polars_reads_a_version_by_its_url(project, table):
    pytest.importorskip("fsspec", reason="not run: fsspec is not installed")
    polars = pytest.importorskip("polars", reason="not run: polars is not installed")
    frame = polars.read_parquet("afield://customers@1/part-0.parquet", use_pyarrow=True)
    assert frame["x"].sum() == pytest.approx(sum(table["x"].slice(0, 40_000).to_pylist()))


def test_duckdb_reads_a_version_by_its_url(project):
    fsspec = pytest.importorskip("fsspec", reason="not run: fsspec is not installed")
    duckdb = pytest.importorskip("duckdb", reason="not run: duckdb is not installed")
    with duckdb.connect() as connection:
        connection.register_filesystem(fsspec.filesystem("afield"))
        query = "select count(*) from 'afield://customers@1/part-0.parquet'"
        assert connection.execute(query).fetchone() == (40_000,)
    gc.collect()


def test_a_read_of_a_range_fetches_only_the_chunks_that_it_touches(tmp_path, monkeypatch):
    data = np.random.default_rng(1).bytes(8 << 20)
    (tmp_path / "big.bin").write_bytes(data)
    with Workspace.init(tmp_path) as workspace:
        add(workspace, str(tmp_path / "big.bin"), "big", progress=silent, profiling=silent)
        vault = workspace.record.vault
        read = []
        load = vault._shelf.read
        vault._shelf.read = lambda place: read.append(place) or load(place)
        found = afield.dataset("big", workspace=tmp_path)
        found._record = workspace.record
        with found.open("big.bin") as stream:
            stream.seek(5 << 20)
            assert stream.read(1000) == data[5 << 20 : (5 << 20) + 1000]
    assert 1 <= sum(place.entry.stored_bytes > 10_000 for place in read) <= 2


def test_parquet_written_for_it_shares_its_bytes_with_the_next_version(tmp_path, table):
    rng = np.random.default_rng(6)
    wide = pa.table({"id": np.arange(300_000), "x": rng.normal(size=300_000)})
    edited = pa.concat_tables([wide.slice(0, 3), wide.slice(1_000)])
    with Workspace.init(tmp_path) as workspace:
        grown = {}
        for kind, write in (("ours", afield.write_parquet), ("plain", pq.write_table)):
            path = tmp_path / f"{kind}.parquet"
            sizes = []
            for version in (wide, edited):
                write(version, path)
                done = add(workspace, str(path), kind, progress=silent, profiling=silent)
                packs = (tmp_path / ".afield" / "packs").glob("*.pack")
                sizes.append(sum(pack.stat().st_size for pack in packs))
            grown[kind] = (sizes[1] - sizes[0]) / path.stat().st_size
            assert [one.path for one in done.advice] == ([path.name] if kind == "plain" else [])
    if int(pa.__version__.partition(".")[0]) < 21:
        pytest.skip("not run: this pyarrow does not cut pages by content")
    assert grown["ours"] < 0.35 < grown["plain"]


def test_write_parquet_takes_what_people_have_and_refuses_the_rest(tmp_path):
    pandas = pytest.importorskip("pandas", reason="not run: pandas is not installed")
    path = tmp_path / "t.parquet"
    for found in (pandas.DataFrame({"a": [1]}), pa.record_batch({"a": [1]}), pa.table({"a": [1]})):
        afield.write_parquet(found, path)
        assert pq.read_table(path)["a"].to_pylist() == [1]
    afield.write_parquet(pa.table({"a": ["x"] * 10}), os.fspath(path), use_dictionary=True)
    assert pq.read_metadata(path).row_group(0).column(0).has_dictionary_page
    with pytest.raises(NotATable):
        afield.write_parquet({"a": [1]}, path)


def test_a_version_goes_to_another_process_by_its_name_and_without_keys(project):
    found = afield.dataset("customers@latest")
    sent = pickle.dumps(found)
    (key,) = [each for each in (project / ".afield" / "keys").rglob("*") if each.is_file()][:1]
    assert key.read_bytes().strip()[-32:] not in sent
    assert len(sent) < 1000
    again = pickle.loads(sent)  # noqa: S301 - our own
    assert (again.label, again.tree, again.added) == (found.label, found.tree, found.added)
    assert again.open("sub/notes.txt").read() == b"by hand"
