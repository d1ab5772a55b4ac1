"""What an import keeps of a run beside its entries: the document, and the manifest.

Pure but for the vault that the objects go to and come from.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from afield.journal import Draft
from afield.kernel.errors import AfieldError
from afield.kernel.ids import ObjectId, RunId
from afield.runs import events
from afield.runs.capture.console import STDOUT, ConsoleWriter
from afield.runs.capture.outcome import facts_of
from afield.runs.manifest import Manifest, encode
from afield.runs.secrets import redact, redact_argv
from afield.runs.values import hide_secrets
from afield.vault import Vault
from afield.workspace.bring.run_source import Found

if TYPE_CHECKING:
    from afield.workspace.workspace import Workspace

DEPTH_MAX = 32


def described(head: dict[str, Any], *, about: Any, left: Any) -> dict[str, Any]:
    """Return the document of a run: what was seen of it, what it says of itself, what was left."""
    return {**head, "about": about, "left": left}


def read_document(vault: Vault, found: ObjectId | None) -> dict[str, Any]:
    """Return a document; an empty one when it is not here, so that all is stated again."""
    if found is None:
        return {}
    try:
        document = json.loads(vault.get(found))
    except (AfieldError, OSError, ValueError):
        return {}
    if not isinstance(document, dict) or not isinstance(document.get("seen"), dict):
        return {}
    return document


def cleaned(value: Any, known: Mapping[str, bytes], name: str = "", depth: int = 0) -> Any:
    """Return JSON with the secrets in its texts replaced; what is nested too deep goes."""
    if isinstance(value, str):
        text = value.encode("utf-8", "replace").decode()
        return hide_secrets(name, text, known=known)
    if depth > DEPTH_MAX:
        return None
    if isinstance(value, Mapping):
        return {
            redact(str(key), known=known)[0]: cleaned(inner, known, str(key), depth + 1)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [cleaned(inner, known, name, depth + 1) for inner in value]
    if value is None or isinstance(value, bool | int):
        return value
    return events.to_json_number(value) if isinstance(value, float) else str(value)


def captured_of(vault: Vault, run: RunId, found: Found, known: Mapping[str, bytes]) -> Draft | None:
    """Keep console and manifest, secrets replaced; return the entry that names them, or None."""
    if found.manifest is None:
        return None
    argv, _ = redact_argv(found.manifest.argv, known=known)
    console, size_bytes = None, 0
    if found.console:
        console, size_bytes = _console(vault, found, known)
    plain = cleaned(msgspec.to_builtins(found.manifest), known)
    manifest = msgspec.structs.replace(
        msgspec.convert(plain, Manifest, strict=False),
        argv=tuple(argv),
        console=console,
        console_bytes=size_bytes,
    )
    facts = {**facts_of(manifest), "dirty": None}  # nobody looked
    return events.captured(run, facts, vault.put(encode(manifest), meta=True))


class _Kept(io.BytesIO):
    """A stream whose bytes outlive its closing."""

    data = b""

    def close(self) -> None:
        self.data = self.getvalue()
        super().close()


def _console(vault: Vault, found: Found, known: Mapping[str, bytes]) -> tuple[ObjectId, int]:
    out = _Kept()
    writer = ConsoleWriter(out, known=known)
    writer.feed(STDOUT, found.console, found.ended_ms * 1_000_000)
    writer.close()
    return vault.put(out.data), writer.size_bytes


def imported_part(workspace: Workspace, run: RunId) -> dict[str, Any] | None:
    """Return where a run was imported from, and what its document says; None for others."""
    for tool, found in workspace.query("SELECT tool, object FROM imports WHERE run = ?", (run,)):
        document = read_document(workspace.record.vault, found)
        return {
            "tool": tool,
            "key": document.get("key"),
            "about": document.get("about", {}),
            "left": [{"what": what, "why": why} for what, why in document.get("left") or ()],
            "object": found,
        }
    return None
