"""The repository's header: which version of the format, and which features, stand here."""

from __future__ import annotations

import msgspec

from afield.vault.errors import FormatUnknown, HeaderDamaged
from afield.vault.layout import VERSION
from afield.vault.stores import Store

NAME = "format.json"
FEATURES: frozenset[str] = frozenset()
"""Features that this version understands; the first will be the sealed scopes."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What `format.json` says. A reader must know all of `required`, none of `optional`."""

    format: str = "afield.objects"
    version: int = VERSION
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


def write(store: Store) -> None:
    """Write the header of this version, unless one is there."""
    if store.size(NAME) is None:
        store.write(NAME, msgspec.json.encode(Header(), order="sorted") + b"\n")


def check(store: Store) -> bool:
    """Read the header; return False when there is none.

    Raises:
        FormatUnknown: it asks for what this version does not understand.
        HeaderDamaged: it is no header.
    """
    try:
        data = store.read(NAME)
    except FileNotFoundError:
        return False
    try:
        header = msgspec.json.decode(data, type=Header)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise HeaderDamaged("cannot read the objects' header", NAME, str(error)) from error
    if header.format != "afield.objects":
        raise HeaderDamaged("cannot read the objects' header", NAME, "it names another format")
    unknown = [name for name in header.required if name not in FEATURES]
    if header.version > VERSION or unknown:
        what = ", ".join(unknown) if unknown else f"version {header.version}"
        raise FormatUnknown(
            "cannot open the objects",
            what,
            "a later afield wrote them and needs this to be understood",
            hint="pip install --upgrade afield",
            version=header.version,
            features=unknown,
        )
    return True
