"""A hub whose objects lie in a bucket: moto's, in a process of its own."""

from __future__ import annotations

import contextlib
import http.server
import random
import shutil
import sys
import threading
from pathlib import Path

import pytest
from bucket_hub import hub_toml
from starlette.testclient import TestClient

from afield.hub.app import local_app
from afield.hub.check import check
from afield.hub.config import read_config
from afield.hub.storage import StorageOff, use_storage
from afield.journal.places import segments
from afield.kernel.files import OsFileSystem
from afield.sync.stores.memory import MemoryRemote
from afield.workspace.hosted import Hosted
from afield.workspace.kept import Kept
from afield.workspace.pieces import MERGED_AT, StorageDiffers
from afield.workspace.restored import restore_journal
from afield.workspace.store import make_store
from afield.workspace.workspace import Workspace

sys.path.insert(0, str(Path(__file__).parents[2] / "conformance" / "bucket_server"))
from proxy import Link, proxy

HERE = "http://127.0.0.1:5151"


@pytest.fixture
def config(folder, bucket):
    """Return the configuration of a hub whose three runs have just gone to the bucket."""
    found = hub_toml(folder, bucket, folder.name)
    use_storage(found)
    return found


def test_what_was_put_is_in_the_bucket_and_the_copies_here_are_only_copies(config, folder):
    data = random.Random(1).randbytes(300_000)
    with Workspace.open(folder) as workspace:
        found = workspace.record.vault.put(data)
        workspace.record.vault.flush()
    packs = folder / ".afield" / "packs"
    for path in packs.iterdir():
        path.unlink()
    with Workspace.open(folder) as workspace:
        assert workspace.record.vault.get(found) == data
        damaged = max(packs.glob("*.pack"), key=lambda path: path.stat().st_size)
        damaged.write_bytes(bytes(damaged.stat().st_size))
        assert workspace.record.vault.get(found) == data
        assert workspace.verify() == []


def test_check_tells_whether_the_bucket_can_be_used(config, folder, bucket):
    found = looked_at(config)
    assert (found.state, "packs" in found.detail) == ("pass", True), found
    found = looked_at(hub_toml(folder, bucket, "p", endpoint="http://127.0.0.1:1"))
    assert (found.state, "nothing answers there" in found.detail) == ("fail", True)
    (folder / "access_key_id").unlink()
    found = looked_at(read_config(str(folder / "hub.toml")))
    assert (found.state, "cannot read the storage's key" in found.detail) == ("fail", True)


REFUSALS = [
    (404, "NoSuchBucket", "there is no such bucket", "aws s3 mb"),
    (403, "InvalidAccessKeyId", "does not know the key", "{folder}/access_key_id"),
    (403, "SignatureDoesNotMatch", "another secret", "{folder}/secret_access_key"),
    (403, "AccessDenied", "do not allow it", "s3:PutObject"),
    (403, "RequestTimeTooSkewed", "the clock of this machine is off", "set-ntp"),
    (400, "AuthorizationHeaderMalformed", "in another region", "region in [storage]"),
]


def test_check_says_what_a_bucket_has_against_us(tmp_path, bucket):
    said = []
    with refusing(said) as url:
        config = hub_toml(tmp_path, bucket, "p", endpoint=url)
        for status, code, why, hint in REFUSALS:
            said[:] = [status, f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()]
            found = looked_at(config)
            assert (found.state, why in found.detail) == ("fail", True), found
            assert hint.format(folder=tmp_path) in found.hint, found


def looked_at(config):
    return next(one for one in check(config) if one.name == "storage")


@contextlib.contextmanager
def refusing(said):
    """Yield the address of a server that answers with the status and the body in `said`."""

    class Refuses(http.server.BaseHTTPRequestHandler):
        def do_PUT(self):
            self.rfile.read(int(self.headers["content-length"]))
            self.do_DELETE()

        def do_DELETE(self):
            status, answer = said
            self.send_response(status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuses) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_hub_never_takes_another_bucket_for_the_one_that_its_objects_lie_in(
    config, folder, bucket
):
    with pytest.raises(StorageOff, match="another"):
        use_storage(hub_toml(folder, bucket, "another"))


