"""MLflow's protocol by HTTP: experiments, artifacts, inputs, logged models, and bad requests."""

from __future__ import annotations

import pytest

from afield.mlflow_rest.app import routes
from afield.runs.record import start_run
from afield.runs.tracker import Run


def test_an_experiment_is_made_found_renamed_deleted_and_brought_back(http):
    made = {"name": "e", "tags": [{"key": "k", "value": "v"}]}
    found = http.ok("POST", "/mlflow/experiments/create", **made)["experiment_id"]
    assert (len(found), found.isdecimal()) == (18, True)
    run = http.run(experiment_id=found)
    assert http.refused("POST", "/mlflow/experiments/create", name="e")[0] == (
        "RESOURCE_ALREADY_EXISTS"
    )
    http.ok("POST", "/mlflow/experiments/update", experiment_id=found, new_name="f")
    named = http.ok("GET", "/mlflow/experiments/get-by-name", experiment_name="f")["experiment"]
    assert (named["experiment_id"], named["tags"]) == (found, [{"key": "k", "value": "v"}])
    assert http.get(run)["info"]["experiment_id"] == found
    again = http.ok("POST", "/mlflow/experiments/create", name="e")["experiment_id"]
    assert again != found
    http.ok("POST", "/mlflow/experiments/delete", experiment_id=found)
    assert http.get(run)["info"]["lifecycle_stage"] == "deleted"
    assert http.refused("POST", "/mlflow/runs/create", experiment_id=found)[0] == (
        "INVALID_PARAMETER_VALUE"
    )
    http.ok("POST", "/mlflow/experiments/restore", experiment_id=found)
    assert http.get(run)["info"]["lifecycle_stage"] == "active"


def test_experiments_are_found_by_name_tag_and_stage(http):
    for name in ("one", "two", "Three"):
        tags = [{"key": "size", "value": name[0]}]
        http.ok("POST", "/mlflow/experiments/create", name=name, tags=tags)

    def names(**asked):
        found = http.ok("POST", "/mlflow/experiments/search", max_results=10, **asked)
        return [each["name"] for each in found.get("experiments", [])]

    assert names(order_by=["name"]) == ["Default", "Three", "one", "two"]
    assert names(filter="name LIKE 't%'") == ["two"]
    assert names(filter="name ILIKE 't%'", order_by=["name ASC"]) == ["Three", "two"]
    assert names(filter="tags.size = 'o'") == ["one"]
    http.ok("POST", "/mlflow/experiments/delete", experiment_id="0")
    assert names(view_type="DELETED_ONLY") == ["Default"]


def test_a_run_made_on_this_machine_is_shown_with_its_experiment(http):
    record = http.hosted.record
    made = start_run(record, project="p", name="native", kind="python")
    run = Run(record, made, name="native", project="p", experiment="default")
    run.log({"loss": 0.25}, step=4)
    run.finish()
    shown = http.ok("GET", "/mlflow/experiments/get-by-name", experiment_name="p/default")
    within = [shown["experiment"]["experiment_id"]]
    (found,) = http.ok("POST", "/mlflow/runs/search", experiment_ids=within)["runs"]
    assert (found["info"]["run_name"], found["info"]["status"]) == ("native", "FINISHED")
    assert found["data"]["metrics"][0]["value"] == 0.25
    assert http.refused("POST", "/mlflow/experiments/create", name="p/default")[0] == (
        "RESOURCE_ALREADY_EXISTS"
    )


@pytest.mark.parametrize(
    "location", ["s3://bucket/x", "file:///etc", "/etc", "runs:/x", "mlflow-artifacts:/../x", "x"]
)
def test_files_of_an_experiment_lie_below_our_own_root_only(shared, location):
    asked = {"name": "e", "artifact_location": location}
    assert shared.refused("POST", "/mlflow/experiments/create", **asked)[0] == (
        "INVALID_PARAMETER_VALUE"
    )


def _files(http, run, path=None):
    asked = {"run_id": run, **({"path": path} if path else {})}
    found = http.ok("GET", "/mlflow/artifacts/list", **asked)
    return [(each["path"], each["is_dir"]) for each in found.get("files", [])]


