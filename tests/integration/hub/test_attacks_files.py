"""Reading, writing and running what is not the server's to give: paths, places, pages, pickles.

Each spelling that got out of a server of MLflow's protocol before is asked of ours.
"""

from __future__ import annotations

import ast
import pickle
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from attacked import LOCAL, up

import afield

API = "/api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
SECRET = "the secret beside the workspace"  # noqa: S105 - made up
SCRIPT = "<script>alert(document.domain)</script>"
UNSAFE = (
    *("../secret.txt", "a/../../secret.txt", "..", ".", "a/..", "./a", "..;/secret.txt", "..;a/b"),
    *("..\\secret.txt", "a\\..\\..\\secret.txt", "\\\\host\\share", "C:\\secret.txt", "C:secret"),
    *("c:/secret.txt", "/etc/passwd", "//etc/passwd", "file:///etc/passwd", "FILE:/etc/passwd"),
    *("a#/../b", "a\0b", "a\nb", "a\x7fb", "....//../secret.txt", "a/%2e%2e/b"),
)


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("up")
    (folder / "secret.txt").write_text(SECRET, encoding="utf-8")
    with up(folder / "w") as (hosted, client):
        yield folder, hosted, client


@pytest.fixture(scope="module")
def client(machine):
    return machine[2]


@pytest.fixture(scope="module")
def run(client):
    made = client.post(f"{API}/runs/create", json={"experiment_id": "0", "start_time": 1})
    return made.json()["run"]["info"]["run_id"]


def encoded(path, times):
    for _ in range(times):
        path = "".join(f"%{byte:02x}" for byte in path.encode())
    return path


def outside(machine):
    """Return what lies beside the workspace, as it is now."""
    folder = machine[0]
    return sorted(str(each.relative_to(folder)) for each in folder.glob("*"))


def refused(answer):
    assert answer.status_code in (400, 404, 405, 422), (answer.status_code, answer.text[:300])
    assert SECRET not in answer.text
    assert "root:" not in answer.text


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("path", UNSAFE, ids=ascii)
def test_no_path_of_an_artifact_leads_out_however_it_is_encoded(machine, client, run, path, times):
    before, position = outside(machine), machine[1].position()
    places = [f"{FILES}/{encoded(path, times)}"]
    if path[0] != "/":  # behind a run's files it is a blank part, which counts for nothing
        places.append(f"{FILES}/0/{run}/artifacts/{encoded(path, times)}")
    for at in places:
        refused(client.get(at.replace("/api/", "/ajax-api/")))
        refused(client.put(at, content=b"x"))
        refused(client.delete(at))
    named = encoded(path, times - 1)
    for params in ({"run_id": run, "path": named}, {"run_uuid": run, "path": named}):
        refused(client.get("/get-artifact", params=params))
        refused(client.post(f"{API}/upload-artifact", params=params, content=b"x"))
    refused(client.get(f"/api/v1/runs/{run}/files/saved", params={"path": named}))
    assert (outside(machine), machine[1].position()) == (before, position)


@pytest.mark.parametrize("path", UNSAFE, ids=ascii)
def test_no_folder_that_leads_out_is_listed(client, run, path):
    refused(client.get(f"{API}/artifacts/list", params={"run_id": run, "path": path}))
    refused(client.get(FILES, params={"path": path}))


@pytest.mark.parametrize("odd", [*UNSAFE, "first' OR '1'='1", "%", "*", "run_%"], ids=ascii)
def test_no_id_is_a_path_or_a_pattern(machine, client, odd):
    position = machine[1].position()
    refused(client.get(f"{API}/runs/get", params={"run_id": odd}))
    refused(client.get(f"{API}/experiments/get", params={"experiment_id": odd}))
    refused(client.get("/get-artifact", params={"run_id": odd, "path": "a"}))
    refused(client.post(f"{API}/runs/create", json={"experiment_id": odd}))
    refused(client.post(f"{API}/runs/set-tag", json={"run_id": odd, "key": "k", "value": "v"}))
    at = f"{API}/logged-models/{quote(odd, safe='')}/artifacts/files"
    refused(client.get(at, params={"artifact_file_path": "a"}))
    refused(client.get(f"/api/v1/runs/{quote(odd, safe='')}/files"))
    assert machine[1].position() == position


