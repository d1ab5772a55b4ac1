from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import pytest
import uv

from afield.kernel.files import OsFileSystem
from afield.replay.environment import MARKER, rebuild
from afield.replay.errors import IndexUnreachable, NoEnvironment
from afield.replay.pip_settings import uv_arguments, uv_variables
from afield.replay.tools import Tools
from afield.runs.capture.distributions import DistributionCache, find_distributions
from afield.runs.capture.environment import ask_python, read_environment
from afield.runs.capture.wheel import repack
from afield.vault import Vault


@pytest.fixture
def vault(tmp_path):
    return Vault(str(tmp_path / "packs"), OsFileSystem())


@pytest.fixture
def recorded(venv, base_environ):
    python = ask_python(str(venv / "bin/python"), base_environ, str(venv))
    return read_environment(python, cache=DistributionCache(None))


@pytest.fixture
def tools(tmp_path, base_environ):
    said = []
    return Tools(
        uv=uv.find_uv_bin(),
        cache=str(tmp_path / "cache"),
        environ=base_environ,
        home=str(tmp_path),
        progress=said.append,
    )


def built(recorded, vault, tools, tmp_path):
    return rebuild(recorded, vault=vault, tools=tools, folder=str(tmp_path))


def versions(environment):
    found = find_distributions(environment.sites, DistributionCache(None))
    return {one.distribution.name: one.distribution.version for one in found}


def with_distributions(recorded, change):
    found = tuple(change(one) for one in recorded.distributions)
    return msgspec.structs.replace(recorded, distributions=found)


def test_a_rebuilt_environment_holds_what_was_recorded(recorded, vault, tools, tmp_path):
    found = built(recorded, vault, tools, tmp_path)
    assert found.gaps == ()
    assert versions(found) == {"tinystat": "1.0", "sidecar": "0.3"}
    code = "import sys, tinystat; print(tinystat.SCALE, sys.prefix)"
    out = subprocess.check_output([found.python, "-c", code]).decode().split()
    assert out == ["1.0", found.prefix]
    assert (Path(found.scripts) / "tinystat").exists()


def test_it_is_reused_by_identity(recorded, vault, tools, tmp_path):
    first = built(recorded, vault, tools, tmp_path)
    again = built(recorded, vault, tools, tmp_path)
    assert (first.reused, again.reused) == (False, True)
    assert first.prefix == again.prefix
    other = with_distributions(recorded, lambda one: msgspec.structs.replace(one, identity="0"))
    assert built(other, vault, tools, tmp_path).prefix != first.prefix


def test_one_that_was_left_half_built_is_built_again(recorded, vault, tools, tmp_path):
    first = built(recorded, vault, tools, tmp_path)
    Path(first.prefix, MARKER).unlink()
    Path(first.sites[0], "tinystat.py").unlink()
    again = built(recorded, vault, tools, tmp_path)
    assert not again.reused
    assert Path(again.sites[0], "tinystat.py").exists()


@pytest.mark.parametrize("harm", ["change", "same size", "add", "remove"])
def test_one_that_was_written_into_is_built_again(recorded, vault, tools, tmp_path, harm):
    first = built(recorded, vault, tools, tmp_path)
    module = Path(first.sites[0], "tinystat.py")
    told = module.read_text()
    before = module.stat()
    if harm == "change":
        module.write_text(told + "SCALE = 66\n")
    elif harm == "same size":
        module.write_text(told.replace("1.0", "6.0"))
        os.utime(module, ns=(before.st_atime_ns, before.st_mtime_ns))
    elif harm == "add":
        module.with_name("random.py").write_text("")
    else:
        module.unlink()
    assert first.changes()[0].note is (harm == "add")
    again = built(recorded, vault, tools, tmp_path)
    assert not again.reused
    assert module.read_text() == told
    assert not module.with_name("random.py").exists()
    assert again.changes() == ()
    assert built(recorded, vault, tools, tmp_path).reused


