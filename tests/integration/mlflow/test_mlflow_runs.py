"""MLflow's protocol by HTTP: runs, what is logged to them, and how they are found."""

from __future__ import annotations

import json
import time

import pytest

from afield.workspace.workspace import Workspace


def _values(pairs):
    return {each["key"]: each["value"] for each in pairs}


def test_a_run_of_a_client_is_a_run_like_any_other(http, tmp_path):
    run = http.run(run_name="first", user_id="ann", tags=[{"key": "a", "value": "b"}])
    http.ok("POST", "/mlflow/runs/log-parameter", run_id=run, key="lr", value="0.1")
    http.ok(
        "POST", "/mlflow/runs/log-metric", run_id=run, key="acc", value=0.5, timestamp=7, step=2
    )
    http.ok("POST", "/mlflow/runs/update", run_id=run, status="FINISHED", end_time=99)
    with Workspace.open(tmp_path / "w") as workspace:
        view = workspace.run("first")
        assert (view.id, view.status, view.kind) == (run, "finished", "served")
        assert (view.params, view.metrics["acc"].last) == ({"lr": "0.1"}, 0.5)
        assert workspace.points(view, "acc").step.tolist() == [2]


def test_the_latest_point_is_that_of_the_highest_step_then_time_then_value(http):
    run = http.run()
    points = [(5, 9, 1.0), (6, 1, 2.0), (6, 1, 3.0), (6, 0, 9.0)]
    metrics = [{"key": "m", "step": s, "timestamp": t, "value": v} for s, t, v in points]
    http.ok("POST", "/mlflow/runs/log-batch", run_id=run, metrics=metrics)
    for status in (None, "FINISHED"):
        if status:
            http.ok("POST", "/mlflow/runs/update", run_id=run, status=status, end_time=9)
        (found,) = http.get(run)["data"]["metrics"]
        assert (found["value"], found["step"], found["timestamp"]) == (3.0, 6, 1)


def test_points_that_are_sent_again_count_once_and_those_of_an_ended_run_are_kept(http):
    run = http.run()
    batch = {"run_id": run, "metrics": [{"key": "m", "value": 1.0, "timestamp": 1, "step": 1}]}
    http.ok("POST", "/mlflow/runs/log-batch", **batch)
    http.ok("POST", "/mlflow/runs/log-batch", **batch)
    http.ok("POST", "/mlflow/runs/update", run_id=run, status="FAILED", end_time=9)
    more = {"key": "m", "value": 2.0, "timestamp": 2, "step": 2}
    http.ok("POST", "/mlflow/runs/log-metric", run_id=run, **more)
    history = http.ok("GET", "/mlflow/metrics/get-history", run_id=run, metric_key="m")
    assert [point["value"] for point in history["metrics"]] == [1.0, 2.0]
    found = http.get(run)
    assert found["info"]["status"] == "FAILED"
    assert _values(found["data"]["metrics"]) == {"m": 2.0}


