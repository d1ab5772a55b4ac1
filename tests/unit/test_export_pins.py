from __future__ import annotations

import io
import json
import tomllib
import zipfile

import pytest

from afield.kernel.files import OsFileSystem
from afield.replay.export import (
    Subject,
    export_devcontainer,
    export_dockerfile,
    export_requirements,
)
from afield.replay.export.pins import sort_pins, split_vcs
from afield.runs.manifest import Capture, Distribution, Entropy, Environment, Manifest, Patch
from afield.vault import Vault


@pytest.fixture
def vault(tmp_path):
    return Vault(str(tmp_path / "packs"), OsFileSystem())


@pytest.fixture
def subject(vault):
    def make(*distributions, beside=True, run="r1", name="n", python="3.11.7", **manifest):
        environment = Environment(
            python=python,
            implementation=manifest.pop("implementation", "cpython"),
            executable="/v/bin/python",
            prefix="/v",
            base_prefix="/usr",
            platform=manifest.pop("platform", "linux-x86_64"),
            identity="x",
            distributions=distributions,
        )
        about = {"argv": ("python", "t.py"), "cwd": ".", "root": "/p", "exit_code": 0} | manifest
        made = Manifest(**about, environment=environment, capture=Capture(layers=()))
        return Subject(run, name, made, environment, vault, beside)

    return make


def wheel(tag):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("a-1.dist-info/WHEEL", f"Tag: {tag}\n")
    return data.getvalue()


@pytest.mark.parametrize(
    "odd",
    [
        {"name": "a; rm -rf /"},
        {"name": "a\nFROM evil"},
        {"name": "../a"},
        {"name": "-r"},
        {"version": "1 --index-url x"},
        {"version": "1\nRUN x"},
        {"version": "latest"},
    ],
)
def test_names_and_versions_of_strangers_reach_no_line_that_runs(subject, odd):
    made = subject(Distribution(**{"name": "a", "version": "1", "identity": "i"} | odd))
    found = sort_pins(made)
    assert (found.pins, len(found.left_out)) == ([], 1)
    for export in (export_requirements, export_dockerfile):
        text = export(made).text
        active = [line for line in text.splitlines() if line and not line.startswith("#")]
        assert not [line for line in active if "rm " in line or "evil" in line or "RUN" in line]


@pytest.mark.parametrize(
    "location",
    [
        "git+https://h.example/r.git@abc\nRUN x",
        "git+https://h.example/r.git@a b",
        "git+https://redacted:url-password@h.example/r.git@abc",
        "https://h.example/r.git",
        None,
    ],
)
def test_an_address_that_is_none_is_left_out(subject, location):
    one = Distribution(name="a", version="1", origin="vcs", location=location)
    assert [one.name for one in sort_pins(subject(one)).left_out] == ["a"]


def test_a_vcs_address_is_split_at_its_commit():
    found = split_vcs("git+ssh://git@h.example/r.git@abc123")
    assert found == ("git", "ssh://git@h.example/r.git", "abc123")


def test_the_name_of_a_wheel_cannot_lead_out_of_its_folder(subject, vault):
    for tag in ("../../../evil", "py3-none-any\x00", "a b"):
        kept = vault.put(wheel(tag))
        one = Distribution(name="a", version="1", origin="local", location="file:///x", wheel=kept)
        found = sort_pins(subject(one))
        assert (found.wheels, [one.name for one in found.left_out]) == ((), ["a"])


def test_a_wheel_that_the_vault_lost_is_left_out(subject):
    one = Distribution(
        name="a", version="1", origin="local", location="file:///x/a.whl", wheel="0" * 64
    )
    assert "the record has no wheel" in sort_pins(subject(one)).left_out[0].why


def test_a_package_from_an_address_is_doubted(subject):
    one = Distribution(name="a", version="1", origin="local", location="https://h.example/a.whl")
    found = sort_pins(subject(one, beside=False))
    assert [pin.requirement for pin in found.pins] == ["a @ https://h.example/a.whl"]
    assert len(found.doubts) == 1


def test_a_local_version_is_doubted(subject):
    found = sort_pins(subject(Distribution(name="torch", version="2.1.0+cu118", identity="i")))
    assert "only the index that it came from" in found.doubts[0]


def test_what_is_doubted_for_one_reason_is_said_at_once(subject):
    conda = [Distribution(name=f"p{i}", version="1", origin="unknown") for i in range(3)]
    doubts = sort_pins(subject(*conda)).doubts
    assert len(doubts) == 1
    assert doubts[0].startswith("p0 1, p1 1, p2 1: listed no files")


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/p", "."),
        ("/p/a b", "a b"),
        ("/q", None),
        ("/p/../q", None),
        ("/p/$(x)", None),
        (None, None),
    ],
)
def test_an_editable_package_is_a_folder_of_the_project_or_left_out(subject, location, target):
    one = Distribution(name="a", version="1", origin="editable", location=location)
    found = sort_pins(subject(one))
    assert [pin.target for pin in found.pins] == ([] if target is None else [target])
    assert len(found.left_out) == (target is None)


