"""The static pages and the headers that every answer carries.

Owns what a browser is told: a strict Content-Security-Policy, the microphone for this origin only,
and what may be kept in its cache.
"""

from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

WEB = Path(__file__).parent / "web"

CSP = "; ".join(
    (
        "default-src 'self'",
        "connect-src 'self' ws: wss:",
        "media-src 'self' blob:",
        "worker-src 'self' blob:",
        "img-src 'self' data:",
        "script-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    )
)
SECURITY = {
    "Content-Security-Policy": CSP,
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
REVALIDATE = "no-cache"
"""Kept, and asked about each time: an ETag makes that cheap, an update is seen at once."""
A_DAY = "public, max-age=86400"


class Pages(StaticFiles):
    """The page and its parts; libraries are kept a day, everything else is asked about."""

    def __init__(self, folder: Path = WEB) -> None:
        super().__init__(directory=folder, html=True)

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        vendor = Path(path).parts[:1] == ("vendor",)
        response.headers["Cache-Control"] = A_DAY if vendor else REVALIDATE
        return response


class SecurityHeaders:
    """Adds `SECURITY` to every answer, and keeps answers of the API out of caches."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)
