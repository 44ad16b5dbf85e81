"""JSON as the stub vendor answers it: the least that fits the schema it was asked with."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

_PLAIN: dict[str, Any] = {
    "object": {}, "array": [], "string": "ok", "integer": 0, "number": 0, "boolean": True,
}  # fmt: skip


def json_answer(response_format: Mapping[str, Any], texts: Sequence[str]) -> str | None:
    """The answer's text, None when no JSON was asked for. The same texts choose the same values."""
    schema = _schema_of(response_format)
    if schema is None:
        return None
    pick = hashlib.sha256("\x00".join(texts).encode()).digest()[0]
    value = _least(schema, schema.get("$defs", {}), pick)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _schema_of(response_format: Mapping[str, Any]) -> dict[str, Any] | None:
    if response_format.get("type") == "json_schema":
        return dict(response_format["json_schema"]["schema"])
    if response_format.get("type") == "json_object":
        return dict(response_format.get("schema") or {"type": "object"})
    return None


def _least(schema: Mapping[str, Any], defs: Mapping[str, Any], pick: int) -> Any:
    if "$ref" in schema:
        return _least(defs[schema["$ref"].rpartition("/")[2]], defs, pick)
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return _least(schema[key][0], defs, pick)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][pick % len(schema["enum"])]
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    match kind:
        case "object":
            wanted = schema.get("required", ())
            parts = schema.get("properties", {})
            return {name: _least(parts.get(name, {}), defs, pick) for name in wanted}
        case "array":
            return [_least(schema.get("items", {}), defs, pick)] * schema.get("minItems", 0)
        case "string":
            return "ok".ljust(schema.get("minLength", 0), ".")[: schema.get("maxLength", 1000)]
        case "integer" | "number":
            return max(0, schema.get("minimum", 0))
        case _:
            return _PLAIN.get(kind)
