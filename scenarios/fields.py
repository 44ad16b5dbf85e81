"""What every part of a scenario file is made of: short names, texts, dials, lists of words."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$", max_length=64)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
"""A line to be spoken: at most 500 characters, about half a minute of speech."""
Dial = Annotated[float, Field(ge=0.0, le=1.0)]
Language = Literal["fr", "en"]


def _listed(value: object) -> object:
    """`phase: debat` and `words: train` read as lists of one."""
    return (value,) if isinstance(value, str) else value


Words = Annotated[
    tuple[Line, ...],
    BeforeValidator(_listed, json_schema_input_type=Line | tuple[Line, ...]),
    Field(min_length=1),
]


class Model(BaseModel):
    """Base of every part of a scenario: frozen, and unknown fields are errors."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False
    )
