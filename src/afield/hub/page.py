"""The page: built files that lie in `built/` beside this module, and what is said without them.

Paths without a file are the page's own addresses: its script reads them. What is the API's or
another protocol's is never answered with a page.
"""

from __future__ import annotations

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

BUILT = Path(__file__).parent / "built"
CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
    " font-src 'self'; connect-src 'self'; frame-src 'self'; manifest-src 'self';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CONTENT_SECURITY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Afield</title>
<h1>The page is not built</h1>
<p>This copy of Afield runs from its sources. To build the page: <code>make ui</code></p>
<p>The API answers all the same: <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>,
<a href="/api/v1/runs">/api/v1/runs</a>.</p>
</html>
"""
_NOT_OURS = ("api/", "ajax-api/", "get-artifact", "model-versions/", "graphql", "metrics")
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
"""By name, and not by the machine's own list: some say that a script is plain text."""

_PACKED = (("br", ".br"), ("gzip", ".gz"))
_FOR_EVER = "public, max-age=31536000, immutable"


def routes(folder: Path = BUILT) -> list[Route]:
    """Return the one route, which is to be asked last."""

    async def page(request: Request) -> Response:
        path = request.path_params["path"]
        if path.startswith(_NOT_OURS):
            raise HTTPException(404)
        found = _file(folder, path)
        if found is not None:
            return _answer(request, found, folder)
        if path and "text/html" not in request.headers.get("accept", ""):
            raise HTTPException(404)
        index = folder / "index.html"
        if not index.is_file():
            return HTMLResponse(NOT_BUILT, 200 if not path else 404, headers=HEADERS)
        return _sent(request, index, {**HEADERS, "cache-control": "no-cache"}, _TYPES[".html"])

    return [Route("/{path:path}", page)]


def _file(folder: Path, path: str) -> Path | None:
    """Return a built file; None where there is none, or the path leads out of the folder."""
    if not path or "\0" in path or "\\" in path:
        return None
    try:
        found = (folder / path).resolve()
        return found if found.is_relative_to(folder.resolve()) and found.is_file() else None
    except OSError:  # longer than any file's name is here
        return None


def _answer(request: Request, found: Path, folder: Path) -> Response:
    """Answer with a file, packed when it was packed as it was built and the client can unpack."""
    hashed = found.parent == (folder / "assets").resolve()
    headers = {**HEADERS, "cache-control": _FOR_EVER if hashed else "no-cache"}
    type_ = _TYPES.get(found.suffix, "application/octet-stream")
    accepted = request.headers.get("accept-encoding", "")
    for coding, suffix in _PACKED:
        packed = found.with_name(found.name + suffix)
        if coding in accepted and packed.is_file():
            headers |= {"content-encoding": coding, "vary": "accept-encoding"}
            return _sent(request, packed, headers, type_)
    return _sent(request, found, headers, type_)


def _sent(request: Request, file: Path, headers: dict[str, str], type_: str) -> Response:
    """Send a file; 304 without it when the client has these bytes (RFC 9110, 13.1.2)."""
    response = FileResponse(file, headers=headers, media_type=type_, stat_result=file.stat())
    tag = response.headers["etag"]
    known = {
        each.strip().removeprefix("W/")
        for each in request.headers.get("if-none-match", "").split(",")
    }
    if tag in known or "*" in known:
        return Response(status_code=304, headers={**headers, "etag": tag})
    return response
