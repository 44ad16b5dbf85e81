"""A studio that only answers: the page's own files, and an API whose answers a test may change."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from scenarios.catalogue import LIBRARY, Catalogue
from services.api.scenarios import view_of

_ROOT = Path(__file__).parents[2]
WEB = _ROOT / "services" / "api" / "web"
CSP = (
    "default-src 'self'; connect-src 'self' ws: wss:; media-src 'self' blob:; "
    "worker-src 'self' blob:; img-src 'self' data:; script-src 'self'; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
STUDIO = {
    "cast": "understudy",
    "model": None,
    "hearing": {"name": "Whisper base", "languages": ["en", "fr"]},
    "voices": {"fr": ["espeak-ng"], "en": ["espeak-ng", "flite"]},
}
TURNS = [
    ("learner", "Vous", "Bonsoir. La réforme tient en un chiffre : douze pour cent.", False),
    ("morel", "Claire Morel", "Douze pour cent, dites-vous. Sur combien d'années ?", False),
    ("roche", "Antoine Roche", "Et qui paie ? Parce que moi, j'ai lu la page quarante et", True),
    ("learner", "Vous", "Laissez-moi finir. <img src=x onerror=alert(1)>", False),
    ("castan", "Émile Castan", "L'hypothèse est fragile, mais elle n'est pas absurde.", False),
]


@dataclass(slots=True)
class Studio:
    """What the stub answers; a test changes it before or during its visit."""

    studio: dict[str, Any] = field(default_factory=lambda: dict(STUDIO))
    scenes: list[dict[str, Any]] = field(default_factory=lambda: library())
    refusals: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    """Last part of a path -> status and headers to refuse it with."""
    turns: list[dict[str, Any]] = field(default_factory=lambda: transcript())
    tokens_asked: list[dict[str, Any]] = field(default_factory=list)
    fake_livekit: bool = True
    status: str = "ended"

    def app(self) -> Starlette:
        """The routes the page knows, behind the policy it is served with."""
        routes = [
            Route("/api/studio", self._studio),
            Route("/api/scenarios", self._scenarios),
            Route("/api/livekit/token", self._token, methods=["POST"]),
            Route("/api/sessions/{room}/transcript", self._transcript),
            Route("/vendor/livekit-client.umd.js", self._livekit),
            Mount("/", StaticFiles(directory=WEB, html=True)),
        ]
        return Starlette(routes=routes, middleware=[Middleware(_Policy)])

    async def _studio(self, request: Request) -> Response:
        return self._refused("studio") or JSONResponse(self.studio)

    async def _scenarios(self, request: Request) -> Response:
        return self._refused("scenarios") or JSONResponse(self.scenes)

    async def _token(self, request: Request) -> Response:
        if refusal := self._refused("token"):
            return refusal
        asked = await request.json()
        self.tokens_asked.append(asked)
        fresh = len(self.tokens_asked)
        back = asked.get("room_name") if self.status == "live" else None
        ticket = {
            "server_url": "ws://unused",
            "participant_token": f"t-{fresh}",
            "room_name": back or f"s-{fresh}",
            "participant_identity": asked.get("participant_identity") or f"u-local-{fresh}",
        }
        return JSONResponse(ticket, status_code=201, headers={"Cache-Control": "no-store"})

    async def _transcript(self, request: Request) -> Response:
        scene = {"id": "debat-tv", "title": "Le débat télévisé"}
        answer = {"room": request.path_params["room"], "scenario": scene, "status": self.status}
        return self._refused("transcript") or JSONResponse(answer | {"turns": self.turns})

    async def _livekit(self, request: Request) -> Response:
        own = Path(__file__).parent / "fake_livekit.js"
        real = WEB / "vendor" / "livekit-client.umd.js"
        return FileResponse(own if self.fake_livekit else real, media_type="text/javascript")

    def _refused(self, path: str) -> Response | None:
        if path not in self.refusals:
            return None
        status, headers = self.refusals[path]
        problem = {"type": "about:blank", "status": status, "code": "stub", "title": "refused"}
        return JSONResponse(problem, status, headers=headers, media_type="application/problem+json")


def library() -> list[dict[str, Any]]:
    """The real library, as far as a learner may see it."""
    scenes = [one.scenario for one in Catalogue((LIBRARY,)).all()]
    views = [view_of(one, default=one.id == "debat-tv") for one in scenes]
    return [view.model_dump(mode="json") for view in views]


def transcript() -> list[dict[str, Any]]:
    """Five turns, one of them cut, one of them hostile."""
    return [
        {
            "speaker": speaker,
            "speaker_name": name,
            "text": text,
            "cut": cut,
            "at": f"2026-11-21T10:00:{7 * at:02d}+00:00",
        }
        for at, (speaker, name, text, cut) in enumerate(TURNS)
    ]


@contextlib.asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[str]:
    """The app on a free port of loopback; yields its address."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_config=None, ws="none", lifespan="off"
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(10):
            while not server.started:  # noqa: ASYNC110 - uvicorn offers no event for it
                await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        server.force_exit = True
        await task


class _Policy(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        response = await call_next(request)
        response.headers["Content-Security-Policy"] = CSP
        response.headers["Permissions-Policy"] = "microphone=(self)"
        return response
