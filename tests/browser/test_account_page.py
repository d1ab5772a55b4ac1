"""The page of a hub: who has an account logs in, writes, sets up a second factor and is told."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from afield.hub.accounts import totp
from afield.hub.page import BUILT
from afield.runs.record import end_run, start_run
from afield.workspace.workspace import Workspace

PASSWORD = "correct horse battery"  # noqa: S105 - made up
TIMEOUT_MS = 30_000


@contextmanager
def served_hub(folder, more=""):
    """Yield the address of `afield hub` on a record with two runs, and its first code."""
    if not (BUILT / "index.html").is_file():
        pytest.skip("not run: the built page is not here (make ui)")
    with Workspace.init(folder / "work") as workspace:
        for name in ("otter", "heron"):
            run = start_run(workspace.record, kind="python", name=name, project="vision")
            end_run(workspace.record, run, status="finished", exit_code=0)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://localhost:{port}"  # passkeys are for names
    (folder / "hub.toml").write_text(
        f'url = "{url}"\nworkspace = "work"\n[listen]\nport = {port}\n[log]\njson = false\n'
        f'[webhooks]\nprivate = ["127.0.0.0/8"]\n{more}'
    )
    words = [sys.executable, "-m", "afield", "hub", "--config", str(folder / "hub.toml")]
    said = []
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        ready = threading.Event()

        def hear():
            for line in process.stderr:
                said.append(line)
                if re.search(r"/claim#\S+", line):
                    ready.set()

        threading.Thread(target=hear, daemon=True).start()
        try:
            assert ready.wait(60), said
            yield url, re.search(r"/claim#(\S+)", "".join(said))[1]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """Yield the address of a hub, and its first code."""
    with served_hub(tmp_path_factory.mktemp("hub")) as found:
        yield found


@pytest.fixture
def opened(browser, hub):
    """Return what opens a page of the hub in a browser of its own, logged in as nobody yet."""
    contexts, faults = [], []

    def visit(path, **how):
        context = browser.new_context(base_url=hub[0], **how)
        context.set_default_timeout(TIMEOUT_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.on(
            "console",
            lambda told: (
                faults.append(told.text)
                if told.type == "error" and "status of 4" not in told.text
                else None
            ),
        )
        page.goto(path)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert not faults


def log_in(page, name, password=PASSWORD, code=""):
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    if code:
        page.get_by_label("Code of your second factor").fill(code)
    page.get_by_role("button", name="Log in", exact=True).click()


@pytest.fixture(scope="module")
def people(hub):
    """Return nothing, once Ann has claimed the hub and Eve, a viewer, and Dan are let in."""
    import httpx2

    url, claim = hub
    with httpx2.Client(base_url=url, headers={"origin": url}) as client:
        body = {"code": claim, "username": "ann", "password": PASSWORD}
        csrf = client.post("/api/v1/claim", json=body).json()["csrf"]
        for name, role in (("eve", "viewer"), ("dan", "developer")):
            roles = [{"role": role, "project": "*"}]
            made = client.post(
                "/api/v1/members",
                json={"username": name, "roles": roles},
                headers={"x-afield-csrf": csrf},
            )
            assert made.status_code == 201, made.text
            with httpx2.Client(base_url=url, headers={"origin": url}) as other:
                said = {"code": made.json()["code"], "password": PASSWORD}
                assert other.post("/api/v1/invitations/accept", json=said).status_code == 200


def test_who_is_not_logged_in_comes_back_to_where_they_were_going(opened, people):
    page = opened("/runs?q=name%20%3D%20'otter'")
    page.wait_for_url("**/login")
    log_in(page, "dan")
    page.wait_for_url("**/runs?q=*")
    page.get_by_role("link", name="otter").first.wait_for()
    page.get_by_role("link", name="heron").wait_for(state="detached")


def test_what_is_written_on_the_page_is_kept_also_after_another_login(opened, people):
    from playwright.sync_api import expect

    page = opened("/login")
    log_in(page, "dan")
    page.wait_for_url("**/runs")
    page.goto("/runs/otter?tab=talk")
    say = page.get_by_label("A comment")
    say.fill("the seed is fixed")
    say.press("Control+Enter")
    page.get_by_role("listitem").filter(has_text="the seed is fixed").wait_for()
    expect(say).to_have_value("")
    other = page.context.new_page()  # the same browser logs in anew: its word is another now
    other.goto("/login")
    log_in(other, "dan")
    other.wait_for_url("**/runs")
    other.close()
    say.fill("and so is the split")
    say.press("Control+Enter")
    page.get_by_role("listitem").filter(has_text="and so is the split").wait_for()


def test_a_viewer_reads_and_is_told_that_no_more_is_theirs(opened, people):
    page = opened("/login")
    log_in(page, "eve")
    page.wait_for_url("**/runs")
    page.get_by_role("link", name="otter").first.wait_for()
    page.goto("/work")
    page.get_by_text("Your role lets you read, not").first.wait_for()
    page.goto("/account")
    page.get_by_role("heading", name="Sessions").wait_for()


def test_a_way_to_be_told_is_added_tried_and_taken_away(opened, people, axe):
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        page = opened("/login")
        log_in(page, "eve")
        page.wait_for_url("**/runs")
        page.get_by_role("link", name="eve", exact=True).click()
        told = page.get_by_role("region", name="Being told")
        told.get_by_label("Address that posts go to").fill(f"http://127.0.0.1:{server.server_port}")
        told.get_by_role("button", name="Add").click()
        told.get_by_text(re.compile(r"whsec_")).wait_for()
        told.get_by_text("nothing was brought yet").wait_for()
        assert not axe(page)
        told.get_by_role("button", name="Try it").click()
        told.get_by_text("took something").wait_for()
        assert b"afield.hello" in got[0]
        told.get_by_role("button", name="Remove").click()
        told.get_by_text("took something").wait_for(state="detached")
    finally:
        server.shutdown()
        server.server_close()


def shown_codes(factor):
    """Type the code of an app that knows the secret; return the recovery codes."""
    secret = factor.get_by_label("The secret", exact=True).inner_text().strip()
    code = totp.code_at(secret, int(time.time()) // totp.STEP_S)
    factor.get_by_label("Code that the app shows").fill(code)
    factor.get_by_role("button", name="Ask for codes from now on").click()
    recovery = factor.get_by_label("Recovery codes").inner_text().split()
    assert len(recovery) == 10
    return recovery


def test_a_second_factor_is_set_up_asked_for_and_a_session_elsewhere_ended(opened, people, axe):
    elsewhere = opened("/login")
    log_in(elsewhere, "ann")
    elsewhere.wait_for_url("**/runs")
    page = opened("/login")
    log_in(page, "ann")
    page.wait_for_url("**/runs")
    page.goto("/account")
    factor = page.get_by_role("region", name="Second factor")
    factor.get_by_role("button", name="Set it up").click()
    factor.get_by_role("img", name="The secret as a picture to scan").wait_for()
    assert not axe(page)
    recovery = shown_codes(factor)
    elsewhere.reload()
    elsewhere.wait_for_url("**/login")
    tokens = page.get_by_role("region", name="Tokens")
    tokens.get_by_label("What it is for").fill("nightly")
    tokens.get_by_role("button", name="Make a token").click()
    tokens.get_by_text(re.compile(r"afd_")).wait_for()
    tokens.get_by_role("button", name="Revoke").click()
    tokens.get_by_role("button", name="Revoke").wait_for(state="detached")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login")
    log_in(page, "ann")
    page.get_by_text("Your account has a second factor").wait_for()
    log_in(page, "ann", code=recovery[0])
    page.locator(".nav-me").wait_for()


def test_a_passkey_of_the_browser_is_added_and_removed(opened, people):
    page = opened("/login")
    log_in(page, "dan")
    page.wait_for_url("**/runs")
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": device})
    page.goto("/account")
    keys = page.get_by_role("region", name="Passkeys")
    keys.get_by_label("What you call it").fill("my laptop")
    keys.get_by_role("button", name="Add a passkey").click()
    keys.get_by_role("listitem").filter(has_text="my laptop").wait_for()
    keys.get_by_role("button", name="Remove").click()
    keys.get_by_role("listitem").first.wait_for(state="detached")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_account_fits_a_phone(opened, people, scheme):
    page = opened("/login", color_scheme=scheme, viewport={"width": 390, "height": 800})
    log_in(page, "dan")
    page.wait_for_url("**/runs")
    page.goto("/account")
    page.get_by_role("heading", name="Tokens").wait_for()
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0


def test_where_a_second_factor_is_asked_for_it_is_set_up_before_all_else(opened, tmp_path):
    with served_hub(tmp_path, "[access]\nrequire_second_factor = true\n") as (url, claim):
        page = opened(f"{url}/claim#{claim}")
        page.get_by_label("Name").fill("ann")
        page.get_by_label("New password").fill(PASSWORD)
        page.get_by_role("button", name="Make the account").click()
        page.wait_for_url("**/runs")
        page.get_by_role("link", name="Set it up").first.click()
        page.get_by_text("lets nobody in with a password alone").wait_for()
        assert page.get_by_role("region", name="Tokens").count() == 0
        factor = page.get_by_role("region", name="Second factor")
        factor.get_by_role("button", name="Set it up").click()
        shown_codes(factor)
        page.get_by_role("region", name="Tokens").wait_for()
        page.goto(f"{url}/runs")
        page.get_by_role("link", name="otter").first.wait_for()
