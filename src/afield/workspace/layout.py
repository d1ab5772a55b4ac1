"""Where a workspace is, and the names inside it; no file is read or written here."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

FOLDER = ".afield"
CONFIG = "config.toml"
KEYS = "keys"
JOURNAL = "journal"
PACKS = "packs"
LIVE = "live"
CACHE = "cache"
PROJECTION = "projection.db"
STAT_DATA = "stat-data-"
DATASET_FILES = "dataset-files"
IGNORE = ".gitignore"
LOCK = "lock"
SWEEP_LOCK = "live.lock"
REMOTES = "remotes.toml"
BUNDLED = "bundled.toml"
ELSEWHERE = "elsewhere"
SYNC_LOCK = "sync.lock"
CLEANING_LOCK = "sweep.lock"
SWEPT = "swept.json"
UNSETTLED = "sweep.unsettled"
USING = "packs.using"
STORAGE = "storage.toml"

VARIABLE = "AFIELD_WORKSPACE"
OURS = frozenset(
    {CONFIG, KEYS, JOURNAL, PACKS, LIVE, CACHE, PROJECTION, IGNORE, LOCK, SWEEP_LOCK}
    | {REMOTES, BUNDLED, ELSEWHERE, SYNC_LOCK, CLEANING_LOCK, SWEPT, UNSETTLED, USING, STORAGE}
)
"""What may stand in a folder whose making was cut short; anything else is somebody else's."""


def folder_for(path: str) -> str:
    """Return the `.afield` that a path means: itself, or the one inside it."""
    full = os.path.abspath(os.path.expanduser(path))
    return full if os.path.basename(full) == FOLDER else os.path.join(full, FOLDER)


def find_upward(start: str) -> str | None:
    """Return the nearest `.afield` at or above `start` that is a workspace, as git does.

    One that has lost its configuration still is: nothing is to be recorded past it.
    """
    here = os.path.abspath(start)
    while True:
        found = os.path.join(here, FOLDER)
        if os.path.isfile(os.path.join(found, CONFIG)) or was_used(found):
            return found
        above = os.path.dirname(here)
        if above == here:
            return None
        here = above


def was_used(folder: str) -> bool:
    """Tell whether runs were kept in a `.afield`, or read; not so while it is being made."""
    return all(os.path.lexists(os.path.join(folder, name)) for name in (JOURNAL, PROJECTION))


def default_folder(env: Mapping[str, str], home: str) -> str:
    """Return the `.afield` of the user's default workspace, in the platform's data folder."""
    if os.name == "nt":
        base = env.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
    elif sys.platform == "darwin":
        base = os.path.join(home, "Library", "Application Support")
    else:
        base = env.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
    return os.path.join(base, "afield", FOLDER)
