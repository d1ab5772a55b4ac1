"""Webhooks: who is told, how it is signed, and where nothing is ever sent to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from afield.hub.app import inner_app
from afield.hub.asgi import AsCaller
from afield.members.caller import Caller
from afield.mlflow_rest.app import routes
from afield.mlflow_rest.errors import Rest
from afield.mlflow_rest.webhooks.address import Allowed, Forbidden
from afield.mlflow_rest.webhooks.delivery import Sender
from afield.mlflow_rest.webhooks.kept import ACTIVE, FILE, Event, Webhook, Webhooks, opened
from afield.mlflow_rest.webhooks.waiting import Delivery, Waiting

HERE = ("127.0.0.0/8",)
SECRET = "only-the-receiver-knows"  # noqa: S105 - made up
MADE = {"entity": "REGISTERED_MODEL", "action": "CREATED"}


@pytest.fixture
def receiver():
    """A server that keeps what it is sent, and answers with the next of `answers`, then 200."""
    got: queue.Queue = queue.Queue()
    answers: list[tuple[int, dict]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            text = self.rfile.read(int(self.headers["content-length"])).decode()
            status, more = answers.pop(0) if answers else (200, {})
            got.put((self.path, dict(self.headers), text))
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    server.got, server.answers = got, answers
    server.url = f"http://127.0.0.1:{server.server_port}/in"
    yield server
    server.shutdown()
    server.server_close()


def _webhook(url, *events):
    return Webhook("", "w", url, tuple(Event(*each) for each in events), ACTIVE, None, 1, 1)


def test_what_the_registry_does_is_told_signed_as_mlflow_signs_and_the_secret_stays(
    http, receiver, tmp_path
):
    inner = Starlette(routes=routes(http.hosted, private=HERE))
    app = AsCaller(inner, Caller.local(http.hosted.record.journal.member))
    at = "/api/2.0/mlflow"
    with TestClient(app, base_url="http://127.0.0.1") as client:
        asked = {"name": "w", "url": receiver.url, "events": [MADE], "secret": SECRET}
        made = client.post(f"{at}/webhooks", json=asked)
        assert made.status_code == 200, made.text
        known = made.json()["webhook"]["webhook_id"]
        model = {"name": "m", "tags": [{"key": "a", "value": "b"}]}
        assert client.post(f"{at}/registered-models/create", json=model).status_code == 200
        path, headers, text = receiver.got.get(timeout=60)
        told = json.loads(text)
        assert (path, told["entity"], told["action"]) == ("/in", "registered_model", "created")
        assert told["data"] == {"name": "m", "tags": {"a": "b"}, "description": None}
        signed = f"{headers['X-MLflow-Delivery-Id']}.{headers['X-MLflow-Timestamp']}.{text}"
        wanted = hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).digest()
        assert headers["X-MLflow-Signature"] == "v1," + base64.b64encode(wanted).decode()
        prompt = {"name": "p", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]}
        client.post(f"{at}/registered-models/create", json=prompt)  # another event: not wanted
        tried = client.post(f"{at}/webhooks/{known}/test", json={}).json()["result"]
        assert tried == {"success": True, "response_status": 200, "response_body": "ok"}
        assert json.loads(receiver.got.get(timeout=60)[2])["data"]["name"] == "example_model"
        answers = [client.get(f"{at}/webhooks"), client.get(f"{at}/webhooks/{known}"), made]
        assert all(SECRET not in answer.text for answer in answers)
    folder = tmp_path / "w" / ".afield"
    kept = [path for path in folder.rglob("*") if path.is_file()]
    assert folder / "webhooks.sqlite" in kept
    assert all(SECRET.encode() not in path.read_bytes() for path in kept)


def test_a_delivery_that_fails_is_tried_again_and_a_redirect_is_not_followed(receiver, tmp_path):
    kept = Webhooks(str(tmp_path))
    sender = Sender(kept, Allowed(HERE), first_wait_s=0.01)
    event = Event("MODEL_VERSION", "CREATED")
    kept.add(_webhook(receiver.url, ("MODEL_VERSION", "CREATED")), None)
    receiver.answers[:] = [(500, {}), (429, {})]
    sender.keep(event, {"name": "m"})()
    got = [receiver.got.get(timeout=60) for _ in range(3)]
    assert len({headers["X-MLflow-Delivery-Id"] for _, headers, _ in got}) == 1
    assert all("X-MLflow-Signature" not in headers for _, headers, _ in got)
    (webhook,) = kept.page(1, 0)
    receiver.answers[:] = [(302, {"location": receiver.url + "/elsewhere"})]
    found = sender.now(webhook.id, event, {})
    assert (found.status, found.good, found.may_pass) == (302, False, False)
    assert receiver.got.get(timeout=60)[0] == "/in"
    assert receiver.got.empty()


def test_what_waits_when_a_server_stops_or_is_killed_is_delivered_once_by_the_next(
    receiver, tmp_path
):
    kept, event = Webhooks(str(tmp_path)), Event("MODEL_VERSION", "CREATED")
    made = kept.add(_webhook(receiver.url, ("MODEL_VERSION", "CREATED")), None)
    receiver.answers[:] = [(503, {})]
    stopped = Sender(kept, Allowed(HERE), first_wait_s=3600)
    stopped.keep(event, {"name": "m"})()
    _, headers, text = receiver.got.get(timeout=60)
    stopped.close()
    killed = Waiting(str(tmp_path), held_s=0.2)  # held by a process that says no more
    killed.add(Delivery("of-the-killed", made.id, "{}"))
    nexts = [Sender(kept, Allowed(HERE)) for _ in range(2)]  # of two workers
    for each in nexts:
        each.resume()
    got = {}
    for _ in range(2):
        _, said, body = receiver.got.get(timeout=60)
        got[said["X-MLflow-Delivery-Id"]] = body
    assert got == {headers["X-MLflow-Delivery-Id"]: text, "of-the-killed": "{}"}
    for each in nexts:
        each.close()
    assert receiver.got.empty()
    assert Waiting(str(tmp_path), held_s=0).take() == []


def test_a_server_that_begins_goes_on_with_what_the_one_before_left(http, receiver):
    caller = Caller.local(http.hosted.record.journal.member)

    def server():
        app = AsCaller(inner_app(http.hosted, private=HERE), caller)
        return TestClient(app, base_url="http://127.0.0.1")

    at = "/api/2.0/mlflow"
    receiver.answers[:] = [(503, {})]  # tried again in a second or two: not by this one
    with server() as client:
        client.post(f"{at}/webhooks", json={"name": "w", "url": receiver.url, "events": [MADE]})
        client.post(f"{at}/registered-models/create", json={"name": "m"})
        _, first, text = receiver.got.get(timeout=60)
    with server():
        _, again, same = receiver.got.get(timeout=60)
    assert (first["X-MLflow-Delivery-Id"], text) == (again["X-MLflow-Delivery-Id"], same)


def test_no_more_deliveries_wait_than_there_may(tmp_path):
    waiting = Waiting(str(tmp_path))
    with opened(str(tmp_path / FILE)) as database:
        assert waiting.add(Delivery("first", "w", "{}"))
        sql = (
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999)"
            " INSERT INTO delivery SELECT i, 'w', '{}', 0, 0, 'x', 0 FROM n"
        )
        database.execute(sql)
    assert not waiting.add(Delivery("one more", "w", "{}"))
    assert waiting.take() == []  # from 1970: nobody wants to hear of it now
    assert waiting.add(Delivery("one more", "w", "{}"))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",  # in the clear
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a9fe:a9fe]/",  # 169.254.169.254 behind NAT64
        "https://[2002:7f00:1::]/",  # 127.0.0.1 behind 6to4
        "https://[fe80::1%25eth0]/",
        "https://[fc00::1]/",
        "https://0.0.0.0/",
        "https://10.1.2.3/",
        "https://100.64.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://192.168.0.1/",
        "https://224.0.0.1/",
        "https://localhost/",
        "https://a.localhost/",
        "https://metadata.google.internal/",
        "https://user:pass@example.org/",
        "https://example.org\\@127.0.0.1/",
        "https://example.org/a\r\nHost: b",
        "file:///etc/passwd",
        "gopher://example.org/",
        "https:///x",
    ],
)
def test_no_webhook_leads_into_this_machine_or_its_network(url):
    with pytest.raises(Rest):
        Allowed().checked(url)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "localhost"])
def test_a_name_is_judged_by_what_it_is_when_something_is_sent(host, tmp_path):
    with pytest.raises((Forbidden, OSError)):
        Allowed().resolved(host, 443, plain=False)
    kept = Webhooks(str(tmp_path))
    made = kept.add(_webhook(f"https://{host}/", ("MODEL_VERSION", "CREATED")), None)
    found = Sender(kept, Allowed()).now(made.id, made.events[0], {})
    assert not found.good
    assert found.error


def test_what_the_admin_allows_is_allowed_and_nothing_more():
    allowed = Allowed(["10.1.0.0/16"])
    assert allowed.allows(ip_address("10.1.2.3"))
    assert not allowed.allows(ip_address("10.2.0.1"))
    assert allowed.allows(ip_address("93.184.216.34"))
    assert allowed.allows(ip_address("64:ff9b::5db8:d822"))  # the same behind NAT64
    with pytest.raises(Forbidden):  # in the clear only into what is allowed
        allowed.resolved("93.184.216.34", 80, plain=True)
