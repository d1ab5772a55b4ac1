"""Joining a hub that speaks TLS with a certificate of the organisation's own."""

from __future__ import annotations

import json
import os
import re

import pytest
from click.testing import CliRunner
from starlette.applications import Starlette
from tls_hub import Authority, answering, first_token, tls_hub

import afield
from afield.cli.commands.join import command as join
from afield.cli.commands.sync import command as sync
from afield.cli.session import Session
from afield.kernel.errors import Unreachable, Usage
from afield.sync.errors import RemoteForeign, RemoteUntrusted
from afield.workspace.workspace import Workspace

ACTIONS = ["sync.pull", "sync.push"]


def run(command, *words, folder=None):
    """Run a command as the shell would; return what it said in JSON, or raise what it met."""
    session = Session(os.environ)
    session.json, session.workspace_path = True, folder and str(folder)
    with session.cleanup:
        done = CliRunner().invoke(command, words, obj=session, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    assert done.return_value in {0, None}, done.output
    return done.output


def names(folder):
    with Workspace.open(folder) as workspace:
        workspace.refresh()
        return {name for (name,) in workspace.query("SELECT name FROM runs")}


@pytest.fixture
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def bob(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("bob")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("AFIELD_TOKEN", raising=False)
    return folder


def test_a_laptop_joins_a_hub_and_counts_once_a_member_has_confirmed_it(
    hosted, folder, authority, bob, monkeypatch
):
    monkeypatch.setenv("AFIELD_CA_FILE", str(authority.file))
    with tls_hub(hosted, folder, authority.certificate("localhost")) as (url, config):
        monkeypatch.setenv("AFIELD_TOKEN", first_token(url, config, authority, ACTIONS))
        said = json.loads(run(join, url))
        assert not said["confirmed"]
        assert names(bob) == {"first", "second", "third"}
        afield.init(project="vision", name="bobs", workspace=bob).finish()
        run(sync, folder=bob)
        run(join, *said["phrase"].split(), folder=folder)  # at the hub: they waited there
        assert "bobs" in names(folder)
        run(sync, folder=bob)
        assert json.loads(run(join, url))["confirmed"]
        elsewhere = bob.parent / "elsewhere"
        Workspace.init(elsewhere).close()
        with pytest.raises(RemoteForeign, match="another workspace"):
            run(join, url, folder=elsewhere)


@pytest.mark.parametrize(
    ("certificate", "said"),
    [
        (("localhost",), "self-signed.*AFIELD_CA_FILE|local issuer.*AFIELD_CA_FILE"),
        (("localhost", -1), "certificate has expired.*renewed"),
        (("hub.example.org",), "not valid for 'localhost'.*look at the address"),
    ],
)
def test_a_certificate_that_proves_nothing_ends_it_before_anything_is_sent(
    authority, bob, monkeypatch, certificate, said
):
    if "AFIELD_CA_FILE" not in said:
        monkeypatch.setenv("AFIELD_CA_FILE", str(authority.file))
    monkeypatch.setenv("AFIELD_TOKEN", "afd_secret")
    tls = authority.certificate(*certificate)
    files = {"ssl_certfile": tls.certificate, "ssl_keyfile": tls.key}
    with answering(Starlette(), **files) as port, pytest.raises(RemoteUntrusted) as caught:
        run(join, f"https://localhost:{port}")
    assert issubclass(RemoteUntrusted, Unreachable)
    assert caught.value.exit_code == 14
    assert re.search(said, f"{caught.value} {caught.value.hint}")
    assert "afd_secret" not in str(caught.value)
    assert not (bob / ".afield").exists()


def test_a_file_of_certificates_that_holds_none_is_told(bob, monkeypatch):
    (bob / "ca.pem").write_text("nothing", encoding="utf-8")
    for file, why in (("ca.pem", "no certificate"), ("none.pem", "no such file")):
        monkeypatch.setenv("AFIELD_CA_FILE", file)
        with pytest.raises(Usage, match=why):
            run(join, "https://localhost:9")
