from __future__ import annotations

import msgspec
import pytest

from afield.kernel.files import OsFileSystem
from afield.replay.errors import FolderInUse
from afield.replay.export import Subject, export_dockerfile, write_export
from afield.runs.manifest import Capture, Code, Environment, FileRecord, Manifest, Redaction
from afield.vault import TreeEntry, Vault


def seen(path, digest, **more):
    return FileRecord(path=path, digest=digest, size_bytes=1, seen_by="python", **more)


@pytest.fixture
def subject(tmp_path):
    vault = Vault(str(tmp_path / "packs"), OsFileSystem())
    script, data = vault.put(b"#!/bin/sh\n"), vault.put(b"1\n")
    entries = [
        TreeEntry("link", 0o120000, 6, vault.put(b"run.sh")),
        TreeEntry("run.sh", 0o755, 10, script),
    ]
    environment = Environment(
        python="3.11.7",
        implementation="cpython",
        executable="/v/bin/python",
        prefix="/v",
        base_prefix="/usr",
        platform="linux-x86_64",
        identity="x",
    )
    manifest = Manifest(
        argv=("python", "t.py"),
        cwd=".",
        root="/p",
        exit_code=0,
        code=Code(tree=vault.put_tree(entries), files=3, size_bytes=1),
        environment=environment,
        inputs=(
            seen("data/kept.csv", data, kept=True),
            seen("data/lost.csv", "0" * 64),
            seen("../evil.csv", data, kept=True),
            seen("made.csv", data),
            seen("many/", "1" * 64),
            seen("/abs/far.csv", "2" * 64),
        ),
        outputs=(seen("made.csv", data, kept=True),),
        redactions=(Redaction(where="code", rule="r", name="run.sh"),),
        capture=Capture(layers=()),
    )
    return Subject("r1", "n", manifest, environment, vault, beside=True)


def test_the_code_and_kept_inputs_stand_beside_the_file(subject, tmp_path):
    file = tmp_path / "out" / "Dockerfile"
    beside, gaps = write_export(export_dockerfile(subject), subject, file)
    code = file.parent / "code"
    assert beside == [code]
    found = sorted(path.relative_to(code).as_posix() for path in code.rglob("*"))
    assert found == ["data", "data/kept.csv", "link", "run.sh"]
    assert (code / "run.sh").stat().st_mode & 0o777 == 0o755
    assert (code / "link").readlink().name == "run.sh"
    assert {path.name for path in file.parent.iterdir()} == {"Dockerfile", "code"}
    assert len(gaps) == 3
    assert {gap.split()[0] for gap in gaps} == {"../evil.csv", "data/lost.csv", "many/"}


def test_what_the_image_lacks_of_the_run_is_in_its_comments(subject):
    text = export_dockerfile(subject).text
    assert "#   - it read /abs/far.csv, which is not part of the project: mount it there" in text
    assert "#   - run.sh held a secret, which is not in the record" in text


def test_without_code_nothing_is_copied(subject, tmp_path):
    manifest = msgspec.structs.replace(subject.manifest, code=None)
    bare = Subject("r1", "n", manifest, subject.environment, subject.vault, beside=True)
    exported = export_dockerfile(bare)
    assert "COPY" not in exported.text
    assert [note for note in exported.notes if "the record holds no code" in note]
    assert write_export(exported, bare, tmp_path / "Dockerfile") == ([], [])


def test_a_file_in_the_way_of_the_code_is_refused_and_nothing_written(subject, tmp_path):
    (tmp_path / "code").write_text("mine")
    with pytest.raises(FolderInUse):
        write_export(export_dockerfile(subject), subject, tmp_path / "Dockerfile")
    assert not (tmp_path / "Dockerfile").exists()
    assert (tmp_path / "code").read_text() == "mine"
