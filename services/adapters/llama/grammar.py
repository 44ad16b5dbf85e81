"""A JSON Schema of ours as one that llama.cpp keeps: what it would ignore or choke on is changed.

Only our own schemas come here, and only known keywords pass: a grammar that llama.cpp cannot read
ends the whole process.
"""

import json
from typing import Any

from services.core.errors import BackendError

MAX_SCHEMA_CHARS = 20_000
MAX_REPETITIONS = 500
"""Longer strings and lists are left unbounded: a grammar is slow at them, max_tokens ends them."""

WIDEST_RANGE = 200
"""Integer ranges up to this become an enum: their bounds are ignored. Source: measured, 0.3.36."""

_KEPT = frozenset({
    "type", "properties", "required", "additionalProperties", "items", "enum", "const", "minItems",
    "maxItems", "minLength", "maxLength", "pattern", "anyOf", "oneOf", "$ref", "$defs",
})  # fmt: skip
_SILENT = frozenset({"title", "description", "default", "examples", "$schema", "format"})
_BOUNDS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})
_NAMED = frozenset({"properties", "$defs"})


def safe_schema(schema: str) -> str:
    """The schema that is compiled. Raises BackendError (`schema`, not to be repeated)."""
    if len(schema) > MAX_SCHEMA_CHARS:
        raise _refused()
    try:
        parsed = json.loads(schema)
    except ValueError:
        raise _refused() from None
    return json.dumps(_safe(parsed))


def _safe(node: Any) -> Any:
    if not isinstance(node, dict):
        if isinstance(node, bool):
            return node
        raise _refused()
    unknown = node.keys() - _KEPT - _SILENT - _BOUNDS
    least = max(node.get("minItems", 0), node.get("minLength", 0))
    if unknown or least > MAX_REPETITIONS:
        raise _refused()
    ranged = _enum_of_range(node)
    if ranged is not None:
        return ranged
    return {key: _part(key, value) for key, value in node.items() if _is_kept(key, value)}


def _is_kept(key: str, value: Any) -> bool:
    if key in {"maxItems", "maxLength"}:
        return isinstance(value, int) and value <= MAX_REPETITIONS
    return key in _KEPT


def _part(key: str, value: Any) -> Any:
    if key in _NAMED:
        return {name: _safe(part) for name, part in value.items()}
    if key in {"anyOf", "oneOf"}:
        return [_safe(part) for part in value]
    if key in {"items", "additionalProperties"}:
        return _safe(value)
    if key == "$ref" and not str(value).startswith("#/"):
        raise _refused()
    return value


def _enum_of_range(node: dict[str, Any]) -> dict[str, Any] | None:
    if node.get("type") != "integer" or "enum" in node or not _BOUNDS & node.keys():
        return None
    low, high = node.get("minimum"), node.get("maximum")
    low = low if low is not None else _shifted(node.get("exclusiveMinimum"), 1)
    high = high if high is not None else _shifted(node.get("exclusiveMaximum"), -1)
    if not isinstance(low, int) or not isinstance(high, int) or not 0 <= high - low < WIDEST_RANGE:
        return None
    return {"enum": list(range(low, high + 1))}


def _shifted(bound: Any, by: int) -> int | None:
    return bound + by if isinstance(bound, int) else None


def _refused() -> BackendError:
    return BackendError(
        "the local model cannot keep to this schema", retryable=False, code="schema"
    )
