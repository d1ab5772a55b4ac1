"""The data card: where data came from, and what may be done with it.

What people write stands in objects, so that it can be erased; `sensitivity` and `residency` are
labels in the entry itself, because what filters by them reads no objects.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping

import msgspec

from afield.datasets import events
from afield.datasets.errors import CardFieldBad
from afield.datasets.limits import CARD_TEXT_BYTES_MAX
from afield.journal import Draft
from afield.kernel.errors import AfieldError
from afield.kernel.ids import ObjectId
from afield.projection import Projection
from afield.vault import Vault

PROSE = {
    "origin": "where the data came from, and who made it",
    "licence": "under what terms it may be used",
    "consent": "what the people in it agreed to, or why none is needed",
    "method": "how it was collected, cleaned and labelled",
}
SENSITIVITIES = ("public", "internal", "confidential", "personal", "special")
LABELS = {
    "sensitivity": f"one of {', '.join(SENSITIVITIES)}",
    "residency": "where its bytes may be: any, eu, or countries as `de,fr`",
}
FIELDS = {**PROSE, **LABELS}
SPELT = {"license": "licence"}

PLACEHOLDER = "…"

_RESIDENCY = re.compile(r"[a-z]{2}|eea")
_ANYWHERE = "any"
_SALT_BYTES = 16


class Card(msgspec.Struct, frozen=True):
    """A data card.

    Attributes:
        values: what is said, by field; the words of an object that is not here are missing.
        erased: fields whose words are in an object that is not here.
    """

    values: Mapping[str, str]
    erased: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The fields of which nothing is said."""
        return tuple(name for name in FIELDS if name not in self.values)


def read_card(projection: Projection, vault: Vault, name: str) -> Card:
    """Return the card of a dataset; nothing is said on one that has none."""
    sql = "SELECT field, label, object FROM dataset_cards WHERE name = ?"
    values: dict[str, str] = {}
    erased = []
    for field, label, found in projection.query(sql, (name,)):
        if field in LABELS and label is not None:
            values[field] = label
        elif field in PROSE and found is not None:
            try:
                values[field] = words_of(vault.get(found))
            except (AfieldError, ValueError):
                erased.append(field)
    ordered = {field: values[field] for field in FIELDS if field in values}
    return Card(ordered, tuple(sorted(erased)))


def residency(projection: Projection, name: str) -> frozenset[str] | None:
    """Return the labels of a dataset's residency; None when nothing is said."""
    sql = "SELECT label FROM dataset_cards WHERE name = ? AND field = 'residency'"
    rows = projection.query(sql, (name,))
    return frozenset(rows[0][0].split(",")) if rows and rows[0][0] else None


def edit_card(name: str, given: Mapping[str, str], vault: Vault) -> Draft:
    """Return the entry that sets fields; an empty value clears one. The vault is not flushed.

    Raises:
        CardFieldBad: there is no such field, or it takes no such value.
    """
    prose: dict[str, ObjectId | None] = {}
    labels: dict[str, str | None] = {}
    for word, value in given.items():
        field = SPELT.get(word.lower(), word.lower())
        text = value.strip()
        if text == PLACEHOLDER:
            why = f"`{PLACEHOLDER}` stands for words of yours"
            raise CardFieldBad("nothing is said", word, why, hint=f"afield data card {name} --help")
        if field in PROSE:
            prose[field] = _to_object(field, text, vault) if text else None
        elif field == "sensitivity":
            labels[field] = _sensitivity(text.lower()) if text else None
        elif field == "residency":
            labels[field] = _residency(text.lower()) if text else None
        else:
            why = f"a card has {', '.join(FIELDS)}"
            raise CardFieldBad("no such field", word, why, hint=f"afield data card {name}")
    return events.carded(name, prose=prose, labels=labels)


def _sensitivity(text: str) -> str:
    if text not in SENSITIVITIES:
        why = f"one of {', '.join(SENSITIVITIES)}"
        raise CardFieldBad("not a sensitivity", text, why, hint="--set sensitivity=internal")
    return text


def _residency(text: str) -> str:
    found = sorted({part.strip() for part in text.split(",")})
    bad = [part for part in found if part != _ANYWHERE and not _RESIDENCY.fullmatch(part)]
    if bad or (_ANYWHERE in found and len(found) > 1):
        why = "`any` alone, or `eu`, `eea` and countries of two letters, set apart by commas"
        raise CardFieldBad("not a residency", text, why, hint="--set residency=eu")
    return ",".join(found)


def _to_object(field: str, text: str, vault: Vault) -> ObjectId:
    """Keep a text with salt: its digest, which stays for good, must not confirm a guess."""
    data = json.dumps({"text": text, "salt": os.urandom(_SALT_BYTES).hex()}, ensure_ascii=False)
    encoded = data.encode("utf-8", "replace")
    if len(encoded) > CARD_TEXT_BYTES_MAX:
        raise CardFieldBad("too long for a card", field, f"at most {CARD_TEXT_BYTES_MAX} bytes")
    return vault.put(encoded, meta=True)


def words_of(data: bytes) -> str:
    """Return the words of a field that stand in an object.

    Raises:
        ValueError: it holds none.
    """
    found = json.loads(data)
    text = found.get("text") if isinstance(found, dict) else None
    if not isinstance(text, str):
        raise ValueError("no text of a card")  # noqa: TRY004 - of what was read, not of a caller
    return text
