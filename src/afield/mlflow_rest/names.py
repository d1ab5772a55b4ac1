"""What names, keys and values may be, with the words in which MLflow refuses the others."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Sequence

from afield.mlflow_rest import limits
from afield.mlflow_rest.errors import invalid
from afield.mlflow_rest.messages import KeyValue, Metric

_NAME = re.compile(r"[/\w.\- :]*")
_RUN_ID = re.compile(r"[a-zA-Z0-9][\w\-]{0,255}")
_EXPERIMENT_ID = re.compile(r"[a-zA-Z0-9][\w\-]{0,63}")
_BAD_CHARACTERS = (
    "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.),"
    " spaces ( ), colon(:) and slashes (/)."
)
_known: set[str] = set()
_KNOWN_MAX = 10_000


def check_run_id(run: str) -> None:
    """Refuse what no run's id can be.

    Raises:
        Rest: it is none.
    """
    if not _RUN_ID.fullmatch(run):
        raise invalid(f"Invalid value {json.dumps(run)} for parameter 'run_id' supplied.")


def check_experiment_id(experiment: str) -> None:
    """Refuse what no experiment's id can be.

    Raises:
        Rest: it is none.
    """
    if not _EXPERIMENT_ID.fullmatch(experiment):
        raise invalid(f"Invalid experiment ID: '{experiment}'")


def check_experiment_name(name: str | None) -> str:
    """Return a name that an experiment can have.

    Raises:
        Rest: it is none, or too long.
    """
    if not name:
        raise invalid(f"Invalid experiment name: '{name}'")
    check_length("name", name, limits.EXPERIMENT_NAME_CHARS_MAX)
    return name


def check_key(name: str | None, path: str) -> str:
    """Return the key of a metric, param or tag.

    Raises:
        Rest: it has other characters than a key can have, or reads as another path.
    """
    if name is None:
        raise invalid(
            f"Invalid value null for parameter '{path}' supplied: A key name must be provided."
        )
    if name in _known:
        return name
    shown = f"Invalid value {json.dumps(name)} for parameter '{path}' supplied"
    if not _NAME.fullmatch(name):
        raise invalid(f"{shown}: {_BAD_CHARACTERS}")
    resolved = posixpath.normpath(name)
    if resolved != name or resolved == "." or resolved.startswith(("..", "/")):
        raise invalid(
            f"{shown}: Names may be treated as files in certain cases, and must not resolve to"
            f" other names when treated as such. This name would resolve to {resolved!r}"
        )
    if len(_known) < _KNOWN_MAX and len(name) <= limits.KEY_CHARS_MAX:
        _known.add(name)
    return name


def check_length(what: str, text: str, chars_max: int) -> str:
    """Return a text that is no longer than it may be.

    Raises:
        Rest: it is.
    """
    if len(text) > chars_max:
        raise invalid(f"'{what}' exceeds the maximum length of {chars_max} characters")
    return text


def check_metric(point: Metric, path: str) -> str:
    """Return the name of a point whose every part can be kept.

    Raises:
        Rest: one cannot.
    """
    name = point.key
    if name not in _known:
        name = check_key(name, f"{path}name")
        check_length("Metric name", name, limits.KEY_CHARS_MAX)
    if point.value is None:
        raise invalid(f"Missing value for required parameter '{path}value'.")
    if point.timestamp is None or not 0 <= point.timestamp <= _MS_MAX:
        raise invalid(
            f"Invalid value {json.dumps(point.timestamp)} for parameter '{path}timestamp'"
            f" supplied: metric '{name}' (value={point.value}). Timestamp must be a nonnegative"
            " long (64-bit integer) "
        )
    return name


_MS_MAX = (1 << 63) // 1_000_000 - 1
"""The last millisecond that a point's nanoseconds can say: of the year 2262."""


def check_param(key: str | None, value: str | None, path: str = "") -> tuple[str, str]:
    """Return a param that can be kept; as MLflow does, a value that is too long is cut.

    Raises:
        Rest: it cannot.
    """
    name = check_length("Param key", check_key(key, f"{path}key"), limits.KEY_CHARS_MAX)
    return name, (value or "")[: limits.PARAM_CHARS_MAX]


def check_tag(key: str | None, value: str | None, path: str = "") -> tuple[str, str]:
    """Return a run's tag that can be kept; a value that is too long is cut.

    Raises:
        Rest: it cannot.
    """
    name = check_length(f"{path}key", check_key(key, f"{path}key"), limits.KEY_CHARS_MAX)
    return name, (value or "")[: limits.TAG_CHARS_MAX]


def check_experiment_tag(key: str | None, value: str | None) -> tuple[str, str]:
    """Return an experiment's tag that can be kept.

    Raises:
        Rest: it cannot.
    """
    name = check_length("key", check_key(key, "key"), limits.KEY_CHARS_MAX)
    return name, check_length("value", value or "", limits.EXPERIMENT_TAG_CHARS_MAX)


def check_batch(
    metrics: Sequence[Metric], params: Sequence[KeyValue], tags: Sequence[KeyValue]
) -> None:
    """Refuse a batch of too many.

    Raises:
        Rest: there are.
    """
    both = limits.PARAMS_PER_BATCH_MAX
    total = len(metrics) + len(params) + len(tags)
    for what, most, count in (
        ("metrics", limits.METRICS_PER_BATCH_MAX, len(metrics)),
        ("params", both, len(params)),
        ("tags", both, len(tags)),
        ("metrics, params, and tags", limits.ENTITIES_PER_BATCH_MAX, total),
    ):
        if count > most:
            raise invalid(
                f"A batch logging request can contain at most {most} {what}. Got {count} {what}."
                f" Please split up {what} across multiple requests and try again."
            )