def test_byte_code_that_python_caches_is_no_change(recorded, vault, tools, tmp_path):
    first = built(recorded, vault, tools, tmp_path)
    subprocess.run([first.python, "-c", "import tinystat"], env=tools.environ, check=True)
    assert list(Path(first.sites[0]).glob("__pycache__/tinystat.*"))
    assert first.changes() == ()
    assert built(recorded, vault, tools, tmp_path).reused


def test_no_file_is_shared_with_the_cache_of_uv(recorded, vault, tools, tmp_path):
    environ = {**tools.environ, "UV_LINK_MODE": "hardlink"}
    found = built(recorded, vault, dataclasses.replace(tools, environ=environ), tmp_path)
    assert Path(found.sites[0], "tinystat.py").stat().st_nlink == 1


def test_what_a_spoiled_cache_of_uv_holds_is_installed_anew(recorded, vault, tools, tmp_path):
    environ = {**tools.environ, "UV_CACHE_DIR": str(tmp_path / "uv-cache")}
    own = dataclasses.replace(tools, environ=environ)
    first = built(recorded, vault, own, tmp_path)
    for path in (tmp_path / "uv-cache").rglob("tinystat.py"):
        path.write_text("SCALE = 66\n")
    shutil.rmtree(first.prefix)
    again = built(recorded, vault, own, tmp_path)
    assert again.gaps == ()
    assert "66" not in Path(again.sites[0], "tinystat.py").read_text()


def test_several_at_once_build_it_once(recorded, vault, tools, tmp_path):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(built(recorded, vault, tools, tmp_path)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.prefix for one in found}) == 1
    assert sorted(one.reused for one in found) == [False, True, True, True]


def test_the_cached_environment_is_not_kept_when_a_package_is_missing(
    recorded, vault, tools, tmp_path
):
    def change(one):
        return msgspec.structs.replace(one, version="7.7") if one.name == "sidecar" else one

    found = built(with_distributions(recorded, change), vault, tools, tmp_path)
    assert [gap.missing for gap in found.gaps] == [True]
    assert found.gaps[0].detail.startswith("sidecar==7.7 could not be installed: ")
    assert versions(found) == {"tinystat": "1.0"}
    assert not Path(found.prefix, MARKER).exists()


def test_a_package_that_no_index_has_comes_out_of_the_record(
    recorded, vault, tools, tmp_path, venv
):
    site = next(venv.glob("lib/*/site-packages"))
    kept = vault.put(repack(str(site / "tinystat-1.0.dist-info")))
    environ = {**tools.environ, "UV_FIND_LINKS": str(tmp_path)}
    lonely = Tools(
        uv=tools.uv, cache=tools.cache, environ=environ, home=tools.home, progress=tools.progress
    )

    def change(one):
        found = kept if one.name == "tinystat" else None
        return msgspec.structs.replace(one, wheel=found, origin="local")

    only = with_distributions(recorded, change)
    only = msgspec.structs.replace(
        only, distributions=tuple(one for one in only.distributions if one.name == "tinystat")
    )
    found = built(only, vault, lonely, tmp_path)
    assert found.gaps == ()
    assert versions(found) == {"tinystat": "1.0"}


def test_without_a_connection_it_ends_soon_and_the_next_time_it_carries_on(
    recorded, vault, tools, tmp_path, venv
):
    kept = vault.put(repack(str(next(venv.glob("lib/*/site-packages/tinystat-1.0.dist-info")))))
    cut_off = {name: value for name, value in tools.environ.items() if not name.startswith("UV_")}
    cut_off |= {
        "UV_INDEX_URL": "http://someone:hidden@127.0.0.1:9/simple",
        "UV_HTTP_RETRIES": "0",
        "UV_CACHE_DIR": str(tmp_path / "uv-cache"),
    }
    alone = dataclasses.replace(tools, environ=cut_off)

    def change(one):
        here = kept if one.name == "tinystat" else None
        return msgspec.structs.replace(one, wheel=here, origin="local" if here else "index")

    wanted = with_distributions(recorded, change)
    with pytest.raises(IndexUnreachable) as told:
        built(wanted, vault, alone, tmp_path)
    assert "for: `sidecar`" in str(told.value)
    assert "hidden" not in str(told.value)
    found = built(wanted, vault, tools, tmp_path)
    assert found.gaps == ()
    assert versions(found) == {"tinystat": "1.0", "sidecar": "0.3"}


