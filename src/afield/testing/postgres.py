"""A PostgreSQL of one's own: made from the machine's binaries, gone at the end.

It listens on a socket in a folder of its own alone. Started by root it runs as another user, as
PostgreSQL wants it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_PLACES = "/usr/lib/postgresql/*/bin/postgres"
_OWNERS = ("postgres", "nobody")
_ACCESS = "local all afield trust\nlocal all all scram-sha-256\n"
"""`afield` needs no password, others do."""
_QUICK = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "32MB"}


def binaries() -> Path | None:
    """Return the folder of PostgreSQL's programs, of the newest there is; None: there is none."""
    found = [Path(path) for path in (shutil.which("postgres"),) if path]
    found += sorted(Path("/").glob(_PLACES[1:]), key=lambda path: int(path.parts[-3]))
    return found[-1].resolve().parent if found and os.name != "nt" else None


@contextlib.contextmanager
def postgres(settings: Mapping[str, str] = _QUICK) -> Iterator[str]:
    """Run a server; yield the address of its database `afield`.

    Args:
        settings: of `postgresql.conf`; as they stand nothing would outlive a loss of power.

    Raises:
        FileNotFoundError: PostgreSQL is not installed.
    """
    programs = binaries()
    if programs is None:
        raise FileNotFoundError("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="afield-pg-"))
    try:
        user = _owner(folder)
        data = folder / "data"
        _make(programs, data, user)
        options = {"listen_addresses": "", "unix_socket_directories": str(folder), **settings}
        lines = [f"{name} = '{value}'\n" for name, value in options.items()]
        with (data / "postgresql.conf").open("a") as config:
            config.writelines(lines)
        (data / "pg_hba.conf").write_text(_ACCESS)
        control = [programs / "pg_ctl", "-D", data, "-w", "-t", "120"]
        _run([*control, "-l", folder / "log", "start"], user)
        try:
            _run([programs / "createdb", "-h", folder, "-U", "afield", "afield"], user)
            yield f"postgresql://afield@/afield?host={folder}"
        finally:
            _run([*control, "-m", "immediate", "stop"], user)
    finally:
        shutil.rmtree(folder)


def _make(programs: Path, data: Path, user: Mapping[str, Any]) -> None:
    made = [programs / "initdb", "-D", data, "-U", "afield", "-E", "UTF8", "--no-sync"]
    said = subprocess.run([programs / "postgres", "--version"], capture_output=True, check=True)
    if int(said.stdout.split()[2].split(b".")[0]) >= 15:  # noqa: PLR2004 - before, it has no ICU
        # not the order of bytes: what needs that has to say so
        made += ["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"]
    _run(made, user)


def _owner(folder: Path) -> dict[str, Any]:
    """Hand the folder to a user that PostgreSQL may run as; return how to run programs as it."""
    if os.geteuid() != 0:
        return {}
    import pwd

    for name in _OWNERS:
        with contextlib.suppress(KeyError):
            found = pwd.getpwnam(name)
            os.chown(folder, found.pw_uid, found.pw_gid)
            return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    raise FileNotFoundError("PostgreSQL does not run as root, and there is no other user")


def _run(command: list[Any], user: Mapping[str, Any]) -> None:
    environ = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
    with tempfile.TemporaryFile() as said:
        try:
            subprocess.run(
                command, check=True, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                cwd="/", env=environ | {"LC_ALL": "C.UTF-8"}, **user,
            )  # fmt: skip
        except subprocess.CalledProcessError as error:
            said.seek(0)
            error.add_note(said.read().decode(errors="replace"))
            raise
