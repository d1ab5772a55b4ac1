"""Values that a person hands over (params, tags, summaries), made fit for an entry.

What arrives is anything at all: numbers of other libraries, nested configurations, paths,
objects. What leaves is a flat mapping of short scalars, with secrets replaced and long texts
moved into objects. Nothing here raises for an odd value; the worst is its `repr`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from afield.journal import Draft
from afield.kernel.ids import ObjectId, RunId
from afield.kernel.late import late
from afield.runs import events
from afield.runs.events import Scalar
from afield.runs.limits import NESTING_MAX, TAGS_PER_ENTRY_MAX, TEXT_BYTES_MAX, VALUES_BYTES_MAX
from afield.runs.series.live import clip_name
from afield.vault import Vault

_INTEGER_MAX = (1 << 63) - 1
_TOKEN_CHARS_MIN = 15
_PARTS = late(r"[./-]")


class Keeper:
    """Turns values into drafts; long texts go to the vault on the way.

    Call `flush` after the last draft and before appending any of them.

    Args:
        vault: where long texts go.
        secrets: returns values to be replaced wherever they turn up; asked at the first text.
    """

    def __init__(self, vault: Vault, *, secrets: Callable[[], Mapping[str, bytes]] = dict) -> None:
        self._vault = vault
        self._secrets = secrets
        self._refs: list[ObjectId] = []
        self._dirty = False

    def params(self, run: RunId, values: Mapping[str, object]) -> Iterator[Draft]:
        """Yield the drafts that set params; nested mappings become `a.b` names."""
        for kept in self._scalars(flatten(values, ".")):
            yield events.params(run, kept, self._take_refs())

    def summary(self, run: RunId, values: Mapping[str, object]) -> Iterator[Draft]:
        """Yield the drafts that set summary values; nested mappings become `a/b` names."""
        for kept in self._scalars(flatten(values, "/")):
            yield events.summary(run, kept, self._take_refs())

    def tags(self, run: RunId, values: Mapping[str, object]) -> Iterator[Draft]:
        """Yield the drafts that set tags; a value of None unsets one."""
        rest = iter(values.items())
        while chunk := list(islice(rest, TAGS_PER_ENTRY_MAX)):
            kept = {
                clip_name(hide_in_name(name)): clip_text(self._hide(name, _as_text(value)))
                for name, value in chunk
                if value is not None
            }
            yield events.tagged(
                run, kept, [clip_name(hide_in_name(name)) for name, v in chunk if v is None]
            )

    def name(self, run: RunId, name: str) -> Draft:
        """Return the draft of another name."""
        return events.named(run, clip_name(hide_in_name(self._hide("name", name))))

    def note(self, run: RunId, text: str) -> Draft:
        """Return the draft of a note."""
        self._dirty = True
        clean = self._hide("note", text).encode("utf-8", "replace")
        return events.noted(run, self._vault.put(clean, meta=True))

    def flush(self) -> None:
        """Make what went to the vault durable, before an entry names it."""
        if self._dirty:
            self._vault.flush()
            self._dirty = False

    def _scalars(self, values: Iterable[tuple[str, object]]) -> Iterator[dict[str, Scalar]]:
        """Yield as many values at a time as fit one entry."""
        kept: dict[str, Scalar] = {}
        room_bytes = VALUES_BYTES_MAX
        for name, value in values:
            clipped, found = clip_name(hide_in_name(name)), self._scalar(name, value)
            cost_bytes = len(clipped) * 6 + 32 + (len(found) * 6 if isinstance(found, str) else 0)
            if kept and cost_bytes > room_bytes:
                yield kept
                kept, room_bytes = {}, VALUES_BYTES_MAX
            kept[clipped] = found
            room_bytes -= cost_bytes
        if kept:
            yield kept

    def _hide(self, name: str, text: str) -> str:
        return hide_secrets(name, text, known=self._secrets())

    def _scalar(self, name: str, value: object) -> Scalar:
        found = to_scalar(value)
        if not isinstance(found, str):
            return found
        found = self._hide(name, found)
        data = found.encode("utf-8", "replace")
        if len(data) <= TEXT_BYTES_MAX:
            return data.decode("utf-8")
        self._dirty = True
        self._refs.append(self._vault.put(data, meta=True))
        return f"object:{self._refs[-1]}"

    def _take_refs(self) -> Sequence[ObjectId]:
        refs, self._refs = self._refs, []
        return refs


def to_scalar(value: object) -> Scalar:
    """Return a value as text, number, boolean or None.

    Numbers of numpy, torch and the like become plain ones; NaN, infinities and integers over
    64 bits, which JSON has not, become text; lists and objects become JSON or `str`.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value) if -_INTEGER_MAX <= value <= _INTEGER_MAX else str(int(value))
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else events.to_json_number(float(value))
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return _as_json(value)
    inner = _plain_number(value)
    return _as_text(value) if inner is None else to_scalar(inner)


def flatten(values: Mapping[str, object], separator: str) -> Iterator[tuple[str, object]]:
    """Yield (name, value), nested mappings as `outer<separator>inner`, to a bounded depth."""
    stack: list[tuple[str, Iterator[tuple[object, object]], int]]
    stack = [("", iter(list(values.items())), 0)]
    while stack:
        prefix, items, depth = stack[-1]
        for name, value in items:
            full = f"{prefix}{name}"
            if isinstance(value, Mapping) and value and depth < NESTING_MAX:
                stack.append((full + separator, iter(list(value.items())), depth + 1))
                break
            yield full, value
        else:
            stack.pop()


def hide_secrets(name: str, text: str, *, known: Mapping[str, bytes]) -> str:
    """Replace known secrets and what looks like one in a value; its name helps to tell."""
    from afield.runs.secrets import counts, is_secret_name, redact  # patterns cost start-up time

    if text.startswith("redacted:"):
        return text
    if is_secret_name(_PARTS().sub("_", name)) and counts(text):
        return "redacted:name"
    label = f"{name}="
    clean, rules = redact(label + text, known=known)
    if not rules:
        return text
    return clean.removeprefix(label)


def hide_in_name(text: object) -> str:
    """Replace what looks like a secret in the name of a run, project, tag or param."""
    text = str(text)
    if len(text) < _TOKEN_CHARS_MIN and ":" not in text and "=" not in text:
        return text  # no rule could match it
    from afield.runs.secrets import redact  # its patterns cost start-up time

    return redact(text)[0]


def clip_text(text: str) -> str:
    """Cut a text that must stand in an entry to its bound."""
    data = text.encode("utf-8", "replace")
    if len(data) > TEXT_BYTES_MAX:
        data = data[: TEXT_BYTES_MAX - 3] + b"..."
    return data.decode("utf-8", "ignore")


def _plain_number(value: object) -> object | None:
    """Unwrap a 0-d array or tensor by its own `item()`."""
    item = getattr(value, "item", None)
    if item is None or getattr(value, "ndim", 0) not in (0, None):
        return None
    try:
        inner = item()
    except Exception:  # noqa: BLE001 - foreign code; its text will do
        return None
    return inner if isinstance(inner, str | int | float) else None


def _as_json(value: object) -> str:
    import json  # few values are structured

    try:
        return json.dumps(_plain(value, 0), ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return _as_text(value)


def _plain(value: object, depth: int) -> object:
    if depth > NESTING_MAX:
        return _as_text(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(_as_text(inner) for inner in value)
    if isinstance(value, list | tuple):
        return [_plain(inner, depth + 1) for inner in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    inner = _plain_number(value)
    return _as_text(value) if inner is None else inner


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - foreign code; the type will do
        return f"<{type(value).__name__}>"