PLACES = (
    *("file:///etc", "file:/etc", "FILE:///etc", "/etc", "\\\\host\\share", "C:\\", "../.."),
    *("http://169.254.169.254/latest/meta-data", "http://localhost:1/", "https://evil.example/a"),
    *("ftp://evil.example/a", "gopher://evil.example/_x", "dict://evil.example:11211/stat"),
    *("sftp://evil.example/a", "hdfs://evil.example/a", "dbfs:/a", "s3://bucket/a", "runs:/x/a"),
    *("mlflow-artifacts:/../../etc", "mlflow-artifacts:/a/%2e%2e/%2e%2e/etc"),
    *("mlflow-artifacts://evil.example/../a", "mlflow-artifacts:/a/..;/b"),
    *("mlflow-artifacts:/a#b/..", "mlflow-artifacts://a@evil.example:80/a/.."),
    *("mlflow-artifacts:/a?b=/../c", "mlflow-artifacts:/%252e%252e/etc", "javascript:alert(1)"),
)


@pytest.mark.parametrize("place", PLACES)
def test_an_experiments_artifacts_lie_nowhere_but_here(client, place):
    said = {"name": f"at {place}", "artifact_location": place}
    refused(client.post(f"{API}/experiments/create", json=said))


def test_no_experiment_sends_its_clients_to_another_host(client):
    # they would send their credentials along with their files
    said = {"name": "elsewhere", "artifact_location": "mlflow-artifacts://evil.example/a"}
    made = client.post(f"{API}/experiments/create", json=said).json()["experiment_id"]
    found = client.get(f"{API}/experiments/get", params={"experiment_id": made}).text
    assert "evil.example" not in found


@pytest.mark.parametrize(
    "source",
    [
        *("file:///etc/passwd", "file:/etc", "FiLe:///etc", "/etc/passwd", "./a", "../a", "C:\\a"),
        *("localhost:/etc", "mlflow-artifacts:/../etc", "mlflow-artifacts:/a/%2e%2e/b", "a\0b"),
        *(
            "s3://bucket/../b",
            "s3://bucket/%252e%252e/b",
            "http://host/a?b=/../c",
            "http://h/a#/..",
        ),
        *("https://host/a/..;/b", "models:/none/1", "models:/../1", "//etc/passwd", "", "runs:"),
    ],
    ids=ascii,
)
def test_a_models_source_is_neither_local_nor_leads_out(machine, client, source):
    client.post(f"{API}/registered-models/create", json={"name": "a model"})
    position = machine[1].position()
    said = {"name": "a model", "source": source}
    refused(client.post(f"{API}/model-versions/create", json=said))
    assert machine[1].position() == position


def test_the_server_calls_nobody_but_webhooks_and_none_of_them_in_its_own_network(client):
    event = {"entity": "MODEL_VERSION", "action": "CREATED"}
    for url in ("http://169.254.169.254/", "https://169.254.169.254/", "https://127.0.0.1/"):
        said = {"name": "w", "url": url, "events": [event]}
        refused(client.post(f"{API}/webhooks", json=said))
    for path in ("webhooks/test", "gateway-proxy", "gateway/proxy"):
        for prefix in ("/api/2.0", "/ajax-api/2.0"):
            said = {"url": "http://169.254.169.254/", "gateway_path": "x", "events": []}
            assert client.post(f"{prefix}/mlflow/{path}", json=said).status_code == 404
            params = {"gateway_path": "http://169.254.169.254/"}
            assert client.get(f"{prefix}/mlflow/{path}", params=params).status_code == 404, path


NAMES = ("a.html", "a.svg", "a.xhtml", "a.xml", "a.js", "a.mht", "a.pdf", "a", "a.HTML", "a.svgz")


