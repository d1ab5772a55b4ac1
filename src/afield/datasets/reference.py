"""How people name a version: `customers`, `customers@3`, `customers@latest`, `customers@9f2c`.

Words only; whether there is such a version is for `query` to say.
"""

from __future__ import annotations

import re

import msgspec

from afield.datasets.errors import NameBad
from afield.datasets.limits import DIGEST_CHARS_MIN, NAME_CHARS_MAX, NUMBER_CHARS_MAX

LATEST = "latest"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_DIGEST = re.compile(rf"[0-9a-f]{{{DIGEST_CHARS_MIN},64}}")
_NUMBER = re.compile(rf"[1-9][0-9]{{0,{NUMBER_CHARS_MAX - 1}}}")


class Reference(msgspec.Struct, frozen=True):
    """A name and which version of it: a number, the beginning of a digest, or the latest.

    `pinned` tells that the words named a version, if only `latest`.
    """

    name: str
    number: int | None = None
    digest: str | None = None
    pinned: bool = False


def parse_name(text: str) -> str:
    """Return a dataset's name.

    Raises:
        NameBad: none may be called so.
    """
    if not _NAME.fullmatch(text) or len(text) > NAME_CHARS_MAX:
        why = f"up to {NAME_CHARS_MAX} letters, digits, `.`, `_` and `-`; none of the last first"
        raise NameBad("not a name for a dataset", text, why, hint="--name customers")
    return text


def parse(text: str) -> Reference:
    """Return what `name[@version]` means.

    Raises:
        NameBad: it means nothing.
    """
    name, sign, version = text.partition("@")
    name = parse_name(name)
    if not sign:
        return Reference(name)
    if version == LATEST:
        return Reference(name, pinned=True)
    if _NUMBER.fullmatch(version):
        return Reference(name, number=int(version), pinned=True)
    if _DIGEST.fullmatch(version):
        return Reference(name, digest=version, pinned=True)
    why = "a number, `latest`, or the beginning of a digest (4 digits or more) follows the `@`"
    raise NameBad("not a version", text, why, hint=f"afield data show {name}")
