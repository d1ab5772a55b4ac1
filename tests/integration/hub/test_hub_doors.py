"""Who gets in: every route with its action, other hosts and other sites, the written contract."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from afield.hub import page
from afield.hub.api.app import openapi, routers
from afield.hub.api.asking import Needs
from afield.hub.app import routes_of
from afield.hub.health import OPEN_TO_ALL

NOTES = "/api/v1/runs/first/notes"
CONTRACT = Path(__file__).parents[3] / "docs" / "reference" / "openapi.json"


def test_every_route_of_the_api_asks_whether_its_caller_may(hosted):
    routes = [route for router in routers() for route in router.routes]
    assert {route.path for route in routes} == set(openapi(hosted)["paths"])
    for route in routes:
        asked = [found.call for found in route.dependant.dependencies]
        assert any(isinstance(call, Needs) for call in asked), route.path


def test_every_other_route_has_an_action_or_is_open_on_purpose(hosted):
    for route in routes_of(hosted):
        if not isinstance(route, Mount):
            action = getattr(route, "afield_action", None)
            assert action is not None or route.path in OPEN_TO_ALL, route.path


def test_the_contract_in_the_docs_is_that_of_the_app(hosted):
    assert json.loads(CONTRACT.read_text(encoding="utf-8")) == openapi(hosted), "make openapi"


@pytest.mark.parametrize("path", ["/health", "/ready"])
def test_health_is_told_to_whoever_asks_here(client, path):
    assert client.get(path).text == "OK"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:5151", "", "[::2]"]
)
def test_a_name_that_is_not_this_machine_is_refused(client, host):
    answer = client.get("/api/v1/runs", headers={"host": host})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


@pytest.mark.parametrize("host", ["127.0.0.1:5151", "localhost:5151", "LOCALHOST", "[::1]:5151"])
def test_this_machine_is_known_by_its_names(client, host):
    assert client.get("/api/v1/runs", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:5152"},
        {"origin": "https://127.0.0.1:5151"},
        {"sec-fetch-site": "cross-site"},
    ],
)
def test_a_page_of_another_site_writes_nothing(client, headers):
    answer = client.post("/api/v1/runs/first/notes", json={"text": "owned"}, headers=headers)
    assert answer.status_code == 403
    assert client.get("/api/v1/runs/first").json()["notes"] == []


def test_a_page_of_ours_writes(client):
    headers = {"origin": "http://127.0.0.1:5151", "sec-fetch-site": "same-origin"}
    answer = client.post("/api/v1/runs/first/notes", json={"text": "mine"}, headers=headers)
    assert answer.status_code == 201


def test_a_body_over_the_bound_is_refused_however_it_comes(client):
    text = b"x" * (4 << 20)
    whole = client.post(NOTES, content=b'{"text": "' + text + b'"}')
    parts = client.post(NOTES, content=iter([b'{"text": "', text, b'"}']))
    for answer in (whole, parts):
        assert (answer.status_code, answer.json()["code"]) == (413, "http.too_large")
    odd = client.post(NOTES, content=b"{}", headers={"content-length": "-1"})
    assert odd.status_code == 413
    assert client.get("/api/v1/runs/first").json()["notes"] == []


def test_the_page_says_how_it_is_built_and_gives_nothing_else_away(client, tmp_path):
    not_built = Starlette(routes=page.routes(tmp_path / "none"))
    with TestClient(not_built) as unbuilt:
        answer = unbuilt.get("/", headers={"accept": "text/html"})
    assert "make ui" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    outside = ("/..%2f..%2fserve.py", "/%2e%2e/serve.py", "/..\\serve.py", "/a%00b", "//etc/passwd")
    for path in outside:
        found = client.get(path)
        assert found.status_code == 404, path
        assert "import" not in found.text


def test_a_built_file_that_the_browser_has_is_not_sent_again(tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>page</title>", encoding="utf-8")
    (tmp_path / "assets" / "a-1.js").write_text("one()", encoding="utf-8")
    (tmp_path / "assets" / "a-1.js.gz").write_bytes(gzip.compress(b"one()"))
    with TestClient(Starlette(routes=page.routes(tmp_path))) as client:
        tags = set()
        for path, coding in (
            ("/runs", "identity"),
            ("/assets/a-1.js", "identity"),
            ("/assets/a-1.js", "gzip"),
        ):
            asked = {"accept": "text/html", "accept-encoding": coding}
            first = client.get(path, headers=asked)
            tags.add(first.headers["etag"])
            for known in (first.headers["etag"], f'"other", W/{first.headers["etag"]}', "*"):
                again = client.get(path, headers={**asked, "if-none-match": known})
                assert (again.status_code, again.content) == (304, b"")
                for name in ("etag", "cache-control", "content-security-policy"):
                    assert again.headers[name] == first.headers[name]
                assert again.headers.get("vary") == first.headers.get("vary")
            assert client.get(path, headers={**asked, "if-none-match": '"other"'}).content
        assert len(tags) == 3, "a packed file is another one"
        (tmp_path / "index.html").write_text("<!doctype html><title>new page</title>")
        html = {"accept": "text/html", "if-none-match": ", ".join(tags)}
        assert client.get("/runs", headers=html).status_code == 200


def test_a_built_page_is_served_with_its_types_and_kept_only_where_its_name_tells(tmp_path):
    built = tmp_path / "built"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text("<!doctype html><title>page</title>", encoding="utf-8")
    (built / "assets" / "a-1.js").write_text("one()", encoding="utf-8")
    (built / "assets" / "a-1.js.gz").write_bytes(gzip.compress(b"one()"))
    (tmp_path / "secret.js").write_text("secret", encoding="utf-8")
    (built / "out.js").symlink_to(tmp_path / "secret.js")
    with TestClient(Starlette(routes=page.routes(built))) as client:
        html = {"accept": "text/html"}
        for path in ("/", "/runs", "/runs/a.b/c"):
            answer = client.get(path, headers=html)
            assert "<title>page</title>" in answer.text
            assert answer.headers["cache-control"] == "no-cache"
        script = client.get("/assets/a-1.js")
        assert (script.text, script.headers["content-encoding"]) == ("one()", "gzip")
        assert "immutable" in script.headers["cache-control"]
        assert script.headers["content-type"].startswith("text/javascript")
        plain = client.get("/assets/a-1.js", headers={"accept-encoding": "identity"})
        assert (plain.text, "content-encoding" in plain.headers) == ("one()", False)
        for path in ("/out.js", "/api/v2/x", "/ajax-api/x", "/assets/none.js"):
            assert client.get(path, headers={"accept": "*/*"}).status_code == 404, path
        assert client.get("/api/v2/x", headers=html).status_code == 404
