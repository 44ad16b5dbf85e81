"""Every refusal of the HTTP side in one shape: RFC 9457 problem+json with a stable `code`.

Owns the table from our errors to statuses. A problem says nothing about prompts, other people or
the inside of the program, and its body never looks like a success.
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException as StarletteHTTPException

from services.core.errors import BackendError, NotFound, Refused
from services.sessions.access import AccessRefused

MEDIA_TYPE = "application/problem+json"

log = logging.getLogger(__name__)


class FieldProblem(BaseModel):
    """One field that cannot be used."""

    model_config = ConfigDict(frozen=True)

    field: str
    message: str


class Problem(BaseModel):
    """Why a call was refused."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Unprocessable Content",
                    "status": 422,
                    "code": "scenario_unknown",
                    "detail": "no such scene; known here: debat-tv",
                }
            ]
        },
    )

    type: str = "about:blank"
    title: str
    status: int
    code: str = Field(description="stable; what a program decides by")
    detail: str = Field(description="for a person; may change")
    errors: list[FieldProblem] | None = None


class ProblemError(HTTPException):
    """Raised by a route to refuse a call."""

    def __init__(
        self, status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.code = code


def problem_response(
    status: int,
    code: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: list[FieldProblem] | None = None,
) -> Response:
    """A problem as it goes out."""
    title = HTTPStatus(status).phrase
    body = Problem(title=title, status=status, code=code, detail=detail, errors=errors)
    return Response(
        body.model_dump_json(exclude_none=True),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        | dict(headers or {}),
    )


def install(app: FastAPI) -> None:
    """Makes every error of the app a problem."""
    app.add_exception_handler(StarletteHTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(AccessRefused, _access)
    app.add_exception_handler(NotFound, _not_found)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(BackendError, _backend)
    app.add_exception_handler(Exception, _unexpected)


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)  # noqa: S101 - registered for this class
    if isinstance(error, ProblemError):
        code = error.code
    elif error.status_code == HTTPStatus.BAD_REQUEST:  # a body that is no text, or nested too deep
        return _unreadable([FieldProblem(field="body", message="it cannot be read")])
    else:
        code = HTTPStatus(error.status_code).name.lower()
    return problem_response(error.status_code, code, str(error.detail), headers=error.headers or {})


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    fields = [
        FieldProblem(field=".".join(str(step) for step in one["loc"]), message=one["msg"])
        for one in error.errors()[:10]
    ]
    return _unreadable(fields)


def _unreadable(errors: list[FieldProblem]) -> Response:
    return problem_response(422, "request_invalid", "the request cannot be read", errors=errors)


async def _access(_: Request, error: Exception) -> Response:
    assert isinstance(error, AccessRefused)  # noqa: S101 - registered for this class
    log.info("access.refused", extra={"reason": error.code})
    return problem_response(403 if error.forbidden else 422, error.code, str(error))


async def _not_found(_: Request, __: Exception) -> Response:
    return problem_response(404, "not_found", "there is no such thing here")


async def _refused(_: Request, error: Exception) -> Response:
    return problem_response(403, "refused", str(error))


async def _backend(_: Request, error: Exception) -> Response:
    log.error("backend.failed", extra={"error": type(error).__name__})
    detail = "a part of the studio does not answer; try again in a moment"
    return problem_response(503, "backend_unavailable", detail, headers={"Retry-After": "2"})


async def _unexpected(_: Request, error: Exception) -> Response:
    log.error("request.failed", extra={"error": type(error).__name__})
    return problem_response(500, "internal", "something went wrong on our side")
