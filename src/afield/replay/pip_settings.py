"""Where packages come from, as this person has told pip, said in the words of uv.

uv reads its own settings by itself; only where it has none are pip's taken over: `PIP_*`
variables, then pip's configuration files, user before site. Nothing is read from the network
and nothing is changed.
"""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

_UV_INDEX = ("UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS")
_LISTS = {
    "extra-index-url": "--extra-index-url",
    "find-links": "--find-links",
    "trusted-host": "--allow-insecure-host",
}
_TRUE = frozenset(("1", "true", "yes", "on"))


def uv_arguments(environ: Mapping[str, str], home: Path, prefixes: Iterable[str] = ()) -> list[str]:
    """Return the uv arguments that stand for the person's pip settings.

    Args:
        environ: the person's variables.
        home: their home folder.
        prefixes: environments whose own `pip.conf` counts too.

    Returns:
        An empty list when uv has been told about indexes itself.
    """
    if any(environ.get(name) for name in _UV_INDEX) or _uv_has_index(environ, home):
        return []
    found = _from_files(environ, home, prefixes) | _from_variables(environ)
    arguments: list[str] = []
    if index := found.get("index-url", "").strip():
        arguments += ["--index-url", index]
    if found.get("no-index", "").strip().lower() in _TRUE:
        arguments += ["--no-index"]
    for name, flag in _LISTS.items():
        for value in found.get(name, "").split():
            if name == "find-links" and _is_missing_folder(value):
                continue  # pip passes over it with a warning; uv would install nothing at all
            arguments += [flag, value]
    return arguments


def _is_missing_folder(place: str) -> bool:
    """Return whether a place of `find-links` is a path, and nothing lies there."""
    return "://" not in place and not Path(place).expanduser().exists()


def uv_variables(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return variables that uv needs for pip's certificate and proxy settings."""
    found = _from_files(environ, home, ()) | _from_variables(environ)
    variables: dict[str, str] = {}
    if (cert := found.get("cert", "").strip()) and "SSL_CERT_FILE" not in environ:
        variables["SSL_CERT_FILE"] = cert
    if (proxy := found.get("proxy", "").strip()) and "ALL_PROXY" not in environ:
        variables["ALL_PROXY"] = proxy
    return variables


def _uv_has_index(environ: Mapping[str, str], home: Path) -> bool:
    base = environ.get("XDG_CONFIG_HOME") or str(home / ".config")
    files = [environ.get("UV_CONFIG_FILE", ""), f"{base}/uv/uv.toml", "/etc/uv/uv.toml"]
    if appdata := environ.get("APPDATA"):
        files.append(f"{appdata}\\uv\\uv.toml")
    words = ("index", "find-links")
    return any(word in _text(path) for path in files if path for word in words)


def _from_variables(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name[4:].lower().replace("_", "-"): value
        for name, value in environ.items()
        if name.startswith("PIP_") and value
    }


def _from_files(environ: Mapping[str, str], home: Path, prefixes: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in _files(environ, home, prefixes):
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(_text(path))
        except configparser.Error:
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                found |= {name.replace("_", "-"): value for name, value in parser.items(section)}
    return found


def _files(environ: Mapping[str, str], home: Path, prefixes: Iterable[str]) -> list[str]:
    """Return pip's configuration files, the weakest first."""
    base = environ.get("XDG_CONFIG_HOME") or str(home / ".config")
    files = ["/etc/xdg/pip/pip.conf", "/etc/pip.conf"]
    if sys.platform == "darwin":
        files.append("/Library/Application Support/pip/pip.conf")
        files.append(str(home / "Library/Application Support/pip/pip.conf"))
    files += [str(home / ".pip/pip.conf"), f"{base}/pip/pip.conf"]
    if appdata := environ.get("APPDATA"):
        files += [str(home / "pip/pip.ini"), f"{appdata}\\pip\\pip.ini"]
    files += [os.path.join(prefix, name) for prefix in prefixes for name in ("pip.conf", "pip.ini")]  # noqa: PTH118 - str at hand
    return [*files, environ.get("PIP_CONFIG_FILE", "")]


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace") if path else ""
    except OSError:
        return ""
