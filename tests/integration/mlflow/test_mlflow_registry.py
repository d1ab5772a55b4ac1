"""Registered models, versions, aliases and stages through MLflow's protocol."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from afield.hub.asgi import AsCaller
from afield.members.caller import Caller
from afield.members.roles import Role
from afield.mlflow_rest.app import routes

_AT = "/mlflow/registered-models"
_VERSIONS = "/mlflow/model-versions"
_BAD = "INVALID_PARAMETER_VALUE"


def _model(http, name="fraud", **more):
    return http.ok("POST", f"{_AT}/create", name=name, **more)["registered_model"]


def _version(http, name="fraud", source="runs:/abc/model", **more):
    found = http.ok("POST", f"{_VERSIONS}/create", name=name, source=source, **more)
    return found["model_version"]


def _get(http, version, name="fraud"):
    return http.ok("GET", f"{_VERSIONS}/get", name=name, version=version)["model_version"]


def _found(http, text="", **more):
    found = http.ok("GET", f"{_VERSIONS}/search", filter=text, **more)
    return [(one["name"], one["version"]) for one in found.get("model_versions", [])]


def test_a_model_is_made_described_renamed_and_deleted(http):
    made = _model(http, tags=[{"key": "team", "value": "risk"}], description="finds *fraud*")
    assert made["description"] == "finds *fraud*"
    assert made["tags"] == [{"key": "team", "value": "risk"}]
    _version(http)
    http.ok("PATCH", f"{_AT}/update", name="fraud", description="other words")
    http.ok("POST", f"{_AT}/rename", name="fraud", new_name="scoring")
    found = http.ok("GET", f"{_AT}/get", name="scoring", prefix="/ajax-api/2.0")
    assert found["registered_model"]["description"] == "other words"
    assert found["registered_model"]["latest_versions"][0]["name"] == "scoring"
    assert http.refused("GET", f"{_AT}/get", name="fraud")[0] == "RESOURCE_DOES_NOT_EXIST"
    http.ok("DELETE", f"{_AT}/delete", name="scoring")
    assert http.refused("GET", f"{_AT}/get", name="scoring")[0] == "RESOURCE_DOES_NOT_EXIST"
    assert _found(http) == []


def test_a_name_is_free_again_after_a_rename_or_a_deletion_and_counts_from_one(http):
    _model(http)
    _version(http)
    code, words = http.refused("POST", f"{_AT}/create", name="fraud")
    assert (code, words) == (
        "RESOURCE_ALREADY_EXISTS",
        "Registered Model (name=fraud) already exists.",
    )
    http.ok("POST", f"{_AT}/rename", name="fraud", new_name="old")
    _model(http)
    assert _version(http)["version"] == "1"
    http.ok("DELETE", f"{_AT}/delete", name="fraud")
    _model(http)
    assert _version(http)["version"] == "1"
    assert _found(http, "name = 'old'") == [("old", "1")]
    refused = http.refused("POST", f"{_AT}/rename", name="old", new_name="fraud")
    assert refused[0] == "RESOURCE_ALREADY_EXISTS"


def test_the_number_of_a_deleted_version_is_not_given_again(http):
    _model(http)
    assert [_version(http)["version"] for _ in range(2)] == ["1", "2"]
    http.ok("POST", f"{_AT}/alias", name="fraud", alias="champion", version="2")
    http.ok("DELETE", f"{_VERSIONS}/delete", name="fraud", version="2")
    assert http.refused("GET", f"{_VERSIONS}/get", name="fraud", version="2")[1] == (
        "Model Version (name=fraud, version=2) not found"
    )
    assert http.refused("GET", f"{_AT}/alias", name="fraud", alias="champion")[0] == _BAD
    assert _version(http)["version"] == "3"
    assert _found(http) == [("fraud", "3"), ("fraud", "1")]


def test_a_stage_may_archive_those_that_are_in_it(http):
    _model(http)
    for number in "12":
        _version(http)
        http.ok(
            "POST", f"{_VERSIONS}/transition-stage",
            name="fraud", version=number, stage="production", archive_existing_versions=True,
        )  # fmt: skip
    stages = [_get(http, number)["current_stage"] for number in "12"]
    assert stages == ["Archived", "Production"]
    newest = http.ok("POST", f"{_AT}/get-latest-versions", name="fraud", stages=["Production"])
    assert [one["version"] for one in newest["model_versions"]] == ["2"]
    asked = {"name": "fraud", "version": "1", "archive_existing_versions": True}
    path = f"{_VERSIONS}/transition-stage"
    assert "not an Active stage" in http.refused("POST", path, stage="None", **asked)[1]
    assert "Value must be one of" in http.refused("POST", path, stage="Live", **asked)[1]


def test_an_alias_moves_and_goes(http):
    _model(http)
    for alias_of in "12":
        _version(http)
        http.ok("POST", f"{_AT}/alias", name="fraud", alias="champion", version=alias_of)
    found = http.ok("GET", f"{_AT}/alias", name="fraud", alias="champion")["model_version"]
    assert (found["version"], found["aliases"]) == ("2", ["champion"])
    assert "aliases" not in _get(http, "1")
    told = http.ok("GET", f"{_AT}/get", name="fraud")["registered_model"]
    assert told["aliases"] == [{"alias": "champion", "version": "2"}]
    http.ok("DELETE", f"{_AT}/alias", name="fraud", alias="champion")
    http.ok("DELETE", f"{_AT}/alias", name="fraud", alias="champion")
    assert http.refused("GET", f"{_AT}/alias", name="fraud", alias="champion")[0] == _BAD
    newest = http.ok("GET", f"{_AT}/alias", name="fraud", alias="latest")["model_version"]
    assert newest["version"] == "2"


def test_tags_long_ones_too_are_kept_and_taken_away(http):
    _model(http)
    long = "word " * 5000
    _version(http, tags=[{"key": f"k{n}", "value": long + str(n)} for n in range(30)])
    tags = {tag["key"]: tag["value"] for tag in _get(http, "1")["tags"]}
    assert tags == {f"k{n}": long + str(n) for n in range(30)}
    http.ok("POST", f"{_VERSIONS}/set-tag", name="fraud", version="1", key="k0", value="")
    http.ok("DELETE", f"{_VERSIONS}/delete-tag", name="fraud", version=1, key="k1")
    tags = {tag["key"]: tag["value"] for tag in _get(http, "1")["tags"]}
    assert tags["k0"] == ""
    assert "k1" not in tags
    http.ok("POST", f"{_AT}/set-tag", name="fraud", key="a", value="b")
    http.ok("DELETE", f"{_AT}/delete-tag", name="fraud", key="a")
    assert "tags" not in http.ok("GET", f"{_AT}/get", name="fraud")["registered_model"]


def test_versions_are_found_by_filter_order_and_page(http):
    for name in ("churn", "fraud"):
        _model(http, name)
        for run in ("r1", "r2", "r3"):
            _version(
                http, name, f"runs:/{run}/{name}", run_id=run, tags=[{"key": "r", "value": run}]
            )
    assert _found(http, "name = 'churn' and version_number > 1") == [("churn", "3"), ("churn", "2")]
    assert _found(http, "run_id IN ('r1', 'r3') and name LIKE 'fr%'") == [
        ("fraud", "3"),
        ("fraud", "1"),
    ]
    assert _found(http, "source_path = 'runs:/r2/fraud'") == [("fraud", "2")]
    assert _found(http, "tags.r != 'r1'", order_by=["name", "version_number ASC"]) == [
        (name, number) for name in ("churn", "fraud") for number in "23"
    ]
    page = http.ok("GET", f"{_VERSIONS}/search", max_results=4, order_by=["name ASC"])
    rest = _found(http, page_token=page["next_page_token"], order_by=["name ASC"])
    assert [one["version"] for one in page["model_versions"]] == ["3", "2", "1", "3"]
    assert rest == [("fraud", "2"), ("fraud", "1")]


def test_prompts_are_found_by_those_who_ask_for_them(http):
    _model(http)
    _model(http, "hello", tags=[{"key": "mlflow.prompt.is_prompt", "value": "true"}])

    def names(text=""):
        found = http.ok("GET", f"{_AT}/search", filter=text)
        return [one["name"] for one in found.get("registered_models", [])]

    assert names() == ["fraud"]
    assert names("tags.`mlflow.prompt.is_prompt` = 'true'") == ["hello"]
    assert "already taken by a prompt" in http.refused("POST", f"{_AT}/create", name="hello")[1]


@pytest.mark.parametrize(
    ("source", "taken"),
    [
        ("dummy-source", True),
        ("/etc/x", False),
        ("a/../b", False),
        ("~/x", False),
        ("file:x", False),
    ],
)
def test_a_prompt_has_any_words_for_a_source_that_are_no_path(http, source, taken):
    tags = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    _model(http, "hello", tags=tags)
    if taken:
        assert _version(http, "hello", source, tags=tags)["source"] == source
    else:
        asked = {"name": "hello", "source": source, "tags": tags}
        assert http.refused("POST", f"{_VERSIONS}/create", **asked)[0] == _BAD


def test_a_version_of_another_models_version_leads_to_its_files(http):
    _model(http)
    _version(http, source="s3://bucket/model")
    http.ok("POST", f"{_AT}/alias", name="fraud", alias="best", version="1")
    _model(http, "copy")
    for number, source in enumerate(("models:/fraud/1", "models:/fraud@best"), 1):
        assert _version(http, "copy", source)["source"] == source
        asked = {"name": "copy", "version": str(number)}
        found = http.ok("GET", f"{_VERSIONS}/get-download-uri", **asked)
        assert found == {"artifact_uri": "s3://bucket/model"}


def test_a_version_of_a_logged_model_has_its_files_and_its_run(http):
    run = http.run()
    asked = {"experiment_id": "0", "name": "net", "source_run_id": run}
    logged = http.ok("POST", "/mlflow/logged-models", **asked)["model"]["info"]
    _model(http)
    made = _version(http, source=f"models:/{logged['model_id']}")
    assert (made["run_id"], made["model_id"]) == (run, logged["model_id"])
    found = http.ok("GET", f"{_VERSIONS}/get-download-uri", name="fraud", version="1")
    assert found["artifact_uri"] == logged["artifact_uri"]
    told = http.ok("GET", f"/mlflow/logged-models/{logged['model_id']}")["model"]["info"]["tags"]
    assert told == [{"key": "mlflow.modelVersions", "value": '[{"name": "fraud", "version": 1}]'}]


@pytest.mark.parametrize(
    "source",
    [
        "/etc/passwd",
        "etc/passwd",
        "../up",
        "file:///etc/passwd",
        "FILE:/etc/passwd",
        "file:x",
        "C:/Windows/win.ini",
        "C:\\Windows\\win.ini",
        "\\\\host\\share",
        "mlflow-artifacts:/../../etc/passwd",
        "mlflow-artifacts:/a/..;/b",
        "mlflow-artifacts://host:80/..%2f..%2fetc",
        "mlflow-artifacts:/a/%252e%252e/%252e%252e/b",
        "http://host/artifacts%00",
        "http://host/#/../../etc/passwd",
        "http://host/a?/../../etc",
        "s3://bucket/a/../../b",
        "runs:/abc/../../x",
        "models:/m-00000000000000000000000000000000",
        "models:/nobody/1",
        "models:/fraud/7",
        "models:/fraud",
        "models:/",
        "localhost:/etc/passwd",
        "",
        "x" * 5000,
    ],
)
def test_a_source_that_is_local_or_leaves_its_place_is_refused(shared, source):
    shared.raw.post(f"/api/2.0{_AT}/create", json={"name": "fraud"})
    asked = {"name": "fraud", "source": source, "run_id": "0" * 16}
    assert shared.refused("POST", f"{_VERSIONS}/create", **asked)[0] == _BAD
    assert _found(shared) == []


@pytest.mark.parametrize(
    ("method", "path", "asked"),
    [
        ("POST", f"{_AT}/create", {}),
        ("POST", f"{_AT}/create", {"name": " "}),
        ("POST", f"{_AT}/create", {"name": 7}),
        ("POST", f"{_AT}/create", {"name": "a/b"}),
        ("POST", f"{_AT}/create", {"name": "a:b"}),
        ("POST", f"{_AT}/create", {"name": ".."}),
        ("POST", f"{_AT}/create", {"name": "a\nb"}),
        ("POST", f"{_AT}/create", {"name": "a" * 257}),
        ("POST", f"{_AT}/create", {"name": "ok", "tags": [{"value": "no key"}]}),
        ("POST", f"{_AT}/create", {"name": "ok", "tags": [{"key": "k", "value": "v" * 100_001}]}),
        ("GET", f"{_AT}/search", {"max_results": 1001}),
        ("GET", f"{_AT}/search", {"max_results": 0}),
        ("GET", f"{_AT}/search", {"max_results": "many"}),
        ("GET", f"{_AT}/search", {"filter": "version_number > 1"}),
        ("GET", f"{_AT}/search", {"filter": "name ="}),
        ("GET", f"{_AT}/search", {"filter": "name = 'a' or name = 'b'"}),
        ("GET", f"{_AT}/search", {"order_by": ["creation_timestamp"]}),
        ("GET", f"{_AT}/search", {"order_by": ["name", "name DESC"]}),
        ("GET", f"{_AT}/search", {"page_token": "nonsense"}),
        ("GET", f"{_VERSIONS}/search", {"filter": "name IN ('a')"}),
        ("GET", f"{_VERSIONS}/search", {"filter": "run_id IN ()"}),
        ("GET", f"{_VERSIONS}/search", {"filter": "params.a = 'b'"}),
        ("GET", f"{_VERSIONS}/search", {"order_by": ["run_id DESC"]}),
        ("GET", f"{_VERSIONS}/search", {"max_results": 200_001}),
        ("GET", f"{_VERSIONS}/get", {"name": "fraud", "version": "one"}),
        ("GET", f"{_VERSIONS}/get", {"name": "fraud"}),
        ("POST", f"{_AT}/alias", {"name": "fraud", "alias": "v1", "version": "1"}),
        ("POST", f"{_AT}/alias", {"name": "fraud", "alias": "Latest", "version": "1"}),
        ("POST", f"{_AT}/alias", {"name": "fraud", "alias": "a b", "version": "1"}),
        ("POST", f"{_AT}/alias", {"name": "fraud", "alias": "a" * 256, "version": "1"}),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_words(shared, method, path, asked):
    code, words = shared.refused(method, path, **asked)
    assert code == _BAD
    assert words


@pytest.mark.parametrize("number", ["0", "-1", "9" * 17, "9" * 40])
def test_a_number_that_no_version_has_is_not_found(shared, number):
    refused = shared.refused("GET", f"{_VERSIONS}/get", name="fraud", version=number)
    assert refused[0] == "RESOURCE_DOES_NOT_EXIST"


def _as(hosted, **roles):
    """Return the protocol with a caller of these roles."""
    granted = {project: frozenset({Role(role)}) for project, role in roles.items()}
    caller = Caller(hosted.record.journal.member, granted, how="session")
    return AsCaller(Starlette(routes=routes(hosted)), caller)


def test_whom_nobody_has_named_is_refused(shared):
    with TestClient(Starlette(routes=routes(shared.hosted))) as client:
        for path in (f"{_AT}/search", "/mlflow/runs/get?run_id=abc"):
            assert client.get(f"/api/2.0{path}").status_code == 401


def test_roles_say_who_registers_who_points_and_who_sees(http):
    _model(http)
    _version(http)
    _model(http, "secret", tags=[{"key": "afield.project", "value": "other"}])
    _version(http, "secret")
    version = {"name": "fraud", "source": "runs:/abc/model"}
    alias = {"name": "fraud", "alias": "champion", "version": "1"}
    leak = {"name": "fraud", "source": "models:/secret/1"}
    told = {}
    for role in ("viewer", "developer", "deployer", "logger"):
        with TestClient(_as(http.hosted, default=role)) as client:
            found = client.get(f"/api/2.0{_AT}/search").json().get("registered_models", [])
            told[role] = (
                [one["name"] for one in found],
                client.post(f"/api/2.0{_VERSIONS}/create", json=version).status_code,
                client.post(f"/api/2.0{_AT}/alias", json=alias).status_code,
                client.post(f"/api/2.0{_VERSIONS}/create", json=leak).status_code,
                client.request("DELETE", f"/api/2.0{_AT}/delete", json=alias).status_code,
                client.get(f"/api/2.0{_AT}/get", params={"name": "secret"}).status_code,
            )
    assert told == {
        "viewer": (["fraud"], 403, 403, 403, 403, 403),
        "developer": (["fraud"], 200, 403, 403, 403, 403),
        "deployer": (["fraud"], 403, 200, 403, 403, 403),
        "logger": ([], 403, 403, 403, 403, 403),
    }


def test_a_file_of_a_version_is_sent_where_it_is_kept_here_and_nothing_elsewhere_is_fetched(http):
    _model(http)
    run = http.run()
    at = "/api/2.0/mlflow-artifacts/artifacts"
    assert http.raw.put(f"{at}/0/{run}/artifacts/m/MLmodel", content=b"flavors").status_code == 200
    for number, source in enumerate(
        (f"runs:/{run}/m", f"mlflow-artifacts:/0/{run}/artifacts/m"), 1
    ):
        _version(http, source=source)
        for path in ("", "/ajax-api/2.0/mlflow"):
            asked = {"name": "fraud", "version": number, "path": "MLmodel"}
            found = http.raw.get(f"{path}/model-versions/get-artifact", params=asked)
            assert (found.status_code, found.content) == (200, b"flavors")
        asked["path"] = "../m/MLmodel"
        assert http.raw.get("/model-versions/get-artifact", params=asked).status_code == 400
    _version(http, source="https://example.org/m")
    asked = {"name": "fraud", "version": 3, "path": "MLmodel"}
    assert http.raw.get("/model-versions/get-artifact", params=asked).status_code == 400


def test_versions_that_are_registered_at_once_get_numbers_of_their_own(http):
    _model(http)
    with ThreadPoolExecutor(8) as threads:
        numbers = list(threads.map(lambda _: _version(http)["version"], range(24)))
    assert sorted(map(int, numbers)) == list(range(1, 25))
