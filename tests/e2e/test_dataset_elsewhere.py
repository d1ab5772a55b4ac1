"""Reading a version whose bytes are at a remote: what is touched comes, the rest stays there."""

from __future__ import annotations

import random
import shutil
import sys

import pytest

from afield import dataset
from afield.workspace.errors import BytesElsewhere

NOISE = random.Random(7).randbytes(3_000_000)
ROWS = "id,x\n" + "".join(f"{number},{number * 7919 % 1000}\n" for number in range(200))


@pytest.fixture
def bob(afield, tmp_path):
    """A clone that left the bytes of a version at the remote."""
    ann, url, bob = tmp_path / "ann", str(tmp_path / "there"), tmp_path / "bob"
    (ann / "data").mkdir(parents=True)
    (ann / "data" / "noise.bin").write_bytes(NOISE)
    (ann / "data" / "t.csv").write_text(ROWS)
    assert afield("init", str(ann)).code == 0
    words = ("--workspace", str(ann))
    assert afield("data", "add", str(ann / "data"), "--name", "d", *words).code == 0
    assert afield("remote", "add", "team", url, *words).code == 0
    assert afield("sync", *words).code == 0
    assert afield("clone", url, str(bob), "--data", "none").code == 0
    return bob


def packs(tmp_path):
    return [each for each in (tmp_path / "there").rglob("*.pack") if each.stat().st_size > 100_000]


def test_a_range_is_read_though_the_rest_of_the_file_is_damaged_there(bob, tmp_path):
    (pack,) = packs(tmp_path)
    data = bytearray(pack.read_bytes())
    place = data.find(NOISE[2_999_000:2_999_016])
    data[place : place + 16] = bytes(16)
    pack.write_bytes(data)
    with dataset("d", workspace=bob).open("noise.bin") as stream:
        assert stream.read(1000) == NOISE[:1000]
        assert stream.seek(900_000) == 900_000
        assert stream.read(5) == NOISE[900_000:900_005]
        stream.seek(-1000, 2)
        with pytest.raises(BytesElsewhere, match=r"d@1/noise.bin.*remote `origin` has other"):
            stream.read()
    assert list(bob.rglob("*.pack")) != []
    assert sum(each.stat().st_size for each in bob.rglob("*.pack")) < 100_000


def test_tables_are_read_from_a_remote(bob):
    assert dataset("d", workspace=bob).to_arrow("t.csv").num_rows == 200


def test_a_remote_that_is_away_is_named_with_what_brings_the_bytes(bob, tmp_path):
    found = dataset("d", workspace=bob)
    (tmp_path / "there").rename(tmp_path / "gone")
    with pytest.raises(BytesElsewhere) as told, found.open("noise.bin") as stream:
        stream.read()
    assert told.value.value == "d@1/noise.bin"
    assert "remote `origin`" in told.value.why
    assert told.value.hint == "afield fetch d@1"
    with pytest.raises(BytesElsewhere, match=r"d@1/t.csv.*left at remote `origin`"):
        found.path("t.csv")


def test_data_that_must_stay_in_a_place_is_told_so(bob, afield, tmp_path):
    ann = tmp_path / "ann"
    words = ("--workspace", str(ann))
    (ann / "t.csv").write_text("id\n1\n")
    assert afield("data", "add", str(ann / "t.csv"), "--name", "people", *words).code == 0
    assert afield("data", "card", "people", "--set", "residency=eu", *words).code == 0
    assert afield("sync", *words).code == 0
    assert afield("sync", "--workspace", str(bob)).code == 0
    found = dataset("people", workspace=bob)
    with pytest.raises(BytesElsewhere, match="must stay in eu") as told:
        found.path()
    assert "--label eu" in told.value.hint
    assert "afield fetch people@1" in told.value.hint
    with pytest.raises(BytesElsewhere, match="must stay in eu"):
        found.to_arrow()


def test_a_run_that_reads_from_a_remote_has_the_version_and_not_the_remote_as_input(
    bob, afield, tmp_path, monkeypatch
):
    monkeypatch.chdir(bob)
    (bob / "use.py").write_text("import afield\nprint(afield.dataset('d').to_arrow('t.csv'))\n")
    assert afield("run", "--name", "one", sys.executable, "use.py").code == 0
    told = afield("show", "one", "--json").json
    assert (told["inputs"], told["blockers"]) == ([], [])
    assert [one["label"] for one in told["data"]] == ["d@1"]
    held = afield("reproduce", "one", "--env", "here", "--json")
    assert held.code == 3
    assert "the bytes of t.csv are not here (afield fetch d@" in str(held.json["reasons"])
    assert afield("fetch", "one").code == 0
    shutil.rmtree(tmp_path / "there")
    assert afield("reproduce", "one", "--env", "here", "--json").json["verdict"] == "identical"


def test_du_takes_nothing_for_saved_that_is_not_here(bob, afield):
    found = afield("du", "--json", "--workspace", str(bob)).json
    assert found["absent_bytes"] > 3_000_000
    assert found["apparent_bytes"] > found["absent_bytes"]
    assert 0.5 < found["deduplication"] < 2
    (data,) = [use for use in found["uses"] if use["kind"] == "dataset"]
    assert data["absent_bytes"] == found["absent_bytes"]
    told = afield("du", "--workspace", str(bob)).out
    assert "not here, 3.01 MB of files" in told
    assert afield("fetch", "d", "--workspace", str(bob)).code == 0
    assert afield("du", "--json", "--workspace", str(bob)).json["absent_bytes"] == 0
