"""Writes `.env.example` and `docs/configuration.md`: `python -m scripts.settings_pages`."""

import types
import typing
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from services.settings import Settings

ROOT = Path(__file__).parent.parent

_HEAD = """\
# Configuration

Everything is optional: without any variable Repartee runs on this machine alone. Names that the
LiveKit, OpenAI, Redis and Celery worlds have are used as they are; ours begin with `REPARTEE_`, and
an unknown `REPARTEE_*` stops the start with the nearest name. An empty value counts as unset.

This page and `.env.example` are written by `python -m scripts.settings_pages`.

| variable | values | default | meaning |
|---|---|---|---|
"""


def markdown() -> str:
    """docs/configuration.md."""
    rows = [
        f"| `{field.validation_alias}` | {_values(field)} | {_default(field) or 'unset'} "
        f"| {_meaning(field)} |"
        for field in Settings.model_fields.values()
    ]
    return _HEAD + "\n".join(rows) + "\n"


def env_example() -> str:
    """.env.example: every variable, commented out, at its default."""
    lines = [
        "# Copy to .env and uncomment what you change. docs/configuration.md explains each.",
        "",
    ]
    for field in Settings.model_fields.values():
        lines += [
            f"# {_meaning(field)}",
            f"#{field.validation_alias}={_default(field).strip('`')}",
            "",
        ]
    return "\n".join(lines)


def _meaning(field: FieldInfo) -> str:
    return (field.description or "").replace("|", "\\|")


def _values(field: FieldInfo) -> str:
    kinds = [kind for kind in _kinds(field.annotation) if kind is not types.NoneType]
    if any(isinstance(kind, str) for kind in kinds):
        return ", ".join(f"`{kind}`" for kind in kinds)
    names = {bool: "`true`, `false`", int: "number", Path: "path", SecretStr: "secret"}
    return next((names[kind] for kind in kinds if kind in names), "text")


def _kinds(annotation: Any) -> list[Any]:
    """The types, or the literal values, that a field takes."""
    if typing.get_origin(annotation) is typing.Literal:
        return list(typing.get_args(annotation))
    inner = typing.get_args(annotation)
    return [kind for one in inner for kind in _kinds(one)] if inner else [annotation]


def _default(field: FieldInfo) -> str:
    """As one would write it in the environment; "" when unset."""
    value = field.default
    if field.default_factory is not None or value in (None, ()):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    (ROOT / ".env.example").write_text(env_example(), encoding="utf-8")
    (ROOT / "docs" / "configuration.md").write_text(markdown(), encoding="utf-8")