@pytest.mark.parametrize("name", [*NAMES, 'a";x=".html', "a\u202elmth.txt", "é<b>.svg"])
def test_an_artifact_runs_in_no_browser(client, run, name):
    at = f"{FILES}/0/{run}/artifacts/{quote(name)}"
    headers = {"content-type": "text/html"}
    assert client.put(at, content=SCRIPT.encode(), headers=headers).status_code == 200
    by_name = f"/get-artifact?run_id={run}&path={quote(name)}"
    for path in (at, by_name, f"/ajax-api/2.0/mlflow{by_name}",
                 f"/api/v1/runs/{run}/files/saved?path={quote(name)}"):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        told = answer.headers
        assert told["x-content-type-options"] == "nosniff"
        assert "sandbox" in told["content-security-policy"]
        assert "allow-scripts" not in told["content-security-policy"]
        kind = told["content-type"].partition(";")[0]
        is_saved = told["content-disposition"].startswith("attachment")
        assert is_saved or kind in ("text/plain", "application/octet-stream")
        assert kind not in ("text/html", "image/svg+xml", "application/xhtml+xml") or is_saved


@pytest.mark.parametrize("name", NAMES)
def test_a_page_that_is_drawn_is_alone_in_its_sandbox(client, run, name):
    # tried in a browser: of scripts, frames, forms, styles and pictures of others nothing is loaded
    at = f"{FILES}/0/{run}/artifacts/drawn/{name}"
    assert client.put(at, content=SCRIPT.encode()).status_code == 200
    path = f"/api/v1/runs/{run}/files/saved?path=drawn/{name}&drawn=true"
    told = client.get(path).headers
    rules = dict(part.strip().partition(" ")[::2] for part in
                 told["content-security-policy"].split(";"))  # fmt: skip
    assert rules["default-src"] == "'none'"
    assert rules["sandbox"] == "", "nothing is allowed there"
    assert set(rules) <= {"default-src", "sandbox", "style-src", "img-src", "base-uri"}
    assert rules.get("img-src", "data:") == "data:"
    assert told["x-content-type-options"] == "nosniff"
    assert told["cross-origin-resource-policy"] == "same-origin"


def test_a_name_with_markup_is_answered_as_json_alone(client, run):
    for key, value in (("mlflow.runName", SCRIPT), ("mlflow.note.content", SCRIPT)):
        said = {"run_id": run, "key": key, "value": value}
        assert client.post(f"{API}/runs/set-tag", json=said).status_code == 200
    note = client.post(f"/api/v1/runs/{run}/notes", json={"text": SCRIPT})
    assert note.status_code == 201
    for path in (f"{API}/runs/get?run_id={run}", f"/api/v1/runs/{run}", "/api/v1/runs",
                 f"{API}/runs/get?run_id={SCRIPT}", f"/api/v1/runs/{SCRIPT[:20]}",
                 f"{API}/no-such/{SCRIPT}", f"/api/v1/runs?query={SCRIPT}"):  # fmt: skip
        answer = client.get(path)
        assert answer.headers["content-type"].partition(";")[0].endswith("json"), path
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/runs/x", "/login", "/%3Cscript%3E"])
def test_the_page_repeats_nothing_of_its_address(client, path):
    answer = client.get(f"{path}?q={SCRIPT}", headers={"accept": "text/html"})
    assert SCRIPT not in answer.text


CROSS = (
    *({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}),
    *({"host": "evil.example:5151"}, {"host": "127.0.0.1.evil.example"}, {"host": "0.0.0.0:5151"}),
    *({"origin": "http://127.0.0.1:9999"}, {"origin": "http://127.0.0.1:5151.evil.example"}),
    {"host": "evil.example", "x-forwarded-host": "127.0.0.1:5151", "origin": LOCAL},
)


@pytest.mark.parametrize("headers", CROSS, ids=str)
def test_no_other_site_writes_by_any_route_of_this_machine(machine, client, run, headers):
    position = machine[1].position()
    for prefix in ("/api/2.0", "/ajax-api/2.0"):
        for path, said in (
            ("experiments/create", {"name": "theirs"}),
            ("experiments/delete", {"experiment_id": "0"}),
            ("runs/create", {"experiment_id": "0"}),
            ("runs/set-tag", {"run_id": run, "key": "k", "value": "theirs"}),
            ("registered-models/create", {"name": "theirs"}),
        ):
            answer = client.post(f"{prefix}/mlflow/{path}", json=said, headers=headers)
            assert answer.status_code == 403, path
        at = f"{prefix}/mlflow-artifacts/artifacts/0/{run}/artifacts/theirs"
        assert client.put(at, content=b"x", headers=headers).status_code == 403
        assert client.delete(at, headers=headers).status_code == 403
    params = {"run_uuid": run, "path": "theirs"}
    answer = client.post(f"{API}/upload-artifact", params=params, content=b"x", headers=headers)
    assert answer.status_code == 403
    assert client.delete(f"/api/v1/runs/{run}", headers=headers).status_code == 403
    assert machine[1].position() == position