def test_artifacts_are_stored_listed_read_in_ranges_and_taken_away(http):
    run = http.run()
    root = f"/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts"
    data = bytes(range(256)) * 9000  # more than is held in memory
    assert http.raw.put(f"{root}/d/model.bin", content=data).is_success
    assert http.raw.put(f"{root}/page.html", content=b"<script>").is_success
    assert _files(http, run) == [("d", True), ("page.html", False)]
    assert _files(http, run, "d") == [("d/model.bin", False)]
    found = http.raw.get(f"{root}/d/model.bin")
    assert found.content == data
    part = http.raw.get(f"{root}/d/model.bin", headers={"range": "bytes=255-300"})
    assert (part.status_code, part.content) == (206, data[255:301])
    assert part.headers["content-range"] == f"bytes 255-300/{len(data)}"
    page = http.raw.get("/get-artifact", params={"run_id": run, "path": "page.html"})
    assert page.headers["content-type"] == "text/plain"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["content-disposition"].startswith("attachment")
    listed = http.ok("GET", "/mlflow-artifacts/artifacts", path=f"0/{run}/artifacts/d")
    assert listed["files"] == [{"path": "model.bin", "is_dir": False, "file_size": len(data)}]
    assert http.raw.delete(f"{root}/d").is_success
    assert _files(http, run) == [("page.html", False)]
    assert http.raw.get(f"{root}/d/model.bin").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "../x", "a/../../x", "%2e%2e/x", "%252e%252e/x", "..%2fx", "a\\..\\x", "a%5c..%5cx",
        "/etc/x", "C:/x", "c%3a/x", "..;/x", "file:///x", "a/./x", "a%00b", "x#y",
    ],
)  # fmt: skip
def test_paths_that_lead_elsewhere_are_refused(shared, path):
    run = shared.run()
    asked = {"run_id": run, "path": path}
    assert shared.refused("GET", "/mlflow/artifacts/list", **asked)[1] == "Invalid path"
    found = shared.raw.get("/get-artifact", params=asked)
    assert (found.status_code, found.json()["message"]) == (400, "Invalid path")
    for twice in (path, path.replace("%", "%25"), path.replace("/", "%2F").replace(".", "%2E")):
        url = f"/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/{twice}"
        found = shared.raw.put(url.replace("#", "%23").replace("\\", "%5C"), content=b"x")
        assert found.status_code in (200, 400, 404, 405), found.text
    assert [path for path, _ in _files(shared, run) if ".." in path] == []


def test_a_file_is_uploaded_in_parts_that_come_in_any_order(http):
    run = http.run()
    at = f"0/{run}/artifacts/d"
    asked = {"path": "/home/ann/big.bin", "num_parts": 3}
    made = http.ok("POST", f"/mlflow-artifacts/mpu/create/{at}", **asked)
    ends = {"path": asked["path"], "upload_id": made["upload_id"]}
    for part in reversed(made["credentials"]):
        sent = http.raw.put(part["url"], content=bytes([part["part_number"]]) * 1000)
        assert sent.headers["etag"]
        if part["part_number"] == 2:
            assert http.refused("POST", f"/mlflow-artifacts/mpu/complete/{at}", **ends)[0] == (
                "INVALID_PARAMETER_VALUE"
            )
    http.ok("POST", f"/mlflow-artifacts/mpu/complete/{at}", **ends)
    found = http.raw.get(f"/api/2.0/mlflow-artifacts/artifacts/{at}/big.bin")
    assert found.content == b"\1" * 1000 + b"\2" * 1000 + b"\3" * 1000
    assert http.refused("POST", f"/mlflow-artifacts/mpu/abort/{at}", **ends)[0] == (
        "RESOURCE_DOES_NOT_EXIST"
    )


def test_data_sets_and_models_of_a_run_are_told_with_it(http):
    run = http.run()
    dataset = {"name": "iris", "digest": "d1", "source_type": "local", "source": "x.csv"}
    tags = [{"key": "mlflow.data.context", "value": "train"}]
    inputs = [{"dataset": dataset, "tags": tags}]
    for _ in range(2):
        http.ok("POST", "/mlflow/runs/log-inputs", run_id=run, datasets=inputs)
    http.ok("POST", "/mlflow/runs/outputs", run_id=run, models=[{"model_id": "m-1", "step": 3}])
    found = http.get(run)
    assert found["inputs"]["dataset_inputs"] == inputs
    assert found["outputs"]["model_outputs"] == [{"model_id": "m-1", "step": 3}]
    assert len(http.search("dataset.name = 'iris' and dataset.context = 'train'")) == 1
    assert http.search("dataset.digest != 'd1'") == []
    summaries = http.ok("POST", "/mlflow/experiments/search-datasets", experiment_ids=["0"])
    assert summaries["dataset_summaries"] == [
        {"experiment_id": "0", "name": "iris", "digest": "d1", "context": "train"}
    ]


