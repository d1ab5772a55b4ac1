"""Servers that answer in pages, stumble, lie, or are not there, and `import mlflow`."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from afield.workspace.workspace import Workspace

RUNS = 5
POINTS = 7
PAGE = 2


class Answers:
    """What a server of this test says; each attribute may be changed by a test."""

    def __init__(self):
        self.asked = []
        self.faults = 0
        self.files = {"": [{"path": "a.txt", "is_dir": False, "file_size": 5}]}
        self.next_token = lambda at, end: str(at + PAGE) if at + PAGE < end else ""
        self.redirect = None
        self.account = None

    def page(self, name, rows, token):
        at = int(token or 0)
        return {name: rows[at : at + PAGE], "next_page_token": self.next_token(at, len(rows))}

    def answer(self, path, args, body):
        token = args.get("page_token", "") or body.get("page_token", "")
        points = [
            {"key": "m", "value": at / 3 if at else "NaN", "timestamp": str(1000 + at), "step": at}
            for at in range(POINTS)
        ]
        model = {"name": "reg", "aliases": [{"alias": "champion", "version": "1"}]}
        version = {"name": "reg", "version": "1", "run_id": "0" * 32}
        paged = {
            "experiments/search": ("experiments", [{"experiment_id": "1", "name": "e"}]),
            "runs/search": ("runs", [self.run(at) for at in range(RUNS)]),
            "metrics/get-history": ("metrics", points),
            "registered-models/search": ("registered_models", [model]),
            "model-versions/search": ("model_versions", [version]),
        }
        name = path.removeprefix("/api/2.0/mlflow/")
        if name == "artifacts/list":
            return {"files": self.files.get(args.get("path", ""), [])}
        return self.page(*paged[name], token) if name in paged else None

    def run(self, at):
        info = {"run_id": f"{at:032x}", "run_name": f"run{at}", "status": "FINISHED"}
        info |= {"start_time": "1700000000000", "end_time": 1700000001000 + at}
        metrics = [{"key": "m", "value": 2, "step": POINTS, "timestamp": 5}]
        return {"info": info, "data": {"metrics": metrics, "params": [{"key": "p", "value": "1"}]}}


@pytest.fixture
def answers():
    return Answers()


@pytest.fixture
def url(answers):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            parts = urlsplit(self.path)
            args = {name: values[0] for name, values in parse_qs(parts.query).items()}
            size = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(size) or b"{}")
            answers.asked.append(parts.path)
            answers.account = self.headers.get("Authorization")
            if answers.redirect:
                self.send_response(302)
                self.send_header("Location", answers.redirect + self.path)
                self.end_headers()
                return
            if answers.faults:
                answers.faults -= 1
                self.send_error(503)
                return
            if parts.path == "/get-artifact":
                self.say(200, b"hello")
                return
            found = answers.answer(parts.path, args, body)
            self.say(200 if found is not None else 404, json.dumps(found).encode())

        do_POST = do_GET  # noqa: N815 - the library's name

        def say(self, code, data):
            self.send_response(code)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = False
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def here(afield, tmp_path, monkeypatch):
    folder = tmp_path / "here"
    folder.mkdir()
    assert afield("init", str(folder)).code == 0
    monkeypatch.chdir(folder)
    return folder


def test_all_pages_are_read_and_a_server_that_stumbles_is_asked_again(afield, here, url, answers):
    answers.faults = 1
    done = afield("import", "mlflow", url, "--json")
    assert done.code == 0, (done.out, done.err)
    with Workspace.open(here) as workspace:
        views = {view.name: view for view in workspace.runs(limit=None)}
        assert set(views) == {f"run{at}" for at in range(RUNS)}
        points = workspace.points(views["run3"], "m")
        assert points.step.tolist() == list(range(POINTS))
        assert list(map(repr, points.value.tolist())) == [
            "nan",
            *(repr(at / 3) for at in range(1, 7)),
        ]
        assert [file.path for file in views["run3"].saved] == ["a.txt"]
    about = afield("show", "run0", "--json").json["imported"]["about"]
    assert about["registered_models"][0]["aliases"] == ["champion"]
    answers.asked.clear()
    assert afield("import", "mlflow", url, "--json").json["same"] == RUNS
    assert "/api/2.0/mlflow/metrics/get-history" not in answers.asked


def test_a_run_of_this_workspace_is_known_when_a_server_of_afield_has_it(
    afield, here, url, answers
):
    from afield.workspace.session import init

    with init("p", name="mine", workspace=str(here)) as run:
        run.log({"m": 1})
    theirs = answers.run(0)
    theirs["info"]["run_id"] = run.id
    answers.run = lambda _: theirs
    done = afield("import", "mlflow", url, "--json")
    assert {(one["run"], one["state"]) for one in done.json["runs"]} == {(run.id, "same")}
    assert len(afield("runs", "--json").json["runs"]) == 1


def test_names_that_lead_elsewhere_and_pages_that_never_end_do_no_harm(afield, here, url, answers):
    names = ["../up", "/etc/passwd", "a/../../b", "C:\\x", "..\\y", "", "fine.txt"]
    answers.files = {
        "": [{"path": name, "is_dir": False, "file_size": 5} for name in names]
        + [{"path": "dir", "is_dir": True}, {"path": "../out", "is_dir": True}],
        "dir": [{"path": "dir", "is_dir": True}, {"path": "dir/in", "is_dir": False}],
    }
    answers.next_token = lambda at, _: "0" if at else str(PAGE)
    done = afield("import", "mlflow", url, "--json")
    assert done.code == 3
    left = {each["what"] for one in done.json["runs"] for each in one["left"]}
    assert left == {*names, "../out"} - {"fine.txt"}
    saved = {one["path"] for one in afield("show", "run0", "--json").json["saved"]}
    assert saved == {"fine.txt", "dir/in"}


def test_an_account_is_sent_to_its_own_server_only_and_never_shown(afield, here, url, answers):
    told = url.replace("http://", "http://ann:s3cr3t-w0rd@")
    done = afield("import", "mlflow", told, "--json")
    assert done.code == 0
    assert answers.account.startswith("Basic ")
    assert "s3cr3t" not in done.out + done.err
    answers.redirect = "http://localhost.invalid"
    refused = afield("import", "mlflow", told)
    assert refused.code == 1
    assert "leads to another host" in refused.err
    assert "s3cr3t" not in refused.out + refused.err


def test_what_is_no_server_of_mlflows_is_told_in_a_line(afield, here, url, answers):
    answers.answer = lambda *_: None
    nothing = afield("import", "mlflow", url)
    assert (nothing.code, nothing.out) == (1, "")
    answers.answer = lambda *_: ["no", "object"]
    odd = afield("import", "mlflow", url)
    assert odd.code == 1
    assert "not that of an MLflow server" in odd.err
    gone = afield("import", "mlflow", "http://127.0.0.1:9")
    assert gone.code == 14
    assert "cannot reach" in gone.err
