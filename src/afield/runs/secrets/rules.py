"""The rules: one pattern for each kind of secret that can be told by its shape.

Every pattern starts with a literal and is bounded, so that a search takes linear time. How the
rules are applied is `scan`'s matter; what names tell is `names`'.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from afield.kernel.late import late

RUN_BYTES = 15
"""Every token has a run of this many letters, digits, `_` and `-`; most lines have none."""

_DIGITS = frozenset(b"0123456789")
_LETTERS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


class Rule(msgspec.Struct, frozen=True):
    """One kind of secret; `group` 1 of the pattern (or all of it) is what is replaced.

    `literals` are lower case; every match begins with one of them, so that text without any is
    passed over at the speed of a substring search, and the pattern is tried where they stand.
    `certain` rules are the ones that may change stored code: their shape alone says that they
    are secrets. The match of a `short` rule may have no run of `RUN_BYTES` letters, digits, `_`
    and `-`. What a `mixed` rule finds counts when it has letters and digits and is no
    placeholder.
    """

    name: str
    literals: tuple[bytes, ...]
    compiled: Callable[[], re.Pattern[bytes]]
    certain: bool = True
    short: bool = False
    mixed: bool = False

    @property
    def pattern(self) -> re.Pattern[bytes]:
        """What a match looks like."""
        return self.compiled()


def _rule(
    name: str,
    literals: str,
    pattern: str,
    *,
    certain: bool = True,
    short: bool = False,
    mixed: bool = False,
) -> Rule:
    words = tuple(literals.encode().split())
    return Rule(name, words, late(pattern.encode()), certain, short, mixed)


_WORD = r"(?<![A-Za-z0-9_-])"
_NAMES = (
    r"(?:password|passwd|passphrase|secret|secret[_-]key|api[_-]?key"
    r"|access[_-]key|access[_-]token|auth[_-]token|refresh[_-]token|private[_-]key)"
)
_NAME_LITERALS = (
    "password passwd passphrase secret api_key api-key apikey access_key access-key"
    " access_token access-token auth_token auth-token refresh_token refresh-token"
    " private_key private-key"
)

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
    _rule("azure-sas", "?sig= &sig=", r"[?&]sig=([A-Za-z0-9%+/]{40,60}(?:=|%3[Dd])?)"),
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
    _rule(
        "stripe-key",
        "sk_live_ rk_live_ sk_test_ rk_test_",
        _WORD + r"[rs]k_(?:live|test)_[A-Za-z0-9]{16,255}",
    ),
    _rule("npm-token", "npm_", _WORD + r"npm_[A-Za-z0-9]{36}\b"),
    _rule("pypi-token", "pypi-ageic", _WORD + r"pypi-AgEIc[A-Za-z0-9_-]{50,512}"),
    _rule(
        "jwt",
        "eyj",
        _WORD + r"eyJ[A-Za-z0-9_-]{10,2048}\.eyJ[A-Za-z0-9_-]{10,8192}\.[A-Za-z0-9_-]{16,1024}",
    ),
    _rule("sendgrid-key", "sg.", _WORD + r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    _rule("databricks-token", "dapi", _WORD + r"dapi[a-f0-9]{32}(?:-\d)?\b"),
    _rule("digitalocean-token", "dop_ doo_ dor_", _WORD + r"do[opr]_v1_[a-f0-9]{64}\b"),
    _rule(
        "url-password",
        "://",
        r"://(?!redacted:)[^\s:/@'\"<>]{0,100}:([^\s@/'\"${}<>%*][^\s@/'\"{}<>]{0,200})@",
        short=True,
    ),
    _rule("url-token", "://", r"://([A-Za-z0-9_~+-]{20,255})@", mixed=True),
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
        mixed=True,
    ),
    _rule(
        "assignment",
        _NAME_LITERALS,
        r"(?i:" + _NAMES + r")[:=] ?([^\s\"',;&${}<>()\[\]*]{8,256})",
        certain=False,
        short=True,
        mixed=True,
    ),
)

_NOT_A_VALUE = late(rb"(?i)(?:x{4}|your|example|changeme|placeholder|redacted:|none$|null$)")


def is_placeholder(value: bytes) -> bool:
    """Tell a value that stands for a secret (`your-key-here`) or for its absence."""
    return _NOT_A_VALUE().match(value) is not None


def is_mixed(value: bytes) -> bool:
    """Tell a password from a word: letters with digits, and no placeholder."""
    if is_placeholder(value):
        return False
    return any(map(_LETTERS.__contains__, value)) and any(map(_DIGITS.__contains__, value))