def test_comments_stay_comments_whatever_a_run_is_called(subject):
    made = subject(name="x\nRUN evil", run="r")
    for export, mark in ((export_requirements, "#"), (export_devcontainer, "//")):
        rows = [row for row in export(made).text.splitlines() if "evil" in row]
        assert all(row.startswith(mark) or '"name"' in row for row in rows)
    text = export_dockerfile(made).text
    assert not [row for row in text.splitlines() if row.startswith("RUN")]


def test_values_stay_inside_their_quotes(subject):
    value = 'a"b\\c$d${e}'
    made = subject(variables={"SEED": value, "OMP_X": "a\nRUN evil", "BAD NAME": "1"})
    found = export_dockerfile(made)
    assert r'ENV SEED="a\"b\\c\$d\${e}"' in found.text.splitlines()
    assert "RUN evil" not in found.text
    assert [note for note in found.notes if "OMP_X" in note]
    assert [note for note in found.notes if "BAD NAME" in note]
    noted = export_devcontainer(made)
    assert [note for note in noted.notes if "SEED" in note]


def test_paths_of_the_old_machine_become_those_of_the_image(subject):
    made = subject(
        argv=("/v/bin/torchrun", "/p/t.py"),
        cwd="sub",
        variables={"PYTHONPATH": "/p/lib:/v/x", "VIRTUAL_ENV": "/v"},
        entropy=Entropy(mode="replay", run_seed="00", hash_seed="17"),
        locale={"timezone": "Europe/Berlin"},
    )
    lines = export_dockerfile(made).text.splitlines()
    assert 'CMD ["/usr/local/bin/torchrun", "/work/t.py"]' in lines
    assert 'WORKDIR "/work/sub"' in lines
    assert 'ENV PYTHONPATH="/work/lib:/usr/local/x"' in lines
    assert 'ENV PYTHONHASHSEED="17"' in lines
    assert 'ENV TZ="Europe/Berlin"' in lines
    assert not [line for line in lines if "VIRTUAL_ENV" in line]


@pytest.mark.parametrize(
    ("about", "base", "told"),
    [
        ({}, "FROM --platform=linux/amd64 python:3.11.7-slim", None),
        ({"platform": "linux-aarch64"}, "FROM --platform=linux/arm64 python:3.11.7-slim", None),
        ({"platform": "macosx-14.0-arm64"}, "FROM python:3.11.7-slim", "a container is Linux"),
        ({"python": "3.14.0rc2"}, "FROM --platform=linux/amd64 python:3.14.0rc2-slim", None),
        ({"python": "3.15.0+"}, "FROM --platform=linux/amd64 python:3-slim", "no official image"),
        ({"implementation": "pypy"}, "FROM --platform=linux/amd64 python:3.11.7-slim", "pypy"),
    ],
)
def test_the_base_image_is_of_the_recorded_python_or_says_so(subject, about, base, told):
    found = export_dockerfile(subject(**about))
    assert base in found.text.splitlines()
    assert told is None or [note for note in found.notes if told in note]


def test_a_program_that_is_no_python_is_said(subject):
    found = export_dockerfile(subject(argv=("Rscript", "t.R")))
    assert [note for note in found.notes if "`Rscript` is no Python" in note]


def test_text_of_a_lock_is_quoted_as_toml_has_it():
    from afield.replay.export.pylock import _text

    for value in ('a"b\\c', "ü\u2028\x7f\t", "\x00\x1f"):
        assert tomllib.loads(f"x = {_text(value)}")["x"] == value
    assert json.loads(_text("plain")) == "plain"


@pytest.mark.parametrize("export", [export_requirements, export_dockerfile, export_devcontainer])
def test_that_patches_are_not_in_a_file_is_said_in_it(subject, export):
    patches = (Patch(path="a/x.py", how="changed"), Patch(path="a/y.py", how="added"))
    found = export(subject(Distribution(name="a", version="1", identity="i", patched=patches)))
    told = "a 1: was patched by hand, and the patches are not in here: a/x.py and 1 more"
    assert told in found.notes
    assert "patched by hand" in found.text


def test_a_wheel_out_of_the_record_has_what_was_changed_in_it(subject, vault):
    patches = (Patch(path="a/x.py", how="changed"),)
    one = Distribution(
        name="a", version="1", origin="local", wheel=vault.put(wheel("t")), patched=patches
    )
    assert sort_pins(subject(one)).doubts == []
