"""The beginnings of what a trace was asked and answered; of a conversation its last message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from afield.traces.limits import PREVIEW_CHARS_MAX
from afield.traces.spans import said


class Previews(msgspec.Struct, omit_defaults=True):
    """The beginnings of request and response, as they are kept."""

    request: str | None = None
    response: str | None = None


_decoder = msgspec.json.Decoder(Previews)


def decode(data: bytes) -> Previews:
    """Return the previews of an object.

    Raises:
        msgspec.MsgspecError: it holds none.
    """
    return _decoder.decode(data)


def cut(text: str | None) -> str | None:
    """Return the beginning of a text."""
    return None if text is None else text[:PREVIEW_CHARS_MAX]


def preview(value: object, role: str) -> str | None:
    """Return the beginning of what was asked or answered, by who has a role."""
    if value is None:
        return None
    shown = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    if isinstance(value, str):
        value = said(value)
    content = _words_of(_last(_messages(value), role)) or shown
    if len(content) <= PREVIEW_CHARS_MAX:
        return content
    return content[: PREVIEW_CHARS_MAX - 3] + "..."


def _messages(value: object) -> list[dict[str, Any]]:
    """Return the messages of a conversation, in one of the forms that providers have."""
    if isinstance(value, dict) and isinstance(value.get("request"), dict):
        value = value["request"]
    if not isinstance(value, dict):
        return []
    for name in ("messages", "input", "output"):
        found = value.get(name)
        if isinstance(found, list) and found:
            return [each for each in found if _is_message(each)]
    choices = value.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        message = choices[0].get("message")
        return [message] if isinstance(message, dict) and _is_message(message) else []
    return []


def _is_message(value: object) -> bool:
    return isinstance(value, dict) and "role" in value and "content" in value


def _last(messages: list[dict[str, Any]], role: str) -> dict[str, Any]:
    own = [message for message in messages if message.get("role") == role]
    return (own or messages or [{}])[-1]


def _words_of(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    for part in content if isinstance(content, list) else ():
        if isinstance(part, str):
            return part
        if isinstance(part, dict) and part.get("type") in ("text", "output_text"):
            words = part.get("text")
            return words if isinstance(words, str) else ""
    return ""
