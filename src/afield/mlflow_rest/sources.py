"""Where a version's files may be said to be, and where they are in the end.

The server opens none of these places. They are checked for whoever will: nothing local, nothing
that leaves where it starts, however often it is decoded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_plus

from afield.members.actions import Action
from afield.mlflow_rest import known
from afield.mlflow_rest.decode import wrong_value
from afield.mlflow_rest.errors import Rest, invalid
from afield.mlflow_rest.names import check_length
from afield.mlflow_rest.route import Call
from afield.registry import query
from afield.registry.limits import SOURCE_CHARS_MAX
from afield.registry.stages import stage_of

_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]+):(?P<rest>.*)", re.DOTALL)
_WORDS = re.compile(r"[^/~:][^:]*")
_LOGGED = re.compile(r"models:/+(?P<model>m-[0-9a-f]{32})/?")
_VERSION = re.compile(r"models:/+(?P<name>[^/@]+)(?:/(?P<version>[^/@]+)|@(?P<alias>[^/@]+))/?")
_DECODED_TIMES = 8
_LOCAL = ("file", "localhost")


@dataclass(frozen=True, slots=True)
class Source:
    """A source that was checked.

    Attributes:
        text: as it was given.
        location: where the files are, when the text names another model.
        run: the run that made that model.
        logged_model: the logged model that the text names.
    """

    text: str
    location: str | None = None
    run: str | None = None
    logged_model: str | None = None


def check_source(call: Call, text: str, *, prompt: bool = False) -> Source:
    """Return a source that a version may have.

    Args:
        call: the call that is answered.
        text: the source.
        prompt: the version is a prompt's, which has no files: any words will do.

    Raises:
        Rest: it is local, or leaves where it starts, or names a model that is not there.
    """
    check_length("source", text, SOURCE_CHARS_MAX)
    if not (prompt and _WORDS.fullmatch(text)):
        _check_scheme(text)
    _check_place(text)
    if not text.lower().startswith("models:"):
        return Source(text)
    logged = _LOGGED.fullmatch(text)
    if logged is not None:
        return _of_logged(call, text, logged["model"])
    version = _VERSION.fullmatch(text)
    if version is None:
        raise _unknown(text, "it names no model")
    found = _named(call, version)
    if found is None:
        raise _unknown(text, "there is no such version")
    call.need(Action.MODEL_READ, found.project)
    return Source(text, found.location or found.source)


def _check_scheme(text: str) -> None:
    found = _SCHEME.fullmatch(text)
    if found is None or found["scheme"].lower() in _LOCAL or not found["rest"].strip("/"):
        raise invalid(
            f"Invalid model version source: '{text}'. To use a local path as a model version"
            " source, the run_id request parameter has to be specified and the local path has to"
            " be contained within the artifact directory of the run specified by the run_id."
        )


def _check_place(text: str) -> None:
    seen = text
    for _ in range(_DECODED_TIMES):
        if _leaves(seen):
            break
        after = unquote_plus(seen)
        if after == seen:
            return
        seen = after
    raise invalid(
        f"Invalid model version source: '{text}'. If supplying a source as an http, https, local"
        " file path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must be provided"
        " without relative path references present. Please provide an absolute path."
    )


def _leaves(seen: str) -> bool:
    parts = re.split(r"[/?#:]", seen)
    return (
        "\\" in seen
        or any(ord(sign) < 0x20 or ord(sign) == 0x7F for sign in seen)  # noqa: PLR2004 - control signs
        or any(part.partition(";")[0] in ("..", ".") for part in parts)
        or "file:" in seen.lower()
    )


def _of_logged(call: Call, text: str, model: str) -> Source:
    sql = "SELECT experiment, run FROM logged_models WHERE id = ? AND made_ms IS NOT NULL"
    for experiment, run in call.workspace.query(sql, (model,)):
        within = known.experiment(call.workspace, experiment)
        call.need(Action.RUN_READ, within.project)
        return Source(text, f"{within.artifacts}/models/{model}/artifacts", run, model)
    raise _unknown(text, f"Logged model with ID '{model}' not found.")


def _named(call: Call, named: re.Match[str]) -> query.ModelVersion | None:
    ask = call.workspace.query
    model = query.model_named(ask, named["name"])
    if model is None:
        return None
    if named["alias"]:
        number = query.aliases(ask, [model.id]).get(model.id, {}).get(named["alias"])
        return None if number is None else query.version_of(ask, model.id, number)
    word = named["version"]
    if word.isdecimal():
        return query.version_of(ask, model.id, as_number(word))
    newest = query.newest_by_stage(ask, [model.id]).get(model.id, [])
    if word.lower() == "latest":
        return newest[0] if newest else None
    stage = stage_of(word)
    return next((one for one in newest if one.stage == stage), None)


def as_number(version: str | int | None) -> int:
    """Return the number of a version; 0, that of none, for what is past every bound.

    Raises:
        Rest: it is no integer.
    """
    text = str(version)
    if not re.fullmatch(r"\s*[-+]?[0-9]+\s*", text):
        raise invalid(f"Parameter 'version' must be an integer, got '{text[:100]}'.")
    if len(text) > 18:  # noqa: PLR2004 - digits of 64 bits
        return 0
    return int(text)


def _unknown(text: str, why: str) -> Rest:
    return wrong_value(
        "source",
        text,
        f" Unable to fetch model from model URI source artifact location '{text}'. Error: {why}",
    )