def test_numbers_that_json_has_not_are_kept_or_refused_and_never_become_others(http):
    run = http.run()
    for key, value in (("a", "NaN"), ("b", "Infinity"), ("c", "-Infinity")):
        http.ok("POST", "/mlflow/runs/log-metric", run_id=run, key=key, value=value, timestamp=1)
    kept = {"a": "NaN", "b": "Infinity", "c": "-Infinity"}
    assert _values(http.get(run)["data"]["metrics"]) == kept
    headers = {"content-type": "application/json"}
    head = json.dumps({"run_id": run, "key": "d", "timestamp": 1})[:-1]
    for tail in ('"value": 1e400', '"value": 1, "step": 9223372036854775808'):
        body = f"{head}, {tail}}}"
        found = http.raw.post("/api/2.0/mlflow/runs/log-metric", content=body, headers=headers)
        assert (found.status_code, found.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    text = f'{head}, "value": NaN, "step": "9223372036854775807"}}'
    assert http.raw.post(
        "/api/2.0/mlflow/runs/log-metric", content=text, headers=headers
    ).is_success
    assert _values(http.get(run)["data"]["metrics"]) == {**kept, "d": "NaN"}


def test_a_param_cannot_be_changed_and_nothing_of_such_a_batch_is_kept(http):
    run = http.run()
    params = [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]
    http.ok("POST", "/mlflow/runs/log-batch", run_id=run, params=params)
    http.ok("POST", "/mlflow/runs/log-batch", run_id=run, params=params)
    params = [{"key": "a", "value": "9"}, {"key": "c", "value": "3"}]
    metrics = [{"key": "m", "value": 1.0, "timestamp": 1}]
    asked = {"run_id": run, "params": params, "metrics": metrics}
    code, why = http.refused("POST", "/mlflow/runs/log-batch", **asked)
    assert code == "INVALID_PARAMETER_VALUE"
    assert "Changing param values is not allowed" in why
    data = http.get(run)["data"]
    assert _values(data["params"]) == {"a": "1", "b": "2"}
    assert "metrics" not in data


def test_names_may_be_written_either_way_and_unknown_fields_do_no_harm(http):
    asked = {"experimentId": "0", "runName": "camel", "startTime": "17", "later": {"x": 1}}
    info = http.ok("POST", "/mlflow/runs/create", **asked)["run"]["info"]
    assert (info["run_name"], info["start_time"]) == ("camel", 17)
    both = http.ok("GET", "/mlflow/runs/get", prefix="/ajax-api/2.0", run_uuid=info["run_id"])
    assert both["run"]["info"] == info


def test_a_run_goes_on_and_ends_again_is_deleted_and_comes_back(http):
    run = http.run()
    http.ok("POST", "/mlflow/runs/log-metric", run_id=run, key="m", value=1, timestamp=1)
    http.ok("POST", "/mlflow/runs/update", run_id=run, status="FINISHED", end_time=5)
    http.ok("POST", "/mlflow/runs/update", run_id=run, status="RUNNING")
    http.ok("POST", "/mlflow/runs/log-metric", run_id=run, key="m", value=2, timestamp=2)
    assert http.get(run)["info"]["status"] == "RUNNING"
    http.ok("POST", "/mlflow/runs/update", run_id=run, status="KILLED", end_time=6, run_name="x")
    info = http.get(run)["info"]
    assert (info["status"], info["end_time"], info["run_name"]) == ("KILLED", 6, "x")
    history = http.ok("GET", "/mlflow/metrics/get-history", run_id=run, metric_key="m")
    assert len(history["metrics"]) == 2
    http.ok("POST", "/mlflow/runs/delete", run_id=run)
    code, _ = http.refused("POST", "/mlflow/runs/set-tag", run_id=run, key="a", value="b")
    assert (code, http.names()) == ("INVALID_PARAMETER_VALUE", [])
    http.ok("POST", "/mlflow/runs/restore", run_id=run)
    assert http.names() == ["x"]


@pytest.fixture(scope="module")
def three(shared):
    for at, (name, acc, opt) in enumerate(
        [("a", 0.5, "sgd"), ("b", "NaN", "Adam"), ("c", 0.9, None)]
    ):
        run = shared.run(run_name=name, start_time=100 + at, user_id="ann")
        metrics = [{"key": "acc", "value": acc, "timestamp": 1, "step": at}]
        params = [{"key": "opt", "value": opt}] if opt else []
        tags = [{"key": "team.x", "value": f"t{at}"}]
        asked = {"metrics": metrics, "params": params, "tags": tags}
        shared.ok("POST", "/mlflow/runs/log-batch", run_id=run, **asked)
        if name == "c":
            shared.ok("POST", "/mlflow/runs/update", run_id=run, status="FINISHED", end_time=777)
    return shared


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["c", "b", "a"]),
        ("metrics.acc > 0.4", ["c", "a"]),
        ("metrics.acc >= 0.5 and metrics.`acc` < 0.9", ["a"]),
        ("metrics.acc != 0.5", ["c"]),
        ("params.opt = 'sgd'", ["a"]),
        ("params.opt != 'sgd'", ["b"]),
        ("params.opt LIKE 'ad%'", []),
        ("params.opt ILIKE 'ad%'", ["b"]),
        ("params.opt IS NULL", ["c"]),
        ("params.opt IS NOT NULL AND tags.\"team.x\" = 't0'", ["a"]),
        ("tags.`team.x` LIKE 't_'", ["c", "b", "a"]),
        ("attributes.status = 'FINISHED'", ["c"]),
        ("status = 'RUNNING'", ["b", "a"]),
        ("attribute.start_time > 100 and end_time = 777", ["c"]),
        ("run_name IN ('a', 'c')", None),
        ("attributes.run_name ILIKE 'B'", ["b"]),
        ("user_id = 'ann'", ["c", "b", "a"]),
    ],
)
def test_runs_are_found_by_the_whole_filter_grammar(three, text, names):
    if names is None:
        assert "run_id" in three.refused("POST", "/mlflow/runs/search", **_search(text))[1]
    else:
        assert three.names(text) == names


