"""What is checked of every answer to schemathesis, which loads this file by SCHEMATHESIS_HOOKS."""

from __future__ import annotations

import os

import schemathesis

if os.environ.get("AFIELD_FUZZ_AS") == "nobody":

    @schemathesis.check
    def nobody_known_is_told_anything(ctx, response, case):
        if response.content != b"Invalid HTTP request received.":  # before any of our code
            assert response.status_code in (401, 404, 405, 413), response.status_code


@schemathesis.check
def no_answer_is_a_page_or_kept_by_others(ctx, response, case):
    headers = {name.lower(): values[0] for name, values in response.headers.items()}
    if response.status_code == 400 and "x-content-type-options" not in headers:
        assert response.content == b"Invalid HTTP request received."
        return
    assert headers["x-content-type-options"] == "nosniff"
    assert not headers.get("content-type", "").startswith("text/html")
    assert headers["cache-control"].startswith(("no-store", "no-cache", "private"))
    assert "access-control-allow-origin" not in headers