def test_a_logged_model_is_made_filled_finished_found_and_deleted(http):
    run = http.run()
    made = {"experiment_id": "0", "name": "m", "source_run_id": run, "model_type": "tree"}
    params = [{"key": "depth", "value": "3"}]
    found = http.ok("POST", "/mlflow/logged-models", **made, params=params)["model"]
    model = found["info"]["model_id"]
    assert found["info"]["status"] == "LOGGED_MODEL_PENDING"
    point = {"key": "acc", "value": 0.5, "timestamp": 5, "step": 1, "model_id": model}
    of_data = {"dataset_name": "iris", "dataset_digest": "d1"}
    http.ok("POST", "/mlflow/runs/log-metric", run_id=run, **point, **of_data)
    path = f"/mlflow/logged-models/{model}"
    tags = [{"key": "t", "value": "v"}]
    http.ok("PATCH", f"{path}/tags", tags=tags)
    http.ok("PATCH", path, status="LOGGED_MODEL_READY")
    found = http.ok("GET", path)["model"]
    assert (found["info"]["status"], found["info"]["tags"]) == ("LOGGED_MODEL_READY", tags)
    assert found["data"]["metrics"] == [{**point, **of_data, "run_id": run}]
    upload = f"/api/2.0/mlflow-artifacts/artifacts/0/models/{model}/artifacts/MLmodel"
    assert http.raw.put(upload, content=b"flavors:").is_success
    files = http.ok("GET", f"{path}/artifacts/directories")["files"]
    assert [each["path"] for each in files] == ["MLmodel"]

    def search(text, **more):
        asked = {"experiment_ids": ["0"], "filter": text, **more}
        return len(http.ok("POST", "/mlflow/logged-models/search", **asked).get("models", []))

    assert search("metrics.acc >= 0.5 AND params.depth = '3' AND name LIKE 'm%'") == 1
    assert search("metrics.acc > 0.4", datasets=[{"dataset_name": "other"}]) == 0
    assert search("", order_by=[{"field_name": "metrics.acc", "ascending": False}]) == 1
    http.ok("DELETE", path)
    assert (search(""), http.refused("GET", path)[0]) == (0, "RESOURCE_DOES_NOT_EXIST")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"3", b'"x"', b"null", b"\xff", b"[" * 5000, b'{"run_id": 3}',
     b'{"run_id": "' + b"a" * 70_000 + b'"}', b'{"run_id": "x", "metrics": {"a": 1}}',
     b'{"run_id": "x", "metrics": [3]}', b'{"run_id": "' + b"\\ud800" + b'"}'],
)  # fmt: skip
def test_no_body_makes_the_server_fail(shared, body):
    headers = {"content-type": "application/json"}
    for path in ("runs/log-batch", "runs/create", "runs/search", "runs/update", "logged-models",
                 "experiments/search", "experiments/create", "runs/log-inputs"):  # fmt: skip
        found = shared.raw.post(f"/api/2.0/mlflow/{path}", content=body, headers=headers)
        assert found.status_code < 500, (path, found.text)


def test_what_is_not_built_is_said_so_as_json(shared):
    for path in ("/mlflow/nothing", "/mlflow-artifacts/nothing/here"):
        code, why = shared.refused("POST", path)
        assert (code, path in why) == ("ENDPOINT_NOT_FOUND", True)
    assert shared.raw.get("/version").text.startswith("3.")


def test_every_route_carries_an_action_or_is_public_on_purpose(shared):
    public = {route.path for route in routes(shared.hosted) if route.afield_action == "public"}
    rest = {path for path in public if not path.endswith("{rest:path}")}
    info = {f"{twin}/3.0/mlflow/server-info" for twin in ("/api", "/ajax-api")}
    assert rest == {"/version", "/health", *info}


def test_a_file_that_holds_secrets_is_refused(http):
    run = http.run()
    url = f"/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/.env"
    found = http.raw.put(
        url, content=b"AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYabcdef12345\n"
    )
    assert (found.status_code, found.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert _files(http, run) == []
