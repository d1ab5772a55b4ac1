"""A hub whose tables and accounts are in PostgreSQL: what its check says, and MLflow's client.

Guard: a `Link` that is made without `_no_address`, or an address in a message, fails here.
"""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
from pathlib import Path

import httpx2
import pytest
from serving import WAIT_S, served
from test_hub_config import free_port

import afield
from afield.hub.check import check
from afield.hub.config import Database, HubConfig, read_config
from afield.projection.errors import DatabaseRefused, QuerySlow
from afield.workspace.workspace import Workspace

PASSWORD = "correct horse battery"  # noqa: S105 - made up
SECRET = "s3cr%40t-word"  # noqa: S105


@pytest.fixture
def link(postgres_url):
    from afield.projection.postgres_link import Link

    with contextlib.closing(Link(postgres_url, "public", durable=True)) as found:
        yield found


@pytest.fixture
def bob(link):
    """Return a user with a password who may make nothing."""
    link.query(f"CREATE ROLE bob LOGIN PASSWORD '{SECRET.replace('%40', '@')}'")
    yield "bob"
    link.query("DROP ROLE bob")


def hub_toml(folder, url, more=""):
    port = free_port()
    (folder / "hub.toml").write_text(
        f'url = "http://127.0.0.1:{port}"\nworkspace = "."\n[listen]\nport = {port}\nworkers = 2\n'
        f'[log]\njson = false\n[database]\nurl = "{url}"\n{more}',
        encoding="utf-8",
    )
    return read_config(str(folder / "hub.toml"))


def database_check(config):
    return next(one for one in check(config) if one.name == "database")


def test_check_says_what_is_wrong_with_a_database_and_never_the_password(folder, postgres_url, bob):
    host = postgres_url.partition("?")[2]
    (folder / "word").write_text("mistaken-word\n")
    (folder / "word").chmod(0o600)
    for url, more, why, hint in (
        (f"postgresql://bob:{SECRET}@/afield?{host}", "", "may make no schema", "GRANT CREATE"),
        (f"postgresql://bob@/afield?{host}", 'password_file = "word"\n', "password", "password"),
        (f"postgresql://bob@/afield?{host}", "", "password", "password_file"),
        (f"postgresql://afield:{SECRET}@/nowhere?{host}", "", "does not exist", "createdb"),
        (f"postgresql://afield:{SECRET}@127.0.0.1:1/afield", "", "refused", None),
        (f"postgresql://a:{SECRET.replace('%40', '@')}@[/afield", "", "no address", "%40"),
        (f"postgresql://a:/{SECRET}@/afield", "", "no address", "%40"),
        (f"postgresql://a:{SECRET}@/afield", 'password_file = "none"\n', "No such file", None),
    ):
        config = hub_toml(folder, url, more)
        found = database_check(config)
        assert found.state == "fail", found
        assert why in found.detail, found
        assert hint is None or hint in str(found.hint), found
        assert "s3cr" not in f"{found}{config!r}"
        assert "mistaken" not in f"{found}"
    config = hub_toml(folder, postgres_url)
    assert "fsync" in database_check(config).detail  # that of these tests does without


def test_a_password_that_is_no_part_of_the_address_is_taken_from_its_file(
    folder, postgres_url, bob, link
):
    link.query(f"GRANT CREATE ON DATABASE afield TO {bob}")
    (folder / "word").write_text(SECRET.replace("%40", "@") + "\n")
    url = postgres_url.replace("afield@", f"{bob}@")
    config = hub_toml(folder, url, 'password_file = "word"\n')
    from afield.hub.databases import database_of

    with Workspace.open(config.workspace, database=database_of(config)) as workspace:
        workspace.refresh()
        assert workspace.count() == 3
    link.query(f"DROP OWNED BY {bob} CASCADE")
    with pytest.raises(DatabaseRefused, match="No such file"):
        database_of(HubConfig("", "", database=type(config.database)(url, "nowhere")))


def test_a_statement_that_reads_is_given_up_in_time_and_one_that_writes_is_not(
    folder, postgres_url
):
    from afield.hub.databases import database_of
    from afield.projection.postgres_link import Link

    url = database_of(hub_toml(folder, postgres_url, "statement_timeout = 1\n"))
    asked = "SELECT current_setting('statement_timeout')"
    with contextlib.closing(Link(url, "public", durable=False)) as link:
        with pytest.raises(QuerySlow):
            link.query("SELECT pg_sleep(60)")
        for bound in (link.together("one"), link.locked("two")):
            with bound:
                assert link.query(asked) == [("0",)]
        assert link.query(asked) == [("1s",)]


