"""The HTTP app, put together. `create_app` is handed open services and opens nothing itself."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Iterable
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

from services.api import (
    debate,
    events,
    health,
    memory,
    openapi,
    problems,
    scenarios,
    sessions,
    stats,
    studio,
    tokens,
)
from services.api.auth import AnyCaller, Doorman, Keys, Operator
from services.api.body_limit import BodyLimit
from services.api.claims import Claims
from services.api.debate import Debates, Running
from services.api.idempotency import Idempotency
from services.api.pages import Pages, SecurityHeaders
from services.api.parts import Parts
from services.api.problems import ProblemError
from services.api.throttle import Throttle
from services.api.watcher import Watcher
from services.telemetry.metrics import CAUGHT, DISPATCHES

END_S = 5.0
EVERY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]

closed = APIRouter(include_in_schema=False)


def create_app(parts: Parts, *, debates: Debates | None = None) -> FastAPI:
    """The app on these services; without `debates` nobody debates here.

    Raises:
        ConfigError: the callers' keys cannot be used.
    """
    settings = parts.settings
    app = FastAPI(
        title=openapi.TITLE,
        version=openapi.VERSION,
        lifespan=_lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        strict_content_type=False,
    )
    app.state.parts = parts
    app.state.doorman = Doorman(Keys.of(settings), production=settings.production)
    app.state.throttle = Throttle()
    app.state.debates = debates
    app.state.running = Running()
    app.state.idempotency = Idempotency(
        parts.shared, parts.keys, Claims(parts.presence, parts.clock)
    )
    app.state.drain = health.Drain()
    app.state.pulse = health.Pulse()
    problems.install(app)
    for part in (tokens, scenarios, studio, sessions, events, debate, memory, stats, health):
        app.include_router(part.router)
    if not settings.production:
        app.include_router(tokens.sandbox_router)
    app.include_router(_description(app))
    app.state.described = tuple(app.routes)
    app.include_router(closed)
    app.mount("/", Pages(), name="pages")
    _wrap(app, any_origin=not settings.production)
    return app


def _wrap(app: FastAPI, *, any_origin: bool) -> None:
    """Middleware, innermost first. Other origins may call in development only, without cookies."""
    app.add_middleware(BodyLimit)
    if any_origin:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=["*"],
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
            expose_headers=["Retry-After"],
        )
    app.add_middleware(SecurityHeaders)


def _description(app: FastAPI) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/openapi.json")
    async def get_openapi(_: AnyCaller) -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = openapi.describe(app)
        return app.openapi_schema

    return router


@closed.api_route("/metrics", methods=EVERY_METHOD)
@closed.api_route("/ops", methods=EVERY_METHOD)
@closed.api_route("/ops/{path:path}", methods=EVERY_METHOD)
@closed.api_route("/api/llm/{path:path}", methods=EVERY_METHOD)
@closed.api_route("/api/ops/{path:path}", methods=EVERY_METHOD)
async def operators_only(_: Operator) -> None:
    """What needs an operator is closed before it exists."""
    raise ProblemError(404, "not_found", "there is no such thing here")


@closed.api_route("/api/{path:path}", methods=EVERY_METHOD)
async def nothing_here(request: Request, _: AnyCaller) -> None:
    """A stranger learns nothing about which paths exist; a caller learns the right method."""
    allowed = _methods(request.app.state.described, request.scope)
    if allowed:
        headers = {"Allow": ", ".join(allowed)}
        raise ProblemError(405, "method_not_allowed", "not by that method", headers=headers)
    raise ProblemError(404, "not_found", "there is no such thing here")


_OUTCOMES = {"agent_back": "heard", "agent_lost": "ghost"}
"""Statuses of a room as the metric's outcomes; the others have the same name there."""


def _count(word: str) -> None:
    if word == "fault":
        CAUGHT.labels(where="watcher").inc()
    else:
        DISPATCHES.labels(outcome=_OUTCOMES.get(word, word)).inc()


def _methods(routes: Iterable[BaseRoute], scope: Scope) -> list[str]:
    """The methods by which one of the routes would take the call."""
    return [
        method
        for method in EVERY_METHOD
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in routes)
    ]


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Runs the watcher beside the app."""
    parts: Parts = app.state.parts
    if parts.rooms is None:
        yield
        return
    watcher = Watcher(
        rooms=parts.rooms,
        store=parts.store,
        presence=parts.presence,
        clock=parts.clock,
        pulse=app.state.pulse,
        instance=f"api-{secrets.token_hex(8)}",
        count=_count,
    )
    task = asyncio.create_task(watcher.run(), name="watcher")
    try:
        yield
    finally:
        app.state.drain.begin()
        task.cancel()
        await asyncio.wait([task], timeout=END_S)