@pytest.mark.parametrize("site", ["cross-site", "same-site", "odd"])
def test_no_other_site_reads_or_embeds_anything_of_this_machine(client, run, site):
    own = {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}
    for path in ("/", "/health", "/api/v1/runs", f"{API}/runs/get?run_id={run}", "/no-such"):
        for mode, dest in (("no-cors", "script"), ("no-cors", "image"), ("cors", "empty"),
                           ("navigate", "iframe"), ("navigate", "object"), ("", "")):  # fmt: skip
            headers = {"sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest}
            assert client.get(path, headers=headers).status_code == 403, (path, mode, dest)
        assert client.get(path, headers=own).status_code != 403
        followed = {"sec-fetch-site": site, "sec-fetch-mode": "navigate",
                    "sec-fetch-dest": "document"}  # fmt: skip
        assert client.get(path, headers=followed).status_code != 403, "a link to us is no harm"
        assert client.post(path, headers=followed).status_code == 403


FORMS = (
    *("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"),
    "text/plain;application/json",
)


@pytest.mark.parametrize("kind", FORMS)
def test_what_a_form_can_send_is_no_json(machine, client, kind):
    # browsers send these to other sites without asking first
    position = machine[1].position()
    for path in (f"{API}/experiments/create", f"/ajax-api{API[4:]}/experiments/create"):
        body = b'{"name":"by a form"}'
        refused(client.post(path, content=body, headers={"content-type": kind}))
    assert machine[1].position() == position


class Bomb:
    """Leaves a mark when it is loaded."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return (Path.touch, (self.mark,))


def test_a_pickle_that_is_kept_listed_sent_and_registered_is_never_loaded(tmp_path, client, run):
    mark = tmp_path / "loaded"
    bomb = pickle.dumps(Bomb(mark))
    for name in ("model/model.pkl", "model/python_model.joblib", "model/MLmodel"):
        at = f"{FILES}/0/{run}/artifacts/{name}"
        assert client.put(at, content=bomb).status_code == 200
        assert client.get(at).content == bomb
        assert client.get(f"/api/v1/runs/{run}/files/saved?path={name}").content == bomb
    listed = client.get(f"{API}/artifacts/list", params={"run_id": run, "path": "model"})
    assert len(listed.json()["files"]) == 3
    said = {"name": "a model", "source": f"mlflow-artifacts:/0/{run}/artifacts/model"}
    client.post(f"{API}/registered-models/create", json={"name": "a model"})
    assert client.post(f"{API}/model-versions/create", json=said).status_code == 200
    assert not mark.exists()


def test_what_the_server_is_made_of_names_nothing_that_loads_code():
    loaders = {"pickle", "cPickle", "_pickle", "joblib", "cloudpickle", "dill", "marshal", "shelve"}
    root = Path(afield.__file__).parent
    files = [path for room in ("hub", "mlflow_rest", "registry", "projection", "journal", "vault")
             for path in (root / room).rglob("*.py")]  # fmt: skip
    assert len(files) > 100
    for path in files:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                named = {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                named = {(node.module or "").partition(".")[0]}
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                named = {node.func.id} & {"eval", "exec", "__import__"}
                assert not named, path
            else:
                continue
            assert not named & loaders, path


def test_a_server_that_has_started_holds_none_of_the_loaders():
    code = (
        "import sys, afield.hub.app, afield.hub.team, afield.hub.serve, afield.mlflow_rest.app\n"
        "from afield.hub.api.app import routers; routers()\n"
        "print(*{'joblib','cloudpickle','dill','torch','mlflow','sklearn'} & set(sys.modules))\n"
        "print(*(name for name in sys.modules if name.startswith('afield.replay.inside')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.split() == []
