"""The description is valid and complete enough to generate a client from."""

from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from services.api.app import create_app
from services.api.openapi import describe
from tests.fakes.parts import FakeParts


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return describe(create_app(FakeParts()))


def operations(described: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_description_is_valid_openapi(described: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(described).validate()


def test_every_operation_has_its_own_camel_case_id(described: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, operation in operations(described)]
    assert len(ids) == len(set(ids))
    assert all(one.isalnum() and one[0].islower() for one in ids)


def test_every_success_has_a_named_schema_or_a_stream(described: dict[str, Any]) -> None:
    for name, operation in operations(described):
        success = next(v for k, v in operation["responses"].items() if k.startswith("2"))
        for media, content in success["content"].items():
            schema = content["schema"]
            named = schema.get("$ref") or schema.get("items", {}).get("$ref")
            assert named or media == "text/event-stream", name


def test_every_operation_may_answer_with_a_problem(described: dict[str, Any]) -> None:
    for name, operation in operations(described):
        content = operation["responses"]["default"]["content"]
        assert list(content) == ["application/problem+json"], name


def test_all_but_health_ask_for_a_bearer_token(described: dict[str, Any]) -> None:
    free = [name for name, operation in operations(described) if "security" not in operation]
    assert free == ["GET /healthz", "GET /readyz"]
    assert described["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_the_token_request_is_described_in_livekits_own_names(described: dict[str, Any]) -> None:
    assert set(described["components"]["schemas"]["TokenRequest"]["properties"]) == {
        "room_name",
        "participant_identity",
        "participant_name",
        "participant_metadata",
        "participant_attributes",
        "room_config",
    }


def test_the_calls_of_the_contract_are_there(described: dict[str, Any]) -> None:
    assert {name for name, _ in operations(described)} >= {
        "POST /api/livekit/token",
        "GET /api/scenarios",
        "GET /api/scenarios/{id}",
        "GET /api/sessions/{room}",
        "GET /api/sessions/{room}/transcript",
        "GET /api/sessions/{room}/debrief",
        "GET /api/sessions/{room}/events",
        "GET /api/llm/stats",
        "GET /healthz",
        "GET /readyz",
    }
