"""What the person at this machine is called, for the profile of a new workspace's member.

Read from git's configuration file, without git: making a workspace has a budget of 100 ms.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from afield.members.names import printable

_CONFIG_BYTES_MAX = 64 << 10


def person_here(env: Mapping[str, str], home: str) -> str:
    """Return the name that git signs commits with, or the mail address, or the login name."""
    folder = env.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    user: dict[str, str] = {}
    for path in (os.path.join(folder, "git", "config"), os.path.join(home, ".gitconfig")):
        user |= _git_user(path)  # the latter counts, as for git
    logins = (env.get(name, "") for name in ("LOGNAME", "USER", "LNAME", "USERNAME"))
    for name in (user.get("name", ""), user.get("email", ""), *logins, os.path.basename(home)):
        if clean := printable(name):
            return clean
    return ""


def _git_user(path: str) -> dict[str, str]:
    """Return the keys of `[user]`; of the format only what stands on one line."""
    try:
        with open(path, "rb") as stream:
            text = stream.read(_CONFIG_BYTES_MAX).decode("utf-8", "replace")
    except OSError:
        return {}
    found: dict[str, str] = {}
    section = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            section = line.partition("]")[0].strip("[ ").lower()
        elif section == "user":
            key, _, value = line.partition("=")
            found[key.strip().lower()] = _unquoted(value.strip())
    return found


def _unquoted(value: str) -> str:
    if value.startswith('"'):
        return value[1:].partition('"')[0]
    return value.partition("#")[0].partition(";")[0].strip()
