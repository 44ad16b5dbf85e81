"""One way to write data down, and a few digits that tell it apart.

Owns what an empty field means in a record: the same as a field that is not there, so that a record
outlives a field that is added with an empty default.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from agents.manager.beats import Plan
from agents.manager.scene import Scene

_DIGEST = 12


def canonical(data: Mapping[str, Any]) -> str:
    """One way to write it: sorted keys, no spaces; equal data is equal to the byte."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def filled(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data without keys that hold nothing: None, "", 0, False, or what is empty without them.

    What stands in a list keeps its place.
    """
    kept = ((key, _filled(value)) for key, value in data.items())
    return {key: value for key, value in kept if value}


def digest_of(data: Mapping[str, Any]) -> str:
    """Twelve hexadecimal digits that tell data apart, but for keys that hold nothing."""
    return hashlib.sha256(canonical(filled(data)).encode()).hexdigest()[:_DIGEST]


def scene_digest(scene: Scene) -> str:
    """The digest of everything that later decisions depend on, but what was said."""
    return digest_of(scene.to_json())


def plan_digest(plan: Plan) -> str:
    """The digest of a whole plan, its cues and fixed lines too."""
    return digest_of(asdict(plan))


def _filled(value: Any) -> Any:
    if isinstance(value, Mapping):
        return filled(value)
    return [_filled(one) for one in value] if isinstance(value, list | tuple) else value