def test_nothing_that_was_acknowledged_is_lost_with_the_disk(config, folder, bucket, tmp_path):
    data = random.Random(2).randbytes(200_000)
    with served(folder) as client, served(folder) as worker:
        run, ended = started(client, "going on"), started(client, "over")
        for one in (run, ended):
            log_batch(client, one, 5)
        path = f"/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/model/weights.bin"
        assert client.put(path, content=data).status_code == 200
        finish = {"run_id": ended, "status": "FINISHED"}
        assert client.post("/api/2.0/mlflow/runs/update", json=finish).status_code == 200
        log_batch(worker, run, 3, first=5)
        third = tmp_path / "third"  # another hub of the same record uses the same place
        with Workspace.open(folder) as workspace:
            joins = (workspace.config.workspace, workspace.config.founded_by)
        make_store(str(third / ".afield"), joins=joins)
        use_storage(hub_toml(third, bucket, folder.name))
        with served(third) as theirs:
            log_batch(theirs, started(theirs, "theirs"), 1)
        # its disk is gone now: another takes over with what is to be kept apart
        other = tmp_path / "other"
        shutil.copytree(folder / ".afield" / "keys", other / ".afield" / "keys")
        shutil.copy(folder / ".afield" / "config.toml", other / ".afield")
        use_storage(hub_toml(other, bucket, folder.name))
        with served(other) as after:
            assert after.get(path).content == data
            for one, points in ((run, 8), (ended, 5)):
                asked = {"run_id": one, "metric_key": "loss"}
                history = after.get("/api/2.0/mlflow/metrics/get-history", params=asked)
                assert len(history.json()["metrics"]) == points, history.text
            log_batch(after, run, 2, first=8)
            listed = after.get("/api/v1/runs").json()
            assert {"third", "going on", "over"} <= {each["name"] for each in listed["runs"]}


def test_while_the_bucket_is_away_nothing_is_acknowledged_and_what_is_here_is_read(
    folder, bucket, caplog
):
    with proxy(Link(bucket["endpoint"])) as url:
        use_storage(hub_toml(folder, bucket, folder.name, endpoint=url))
        opened = contextlib.ExitStack()
        client = opened.enter_context(served(folder))
        assert client.get("/ready").status_code == 200
        run = started(client, "before")
    with opened:
        for path, body in (
            ("/api/2.0/mlflow/runs/create", {"run_name": "never"}),
            ("/api/2.0/mlflow/runs/log-parameter", {"run_id": run, "key": "k", "value": "v"}),
        ):
            answer = client.post(path, json=body)
            assert answer.status_code == 503, answer.text
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["code"] == "vault.storage_unreachable"
            assert "127.0.0.1" not in answer.text
        path = f"/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/x.bin"
        for answer in (ready := client.get("/ready"), client.put(path, content=b"x")):
            assert answer.status_code == 503
            assert "s3:" not in answer.text
        assert ready.json()["code"] == "vault.storage_unreachable"
        assert client.get("/api/v1/runs").status_code == 200
        assert client.get("/health").status_code == 200
    assert "what waits for the bucket" in caplog.text
    use_storage(hub_toml(folder, bucket, folder.name))
    with served(folder) as client:
        assert client.get("/ready").status_code == 200
        started(client, "never")  # a client that tries again gets what it began
        names = [each["name"] for each in client.get("/api/v1/runs").json()["runs"]]
        assert sorted(names) == ["before", "first", "never", "second", "third"]


def test_a_record_that_was_just_made_is_not_taken_for_the_one_in_the_bucket(
    config, folder, bucket, tmp_path
):
    other = tmp_path / "other"
    Workspace.init(other).close()
    mistaken = hub_toml(other, bucket, folder.name)
    assert "it holds record" in looked_at(mistaken).detail
    with pytest.raises(StorageOff, match="it holds record") as raised:
        use_storage(mistaken)
    assert "config.toml and keys" in raised.value.hint
    assert not (other / ".afield" / "storage.toml").exists()


def test_small_pieces_become_few_and_a_journal_that_went_on_apart_is_refused(folder, tmp_path):
    far, files = MemoryRemote(), OsFileSystem()
    with Workspace.open(folder) as workspace:
        journal = workspace.record.journal
        kept = Kept(workspace.record, far)
        for number in range(MERGED_AT + 3):
            journal.append("thing.named", "t", {"number": number})
            kept.begin().result()
        journal.seal()
        kept.close()
        log = f"{journal.root}/{journal.device}"
    assert 2 <= len(far.files) <= 6, sorted(far.files)
    other = str(tmp_path / "other")
    assert restore_journal(files, other, far) > 0
    (name,) = segments(files.list(log))
    restored = Path(f"{other}/journal/{journal.device}/{name}.log")
    assert restored.read_bytes() == Path(f"{log}/{name}.log").read_bytes()
    assert restore_journal(files, other, far) == 0
    whole = restored.read_bytes()
    restored.write_bytes(whole[:-9] + b"torn")
    assert restore_journal(files, other, far) > 0
    assert restored.read_bytes() == whole
    restored.write_bytes(whole[:-9] + b"another\n")
    with pytest.raises(StorageDiffers):
        restore_journal(files, other, far)


@contextlib.contextmanager
def served(folder):
    """Yield a client of a hub over a folder."""
    with Hosted(folder) as hosted, TestClient(local_app(hosted), base_url=HERE) as client:
        yield client


def started(client, name):
    answer = client.post("/api/2.0/mlflow/runs/create", json={"run_name": name})
    return answer.json()["run"]["info"]["run_id"]


def log_batch(client, run, points, first=0):
    metrics = [
        {"key": "loss", "value": number, "timestamp": number, "step": number}
        for number in range(first, first + points)
    ]
    told = client.post("/api/2.0/mlflow/runs/log-batch", json={"run_id": run, "metrics": metrics})
    assert told.status_code == 200, told.text
