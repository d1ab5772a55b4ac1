"""What names tell: which variables, parameters and flags hold a secret, and which values count.

The values of secret variables, arguments and parameters are replaced wherever they turn up;
so a value must not be a word that stands in any log. No environment is read here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from afield.kernel.late import late
from afield.runs.secrets.rules import is_placeholder
from afield.runs.secrets.scan import find

KNOWN_CHARS_MIN = 6
"""Values of secrets shorter than this are not searched for elsewhere."""

KNOWN_PLAIN_CHARS_MIN = 8
"""The same for values of letters only, or of digits only."""

_DISTINCT_DIGITS_MIN = 4

_SECRET_NAME = late(
    r"(?i)(?:^|_)(?:TOKEN|SECRET|PASSWORD|PASSWD|PASS|PWD|PASSPHRASE|CREDENTIALS?|APIKEY|AUTH"
    r"|PGPASSWORD|SSHPASS|AUTHTOKEN)(?:$|_)"
    r"|(?:API|ACCESS|SECRET|PRIVATE|ACCOUNT|SIGNING|ENCRYPTION|SERVICE|WANDB|STORAGE)_?KEY(?:$|_ID$|_)"
    r"|(?:DATABASE|DB|REDIS|MONGO|AMQP|BROKER)_URL$|_DSN$|CONNECTION_STRING$"
)
_PLAIN_NAMES = frozenset({"PWD", "OLDPWD", "SSH_AUTH_SOCK", "GPG_TTY", "TOKENIZERS_PARALLELISM"})
_NAME_PARTS = ("token", "secret", "pass", "pwd", "cred", "key", "auth", "_url", "_dsn", "_str")
"""One of these stands in every secret's name, folded; the pattern alone decides."""

_SECRET_FLAG = late(
    r"(?i)-{1,2}(?:[a-z0-9]+[-_])*(?:password|passwd|passphrase|secret|token|api[-_]?key|apikey"
    r"|access[-_]?key|secret[-_]?key|private[-_]?key|credentials?)"
)
_FLAG_CHARS_MAX = 80
_TRIVIAL_WORDS = (  # noqa: SIM905 - reads better than sixty quoted words
    "true false yes no on off none null nil undefined auto default localhost local production "
    "development staging testing test example changeme placeholder disabled enabled required "
    "optional anonymous username password passwort passphrase secret token credentials admin "
    "administrator root guest user postgres postgresql mysql mariadb redis rabbitmq mongodb "
    "minioadmin jupyter public private internal external basic bearer digest oauth oauth2"
).split()
_TRIVIAL = frozenset(_TRIVIAL_WORDS)
_NUMBERS = late(r"[+-]?(?:\d+\.\d*|\.\d+|\d+[eE][+-]?\d+|\d+\.\d*[eE][+-]?\d+)")
_DATE = late(r"\d{1,4}(?:[-/.:, T]{1,2}\d{1,4}){1,8}Z?")


def is_secret_name(name: str) -> bool:
    """Tell whether a variable or parameter of this name holds a secret (`HF_TOKEN`)."""
    return name not in _PLAIN_NAMES and _may_tell(name) and _SECRET_NAME().search(name) is not None


def is_secret_flag(word: str) -> bool:
    """Tell whether an option of this name holds a secret (`--api-key`)."""
    if len(word) > _FLAG_CHARS_MAX or not _may_tell(word):
        return False
    return _SECRET_FLAG().fullmatch(word) is not None


def _may_tell(name: str) -> bool:
    folded = name.casefold()
    return any(part in folded for part in _NAME_PARTS)


def is_trivial(value: str) -> bool:
    """Tell a value that is no secret, whatever name it stands under.

    Common words (`true`, `production`, `postgres`), placeholders, references (`$TOKEN`), marks
    of tokenizers (`<pad>`, `[MASK]`), decimals, dates, and numbers of fewer than eight digits
    or with fewer than four different ones.
    """
    word = value.strip()
    if not word or word.lower() in _TRIVIAL or is_placeholder(word.encode("utf-8", "replace")):
        return True
    if word[0] == "$" or (word[0] in "<[{" and word[-1] in ">]}"):
        return True
    if word.isdigit():
        return len(word) < KNOWN_PLAIN_CHARS_MIN or len(set(word)) < _DISTINCT_DIGITS_MIN
    return bool(_NUMBERS().fullmatch(word) or _DATE().fullmatch(word))


def counts(value: str) -> bool:
    """Tell whether a secret's value is so much its own that it may be replaced everywhere."""
    if len(value) < KNOWN_CHARS_MIN or is_trivial(value):
        return False
    return len(value) >= KNOWN_PLAIN_CHARS_MIN or not (value.isalpha() or value.isdigit())


def known_values(environ: Mapping[str, str], *, folder: str | None = None) -> dict[str, bytes]:
    """Return the values of secret variables, for replacing them wherever they turn up.

    A password in the URL of any variable is one, too. What names a file, a part of the path
    of `folder`, the user or the machine is none: it stands in records for another reason.

    Args:
        environ: the variables.
        folder: where relative names of files begin.
    """
    pairs: list[tuple[str, str]] = []
    for name, value in environ.items():
        if is_secret_name(name):
            pairs.append((name, value))
        data = value.encode("utf-8", "surrogateescape")
        pairs += [
            (name, data[span.begin : span.end].decode("utf-8", "surrogateescape"))
            for span in find(data)
            if span.rule != "private-key"
        ]
    plain = {environ.get(name, "") for name in ("USER", "LOGNAME", "USERNAME", "HOSTNAME")}
    return as_known(pairs, folder=folder, plain=plain)


def as_known(
    pairs: Iterable[tuple[str, str]], *, folder: str | None = None, plain: Iterable[str] = ()
) -> dict[str, bytes]:
    """Return those values that count, the longest first, under names that are all different."""
    parts = {*plain, *(folder or "").replace(os.sep, "/").split("/")}
    found: dict[str, bytes] = {}
    values: set[str] = set()
    for name, value in sorted(pairs, key=lambda pair: -len(pair[1])):
        if value in values or value in parts or not counts(value) or _is_path(value, folder):
            continue
        values.add(value)
        unique = name
        while unique in found:
            unique += "+"
        found[unique] = value.encode("utf-8", "surrogateescape")
    return found


def _is_path(value: str, folder: str | None) -> bool:
    if folder is None:
        return False
    try:
        return value.startswith("~/") or os.path.lexists(
            f"{folder}/{value}" if value[0] != "/" else value
        )
    except (OSError, ValueError):  # too long, or a NUL
        return False
