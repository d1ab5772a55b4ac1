"""Folders of which a run reads very many files are recorded as one, and say so."""

from __future__ import annotations

import os

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="paths and shells of POSIX")

READ = """
import sys
for number in range(int(sys.argv[2])):
    with open(f"{sys.argv[1]}/{number}.txt") as stream:
        stream.read()
"""


@pytest.fixture
def read(run, project, tmp_path):
    """Run code, by default one that reads the first files of `data`; returns what was captured."""
    (project / "read.py").write_text(READ)
    data = tmp_path / "data"
    data.mkdir()
    for number in range(2500):
        (data / f"{number}.txt").write_text(f"file {number}")

    def call(then="", *, files=2500, **options):
        (project / "read.py").write_text(READ + then)
        return run("python", "read.py", data, files, **options)

    call.data = data
    return call


def crowd(done, path):
    return done.inputs[f"{path}/"]


def test_a_folder_of_thousands_of_files_is_digested_as_one(read):
    done = read()
    one = crowd(done, read.data)
    assert (one.folder.files, one.folder.looked, one.folder.by) == (2500, 2500, "content")
    assert one.size_bytes == sum(path.stat().st_size for path in read.data.iterdir())
    assert one.note == "2,500 files, in one digest"
    assert one.where == "read.py:4"
    assert not one.changed
    single = done.inputs[str(read.data / "77.txt")]
    assert done.bytes_of(single) == b"file 77"
    assert 1990 <= len(done.inputs) <= 2010
    assert done.manifest.capture.notes == ()


def test_the_folders_digest_changes_with_any_content_and_any_name(read):
    first = crowd(read(), read.data).digest
    assert crowd(read(), read.data).digest == first
    (read.data / "2499.txt").write_text("FILE 2499")
    other = crowd(read(), read.data).digest
    (read.data / "2498.txt").rename(read.data / "2498.bin")
    third = crowd(read(files=2400), read.data).digest
    assert len({first, other, third}) == 3


def test_of_tens_of_thousands_names_count_and_some_sizes_and_times(read):
    for number in range(2500, 20_500):
        os.link(read.data / "0.txt", read.data / f"{number}.txt")
    done = read()
    one = crowd(done, read.data)
    assert (one.folder.files, one.folder.looked, one.folder.by) == (20_500, 5_000, "stat")
    said = "20,500 files, by name, 5,000 of them by size and time, none by content"
    assert f"input {read.data}/: {said}" in done.manifest.blockers
    os.utime(read.data / "0.txt", ns=(0, 1))  # one inode under very many names
    assert crowd(read(), read.data).digest != one.digest


def test_what_the_run_writes_there_itself_is_no_part_of_it(read):
    first = crowd(read(), read.data)
    more = "with open(sys.argv[1] + '/out.txt', 'w') as stream: stream.write('1')\n"
    for _ in range(2):  # made, then written anew
        done = read(more)
        assert crowd(done, read.data).digest == first.digest
        assert str(read.data / "out.txt") in done.outputs
        (read.data / "out.txt").unlink()
        assert not crowd(done, read.data).changed


@pytest.mark.parametrize(
    "then",
    [
        "open(sys.argv[1] + '/5.txt', 'a').write('more')\n",
        "import os; os.remove(sys.argv[1] + '/5.txt')\n",
        "import os; os.system('echo 1 > ' + sys.argv[1] + '/new')\n",
        "import os; os.system('echo 1 >> ' + sys.argv[1] + '/5.txt')\n",
        "import shutil; shutil.rmtree(sys.argv[1])\n",
        "import os; os.rename(sys.argv[1], sys.argv[1] + '2')\n",
    ],
)
def test_a_folder_that_is_changed_during_the_run_is_said_to_be(read, then):
    done = read(then, trace="python")  # the kernel layer would know that the run made it
    assert crowd(done, read.data).changed
    assert any(
        "changed during the run" in line or "gone" in line for line in done.manifest.blockers
    )


def test_files_of_the_code_need_no_digest_of_their_own(run, project, git):
    (project / "data").mkdir()
    for number in range(2100):
        (project / "data" / f"{number}.txt").write_text("1")
    (project / "read.py").write_text(READ)
    git(project, "init")
    git(project, "add", ".")
    done = run("python", "read.py", "data", "2100")
    one = done.inputs["data/"]
    assert (one.folder.by, one.folder.files, one.kept, one.changed) == ("code", 2100, True, False)
    assert done.manifest.blockers == ()
    assert done.manifest.capture.notes == ()


def test_a_folder_of_the_project_beside_the_code_is_named_as_not_kept(run, project, git):
    (project / "data").mkdir()
    for number in range(2100):
        (project / "data" / f"{number}.txt").write_text("1")
    (project / "read.py").write_text(READ)
    (project / ".gitignore").write_text("data\n")
    git(project, "init")
    git(project, "add", ".")
    done = run("python", "read.py", "data", "2100")
    assert not done.inputs["data/"].kept
    assert "not kept: data/, 2,100 files, in one digest" in done.manifest.blockers


def test_a_folder_that_other_programs_of_the_run_filled_is_no_input(run, project, git):
    git(project, "init")
    code = (
        "import os\n"
        "os.mkdir('made')\n"
        "os.system('cd made; seq 2100 | xargs touch')\n"
        "for n in range(2100): open(f'made/{n + 1}').close()\n"
    )
    done = run("python", "-c", code)
    assert "made/" not in done.inputs


def test_files_that_were_never_there_make_no_folder(run, tmp_path):
    code = (
        "import os\n"
        "for n in range(2100):\n"
        f"    try: open(f'{tmp_path}/nothing/{{n}}')\n"
        "    except OSError: pass\n"
    )
    assert run("python", "-c", code).inputs == {}
