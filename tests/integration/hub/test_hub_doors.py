"""Who gets in: every route with its action, other hosts and other sites, the written contract."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.routing import Mount

from afield.hub.api.app import openapi, routers
from afield.hub.api.asking import Needs
from afield.hub.app import routes_of
from afield.hub.health import OPEN_TO_ALL

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