def _search(text):
    return {"experiment_ids": ["0"], "filter": text}


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("metrics.acc DESC", ["c", "a", "b"]),
        ("metrics.acc", ["a", "c", "b"]),
        ("params.opt asc", ["b", "a", "c"]),
        ("attributes.start_time ASC", ["a", "b", "c"]),
        ("`Run Name` DESC", ["c", "b", "a"]),
        ("Created DESC", ["c", "b", "a"]),
    ],
)
def test_runs_are_sorted_with_nan_and_what_is_missing_last(three, order, names):
    assert three.names(order_by=[order]) == names


def test_pages_follow_one_another(three):
    asked = {"experiment_ids": ["0"], "max_results": 2, "order_by": ["run_name"]}
    first = three.ok("POST", "/mlflow/runs/search", **asked)
    token = first["next_page_token"]
    second = three.ok("POST", "/mlflow/runs/search", **asked, page_token=token)
    names = [run["info"]["run_name"] for run in first["runs"] + second["runs"]]
    assert (names, second.get("next_page_token")) == (["a", "b", "c"], None)


@pytest.mark.parametrize(
    "text",
    [
        "metrics.acc > 'x'",
        "params.opt = sgd",
        "params.opt > 'a'",
        "nothing = 'x'",
        "metrics.acc >",
        "metrics.acc > 1 or metrics.acc < 2",
        "metrics.acc > 1; drop table runs",
        "run_id IN ()",
        "'",
        "tags.a = 'x' " * 300,
        "metrics.acc IS NULL",
        "params.opt LIKE '" + "%a" * 500 + "'",
    ],
)
def test_a_filter_that_cannot_be_understood_is_refused_in_words(shared, text):
    code, why = shared.refused("POST", "/mlflow/runs/search", **_search(text))
    assert code == "INVALID_PARAMETER_VALUE"
    assert why


def test_a_creation_is_repeated_only_where_its_answer_was_lost(http):
    asked = {"experiment_id": "0", "start_time": 5, "run_name": "same", "user_id": "ann"}
    runs = {http.run(**asked) for _ in range(2)}
    assert len(runs) == 2  # both answers arrived: they are two
    keyed = [
        http.raw.post("/api/2.0/mlflow/runs/create", json=asked, headers={"Idempotency-Key": key})
        for key in ("one", "one", "two")
    ]
    ids = [each.json()["run"]["info"]["run_id"] for each in keyed]
    assert ids[0] == ids[1] != ids[2]


def test_a_creation_whose_server_died_before_it_answered_is_found_again(http, tmp_path):
    run = http.run(run_name="lost")
    notes = tmp_path / "w" / ".afield" / "cache" / "creations"
    assert list(notes.iterdir()) == []  # it was answered
    asked = {"experiment_id": "0", "start_time": 1, "run_name": "lost"}
    first = http.raw.post(
        "/api/2.0/mlflow/runs/create", json=asked, headers={"Idempotency-Key": "k"}
    )
    (note,) = notes.iterdir()
    told = json.loads(note.read_text())
    assert told["run"] == first.json()["run"]["info"]["run_id"] != run


def test_a_regular_expression_finds_runs_and_a_catastrophic_one_answers_at_once(http):
    for name in ("us-east-1", "eu-west-2", "x" * 200):
        http.run(run_name=name, tags=[{"key": "zone", "value": name}])
    found = http.names("tags.zone RLIKE '(east|west)-[0-9]$'")
    assert sorted(found) == ["eu-west-2", "us-east-1"]
    assert http.names("attributes.run_name RLIKE '^us'") == ["us-east-1"]
    began_s = time.process_time()
    assert (
        http.names("tags.zone RLIKE '(x+x+)+y'") == []
    )  # doubles with each x, where it backtracks
    assert time.process_time() - began_s < 5
    for bad in ("(", "a(?=b)", r"(a)\1", "((a{100}){100}){100}", "a" * 2000):
        code, message = http.refused(
            "POST", "/mlflow/runs/search", experiment_ids=["0"], filter=f"tags.zone RLIKE '{bad}'"
        )
        assert code == "INVALID_PARAMETER_VALUE"
        assert "pattern" in message
