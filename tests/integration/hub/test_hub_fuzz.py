"""Whatever is asked of the API: an answer, or a refusal that says why; never a fault of ours.

Requests are made from the committed contract: parameters and bodies that fit it, and odd ones.
"""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recorded_work import recorded
from starlette.testclient import TestClient

from afield.hub.app import local_app
from afield.workspace.hosted import Hosted

CONTRACT = json.loads(
    (Path(__file__).parents[3] / "docs" / "reference" / "openapi.json").read_text(encoding="utf-8")
)
OPERATIONS = [
    (method, path, operation)
    for path, operations in CONTRACT["paths"].items()
    for method, operation in operations.items()
]
ODD = st.one_of(
    st.sampled_from(
        [
            *("", " ", "\0", "../..", "%2e%2e%2f", "é\ud800", "/", "[]", "a" * 5_000),
            *("-1", "0", "NaN", "1e400", "9" * 400, "data@9999999999999", "data@0"),
            *("' OR 1=1 --", "name = 'x' order by", "name ilike '%%%%%_%%%'", "((" * 999),
            *("2026-01-01", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59+14:00"),
        ]
    ),
    st.text(max_size=40),
    st.integers().map(str),
    st.floats().map(str),
)
RUNS = ["maker", "trained", "trained-again", "none"]
VERSIONS = ["table", "table@1", "table@latest", "table@9", "none"]
KNOWN = {
    "run": RUNS,
    "against": RUNS,
    "version": VERSIONS,
    "other": VERSIONS,
    "metric": ["loss", "none"],
    "path": ["table.csv", "train.py", "model.txt", "none"],
    "kind": ["code", "input", "output", "saved", "params", "metrics", "tags", "projects"],
    "by": ["project", "params.lr", "tags.stage", "user"],
    "text": ["trained", "plateau"],
    "query": ["", "status = 'finished'", "name ilike 'trained%' order by started", "x ="],
}


def resolved(schema):
    if "$ref" in schema:
        return CONTRACT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


PLAIN = {
    "boolean": st.booleans(),
    "null": st.none(),
    "number": st.floats(allow_nan=False, allow_infinity=False),
}


def fitting(schema):
    """Return values of a schema's type, near its bounds too."""
    schema = resolved(schema)
    kind = schema.get("type")
    if "anyOf" in schema:
        found = st.one_of([fitting(one) for one in schema["anyOf"]])
    elif "enum" in schema:
        found = st.sampled_from(schema["enum"])
    elif kind == "integer":
        found = st.integers(schema.get("minimum", -(2**70)), schema.get("maximum", 2**70))
    elif kind == "array":
        found = st.lists(fitting(schema.get("items", {})), max_size=3)
    elif kind == "object" and "properties" in schema:
        fields = {
            name: st.lists(st.sampled_from(RUNS), max_size=3) if name == "runs" else fitting(one)
            for name, one in schema["properties"].items()
        }
        found = st.fixed_dictionaries({}, optional=fields)
    elif kind == "object":
        found = st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=3)
    else:
        found = PLAIN.get(kind, st.text(max_size=40))
    return found


def plain(value):
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).encode("utf-8", "replace").decode()


@st.composite
def requests(draw, path, operation):
    """Return a path, query pairs, and a body or None."""
    query = []
    for parameter in operation.get("parameters", ()):
        name, schema = parameter["name"], parameter.get("schema", {})
        value = draw(st.one_of(fitting(schema), ODD))
        if name in KNOWN and draw(st.integers(0, 3)):
            value = draw(st.sampled_from(KNOWN[name]))
            if schema.get("type") == "array":
                value = draw(st.lists(st.sampled_from(KNOWN[name]), min_size=1, max_size=3))
        if parameter["in"] == "path":
            path = path.replace(f"{{{name}}}", quote(plain(value), safe=""))
        elif parameter["in"] == "query" and (parameter["required"] or draw(st.booleans())):
            values = value if isinstance(value, list) else [value]
            query += [(name, plain(one)) for one in values if one is not None]
    body = None
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        odd = st.sampled_from([b"", b"{", b"[]", b"null", b'{"text": 1}', b"[" * 5000, b"\xff"])
        sound = fitting(schema).map(lambda value: json.dumps(value).encode())
        body = draw(st.one_of(sound, sound, odd))
    return path, query, body


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """Return what sends a request about recorded runs; streams of news end at once."""
    with (
        Hosted(recorded(tmp_path_factory.mktemp("fuzz") / "work")) as hosted,
        TestClient(local_app(hosted), base_url="http://127.0.0.1:5151") as client,
    ):
        hosted.is_ending = True
        yield client.request


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [pytest.param(*one, id=f"{one[0]} {one[1]}") for one in OPERATIONS],
)
def test_no_request_meets_a_fault_of_ours(asked, method, path, operation):
    @settings(
        max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(requests(path, operation))
    def ask(request):
        where, query, body = request
        headers = {} if body is None else {"content-type": "application/json"}
        answer = asked(method, f"/api/v1{where}", params=query, content=body, headers=headers)
        assert answer.status_code < 500, answer.text
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["code"]
            assert answer.json()["title"]

    ask()
