"""Secrets that the record does not hold, which the person hands over for one reproduction.

Nothing here is stored: what is handed over goes into the command's arguments and variables, and
capture is told of it, so that the new run's record says `redacted:` where the old one does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from afield.kernel.errors import Usage
from afield.replay.errors import SecretsNeeded
from afield.replay.plan import REDACTED
from afield.runs.manifest import Manifest

_MARK = re.compile(re.escape(REDACTED) + r"([A-Za-z0-9_+-]+)")


@dataclass(frozen=True, slots=True)
class Handed:
    """What the command gets in the place of redacted texts.

    Args:
        argv: the recorded arguments with their secrets.
        variables: the secret variables.
        known: the secrets by what stands for them in a record, for capture to find again.
    """

    argv: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Need:
    name: str
    words: str
    rule: str
    at: int = -1
    span: tuple[int, int] = (0, 0)


def hand_over(
    manifest: Manifest, handed: Mapping[str, str], environ: Mapping[str, str], *, run: str
) -> Handed:
    """Put secrets where the record left them out.

    A secret variable that is set here counts as handed over.

    Args:
        manifest: the recorded run.
        handed: secrets by the name of their argument or variable.
        environ: the person's variables.
        run: the run, for the hint.

    Raises:
        SecretsNeeded: some were not handed over.
        Usage: one was handed over that nobody asked for.
    """
    needs = [*_arguments(manifest), *_variables(manifest)]
    own = {one.name for one in manifest.redactions if one.where == "env"}
    _refuse_unknown(handed, {*(one.name for one in needs), *own})
    values = {one.name: environ[one.name] for one in needs if one.name in own & environ.keys()}
    values |= {one.name: environ[one.name] for one in needs if one.at < 0 and one.name in environ}
    values |= handed
    absent = {one.name: one.words for one in needs if one.name not in values}
    if absent:
        raise SecretsNeeded(
            "cannot reproduce",
            run,
            f"the record does not hold {'; '.join(absent.values())}",
            hint=" ".join(("afield reproduce", run, *(f"--secret {name}" for name in absent)))
            + "  # takes each from the variable of that name; or --secret NAME=VALUE",
            secrets=tuple(absent),
        )
    known: dict[str, str] = {}
    argv = list(manifest.argv)
    for one in reversed([one for one in needs if one.at >= 0]):  # spans before it stay as they are
        begin, end = one.span
        argv[one.at] = argv[one.at][:begin] + values[one.name] + argv[one.at][end:]
    for one in needs:
        name = one.rule if known.get(one.rule, values[one.name]) == values[one.name] else one.name
        known[name] = values[one.name]
    taken = {one.name for one in needs if one.at < 0} | (own & handed.keys())
    return Handed(tuple(argv), {name: values[name] for name in taken}, known)


def _arguments(manifest: Manifest) -> Iterator[_Need]:
    own = {one.name for one in manifest.redactions if one.where == "env"}
    named: set[str] = set()
    for at, word in enumerate(manifest.argv):
        for count, found in enumerate(_MARK.finditer(word), 1):
            flag = _flag(manifest.argv, at, found)
            number = f"argument-{at}" + (f".{count}" if count > 1 else "")
            name = found[1] if found[1] in own else flag.lstrip("-") or number
            if name in named and name not in own:
                name = number
            named.add(name)
            words = f"`{name}` (argument {at}{f', of {flag}' if flag else f': {found[0]}'})"
            yield _Need(name, words, found[1], at, found.span())


def _flag(argv: tuple[str, ...], at: int, found: re.Match[str]) -> str:
    """Return the option that a redacted text belongs to; empty when there is none."""
    before = found.string[: found.start()]
    if before.startswith("-") and before.endswith("="):
        return before[:-1]
    if not before and at and argv[at - 1].startswith("-") and found.end() == len(found.string):
        return argv[at - 1]
    return ""


def _variables(manifest: Manifest) -> Iterator[_Need]:
    for name, value in manifest.variables.items():
        if REDACTED in value:
            yield _Need(name, f"`{name}` (a variable)", name)


def _refuse_unknown(handed: Mapping[str, str], wanted: set[str]) -> None:
    for name in handed:
        if name not in wanted:
            told = ", ".join(sorted(wanted)) or "none at all"
            raise Usage("no such secret", name, f"the run was recorded without: {told}")
