"""The environment that is recorded is that of the command's own Python, whichever it is."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile

import pytest

from afield.runs.capture.distributions import DistributionCache, find_distributions
from afield.runs.capture.wheel import repack

pytestmark = pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")


def install(site, name, version, *, files, direct=None, installer="pip"):
    """Lay down a distribution as an installer would."""
    import base64
    import hashlib

    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    own = {
        f"{info.name}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nText",
        f"{info.name}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = []
    for path, text in {**files, **own}.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(text)
        raw = hashlib.sha256(text.encode()).digest()
        rows.append(
            f"{path},sha256={base64.urlsafe_b64encode(raw).rstrip(b'=').decode()},{len(text)}"
        )
    (info / "INSTALLER").write_text(installer + "\n")
    rows += [f"{info.name}/INSTALLER,,", f"{info.name}/RECORD,,", "../../bin/tool,sha256=x,1"]
    if direct is not None:
        (info / "direct_url.json").write_text(direct)
    (info / "RECORD").write_text("\n".join(rows) + "\n")
    return info


@pytest.fixture
def other_python(tmp_path):
    """A virtual environment of its own, without pip."""
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "other")], check=True
    )
    return tmp_path / "other"


def site_of(venv):
    return next((venv / "lib").glob("python*/site-packages"))


def test_another_environment_is_recorded_and_not_ours(run, project, other_python):
    install(site_of(other_python), "some-thing", "1.5", files={"some_thing.py": "x = 1\n"})
    (project / "train.py").write_text("import some_thing, sys; print(sys.prefix)\n")
    done = run(str(other_python / "bin" / "python"), "train.py")
    found = done.manifest.environment
    assert done.out.decode().strip() == str(other_python)
    assert found.prefix == str(other_python)
    assert found.executable == str(other_python / "bin" / "python")
    assert found.python == ".".join(map(str, sys.version_info[:3]))
    assert [(one.name, one.version, one.origin) for one in found.distributions] == [
        ("some-thing", "1.5", "index")
    ]
    assert done.inputs == {}


def test_python_behind_a_script_is_found(run, project, other_python):
    script = project / "tool"
    script.write_text(f"#!{other_python}/bin/python\nprint('tool')\n")
    script.chmod(0o755)
    for trace in ("auto", "off"):
        done = run("./tool", trace=trace, seed=False)
        assert done.manifest.environment.prefix == str(other_python)


def test_a_command_without_python_has_no_environment(run):
    assert run("true").manifest.environment is None


def test_a_distribution_that_no_index_has_is_kept_as_a_wheel(run, project, other_python):
    install(
        site_of(other_python),
        "house",
        "0.1",
        files={"house/__init__.py": "y = 2\n"},
        direct='{"url": "file:///gone/house", "dir_info": {}}',
    )
    done = run(str(other_python / "bin" / "python"), "-c", "import house")
    (found,) = done.manifest.environment.distributions
    assert found.origin == "local"
    wheel = done.record.vault.open(found.wheel)
    with zipfile.ZipFile(wheel) as packed:
        assert packed.read("house/__init__.py") == b"y = 2\n"
        assert "house-0.1.dist-info/RECORD" in packed.namelist()
    assert done.manifest.blockers == ()


def read(site, cache=None):
    return [
        found.distribution for found in find_distributions([str(site)], DistributionCache(cache))
    ]


def test_the_identity_is_of_the_content_not_of_the_place_or_installer(tmp_path):
    files = {"a.py": "a\n", "a/data, with comma.txt": "b\n"}
    install(tmp_path / "one", "thing", "1", files=files, installer="pip")
    info = install(tmp_path / "two", "thing", "1", files=files, installer="uv")
    with (info / "RECORD").open("a") as record:
        record.write(f"__pycache__/a.cpython-311.pyc,,\n{info.name}/REQUESTED,,\n")
    (one,), (two,) = read(tmp_path / "one"), read(tmp_path / "two")
    assert one.identity == two.identity is not None
    install(tmp_path / "three", "thing", "1", files=files | {"a.py": "changed\n"})
    (three,) = read(tmp_path / "three")
    assert three.identity != one.identity


def test_the_cache_sees_an_upgrade_in_place(tmp_path):
    cache = str(tmp_path / "cache.json")
    info = install(tmp_path / "site", "thing", "1", files={"a.py": "a\n"})
    first = DistributionCache(cache)
    (one,) = find_distributions([str(tmp_path / "site")], first)
    first.save()
    assert read(tmp_path / "site", cache) == [one.distribution]
    with (info / "RECORD").open("a") as record:
        record.write("more.py,sha256=abc,3\n")
    assert read(tmp_path / "site", cache)[0].identity != one.distribution.identity


@pytest.mark.parametrize(
    ("direct", "installer", "origin", "location"),
    [
        ('{"url":"file:///src/x%20y","dir_info":{"editable":true}}', "pip", "editable", "/src/x y"),
        (
            '{"url":"https://u:hunter2x@h/r.git","vcs_info":{"vcs":"git","commit_id":"abc"}}',
            "pip",
            "vcs",
            "git+https://u:redacted:url-password@h/r.git@abc",
        ),
        ('{"url":"file:///w.whl","archive_info":{}}', "uv", "local", "file:///w.whl"),
        (None, "conda", "unknown", None),
        (None, "uv", "index", None),
        ("not json", "pip", "index", None),
    ],
)
def test_where_a_distribution_came_from_is_told(tmp_path, direct, installer, origin, location):
    install(tmp_path, "thing", "1", files={"a.py": "a"}, direct=direct, installer=installer)
    (found,) = read(tmp_path)
    assert (found.origin, found.location) == (origin, location)


def test_old_and_broken_installations_are_no_fault(tmp_path):
    (tmp_path / "old-2.0.egg-info").write_text("Metadata-Version: 1.0\nName: old\nVersion: 2.0\n")
    (tmp_path / "new.egg-info").mkdir()
    (tmp_path / "new.egg-info" / "PKG-INFO").write_text("Name: new\nVersion: 3\n")
    (tmp_path / "broken-1.dist-info").mkdir()
    assert [(one.name, one.identity, one.origin) for one in read(tmp_path)] == [
        ("new", None, "unknown"),
        ("old", None, "unknown"),
    ]


def test_a_distribution_with_changed_files_is_not_repacked(tmp_path):
    info = install(tmp_path, "thing", "1", files={"a.py": "a\n"})
    assert repack(str(info)) == repack(str(info)) is not None
    (tmp_path / "a.py").write_text("edited\n")
    assert repack(str(info)) is None
