"""Files that are there to hold secrets: told by their names, and by what they say.

Such files are not kept, neither as code nor as inputs or outputs; the record names them.
"""

from __future__ import annotations

from afield.kernel.late import late
from afield.runs.secrets.names import is_secret_name, is_trivial
from afield.runs.secrets.rules import is_mixed
from afield.runs.secrets.scan import find

WHY = "holds secrets; it must be handed over again"
"""Why such a file is not kept, in the record."""

_ALWAYS = late(
    r"(?i)(?:\.netrc|_netrc|\.pgpass|pgpass\.conf|\.pypirc|\.my\.cnf|\.htpasswd|\.git-credentials"
    r"|\.s3cfg|\.boto|\.dockercfg|credentials|kubeconfig|secrets?"
    r"|(?:service[-_]account|client[-_]secret|credentials|secrets?)[\w.-]{0,100}\.(?:json|ya?ml|toml)"
    r"|id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?|[^/]{1,255}\.(?:key|p12|pfx|jks|keystore|kdbx|ppk))"
)
_BY_WORDS = late(
    r"(?i)(?:\.env|\.env\.[^/]{1,100}|[^/]{1,100}\.env|\.envrc|\.npmrc|\.yarnrc(?:\.yml)?|pip\.conf"
    r"|[^/]{1,255}\.pem)"
)
_ASSIGNMENT = late(
    r"(?m)^[ \t]{0,20}(?:export[ \t]{1,4})?([\w./:@-]{1,200})[ \t]{0,8}[=:][ \t]{0,8}"
    r"(\S[^\r\n]{0,4096})"
)
_RANDOM_CHARS_MIN = 16
_READ_BYTES_MAX = 1 << 20
_TAIL = late(r"[^A-Za-z0-9]+")
_HUMP = late(r"(?<=[a-z])(?=[A-Z])")


def is_secret_file(path: str) -> bool:
    """Tell whether a file of this name may hold secrets by its purpose (`.env`, `id_rsa`)."""
    name = path.rsplit("/", 1)[-1]
    return bool(_BY_WORDS().fullmatch(name) or _ALWAYS().fullmatch(name))


def may_keep(path: str) -> bool:
    """Tell whether the bytes of a file may be kept, as far as such files go; reads some.

    Raises:
        OSError: a file of such a name cannot be read.
    """
    if not is_secret_file(path.replace("\\", "/")):
        return True
    with open(path, "rb") as stream:  # noqa: PTH123 - names that are no text come as str
        data = stream.read(_READ_BYTES_MAX)
    return not holds_secrets(path.replace("\\", "/"), data)


def holds_secrets(path: str, data: bytes) -> bool:
    """Tell whether the file of such a name does hold secrets.

    `.env`, `.npmrc`, `*.pem` and the like also hold settings and certificates: they count when
    a value stands under a secret's name, looks random, or is found by a rule.
    """
    name = path.rsplit("/", 1)[-1]
    if not _BY_WORDS().fullmatch(name):
        return _ALWAYS().fullmatch(name) is not None and bool(data.strip())
    if find(data):
        return True
    for match in _ASSIGNMENT().finditer(data.decode("utf-8", "replace")):
        key = _HUMP().sub("_", _TAIL().sub("_", match.group(1)))
        value = match.group(2).split(" #")[0].strip().strip("'\"")
        if is_trivial(value):
            continue
        looks_random = (
            len(value) >= _RANDOM_CHARS_MIN
            and is_mixed(value.encode())
            and not set(value) & set("/\\:, ")
        )
        if is_secret_name(key) or looks_random:
            return True
    return False
