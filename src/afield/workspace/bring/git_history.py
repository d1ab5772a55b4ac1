"""What git knows of some files: every commit that changed them, oldest first, and their bytes.

Only asks; no hook, filter, pager or monitor of the repository is run, and nothing is written.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from afield.workspace.bring.errors import SourceNotFound, SourceUnreadable

QUIET = (
    "--no-optional-locks", "--no-pager", "-c", "core.fsmonitor=false", "-c", "gc.auto=0",
    "-c", "log.showSignature=false", "-c", "core.quotePath=false",
)  # fmt: skip
BLOB_BYTES_MAX = 64 << 20
"""A file that is read from the history; larger ones are no small text of a tool's."""
_HEAD_FIELDS = 5
_GONE = "D"


@dataclass(frozen=True, slots=True)
class Commit:
    """Who made a commit, when (ISO 8601), and what was said."""

    id: str
    author: str
    mail: str
    date: str
    message: str


@dataclass(frozen=True, slots=True)
class Change:
    """A file as a commit left it; `blob` is None where the commit removed it."""

    commit: Commit
    path: str
    blob: str | None


class History:
    """The history of a repository.

    Args:
        folder: a folder in its work tree.
        environ: for git.

    Raises:
        SourceNotFound: there is no repository.
        SourceUnreadable: git is not installed, or will not speak of it.
    """

    def __init__(self, folder: str, environ: Mapping[str, str]) -> None:
        self._environ = {**environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
        self._folder = folder
        self.top = os.path.normpath(self._ask("rev-parse", "--show-toplevel").decode().rstrip("\n"))

    def resolve(self, rev: str) -> str:
        """Return the commit that a word names.

        Raises:
            NotFound: it names none.
        """
        words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}")
        try:
            return self._ask(*words).decode().strip()
        except SourceUnreadable as error:
            why = "git knows no such commit here"
            raise SourceNotFound("no such commit", rev, why, hint="git log --oneline") from error

    @property
    def is_shallow(self) -> bool:
        """Whether older commits were never fetched."""
        return self._ask("rev-parse", "--is-shallow-repository").strip() == b"true"

    def changes(self, commit: str, wanted: Callable[[str], bool]) -> list[Change]:
        """Return each change of a file whose path is wanted, up to a commit, oldest first.

        Of a merge it is what the merge changed for the branch that it was made on. What stands
        at `commit` itself comes last, in the name of that commit, whatever was merged.
        """
        mark = os.urandom(8).hex()
        words = (
            "log", "--reverse", "--date-order", "--no-renames", "--raw", "--no-abbrev", "-z",
            "--root", "--diff-merges=first-parent", "--no-ext-diff", "--no-textconv",
            f"--format=%x01{mark}%H%x00%an%x00%ae%x00%aI%x00%B%x00", commit,
        )  # fmt: skip
        found: list[Change] = []
        made = Commit(commit, "", "", "", "")
        for part in _text(self._ask(*words)).split(f"\x01{mark}")[1:]:
            fields = part.split("\0")
            name, author, mail, date, message = fields[:_HEAD_FIELDS]
            made = Commit(name, author, mail, date, message.strip())
            found += [
                Change(made, path, None if status.startswith(_GONE) else blob)
                for status, blob, path in _raw(fields[_HEAD_FIELDS:])
                if wanted(path)
            ]
        found += [Change(made, path, blob) for path, blob in self._listing(commit) if wanted(path)]
        return found

    def blobs(self, names: Iterable[str]) -> Iterator[bytes | None]:
        """Yield the bytes of what `names` name (`<blob>` or `<commit>:<path>`), in order.

        None stands for what is not there, is no file, or is too large for a text of a tool.
        """
        words = ("git", *QUIET, "-C", self._folder, "cat-file", "--batch")
        with subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=self._environ,
        ) as process:  # fmt: skip
            assert process.stdin is not None
            assert process.stdout is not None
            for name in names:
                if "\n" in name:
                    yield None
                    continue
                process.stdin.write(os.fsencode(name) + b"\n")
                process.stdin.flush()
                head = process.stdout.readline().split()
                if len(head) != 3 or not head[2].isdigit():  # noqa: PLR2004 - id, kind, size
                    yield None
                    continue
                size_bytes = int(head[2])
                data = _take(process.stdout.read, size_bytes + 1)
                yield data if head[1] == b"blob" and data is not None else None
            process.stdin.close()

    def _listing(self, commit: str) -> Iterator[tuple[str, str]]:
        for line in _text(self._ask("ls-tree", "-r", "-z", "--full-tree", commit)).split("\0"):
            head, _, path = line.partition("\t")
            if path:
                yield path, head.split(" ")[2]

    def _ask(self, *words: str) -> bytes:
        what = "cannot read the git history"
        try:
            done = subprocess.run(
                ["git", *QUIET, "-C", self._folder, *words],
                env=self._environ, stdin=subprocess.DEVNULL, capture_output=True, check=False,
            )  # fmt: skip
        except FileNotFoundError as error:
            hint = "install git"
            raise SourceUnreadable(what, self._folder, "git is not installed", hint=hint) from error
        if done.returncode:
            why = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0].lower()
            if "not a git repository" in why:
                raise SourceNotFound(
                    what, self._folder, "there is no git repository", hint="git init"
                )
            raise SourceUnreadable(what, self._folder, why or f"git exits with {done.returncode}")
        return done.stdout


def _raw(fields: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield status, new blob and path of each record of `--raw -z`."""
    parts = iter(field.lstrip("\n") for field in fields)
    for head in parts:
        words = head.lstrip(":").split(" ")
        if head.startswith(":") and len(words) == 5:  # noqa: PLR2004 - modes, blobs, status
            yield words[4], words[3], next(parts, "")


def _take(read: Callable[[int], bytes], size_bytes: int) -> bytes | None:
    """Return what git answers, without the newline at its end; None when it is too large."""
    if size_bytes <= BLOB_BYTES_MAX:
        return read(size_bytes)[:-1]
    while size_bytes > 0:
        size_bytes -= len(read(min(size_bytes, 1 << 20))) or size_bytes
    return None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
