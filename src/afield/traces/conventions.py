"""What other instrumentations call a span's input, output, kind, model and tokens.

From the OpenTelemetry conventions for generative AI (`gen_ai.*`), OpenInference (`llm.*`,
`input.value`), OpenLLMetry (`traceloop.*`), and the AI SDK (`ai.*`). Only what a span does not say
in the names of MLflow is added; nothing is taken away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from afield.traces.spans import INPUTS, OUTPUTS, TOKENS, TYPE, Span, said

MODEL, PROVIDER = "mlflow.llm.model", "mlflow.llm.provider"
_UNKNOWN = "UNKNOWN"
_INPUTS = (
    "input.value",
    "gen_ai.input.messages",
    "gen_ai.tool.call.arguments",
    "traceloop.entity.input",
    "gen_ai.prompt",
    "ai.prompt",
    "ai.prompt.messages",
    "ai.toolCall.args",
    "gcp.vertex.agent.llm_request",
    "lmnr.span.input",
    "langfuse.observation.input",
)
_OUTPUTS = (
    "output.value",
    "gen_ai.output.messages",
    "gen_ai.tool.call.result",
    "traceloop.entity.output",
    "gen_ai.completion",
    "ai.response.text",
    "ai.response.object",
    "ai.toolCall.result",
    "gcp.vertex.agent.llm_response",
    "lmnr.span.output",
    "langfuse.observation.output",
)
_COUNTS = {
    "input_tokens": (
        "gen_ai.usage.input_tokens",
        "llm.token_count.prompt",
        "gen_ai.usage.prompt_tokens",
        "ai.usage.promptTokens",
        "ai.usage.inputTokens",
    ),
    "output_tokens": (
        "gen_ai.usage.output_tokens",
        "llm.token_count.completion",
        "gen_ai.usage.completion_tokens",
        "ai.usage.completionTokens",
        "ai.usage.outputTokens",
    ),
    "total_tokens": (
        "gen_ai.usage.total_tokens",
        "llm.token_count.total",
        "llm.usage.total_tokens",
    ),
    "cache_read_input_tokens": (
        "gen_ai.usage.cache_read.input_tokens",
        "llm.token_count.prompt_details.cache_read",
    ),
    "cache_creation_input_tokens": (
        "gen_ai.usage.cache_creation.input_tokens",
        "llm.token_count.prompt_details.cache_write",
    ),
}
_KINDS = ("openinference.span.kind", "traceloop.span.kind", "gen_ai.operation.name")
_TYPES = {
    "llm": "LLM",
    "chain": "CHAIN",
    "agent": "AGENT",
    "tool": "TOOL",
    "retriever": "RETRIEVER",
    "embedding": "EMBEDDING",
    "reranker": "RERANKER",
    "guardrail": "GUARDRAIL",
    "evaluator": "EVALUATOR",
    "workflow": "WORKFLOW",
    "task": "TASK",
    "chat": "CHAT_MODEL",
    "text_completion": "LLM",
    "generate_content": "LLM",
    "embeddings": "EMBEDDING",
    "execute_tool": "TOOL",
    "create_agent": "AGENT",
    "invoke_agent": "AGENT",
}
_MODELS = ("gen_ai.response.model", "gen_ai.request.model", "llm.model_name", "ai.model.id")
_PROVIDERS = ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "ai.model.provider")


def translated(span: Span) -> Span:
    """Return a span that says what it can in the names of MLflow."""
    told = span.attributes
    inputs, outputs = told.get(INPUTS), told.get(OUTPUTS)
    said: dict[str, Any] = {
        INPUTS: _plain(_first(told, _INPUTS)) if inputs is None else None,
        OUTPUTS: _plain(_first(told, _OUTPUTS)) if outputs is None else None,
        TOKENS: _counts(told) or None,
        MODEL: _first(told, _MODELS) or _model_in(inputs) or _model_in(outputs),
        PROVIDER: _first(told, _PROVIDERS),
    }
    added = {name: value for name, value in said.items() if value is not None and name not in told}
    if told.get(TYPE) in (None, _UNKNOWN):
        found = _TYPES.get(str(_first(told, _KINDS)).lower())
        if found is not None:
            added[TYPE] = found
    if not added:
        return span
    return msgspec.structs.replace(span, attributes={**told, **added})


def _first(told: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    for name in names:
        value = told.get(name)
        if value not in (None, ""):
            return value
    return None


def _counts(told: Mapping[str, Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, others in _COUNTS.items():
        value = _first(told, others)
        try:
            number = int(value) if isinstance(value, str | int | float) else None
        except (ValueError, OverflowError):
            number = None
        if number is not None:
            found[name] = number
    if "total_tokens" not in found and "input_tokens" in found and "output_tokens" in found:
        found["total_tokens"] = found["input_tokens"] + found["output_tokens"]
    return found


def _plain(value: object) -> object:
    """Return what a text says, if it is JSON."""
    if not isinstance(value, str):
        return value
    found = said(value)
    return found if isinstance(found, dict | list) else value


def _model_in(value: object) -> str | None:
    found = value.get("model") if isinstance(value, dict) else None
    return found if isinstance(found, str) else None
