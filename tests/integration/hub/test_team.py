"""`afield hub`: TLS, the first admin's claim, who may what, what a proxy says."""

from __future__ import annotations

import json
import re
import ssl
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest
import yaml
from msgspec.structs import replace
from serving import WAIT_S, served
from starlette.testclient import TestClient
from test_hub_config import free_port, write_certificate

from afield.cli.commands.hub import command as hub
from afield.hub.accounts import totp
from afield.hub.accounts.passwords import Passwords
from afield.hub.check import check
from afield.hub.config import Access, HubConfig, Proxy, read_config
from afield.hub.contract import accounts_openapi
from afield.hub.team import prepare, team_app

PASSWORD = "correct horse battery"  # noqa: S105 - made up
DEPLOY = Path(__file__).parents[3] / "deploy"
URL = "https://hub.example.org"


@pytest.fixture
def config(folder):
    return HubConfig(URL, str(folder), accounts=str(folder / "accounts.sqlite"), proxy=Proxy())


@pytest.fixture
def claim(config):
    return prepare(config)


@pytest.fixture
def team(claim, config, hosted):
    quick = Passwords(memory_kib=8, passes=1, lanes=1)
    with team_app(hosted, config, quick) as app, TestClient(app, base_url=URL) as client:
        yield client


def claimed(client, claim):
    body = {"code": claim, "username": "ada", "password": PASSWORD}
    answer = client.post("/api/v1/claim", json=body)
    assert answer.status_code == 200, answer.text
    return {"x-afield-csrf": answer.json()["csrf"], "origin": URL}


def test_nobody_reads_or_writes_without_an_account(team):
    for path in ("/api/v1/runs", "/api/v1/runs/first", "/api/v1/series?run=first&metric=loss",
                 "/api/v1/events", "/metrics"):  # fmt: skip
        answer = team.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "accounts.login_needed"), path
    assert team.post("/api/v1/runs/first/notes", json={"text": "x"}).status_code == 401
    assert team.get("/health").text == "OK"


def test_the_code_of_the_first_start_makes_an_admin_once(team, claim, config):
    headers = claimed(team, claim)
    assert len(team.get("/api/v1/runs").json()["runs"]) == 3
    answer = team.post("/api/v1/runs/first/notes", json={"text": "mine"}, headers=headers)
    assert answer.status_code == 201
    body = {"code": claim, "username": "eve", "password": PASSWORD}
    assert team.post("/api/v1/claim", json=body, headers=headers).status_code >= 400
    assert prepare(config) is None


def test_a_session_writes_only_from_a_page_of_ours(team, claim):
    headers = claimed(team, claim)
    note = {"text": "owned"}
    for more in ({}, {"origin": URL}, {**headers, "origin": "https://evil.example"}):
        answer = team.post("/api/v1/runs/first/notes", json=note, headers=more)
        assert answer.status_code == 403, more
    assert team.get("/api/v1/runs/first").json()["notes"] == []


