"""Secrets in command lines and in named values: flags, assignments, strings for a shell.

What is found in a command line is also handed out, to be replaced wherever it turns up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from afield.kernel.late import late
from afield.runs.manifest import Redaction
from afield.runs.secrets.names import as_known, is_secret_flag, is_secret_name, is_trivial
from afield.runs.secrets.rules import is_mixed
from afield.runs.secrets.scan import Span, find, merge, redact, without

_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "fish", "ash", "cmd", "powershell"})
_VALUE = rb"(?:'([^'\n]{1,4096})'|\"([^\"\n]{1,4096})\"|([^\s;&|'\"()<>`]{1,4096}))"
_ASSIGNMENT = late(rb"(?<![A-Za-z0-9_$.-])([A-Za-z_][A-Za-z0-9_]{0,63})=" + _VALUE)
_FLAG = late(rb"(?<![^\s'\"])(-{1,2}[A-Za-z][A-Za-z0-9_-]{0,63})(?:=|[ \t]{1,8})" + _VALUE)
_USER = late(
    rb"(?<![^\s'\"])(-u|-U|--user|--proxy-user)(?:=|[ \t]{1,8})['\"]?"
    rb"([^\s:'\"/]{1,100}):([^\s'\"]{6,200})"
)
_USER_FLAGS = frozenset({"-u", "-U", "--user", "--proxy-user"})
_USER_WORD = late(r"([^\s:/]{1,100}):(\S{6,200})")
_MIN_CHARS = 4
_LIKE_VARIABLES = str.maketrans("./-", "___")


def redact_argv(
    argv: Sequence[str], *, known: Mapping[str, bytes] | None = None
) -> tuple[tuple[str, ...], tuple[Redaction, ...]]:
    """Replace secrets in a command line, `--api-key X` and `--token=X` too."""
    cleaned: list[str] = []
    found: list[Redaction] = []
    for word, spans in _words(argv, known):
        data = word.encode("utf-8", "surrogateescape")
        cleaned.append(without(data, spans).decode("utf-8", "surrogateescape"))
        name = word.partition("=")[0]
        for span in spans:
            label = span.label or (span.rule if any(map(str.isspace, name)) else redact(name)[0])
            found.append(Redaction(where="argv", rule=span.rule, name=label))
    return tuple(cleaned), unique(found)


def known_arguments(
    argv: Sequence[str], params: Mapping[str, str], *, folder: str | None = None
) -> dict[str, bytes]:
    """Return the secrets of a command line and of params, to be replaced wherever they stand."""
    pairs: list[tuple[str, str]] = []
    for word, spans in _words(argv, None):
        data = word.encode("utf-8", "surrogateescape")
        for span in spans:
            if span.rule != "private-key":
                value = data[span.begin : span.end].decode("utf-8", "surrogateescape")
                pairs.append((span.label or span.rule, value))
    for name, value in params.items():
        if _is_secret(name, value):
            pairs.append((name, value))
        data = value.encode("utf-8", "surrogateescape")
        pairs += [
            (name, data[span.begin : span.end].decode("utf-8", "surrogateescape"))
            for span in find(data)
        ]
    return as_known(pairs, folder=folder)


def redact_mapping(
    values: Mapping[str, str], where: str, *, known: Mapping[str, bytes] | None = None
) -> tuple[dict[str, str], tuple[Redaction, ...]]:
    """Replace secrets in named values; a value under a secret name goes as a whole."""
    cleaned: dict[str, str] = {}
    found: list[Redaction] = []
    for key, value in values.items():
        name = redact(key, known=known)[0]
        if is_secret_name(key) if where == "env" else _is_secret(key, value):
            cleaned[name] = "redacted:name"
            found.append(Redaction(where=where, rule="name", name=name))
            continue
        cleaned[name], rules = redact(value, known=known)
        found += [Redaction(where=where, rule=rule, name=name) for rule in rules]
    return cleaned, tuple(found)


def unique(found: Iterable[Redaction]) -> tuple[Redaction, ...]:
    """Return the redactions without repeats, in order."""
    return tuple(dict.fromkeys(found))


def _is_secret(name: str, value: str) -> bool:
    return is_secret_name(name.translate(_LIKE_VARIABLES)) and not is_trivial(value)


def _words(
    argv: Sequence[str], known: Mapping[str, bytes] | None
) -> Iterator[tuple[str, list[Span]]]:
    """Yield each word with what is secret in it."""
    flag = ""
    in_shell = False
    for word in argv:
        in_shell = in_shell or word.replace("\\", "/").rsplit("/", 1)[-1] in _SHELLS
        yield word, merge(_spans(word, flag, known, in_shell=in_shell))
        flag = word if word.startswith("-") and "=" not in word else ""


def _spans(
    word: str, flag: str, known: Mapping[str, bytes] | None, *, in_shell: bool
) -> list[Span]:
    data = word.encode("utf-8", "surrogateescape")
    name, equals, value = word.partition("=")
    if flag and is_secret_flag(flag) and not word.startswith("-"):
        return [Span(0, len(data), "flag", flag)] if word else []
    if equals and value and is_secret_flag(name):
        return [Span(len(name) + 1, len(data), "flag", name)]
    spans = find(data, known=known)
    if flag in _USER_FLAGS and (pair := _USER_WORD().fullmatch(word)) and _is_pair(*pair.groups()):
        spans.append(Span(len(pair.group(1).encode()) + 1, len(data), "user-password", flag))
    return [*_in_shell(data, in_shell=in_shell), *spans]


def _in_shell(data: bytes, *, in_shell: bool) -> Iterator[Span]:
    """Yield what a string for a shell assigns, passes to flags, and hands to `-u`."""
    for match in _ASSIGNMENT().finditer(data) if b"=" in data else ():
        name = match.group(1).decode()
        if is_secret_name(name) and (span := _value(match)) is not None:
            value = data[slice(*span)]
            if in_shell or name.isupper() or is_mixed(value):
                yield Span(*span, "assignment", name)
    for match in _USER().finditer(data) if b":" in data and b"-" in data else ():
        if _is_pair(match.group(2).decode("utf-8", "replace"), match.group(3).decode("latin-1")):
            yield Span(*match.span(3), "user-password", match.group(1).decode())
    parted = any(sign in data for sign in (b"=", b" ", b"\t"))
    for match in _FLAG().finditer(data) if parted and b"-" in data else ():
        name = match.group(1).decode()
        if is_secret_flag(name) and (span := _value(match)) is not None:
            yield Span(*span, "flag", name)


def _value(match: re.Match[bytes]) -> tuple[int, int] | None:
    """Return where the value of a match stands, unless it is no secret by itself."""
    group = next(number for number in (2, 3, 4) if match.group(number) is not None)
    value = match.group(group)
    text = value.decode("utf-8", "replace")
    if len(text) < _MIN_CHARS or is_trivial(text) or b"$" in value or value.startswith(b"-"):
        return None
    return match.span(group)


def _is_pair(user: str, password: str) -> bool:
    return not password.isdigit() and user != password and "$" not in password
