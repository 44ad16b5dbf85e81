"""What a model is sent: a request as the OpenAI wire has it, within what the model takes."""

import json
import logging
from dataclasses import fields, replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from services.llm.request import Request
from services.llm.spec import ModelSpec, Takes

log = logging.getLogger(__name__)

ADDRESS = {
    "openai": "https://api.openai.com/v1",
    "mistral": "https://api.mistral.ai/v1",
    "scaleway": "https://api.scaleway.ai/v1",
}
"""Where a provider answers unless a base URL says otherwise."""

_GO_ON = {"role": "user", "content": "…"}
"""Follows a last assistant message where a model cannot continue one: some vendors refuse it."""


def compatible(spec: ModelSpec) -> ModelSpec:
    """The model on a server that is not its provider's: only what every server takes is sent."""
    plain = Takes()
    dropped = [
        field.name
        for field in fields(Takes)
        if getattr(spec.takes, field.name) != getattr(plain, field.name)
    ]
    if dropped:
        log.info("chat.capabilities_dropped", extra={"model": spec.id, "dropped": dropped})
    return replace(spec, takes=plain)


def at_address(spec: ModelSpec, base_url: str | None) -> ModelSpec:
    """The model as it may be asked at `base_url` (None: its provider's own address).

    A provider that is not in ADDRESS has no other address: its data was written for this one.
    """
    if base_url is None or spec.provider not in ADDRESS:
        return spec
    own = (urlsplit(ADDRESS[spec.provider]).hostname or "").removeprefix("api.")
    host = urlsplit(base_url).hostname or ""
    return spec if f".{host}".endswith(f".{own}") else compatible(spec)


def body_of(request: Request, spec: ModelSpec, *, stream: bool) -> dict[str, Any]:
    """The body of a chat completion."""
    takes = spec.takes
    body: dict[str, Any] = {
        "model": spec.model,
        "messages": _messages(request, spec),
        takes.limit_field: request.max_tokens,
    }
    if takes.temperature:
        body["temperature"] = request.temperature
    if takes.effort:
        body["reasoning_effort"] = takes.effort
    if request.schema is not None and takes.json != "words":
        body["response_format"] = (
            _json_schema(request.schema) if takes.json == "schema" else {"type": "json_object"}
        )
    if stream:
        body["stream"] = True
        if takes.usage_in_stream:
            body["stream_options"] = {"include_usage": True}
    return body


def _messages(request: Request, spec: ModelSpec) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = [
        {"role": message.role, "content": message.content} for message in request.messages
    ]
    if messages and messages[-1]["role"] == "assistant":
        if not spec.takes.prefill:
            messages.append(_GO_ON)
        elif spec.provider == "mistral":
            messages[-1]["prefix"] = True
    return messages


@lru_cache(maxsize=64)
def _json_schema(schema: str) -> dict[str, Any]:
    """The wire's form of a JSON Schema; `strict` where the schema is as closed as that asks."""
    parsed = json.loads(schema)
    wrapped = {"name": "answer", "schema": parsed, "strict": _is_strict(parsed)}
    return {"type": "json_schema", "json_schema": wrapped}


def _is_strict(schema: Any) -> bool:
    """Whether every object in it closes itself and requires all it has.

    Source: developers.openai.com, structured outputs, supported schemas (2026-11).
    """
    if isinstance(schema, list):
        return all(_is_strict(part) for part in schema)
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object" and (
        schema.get("additionalProperties") is not False
        or set(schema.get("required", ())) != set(schema.get("properties", ()))
    ):
        return False
    return all(_is_strict(part) for part in schema.values())