def test_workers_share_the_tables_and_the_accounts_and_mlflows_client_logs_into_them(
    folder, postgres_url, link, monkeypatch
):
    mlflow = pytest.importorskip("mlflow", reason="not run: mlflow is not installed")
    url = hub_toml(folder, postgres_url).url
    for part in ("projection.db", "projection.db-wal", "projection.db-shm"):
        (folder / ".afield" / part).unlink(missing_ok=True)
    with served("hub", folder=folder) as server:
        server.wait()
        while not any("/claim#" in line for line in server.lines):
            assert server.process.poll() is None
        claim = re.search(r"/claim#(\S+)", "".join(server.lines))[1]
        with httpx2.Client(base_url=url, timeout=WAIT_S) as client:
            body = {"code": claim, "username": "ada", "password": PASSWORD}
            answer = client.post("/api/v1/claim", json=body)
            assert answer.status_code == 200, answer.text
            headers = {"x-afield-csrf": answer.json()["csrf"], "origin": url}
            body = {"name": "t"}
            answer = client.post("/api/v1/tokens", json=body, headers=headers)
            assert answer.status_code in (200, 201), answer.text
            monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", answer.json()["token"])
            made = logged(mlflow.MlflowClient(url))
            rows = client.get("/api/v1/runs?query=metrics.acc > 0.5 order by metrics.acc").json()
            assert [row["id"] for row in rows["runs"]] == made[2:]
        assert server.stop() == 0
    assert "Traceback" not in "".join(server.lines)
    assert not (folder / ".afield" / "projection.db").exists()
    assert not Path(folder / "accounts.sqlite").exists()
    with Workspace.open(folder) as workspace:
        device = workspace.config.device
    assert link.query(f"SELECT COUNT(*) FROM afield_{device}.runs") == [(7,)]
    assert link.query(f"SELECT username FROM afield_hub_{device}.account") == [("ada",)]
    for schema in (f"afield_{device}", f"afield_hub_{device}"):
        link.query(f"DROP SCHEMA {schema} CASCADE")


def logged(client):
    """Log four runs with MLflow's client; look for them in its own ways."""
    experiment = client.create_experiment("trees")
    runs = []
    for number in range(4):
        run = client.create_run(experiment, run_name=f"run {number}", tags={"a b": "x?%s'"}).info
        client.log_param(run.run_id, "depth", number)
        client.log_metric(run.run_id, "acc", number / 4 + 0.1, step=number)
        client.set_terminated(run.run_id)
        runs.append(run.run_id)
    found = client.search_runs(
        [experiment], "params.depth != '3' and tags.`a b` like '%?_s_'", order_by=["metrics.acc"]
    )
    assert [run.info.run_id for run in found] == runs[:3]
    assert found[2].data.metrics == {"acc": 0.6}
    page = client.search_runs([experiment], "", max_results=3)
    rest = client.search_runs([experiment], "", max_results=3, page_token=page.token)
    assert sorted(run.info.run_id for run in [*page, *rest]) == sorted(runs)
    client.delete_run(runs[0])
    assert len(client.search_runs([experiment])) == 3
    client.restore_run(runs[0])
    client.create_registered_model("forest")
    assert client.search_registered_models("name ilike 'FOR%'")[0].name == "forest"
    return runs


def test_tables_that_are_thrown_away_are_folded_anew_and_readers_notice(folder, postgres_url, link):
    with (
        Workspace.open(folder, database=postgres_url) as one,
        Workspace.open(folder, database=postgres_url) as other,
    ):
        for each in (one, other):
            each.refresh()
            assert each.count() == 3
        before = one.projection.dump()
        schema = f"afield_{one.config.device}"
        link.query(f"DROP SCHEMA {schema} CASCADE")
        assert one.count() == 3  # a table that is not there is damage
        one.projection.rebuild(one.record.journal)
        afield.init(name="fourth", workspace=folder).finish()
        for each in (other, one):
            each.refresh()
            assert each.count() == 4
        assert one.projection.dump() == other.projection.dump() != before
        assert link.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'afield' AND pid <> pg_backend_pid()"
        )
        assert [each.count() for each in (one, other)] == [4, 4]  # connections are made again
    link.query(f"DROP SCHEMA {schema} CASCADE")


def old_server(listener):
    """Let one client in as PostgreSQL 13 does, by its protocol 3.0, and say no more."""
    link, _ = listener.accept()
    with link:
        while True:  # its request for TLS is declined first, if it makes one
            size, code = struct.unpack("!ii", link.recv(8, socket.MSG_WAITALL))
            link.recv(size - 8, socket.MSG_WAITALL)
            if code == 3 << 16:
                break
            link.sendall(b"N")
        said = {"server_version": "13.14", "server_encoding": "UTF8", "client_encoding": "UTF8"}
        pairs = [f"{name}\0{value}\0".encode() for name, value in said.items()]
        texts = [b"S" + struct.pack("!i", 4 + len(pair)) + pair for pair in pairs]
        ready = b"Z" + struct.pack("!i", 5) + b"I"
        link.sendall(b"R" + struct.pack("!ii", 8, 0) + b"".join(texts) + ready)
        link.recv(1024)


def test_a_postgresql_that_is_too_old_is_told_before_anything_is_asked_of_it():
    pytest.importorskip("psycopg", reason="not run: psycopg is not installed")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        server = threading.Thread(target=old_server, args=(listener,))
        server.start()
        url = f"postgresql://afield@127.0.0.1:{listener.getsockname()[1]}/afield"
        found = database_check(HubConfig("http://localhost:5151", ".", database=Database(url)))
        server.join(60)
    assert found.state == "fail"
    assert "it is PostgreSQL 13; 14 is the oldest" in found.detail
