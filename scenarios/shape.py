"""The JSON Schema of a scenario, and how to find one's way in it.

Owns what editors are given (`schema.json`) and the questions that messages ask: which fields may
stand here, what a field holds, which values it allows.
"""

from __future__ import annotations

from functools import cache

from scenarios.errors import FieldPath
from scenarios.schema import Scenario

SCHEMA_ID = "https://repartee.invalid/schemas/scenario-1.json"

Node = dict[str, object]


Bounds = dict[str, float]
"""Of a field's JSON Schema node: minimum, maximum, exclusiveMinimum, maxLength, maxItems."""


@cache
def json_schema() -> Node:
    """The JSON Schema (draft 2020-12) of a scenario file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **Scenario.model_json_schema(by_alias=True),
    }


def node_at(path: FieldPath) -> Node:
    """What the schema says about the value at a path; `{}` where nothing may stand."""
    node = _plain(json_schema())
    for step in path:
        if isinstance(step, int) and "items" in node:
            inner: object = node["items"]
        else:
            inner = _members(node).get(str(step))
            for keyed in ("additionalProperties", "patternProperties"):
                inner = inner or _any_member(node.get(keyed), keyed)
        if not isinstance(inner, dict):
            return {}
        node = _plain(inner)
    return node


def fields_at(path: FieldPath) -> tuple[str, ...]:
    """Names of the fields that may stand in the group at a path, in the schema's order."""
    return tuple(_members(node_at(path)))


def choices_at(path: FieldPath) -> tuple[str, ...]:
    """The values of a fixed set; () where the field is free."""
    node = node_at(path)
    listed = node.get("enum")
    if isinstance(listed, list):
        return tuple(str(value) for value in listed)
    return (str(node["const"]),) if "const" in node else ()


def bounds_at(path: FieldPath) -> Bounds:
    """Ranges of a number, lengths of a text or of a list."""
    node = node_at(path)
    return {name: float(value) for name, value in node.items() if isinstance(value, int | float)}


def home_of(field: str, path: FieldPath) -> str | None:
    """`voice.pitch` for `pitch` in a character: a group of this one that has such a field."""
    for name in fields_at(path):
        if field in fields_at((*path, name)):
            return f"{name}.{field}"
    return None


def _plain(node: object) -> Node:
    """The node behind references and alternatives: of `X or null` X, of `text or list` the list."""
    while isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            definitions = json_schema()["$defs"]
            name = str(node["$ref"]).rpartition("/")[2]
            node = definitions.get(name, {}) if isinstance(definitions, dict) else {}
        elif isinstance(node.get("anyOf"), list):
            choices = [one for one in node["anyOf"] if one.get("type") != "null"]
            node = choices[-1] if choices else {}
        else:
            return node
    return {}


def _members(node: Node) -> Node:
    members = node.get("properties")
    return members if isinstance(members, dict) else {}


def _any_member(value: object, keyword: str) -> object:
    if keyword == "patternProperties" and isinstance(value, dict):
        return next(iter(value.values()), None)
    return value
