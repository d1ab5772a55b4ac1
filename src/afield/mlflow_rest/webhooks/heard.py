"""What the registry tells of: the calls that make an event, and what is sent of each.

The words and fields are MLflow's. A prompt is a model with a tag, and its events have names of
their own. Secrets in texts are replaced, as they are where the texts are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from afield.mlflow_rest import registered, versions
from afield.mlflow_rest.messages import KeyValue
from afield.mlflow_rest.route import Call, Rpc
from afield.mlflow_rest.search.registered import PROMPT
from afield.mlflow_rest.webhooks.delivery import Sender
from afield.mlflow_rest.webhooks.kept import Event, Webhooks
from afield.registry import query
from afield.runs.values import hide_secrets

PROMPT_TEXT = "mlflow.prompt.text"
_Told = dict[str, Any]
_NAME, _ALIAS = {"name": "example_model"}, {"alias": "example_alias"}
_VERSION, _KEY, _VALUE = {"version": "1"}, {"key": "example_key"}, {"value": "example_value"}
_MORE: _Told = {"tags": {"example_key": "example_value"}, "description": "An example"}
_SOURCE: _Told = {"source": "models:/123", "run_id": "abcd1234abcd5678"}
_TEMPLATE: _Told = {"template": "Hello {{name}}!"}

EXAMPLES: Mapping[Event, _Told] = {
    Event("REGISTERED_MODEL", "CREATED"): {**_NAME, **_MORE},
    Event("MODEL_VERSION", "CREATED"): {**_NAME, **_VERSION, **_SOURCE, **_MORE},
    Event("MODEL_VERSION_TAG", "SET"): {**_NAME, **_VERSION, **_KEY, **_VALUE},
    Event("MODEL_VERSION_TAG", "DELETED"): {**_NAME, **_VERSION, **_KEY},
    Event("MODEL_VERSION_ALIAS", "CREATED"): {**_NAME, **_ALIAS, **_VERSION},
    Event("MODEL_VERSION_ALIAS", "DELETED"): {**_NAME, **_ALIAS},
    Event("PROMPT", "CREATED"): {**_NAME, **_MORE},
    Event("PROMPT_VERSION", "CREATED"): {**_NAME, **_VERSION, **_TEMPLATE, **_MORE},
    Event("PROMPT_TAG", "SET"): {**_NAME, **_KEY, **_VALUE},
    Event("PROMPT_TAG", "DELETED"): {**_NAME, **_KEY},
    Event("PROMPT_VERSION_TAG", "SET"): {**_NAME, **_VERSION, **_KEY, **_VALUE},
    Event("PROMPT_VERSION_TAG", "DELETED"): {**_NAME, **_VERSION, **_KEY},
    Event("PROMPT_ALIAS", "CREATED"): {**_NAME, **_ALIAS, **_VERSION},
    Event("PROMPT_ALIAS", "DELETED"): {**_NAME, **_ALIAS},
    Event("BUDGET_POLICY", "EXCEEDED"): {"budget_policy_id": "bp-1"},
}
"""Every event that a webhook may ask for, with what is sent to try it; nothing here has budgets."""


def heard(rpcs: Sequence[Rpc], kept: Webhooks, sender: Sender) -> list[Rpc]:
    """Return calls as they are, and those that make an event so that they tell of it."""
    return [_telling(rpc, kept, sender) if rpc.handler in _TELLS else rpc for rpc in rpcs]


def _telling(rpc: Rpc, kept: Webhooks, sender: Sender) -> Rpc:
    of_model, action, fields = _TELLS[rpc.handler]
    inner = rpc.handler

    def handler(call: Call, asked: Any) -> Any:
        answer = inner(call, asked)
        if kept.count():
            is_prompt = _is_prompt(call, asked.name)
            entity = _OF_PROMPT[of_model] if is_prompt else of_model
            event, told = Event(entity, action), fields(call, asked, answer)
            if event in EXAMPLES:
                if is_prompt and entity == "PROMPT_VERSION":
                    told = _of_prompt(told)
                begin = sender.keep(event, told)
                call.after.append(lambda _: begin())
        return answer

    return replace(rpc, handler=handler)


_OF_PROMPT = {
    "REGISTERED_MODEL": "PROMPT",
    "REGISTERED_MODEL_TAG": "PROMPT_TAG",
    "MODEL_VERSION": "PROMPT_VERSION",
    "MODEL_VERSION_TAG": "PROMPT_VERSION_TAG",
    "MODEL_VERSION_ALIAS": "PROMPT_ALIAS",
}


def _is_prompt(call: Call, name: str) -> bool:
    found = query.model_named(call.workspace.query, name)
    if found is None:
        return False
    tags = query.model_tags(call.workspace.query, [found.id]).get(found.id, {})
    return tags.get(PROMPT, "").lower() == "true"


def _of_prompt(told: _Told) -> _Told:
    tags = dict(told["tags"])
    text = tags.pop(PROMPT_TEXT, None)
    kept = {key: told[key] for key in ("name", "version", "description")}
    return {**kept, "template": text, "tags": tags}


def _model(call: Call, asked: Any, _: Any) -> _Told:
    return {
        "name": asked.name,
        "tags": _tags(call, asked.tags),
        "description": _clean(call, "description", asked.description),
    }


def _version(call: Call, asked: Any, answer: Any) -> _Told:
    return {
        **_model(call, asked, answer),
        "version": answer.model_version.version,
        "source": asked.source,
        "run_id": asked.run_id or None,
    }


def _tag(call: Call, asked: Any, _: Any) -> _Told:
    version = {"version": str(asked.version)} if hasattr(asked, "version") else {}
    value = _clean(call, asked.key, asked.value)
    return {"name": asked.name, **version, "key": asked.key, "value": value}


def _untag(call: Call, asked: Any, answer: Any) -> _Told:
    found = _tag(call, asked, answer)
    del found["value"]
    return found


def _alias(_: Call, asked: Any, __: Any) -> _Told:
    return {"name": asked.name, "alias": asked.alias, "version": str(asked.version)}


def _unalias(_: Call, asked: Any, __: Any) -> _Told:
    return {"name": asked.name, "alias": asked.alias}


def _tags(call: Call, pairs: Sequence[KeyValue] | None) -> dict[str, str | None]:
    return {
        each.key: _clean(call, each.key, each.value)
        for each in pairs or ()
        if each.key is not None and each.key != PROMPT
    }


def _clean(call: Call, name: str, text: str | None) -> str | None:
    if not text:
        return text
    return hide_secrets(name, text, known=call.served.record.secrets())


_TELLS: dict[Callable[..., Any], tuple[str, str, Callable[[Call, Any, Any], _Told]]] = {
    registered.create: ("REGISTERED_MODEL", "CREATED", _model),
    registered.set_tag: ("REGISTERED_MODEL_TAG", "SET", _tag),
    registered.delete_tag: ("REGISTERED_MODEL_TAG", "DELETED", _untag),
    registered.set_alias: ("MODEL_VERSION_ALIAS", "CREATED", _alias),
    registered.delete_alias: ("MODEL_VERSION_ALIAS", "DELETED", _unalias),
    versions.create: ("MODEL_VERSION", "CREATED", _version),
    versions.set_tag: ("MODEL_VERSION_TAG", "SET", _tag),
    versions.delete_tag: ("MODEL_VERSION_TAG", "DELETED", _untag),
}
