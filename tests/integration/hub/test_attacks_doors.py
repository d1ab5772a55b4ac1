"""Getting in without a right: every route of a team's hub, asked by those who may not.

Nobody known, tokens that were revoked or made up, and people with lesser
roles; by other methods, other spellings of the paths, and headers that ask for another method.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator

import pytest
from attacked import METHODS, URL, hub

FORMS = {"/login", "/claim", "/invite", "/reset"}
OPEN_PAGES = {"/health", "/ready", "/version", *FORMS, "/login.js", "/login.css", "/first"}
"""What tells nothing of the record: read by everybody, on purpose."""

OPEN_CALLS = ("/mlflow/server-info", "/api/v1/login/ways", "/api/v1/logout")


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    # without monkeypatch, which belongs to one test: what is set here is taken back at the end
    before = os.environ.pop("AFIELD_RUN", None)
    with hub(tmp_path_factory.mktemp("team") / "w") as found:
        yield found
    if before is not None:
        os.environ["AFIELD_RUN"] = before


@pytest.fixture(scope="module")
def viewer(team):
    return team.stranger(team.invite("vera", "viewer")[1])


@pytest.fixture(scope="module")
def runs(team):
    """Return the ids of the run in `vision`."""
    return [run["id"] for run in team.admin.get("/api/v1/runs").json()["runs"]]


def closed(team) -> list[tuple[str, str]]:
    routes = team.routes()
    assert len(routes) > 250, "the walk found the app"
    return [
        (method, path)
        for method, path, is_open in routes
        if not is_open and path not in OPEN_PAGES and not path.endswith(OPEN_CALLS)
    ]


def spelled(path: str) -> Iterator[str]:
    """Yield other spellings of a path, by which a check of its beginning is evaded elsewhere."""
    yield path + "/"
    yield "/" + path
    yield path.replace("/", "//", 2)
    yield path.upper()
    yield path.replace("/mlflow/", "/MLflow/").replace("/v1/", "/V1/")
    yield "/health/.." + path
    yield "/health/..;" + path
    yield "/login;" + path
    yield path + ";.js"
    yield path + "%00"
    yield path + "?/health"
    yield "/%61" + path[2:]


def is_public_page(answer) -> bool:
    """Tell whether an answer is the page that everybody is given, whatever its address."""
    return answer.headers.get("content-type", "").startswith("text/html")


OPEN = {
    *(("GET", path) for path in OPEN_PAGES - {"/first"}),
    ("GET", "/first"),  # the page itself, which holds nothing of the record
    *(("POST", path) for path in FORMS),
    *(("GET", f"{twin}/3.0/mlflow/server-info") for twin in ("/api", "/ajax-api")),
    ("GET", "/api/v1/login/ways"),
    *(("POST", f"/api/v1/{path}") for path in (
        "claim", "invitations/accept", "login", "login/passkey/begin", "login/passkey/finish",
        "logout", "reset",
    )),
}  # fmt: skip
"""All that anybody may ask. What is new and not decided about appears here, and fails."""


def test_what_is_open_to_everybody_is_this_and_nothing_else(team):
    found = {
        (method, path)
        for method, path, is_open in team.routes()
        if is_open and method != "HEAD" and not path.endswith("/no-such")
    }
    assert found == OPEN
    for method, path, _ in team.routes():
        if path.endswith("/no-such"):
            assert team.stranger().request(method, path).status_code in (401, 404), path


def test_no_answer_is_kept_by_others_guessed_at_or_a_part_of_another_sites_page(team, runs):
    for method, path, _ in team.routes():
        if method != "GET" or path == "/api/v1/events":  # news has no end; test_hub_api has it
            continue
        for client in (team.admin, team.stranger()):
            answer = client.get(path.replace("/first", f"/{runs[0]}"))
            told = answer.headers
            assert answer.status_code < 500, (path, answer.text)
            assert told["x-content-type-options"] == "nosniff", path
            assert told["cross-origin-resource-policy"] == "same-origin", path
            kept = told["cache-control"]
            assert kept.startswith(("no-store", "no-cache", "private")), (path, kept)


def test_nobody_known_gets_no_answer_of_any_route(team):
    stranger, before = team.stranger(), team.position()
    for method, path in closed(team):
        answer = stranger.request(method, path)
        assert answer.status_code in (401, 404, 405), (method, path, answer.text)
    assert team.position() == before


@pytest.mark.parametrize("body", [b"\0", b"[" * 9000, b"{}", b" " * (8 << 20)])
def test_of_what_nobody_known_sends_not_a_byte_is_judged(team, body):
    stranger, headers = team.stranger(), {"content-type": "application/json"}
    for method, path in closed(team):
        is_api = path.startswith("/api/v1/") and method in ("POST", "PATCH", "PUT", "DELETE")
        if is_api and (len(body) < 10_000 or "/runs" in path):
            answer = stranger.request(method, path, content=body, headers=headers)
            assert answer.status_code == 401, (path, answer.text)
            assert answer.json()["code"] == "accounts.login_needed"


def test_nobody_known_gets_no_answer_by_another_method(team):
    stranger, before = team.stranger(), team.position()
    for path in sorted({path for _, path in closed(team)})[::3]:  # all of them take seconds
        for method in METHODS:
            answer = stranger.request(method, path)
            assert 400 <= answer.status_code < 500, (method, path, answer.status_code)
    assert team.position() == before


def test_nobody_known_gets_no_answer_by_another_spelling_of_a_path(team):
    stranger, before = team.stranger(), team.position()
    paths = sorted({path for method, path in closed(team) if method in ("GET", "POST")})
    for path in paths[::11]:  # some of each kind
        for odd in spelled(path):
            for method in ("GET", "POST"):
                whole = str(stranger.base_url).rstrip("/") + odd  # it may begin with //
                answer = stranger.request(method, whole)
                if answer.status_code == 307:  # to the path itself, which is asked for again
                    answer = stranger.request(method, answer.headers["location"])
                fine = 400 <= answer.status_code < 500 or is_public_page(answer)
                assert fine, (method, odd, answer.status_code, answer.text[:200])
    assert team.position() == before


@pytest.mark.parametrize(
    "authorization",
    [
        *("", "Bearer", "Bearer ", "Bearer null", "Bearer afd_", "Bearer " + "a" * 8000),
        *("Basic", "Basic !!!", "Basic Og==", "Basic /w==", "basic", "Digest x", "Negotiate x"),
        "Basic " + base64.b64encode(b"ada:afd_made_up").decode(),
        "Basic " + base64.b64encode(b"ada:correct horse battery").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:\x00").decode(),
        *("Bearer \xe9", "Bearer afd_' OR 1=1 --", "Bearer afd_%"),
    ],
)
def test_a_made_up_credential_is_no_credential(team, authorization):
    headers = [(b"authorization", authorization.encode("latin-1"))]
    for path in ("/api/v1/runs", "/api/2.0/mlflow/experiments/get?experiment_id=0"):
        assert team.stranger().get(path, headers=headers).status_code == 401


@pytest.mark.parametrize(
    "cookie", ["", "\x01", "__Host-afield=", "__Host-afield=x; __Host-afield=y", 'a="', "$" * 4000]
)
def test_a_made_up_cookie_is_no_session(team, cookie):
    headers = {"cookie": cookie.encode("latin-1")}
    for path in ("/api/v1/runs", "/api/2.0/mlflow/experiments/get?experiment_id=0"):
        assert team.stranger().get(path, headers=headers).status_code == 401


def test_a_token_that_was_revoked_opens_no_route(team):
    made = team.admin.post("/api/v1/tokens", json={"name": "x", "days": 1}, headers=team.csrf)
    client = team.stranger(made.json()["token"])
    assert client.get("/api/v1/runs").status_code == 200
    assert client.get("/api/2.0/mlflow/experiments/get?experiment_id=0").status_code == 200
    gone = team.admin.delete(f"/api/v1/tokens/{made.json()['id']}", headers=team.csrf)
    assert gone.status_code in (200, 204), gone.text
    before = team.position()
    for method, path in closed(team):
        answer = client.request(method, path)
        assert answer.status_code in (401, 404, 405), (method, path, answer.text)
    assert team.position() == before


def test_a_token_of_who_left_opens_nothing(team):
    member, token = team.invite("lena", "developer")
    client = team.stranger(token)
    assert client.get("/api/v1/runs").status_code == 200
    left = team.admin.post(f"/api/v1/members/{member}/leave", json={}, headers=team.csrf)
    assert left.status_code == 200, left.text
    for path in ("/api/v1/runs", "/ajax-api/2.0/mlflow/experiments/get?experiment_id=0"):
        assert client.get(path).status_code == 401


def test_a_viewer_changes_nothing_by_any_route_or_method(team, viewer, runs):
    before = team.position()
    for path in sorted({path for _, path in closed(team)}):
        if path.startswith(("/api/v1/tokens", "/api/v1/sessions", "/api/v1/account")):
            continue  # the viewer's own
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            at = path.replace("/first", f"/{runs[0]}")
            answer = viewer.request(method, at, json={"run_id": runs[0], "experiment_id": "0"})
            assert answer.status_code < 500, (method, at, answer.text)
    assert team.position() == before


WRITES = {
    "/mlflow/experiments/create": {"name": "theirs"},
    "/mlflow/experiments/update": {"experiment_id": "0", "new_name": "theirs"},
    "/mlflow/experiments/delete": {"experiment_id": "0"},
    "/mlflow/experiments/set-experiment-tag": {"experiment_id": "0", "key": "k", "value": "v"},
    "/mlflow/runs/create": {"experiment_id": "0"},
    "/mlflow/runs/update": {"run_id": "RUN", "status": "KILLED"},
    "/mlflow/runs/delete": {"run_id": "RUN"},
    "/mlflow/runs/log-parameter": {"run_id": "RUN", "key": "k", "value": "v"},
    "/mlflow/runs/log-metric": {"run_id": "RUN", "key": "k", "value": 1, "timestamp": 1},
    "/mlflow/runs/log-batch": {"run_id": "RUN", "tags": [{"key": "k", "value": "v"}]},
    "/mlflow/runs/set-tag": {"run_id": "RUN", "key": "k", "value": "v"},
    "/mlflow/runs/delete-tag": {"run_id": "RUN", "key": "mlflow.runName"},
    "/mlflow/registered-models/create": {"name": "theirs"},
}


@pytest.mark.parametrize("prefix", ["/api/2.0", "/ajax-api/2.0"])
@pytest.mark.parametrize("path", WRITES)
def test_a_viewers_write_is_refused_though_it_is_well_formed(team, viewer, runs, prefix, path):
    said = {key: runs[0] if value == "RUN" else value for key, value in WRITES[path].items()}
    before = team.position()
    answer = viewer.post(prefix + path, json=said)
    assert answer.status_code == 403, answer.text
    assert answer.json()["error_code"] == "PERMISSION_DENIED"
    assert team.position() == before


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_viewers_file_is_not_taken_and_none_is_taken_away(team, viewer, runs, method):
    before = team.position()
    for path in (f"1/{runs[0]}/artifacts/a.txt", "loose.txt"):
        at = f"/api/2.0/mlflow-artifacts/artifacts/{path}"
        assert viewer.request(method, at, content=b"x").status_code == 403
    assert team.position() == before


def test_a_viewer_reads_what_was_said_and_says_settles_and_judges_nothing(team, viewer, runs):
    about, admin = f"run:{runs[0]}", team.admin
    said = admin.post("/api/v1/threads", json={"about": about, "text": "odd"}, headers=team.csrf)
    (comment,) = said.json()["comments"]
    review = admin.post("/api/v1/reviews", json={"about": about}, headers=team.csrf).json()["id"]
    before = team.position()
    for path, given in (
        ("threads", {"about": about, "text": "seen"}),
        ("threads/resolve", {"about": about, "number": 1}),
        ("reviews", {"about": about}),
        (f"reviews/{review}/verdicts", {"verdict": "approve"}),
    ):
        answer = viewer.post(f"/api/v1/{path}", json=given)
        told = (path, answer.status_code, answer.json()["code"])
        assert told == (path, 403, "members.action_not_allowed")
    assert team.position() == before
    (found,) = viewer.get("/api/v1/threads", params={"about": about}).json()["comments"]
    assert (found["unread"], found["resolved"]) == (True, False)
    assert viewer.post("/api/v1/inbox/read", json={"keys": [found["key"]]}).status_code == 204
    (found,) = viewer.get("/api/v1/threads", params={"about": about}).json()["comments"]
    assert not found["unread"]
    assert not comment["unread"]  # the admin's own words


def test_a_logger_writes_into_own_runs_and_changes_nothing_of_others(team, runs):
    client = team.stranger(team.invite("lou", "logger")[1])
    at = "/api/2.0/mlflow/runs"
    asked = {"experiment_id": "0", "start_time": 1}
    own = client.post(f"{at}/create", json=asked).json()["run"]["info"]["run_id"]
    files = "/api/2.0/mlflow-artifacts/artifacts/1"
    tag = {"key": "k", "value": "v"}
    for run, status in ((own, 200), (runs[0], 403)):
        for call, said in (
            ("set-tag", tag),
            ("delete-tag", {"key": "k"}),
            ("log-batch", {"tags": [tag], "params": [tag]}),
            ("log-parameter", {"key": "p", "value": "1"}),
            ("update", {"status": "FINISHED", "end_time": 2}),
        ):
            answer = client.post(f"{at}/{call}", json={"run_id": run, **said})
            assert answer.status_code == status, (call, answer.text)
        kept = f"{files}/{run}/artifacts/kept.txt"
        assert client.put(kept, content=b"x").status_code == status
        assert client.delete(kept).status_code == 403
        assert client.post(f"{at}/delete", json={"run_id": run}).status_code == 403
    reviewer = team.stranger(team.invite("rea", "reviewer")[1])
    for call, status in (("set-tag", 200), ("log-batch", 403), ("update", 403)):
        answer = reviewer.post(f"{at}/{call}", json={"run_id": runs[0], **tag})
        assert answer.status_code == status, (call, answer.text)


@pytest.mark.parametrize(
    "name", ["x-http-method-override", "x-http-method", "x-method-override", "_method"]
)
def test_no_header_or_field_makes_a_reading_request_a_writing_one(team, name):
    before = team.position()
    path = "/api/2.0/mlflow/experiments/delete?experiment_id=0&_method=POST"
    answer = team.admin.get(path, headers={name: "POST"})
    assert answer.status_code == 404
    assert team.admin.post(
        "/api/v1/runs", headers={**team.csrf, name: "GET"}, json={}
    ).status_code in (404, 405)
    assert team.position() == before


def test_who_is_in_one_project_sees_and_changes_no_other(team, runs):
    client = team.stranger(team.invite("otto", "developer", project="other")[1])
    before = team.position()
    asked = client.get("/api/2.0/mlflow/runs/get", params={"run_id": runs[0]})
    assert asked.status_code in (403, 404)
    assert client.get(f"/api/v1/runs/{runs[0]}").status_code in (403, 404)
    assert client.get("/api/v1/runs").json()["runs"] == []
    said = {"run_id": runs[0], "key": "k", "value": "v"}
    assert client.post("/api/2.0/mlflow/runs/set-tag", json=said).status_code in (403, 404)
    at = f"/api/2.0/mlflow-artifacts/artifacts/1/{runs[0]}/artifacts/a.txt"
    assert client.put(at, content=b"x").status_code == 403
    listed = client.get("/api/2.0/mlflow/experiments/search", params={"max_results": 100}).json()
    names = [one["name"] for one in listed.get("experiments", [])]
    assert not [name for name in names if name.startswith("vision")]
    assert team.position() == before


def test_no_route_tells_who_is_in_one_project_a_word_of_another(team, runs):
    token = team.admin.post("/api/v1/tokens", json={"name": "z"}, headers=team.csrf).json()["token"]
    admin, run = team.stranger(token), runs[0]
    for path, said in (
        ("/api/2.0/mlflow/runs/set-tag", {"run_id": run, "key": "zebra", "value": "zebra"}),
        ("/api/2.0/mlflow/runs/log-parameter", {"run_id": run, "key": "zebra", "value": "1"}),
        (f"/api/v1/runs/{run}/notes", {"text": "zebra"}),
        ("/api/2.0/mlflow/registered-models/create", {"name": "zebra"}),
    ):
        assert admin.post(path, json=said).status_code in (200, 201), path
    at = f"/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/zebra.txt"
    assert admin.put(at, content=b"zebra").status_code == 200
    reader = team.stranger(team.invite("olga", "developer", project="other")[1])
    some = {"run": run, "runs": run, "run_id": run, "metric": "loss", "kind": "tags", "text": "zeb"}
    told = 0
    for method, path, _ in team.routes():
        if method != "GET" or path == "/api/v1/events":
            continue
        where = path.replace("/first", f"/{run}")
        told += "zebra" in admin.get(where, params=some).text
        for more in ({}, some, {"project": "vision", "query": "project = 'vision'"}):
            answer = reader.get(where, params=more)
            assert answer.status_code < 500, (path, answer.text)
            assert "zebra" not in answer.text, (path, more, answer.text[:500])
    assert told > 5, "those who may see it are told"


@pytest.mark.parametrize("more", [{}, {"origin": "https://evil.example"}, {"origin": "null"}])
def test_a_session_writes_nothing_of_mlflows_from_another_site(team, runs, more):
    before = team.position()
    for prefix in ("/api/2.0", "/ajax-api/2.0"):
        for path, said in WRITES.items():
            body = {key: runs[0] if value == "RUN" else value for key, value in said.items()}
            answer = team.admin.post(prefix + path, json=body, headers=more)
            assert answer.status_code == 403, (path, answer.text)
        at = f"{prefix}/mlflow-artifacts/artifacts/1/{runs[0]}/artifacts/a.txt"
        assert team.admin.put(at, content=b"x", headers=more).status_code == 403
    assert team.position() == before


def test_no_token_counts_in_a_url_and_none_is_written_down(team, caplog):
    token = team.invite("tom", "developer")[1]
    for name in ("token", "access_token", "api_key", "authorization"):
        for path in ("/api/v1/runs", "/ajax-api/2.0/mlflow/experiments/get"):
            answer = team.stranger().get(path, params={name: token, "experiment_id": "0"})
            assert answer.status_code == 401
            assert token not in answer.text
    with caplog.at_level("DEBUG", "afield"):
        answer = team.stranger(token).get("/api/2.0/mlflow/runs/get", params={"run_id": "none"})
    assert answer.status_code == 404
    assert token not in caplog.text
    assert token not in answer.text


def test_an_answer_to_another_site_is_never_shared_with_it(team):
    headers = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    for path in ("/api/v1/runs", "/api/2.0/mlflow/runs/create", "/health"):
        for method in ("OPTIONS", "GET"):
            answer = team.stranger().request(method, path, headers=headers)
            assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert team.stranger().get("/health", headers={"x-forwarded-host": "evil"}).status_code == 200
    assert URL not in team.stranger().get("/health", headers={"host": "evil.example"}).text


def test_a_request_that_hides_another_one_in_its_body_is_refused_and_hung_up_on(team):
    hidden = b"0\r\n\r\nGET /api/v1/runs HTTP/1.1\r\n\r\n"
    headers = {"transfer-encoding": "chunked", "content-length": str(len(hidden)), **team.csrf}
    answer = team.admin.post("/api/v1/runs/first/notes", content=hidden, headers=headers)
    assert (answer.status_code, answer.headers["connection"]) == (403, "close")