def test_a_hub_may_ask_everybody_for_a_second_factor_who_then_sets_it_up_and_does_nothing_else(
    claim, config, hosted
):
    quick = Passwords(memory_kib=8, passes=1, lanes=1)
    strict = replace(config, access=Access(require_second_factor=True))
    with team_app(hosted, strict, quick) as app, TestClient(app, base_url=URL) as client:
        headers = claimed(client, claim)
        note = {"text": "not yet"}
        for answer in (
            client.get("/api/v1/runs"),
            client.get("/api/v1/members"),
            client.post("/api/v1/runs/first/notes", json=note, headers=headers),
            client.post("/api/v1/tokens", json={"name": "t"}, headers=headers),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "accounts.factor_needed")
        search = "/api/2.0/mlflow/experiments/search?max_results=1"
        assert [client.get(path).status_code for path in ("/metrics", search)] == [401, 401]
        secret = client.post("/api/v1/account/totp/begin", headers=headers).json()["secret"]
        code = totp.code_at(secret, int(time.time()) // totp.STEP_S)
        done = client.post("/api/v1/account/totp", json={"code": code}, headers=headers)
        assert done.status_code == 200, done.text
        assert len(client.get("/api/v1/runs").json()["runs"]) == 3
    (folder := Path(config.accounts).parent).joinpath("hub.toml").write_text(
        f'url = "{URL}"\nworkspace = "."\n[proxy]\n[access]\nrequire_second_factor = true\n',
        encoding="utf-8",
    )
    found = {one.name: one for one in check(read_config(str(folder / "hub.toml")))}
    assert found["second factor"].detail == "1 of 1 have a second factor; required: True"


def test_what_accounts_take_is_written_down_as_it_is(team, claim):
    written = json.loads(
        (DEPLOY.parent / "docs/reference/accounts.openapi.json").read_text("utf-8")
    )
    assert written == accounts_openapi(), "make openapi"
    headers, taking = claimed(team, claim), 0
    for path, operations in written["paths"].items():
        for method, operation in operations.items():
            if "requestBody" in operation:
                url = "/api/v1" + path.replace("{id}", "x")
                answer = team.request(method, url, json={"not known": 1}, headers=headers)
                assert (answer.status_code, answer.json()["code"]) == (400, "afield.usage"), path
                taking += 1
    assert taking == 15


@pytest.mark.parametrize("host", ["evil.example", "hub.example.org.evil.example", ""])
def test_a_name_that_is_not_the_hubs_is_refused(team, host):
    assert team.get("/health", headers={"host": host}).status_code == 403


def test_browsers_are_told_to_come_by_tls_alone(team):
    assert team.get("/login").headers["strict-transport-security"].startswith("max-age=")


def test_what_deploy_holds_is_read_by_the_hub():
    found = read_config(str(DEPLOY / "hub.toml"))
    assert found.listen.workers == 2
    assert "deploy/Dockerfile" in (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    assert set(services) == {"hub", "front"}
    team = read_config(str(DEPLOY / "hub.team.toml"))
    assert team.database
    assert team.storage
    needed = yaml.safe_load((DEPLOY / "compose.team.yaml").read_text(encoding="utf-8"))
    assert set(needed["services"]) == {"hub", "database", "store", "bucket"}
    image = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert {"hub", "postgres", "s3"} <= set(re.search(r"\.\[([\w,]+)\]", image)[1].split(","))
    unit = (DEPLOY / "afield-hub.service").read_text(encoding="utf-8")
    for words in re.findall(r"^Exec\w+=\S+/afield (.*)$", unit, re.MULTILINE):
        command, *rest = words.split()
        context = hub.make_context("afield", rest, resilient_parsing=True)
        assert (command, context.params["config"]) in {
            ("hub", "/etc/afield/hub.toml"),
            ("hub", "hub.toml"),
        }


def test_a_hub_speaks_tls_and_takes_the_claim_that_it_printed(folder):
    port = free_port()
    write_certificate(folder, ["localhost"], 90)
    (folder / "hub.toml").write_text(
        f'url = "https://localhost:{port}"\nworkspace = "."\n[listen]\nport = {port}\n'
        '[tls]\ncertificate = "cert.pem"\nkey = "key.pem"\n[log]\njson = false\n',
        encoding="utf-8",
    )
    trust = ssl.create_default_context(cafile=folder / "cert.pem")
    url = f"https://localhost:{port}"
    with served("hub", folder=folder) as server:
        server.wait()
        while not any("/claim#" in line for line in server.lines):
            assert server.process.poll() is None
        claim = re.search(r"/claim#(\S+)", "".join(server.lines))[1]
        with httpx2.Client(base_url=url, verify=trust, timeout=WAIT_S) as client:
            assert client.get("/api/v1/runs").status_code == 401
            body = {"code": claim, "username": "ada", "password": PASSWORD}
            assert client.post("/api/v1/claim", json=body).status_code == 200
            assert len(client.get("/api/v1/runs").json()["runs"]) == 3
        assert server.stop() == 0
    assert "Traceback" not in "".join(server.lines)


def test_whoever_has_the_hubs_files_lets_a_locked_out_admin_in_and_rotates_keys(
    team, claim, config, folder
):
    headers = claimed(team, claim)
    (folder / "hub.toml").write_text(
        f'url = "{URL}"\nworkspace = "."\n[proxy]\ntrusted = ["127.0.0.1"]\n', encoding="utf-8"
    )
    told = ("--config", str(folder / "hub.toml"))

    def run(*words):
        done = subprocess.run(
            [sys.executable, "-m", "afield", "hub", *words, *told],
            capture_output=True, text=True, check=False, timeout=WAIT_S,
        )  # fmt: skip
        return done.returncode, done.stdout

    _, said = run("reset", "ada")
    ticket = re.fullmatch(rf"{URL}/reset#(\S+)\n", said)[1]
    new = {"code": ticket, "password": "another horse battery"}
    assert team.post("/api/v1/reset", json=new, headers=headers).status_code == 200
    team.cookies.clear()
    assert team.post("/api/v1/reset", json=new).json()["code"] == "accounts.code_refused"
    assert run("reset", "nobody")[0] == 1
    assert run("rotate-keys") == (0, "sealed under a new key: 0\n")