def test_what_only_the_base_python_has_is_borrowed_from_it(base_environ, vault, tools, tmp_path):
    base = str(Path(sys._base_executable).resolve())
    python = ask_python(base, base_environ, str(tmp_path))
    of_the_system = with_distributions(
        read_environment(python, cache=DistributionCache(None)),
        lambda one: msgspec.structs.replace(one, origin="unknown"),
    )
    if not of_the_system.distributions:
        pytest.skip("the Python under these tests has no distributions of its own")
    found = built(of_the_system, vault, tools, tmp_path)
    assert (found.gaps, versions(found)) == ((), {})
    code = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))"
    one = of_the_system.distributions[0]
    out = subprocess.check_output([found.python, "-c", code, one.name]).decode().strip()
    assert out == one.version
    changed = with_distributions(
        of_the_system, lambda one: msgspec.structs.replace(one, identity="0")
    )
    assert all(gap.missing for gap in built(changed, vault, tools, tmp_path).gaps)


def test_another_micro_version_of_python_is_said(recorded, vault, tools, tmp_path):
    minor = ".".join(recorded.python.split(".")[:2])
    other = msgspec.structs.replace(recorded, python=f"{minor}.99")
    found = built(other, vault, tools, tmp_path)
    told = f"Python {minor}.99 is not on this machine; {recorded.python} was used"
    assert found.gaps[0].detail == told


def test_without_a_python_of_that_minor_version_it_is_refused_with_a_hint(
    recorded, vault, tools, tmp_path
):
    other = msgspec.structs.replace(recorded, python="3.3.1", executable="", base_prefix="")
    with pytest.raises(NoEnvironment) as caught:
        built(other, vault, tools, tmp_path)
    assert caught.value.hint == "uv python install 3.3.1"


def test_pip_settings_are_said_in_the_words_of_uv(tmp_path):
    (tmp_path / ".config/pip").mkdir(parents=True)
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (tmp_path / ".config/pip/pip.conf").write_text(
        "[global]\nindex-url = https://one.example/simple\n"
        "extra-index-url = https://two.example/simple\n  https://three.example/simple\n"
        f"cert = /etc/own.pem\n[install]\nfind-links = {wheels} {tmp_path / 'gone'}\n"
    )
    environ = {"PIP_INDEX_URL": "https://zero.example/simple", "PIP_TRUSTED_HOST": "two.example"}
    found = uv_arguments(environ, tmp_path)
    assert found[:2] == ["--index-url", "https://zero.example/simple"]
    assert found.count("--extra-index-url") >= 2
    assert "https://three.example/simple" in found
    assert found[-2:] == ["--allow-insecure-host", "two.example"]
    assert str(wheels) in found
    assert str(tmp_path / "gone") not in found  # pip warns of it; uv would install nothing
    assert uv_variables(environ, tmp_path)["SSL_CERT_FILE"] == "/etc/own.pem"


@pytest.mark.parametrize("where", ["variable", "file"])
def test_settings_of_uv_itself_come_first(tmp_path, where):
    environ = {"PIP_INDEX_URL": "https://zero.example/simple"}
    if where == "variable":
        environ["UV_DEFAULT_INDEX"] = "https://own.example/simple"
    else:
        (tmp_path / ".config/uv").mkdir(parents=True)
        (tmp_path / ".config/uv/uv.toml").write_text('index-url = "https://own.example"\n')
    assert uv_arguments(environ, tmp_path) == []


def test_the_interpreter_that_runs_the_tests_is_not_touched(recorded, vault, tools, tmp_path):
    before = sorted(Path(sys.prefix, "bin").iterdir())
    built(recorded, vault, tools, tmp_path)
    assert sorted(Path(sys.prefix, "bin").iterdir()) == before
