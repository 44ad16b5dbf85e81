"""The API's description, made for client generators: every refusal is the one schema `Problem`."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from services.api.problems import MEDIA_TYPE, Problem

TITLE = "Repartee"
VERSION = "1"
SUMMARY = "Scenes to practise in, seats in LiveKit rooms, and what became of a session."
REF = "#/components/schemas/{model}"


def describe(app: FastAPI) -> dict[str, Any]:
    """OpenAPI 3.1 of the app's routes."""
    found: dict[str, Any] = get_openapi(
        title=TITLE, version=VERSION, summary=SUMMARY, routes=app.routes
    )
    schemas: dict[str, Any] = found["components"]["schemas"]
    problem = Problem.model_json_schema(ref_template=REF)
    schemas |= problem.pop("$defs", {}) | {"Problem": problem}
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path in found["paths"].values():
        for operation in path.values():
            responses = operation["responses"]
            responses.pop("422", None)
            responses["default"] = {
                "description": "refused, or not possible now",
                "content": {MEDIA_TYPE: {"schema": {"$ref": REF.format(model="Problem")}}},
            }
    return found
