"""The repository's header: which version of the format, and which features, stand here.

One line like those of the journal: 32 hex digits of the BLAKE3 of the JSON, a space, the
JSON, a newline.
"""

from __future__ import annotations

import msgspec
from blake3 import blake3

from afield.vault.errors import FormatUnknown, HeaderDamaged
from afield.vault.layout import VERSION
from afield.vault.stores import Store

NAME = "format"
FORMAT = "afield.objects"
FEATURES: frozenset[str] = frozenset()
"""Features that this version understands; the first will be the sealed scopes."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What the header says. A reader must know all of `required`, none of `optional`."""

    format: str = FORMAT
    version: int = VERSION
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


def write(store: Store) -> None:
    """Write the header of this version, unless one is there."""
    if store.size(NAME) is None:
        store.write(NAME, encode(Header()))


def encode(header: Header) -> bytes:
    """Return the line of a header."""
    body = msgspec.json.encode(header, order="sorted")
    return b"%s %s\n" % (_checksum(body), body)


def decode(line: bytes) -> Header:
    """Parse the line of a header.

    Raises:
        HeaderDamaged: it is none.
    """
    checksum, _, body = line.removesuffix(b"\n").partition(b" ")
    try:
        if checksum != _checksum(body) or not line.endswith(b"\n"):
            raise HeaderDamaged("cannot read the objects' header", NAME, "its checksum differs")
        header = msgspec.json.decode(body, type=Header)
    except msgspec.MsgspecError as error:
        raise HeaderDamaged("cannot read the objects' header", NAME, str(error)) from error
    if header.format != FORMAT or b'"format"' not in body:
        raise HeaderDamaged("cannot read the objects' header", NAME, "it names another format")
    return header


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
    header = decode(data)
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


def _checksum(body: bytes) -> bytes:
    return blake3(body).hexdigest(16).encode("ascii")
