"""Secrets are found here and replaced by `redacted:<rule>` before anything is written.

About twenty-five rules: keys and tokens that name themselves (`ghp_`, `AKIA` ...), private
keys, passwords in URLs, assignments, command-line flags, names of environment variables.
Every pattern starts at a literal and is bounded, so that a scan takes linear time. What is
stored keeps the name of the secret and loses its value. See `docs/capture.md`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from afield.runs.manifest import Redaction

RUN_BYTES = 15
"""Every token has a run of this many letters, digits, `_` and `-`; most lines have none."""

_WORD_BYTES = b"-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGITS = frozenset(b"0123456789")
_LETTERS = frozenset(_WORD_BYTES) - _DIGITS - frozenset(b"-_")
_RUNS = bytes(97 if byte in _WORD_BYTES else 32 for byte in range(256))
_T = TypeVar("_T", str, bytes)

KNOWN_BYTES_MIN = 8
"""Values of secret variables shorter than this are not searched for elsewhere."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of secret; `group` 1 of the pattern (or all of it) is what is replaced.

    `literals` are lower case; one of them stands in every match, so that text without any is
    passed over at the speed of a substring search. `certain` rules are the ones that may
    change stored code: their shape alone says that they are secrets. The match of a `short`
    rule may have no run of `RUN_BYTES` letters, digits, `_` and `-`.
    """

    name: str
    literals: tuple[bytes, ...]
    pattern: re.Pattern[bytes]
    certain: bool = True
    short: bool = False


def _rule(
    name: str, literals: str, pattern: str, *, certain: bool = True, short: bool = False
) -> Rule:
    compiled = re.compile(pattern.encode())
    return Rule(name, tuple(literals.encode().split()), compiled, certain, short)


_WORD = r"(?<![A-Za-z0-9_-])"
_NAMES = (
    r"(?:password|passwd|passphrase|secret|secret[_-]key|api[_-]?key"
    r"|access[_-]key|access[_-]token|auth[_-]token|refresh[_-]token|private[_-]key)"
)
_NAME_LITERALS = "passw passphrase secret _key -key apikey _token -token"

RULES: tuple[Rule, ...] = (
    _rule(
        "private-key",
        "-----begin",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:\\[nr]|\s){0,4}"
        r"(?:[A-Za-z-]{1,20}:[^\r\n]{0,120}\s{1,4}){0,4}(?=[A-Za-z0-9+/=]{16})"
        r"[A-Za-z0-9+/=\\\s]{0,32768}(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?",
        short=True,
    ),
    _rule("aws-access-key", "akia asia abia acca", _WORD + r"A(?:KI|SI|BI|CC)A[A-Z0-9]{16}\b"),
    _rule(
        "aws-secret-key",
        "secret",
        r"(?i:secret_?(?:access_?)?key)[\"' ]{0,3}[:=][\"' ]{0,3}"
        r"([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
    ),
    _rule("gcp-api-key", "aiza", _WORD + r"AIza[0-9A-Za-z_-]{35}"),
    _rule("gcp-oauth-token", "ya29.", _WORD + r"ya29\.[0-9A-Za-z_-]{20,512}"),
    _rule("azure-storage-key", "accountkey=", r"(?i:AccountKey)=([A-Za-z0-9+/]{80,100}={0,2})"),
    _rule("azure-sas", "sig=", r"[?&]sig=([A-Za-z0-9%+/]{40,60}(?:=|%3[Dd])?)"),
    _rule(
        "github-token",
        "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
        _WORD + r"(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})",
    ),
    _rule("gitlab-token", "glpat-", _WORD + r"glpat-[A-Za-z0-9_.-]{20,255}"),
    _rule("slack-token", "xox", _WORD + r"xox[abeoprs]-[A-Za-z0-9-]{10,255}"),
    _rule(
        "slack-webhook",
        "hooks.slack.com",
        r"hooks\.slack\.com/(?:services|workflows)/([A-Za-z0-9/_-]{20,120})",
    ),
    _rule("anthropic-key", "sk-ant-", _WORD + r"sk-ant-[A-Za-z0-9_-]{20,255}"),
    _rule(
        "openai-key",
        "sk-",
        _WORD + r"sk-(?:(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,255}|[A-Za-z0-9]{32,64}\b)",
    ),
    _rule("huggingface-token", "hf_", _WORD + r"hf_[A-Za-z0-9]{30,64}\b"),
    _rule(
        "wandb-key",
        "wandb",
        r"(?i:wandb[\w.-]{0,24}(?:key|login|token))[^\r\n]{0,24}?"
        r"(?<![0-9A-Za-z])([0-9a-f]{40}|[0-9A-Za-z_]{86})(?![0-9A-Za-z])",
    ),
    _rule("stripe-key", "k_live_ k_test_", _WORD + r"[rs]k_(?:live|test)_[A-Za-z0-9]{16,255}"),
    _rule("npm-token", "npm_", _WORD + r"npm_[A-Za-z0-9]{36}\b"),
    _rule("pypi-token", "pypi-ageic", _WORD + r"pypi-AgEIc[A-Za-z0-9_-]{50,512}"),
    _rule(
        "jwt",
        "eyj",
        _WORD + r"eyJ[A-Za-z0-9_-]{10,2048}\.eyJ[A-Za-z0-9_-]{10,8192}\.[A-Za-z0-9_-]{16,1024}",
    ),
    _rule("sendgrid-key", "sg.", _WORD + r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    _rule("databricks-token", "dapi", _WORD + r"dapi[a-f0-9]{32}(?:-\d)?\b"),
    _rule("digitalocean-token", "do", _WORD + r"do[opr]_v1_[a-f0-9]{64}\b"),
    _rule(
        "url-password",
        "://",
        r"://[^\s:/@'\"<>]{0,100}:([^\s@/'\"${}<>%*][^\s@/'\"{}<>]{0,200})@",
        short=True,
    ),
    _rule(
        "authorization",
        "authorization",
        r"(?i:authorization)[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?i:bearer|basic|token)\s{1,3}"
        r"([A-Za-z0-9._~+/=-]{16,2048})",
        short=True,
    ),
    _rule(
        "assignment",
        _NAME_LITERALS,
        r"(?i:" + _NAMES + r")[\"']?\s{0,3}[:=]\s{0,3}[\"']([^\s\"'${}<>*]{8,256})[\"']",
        short=True,
    ),
    _rule(
        "assignment",
        _NAME_LITERALS,
        r"(?i:" + _NAMES + r")[:=] ?([^\s\"',;&${}<>()\[\]*]{8,256})",
        certain=False,
        short=True,
    ),
)

_SECRET_NAME = re.compile(
    r"(?i)(?:^|_)(?:TOKEN|SECRET|PASSWORD|PASSWD|PASS|PWD|PASSPHRASE|CREDENTIALS?|APIKEY|AUTH)(?:$|_)"
    r"|(?:API|ACCESS|SECRET|PRIVATE|ACCOUNT|SIGNING|ENCRYPTION|SERVICE|WANDB|STORAGE)_?KEY(?:$|_ID$|_)"
    r"|(?:DATABASE|DB|REDIS|MONGO|AMQP|BROKER)_URL$|_DSN$|CONNECTION_STRING$"
)
_PLAIN_NAMES = frozenset({"PWD", "OLDPWD", "SSH_AUTH_SOCK", "GPG_TTY", "TOKENIZERS_PARALLELISM"})
_SECRET_FLAG = re.compile(
    r"-{1,2}(?:[a-z0-9]+[-_])*(?:password|passwd|passphrase|secret|token|api[-_]?key|apikey"
    r"|access[-_]?key|secret[-_]?key|private[-_]?key|credentials?)",
    re.IGNORECASE,
)
_NOT_A_VALUE = re.compile(rb"(?i)(?:x{4}|your|example|changeme|placeholder|redacted:|none$|null$)")


@dataclass(frozen=True, slots=True)
class Scan:
    """The text without its secrets, and the rules that fired, in order of firing."""

    data: bytes
    rules: tuple[str, ...]


def scan(data: bytes, *, known: Mapping[str, bytes] | None = None, code: bool = False) -> Scan:
    """Replace secrets in bytes of any encoding that extends ASCII.

    Args:
        data: the text; it need not be valid in any encoding.
        known: values to be replaced wherever they stand, by the name of their variable.
        code: only rules whose shape leaves no doubt, for what must still run afterwards.
    """
    fired: list[str] = []
    for name, value in (known or {}).items():
        if value in data:
            data = data.replace(value, b"redacted:" + name.encode())
            fired.append(name)
    lowered = data.lower()
    runs = b"a" * RUN_BYTES in data.translate(_RUNS)
    there: dict[bytes, bool] = {}
    for rule in RULES:
        if (code and not rule.certain) or not (runs or rule.short):
            continue
        for literal in rule.literals:
            if literal not in there:
                there[literal] = literal in lowered
            if there[literal]:
                break
        else:
            continue
        cleaned = _apply(rule, data, lowered)
        if cleaned != data:
            data = cleaned
            lowered = data.lower()
            fired.append(rule.name)
    return Scan(data, tuple(dict.fromkeys(fired)))


def _apply(rule: Rule, data: bytes, lowered: bytes) -> bytes:
    """Replace what a rule finds; only the lines that hold one of its literals are matched."""
    if rule.name == "private-key":
        return _replace(rule, data)
    spans: set[tuple[int, int]] = set()
    for literal in rule.literals:
        at = lowered.find(literal)
        while at >= 0:
            end = lowered.find(b"\n", at)
            end = len(data) if end < 0 else end
            spans.add((lowered.rfind(b"\n", 0, at) + 1, end))
            at = lowered.find(literal, end)
    parts = []
    done = 0
    for begin, end in sorted(spans):
        parts += [data[done:begin], _replace(rule, data[begin:end])]
        done = end
    return b"".join([*parts, data[done:]])


def _replace(rule: Rule, data: bytes) -> bytes:
    mark = b"redacted:" + rule.name.encode()

    def replace(match: re.Match[bytes]) -> bytes:
        whole = match.group()
        if not match.re.groups:
            return mark
        if rule.name == "assignment" and not _looks_secret(match.group(1)):
            return whole
        if match.group(1).startswith(b"redacted:"):
            return whole
        start = match.start(1) - match.start()
        return whole[:start] + mark + whole[start + len(match.group(1)) :]

    return rule.pattern.sub(replace, data)


def _looks_secret(value: bytes) -> bool:
    """Tell a password from a word: letters with digits or signs, and no placeholder."""
    if _NOT_A_VALUE.match(value):
        return False
    return any(map(_LETTERS.__contains__, value)) and any(map(_DIGITS.__contains__, value))


def redact(value: _T, *, known: Mapping[str, bytes] | None = None) -> tuple[_T, tuple[str, ...]]:
    """Return text or bytes with every secret replaced, and the rules that fired."""
    if isinstance(value, bytes):
        found = scan(value, known=known)
        return found.data, found.rules
    found = scan(value.encode("utf-8", "surrogateescape"), known=known)
    return found.data.decode("utf-8", "surrogateescape"), found.rules


def is_secret_name(name: str) -> bool:
    """Tell whether a variable or parameter of this name holds a secret (`HF_TOKEN`)."""
    return name not in _PLAIN_NAMES and _SECRET_NAME.search(name) is not None


def known_values(environ: Mapping[str, str]) -> dict[str, bytes]:
    """Return the values of secret variables, for replacing them wherever they turn up."""
    return {
        name: os_bytes
        for name, value in environ.items()
        if is_secret_name(name)
        and len(os_bytes := value.encode("utf-8", "surrogateescape")) >= KNOWN_BYTES_MIN
        and _looks_secret(os_bytes)
    }


def redact_argv(
    argv: Sequence[str], *, known: Mapping[str, bytes] | None = None
) -> tuple[tuple[str, ...], tuple[Redaction, ...]]:
    """Replace secrets in a command line, `--api-key X` and `--token=X` too."""
    cleaned: list[str] = []
    found: list[Redaction] = []
    flag = ""
    for word in argv:
        name, equals, value = word.partition("=")
        if flag and not word.startswith("-"):
            cleaned.append("redacted:flag")
            found.append(Redaction(where="argv", rule="flag", name=flag))
        elif equals and value and _SECRET_FLAG.fullmatch(name):
            cleaned.append(f"{name}=redacted:flag")
            found.append(Redaction(where="argv", rule="flag", name=name))
        else:
            clean, rules = redact(word, known=known)
            cleaned.append(clean)
            found += [Redaction(where="argv", rule=rule, name=name) for rule in rules]
        flag = word if not equals and _SECRET_FLAG.fullmatch(word) else ""
    return tuple(cleaned), tuple(
        Redaction(where=one.where, rule=one.rule, name=redact(one.name)[0]) for one in found
    )


def redact_mapping(
    values: Mapping[str, str], where: str, *, known: Mapping[str, bytes] | None = None
) -> tuple[dict[str, str], tuple[Redaction, ...]]:
    """Replace secrets in named values; a value under a secret name goes as a whole."""
    cleaned: dict[str, str] = {}
    found: list[Redaction] = []
    for name, value in values.items():
        if is_secret_name(name):
            cleaned[name] = "redacted:name"
            found.append(Redaction(where=where, rule="name", name=name))
            continue
        cleaned[name], rules = redact(value, known=known)
        found += [Redaction(where=where, rule=rule, name=name) for rule in rules]
    return cleaned, tuple(found)


def unique(found: Iterable[Redaction]) -> tuple[Redaction, ...]:
    """Return the redactions without repeats, in order."""
    return tuple(dict.fromkeys(found))
