"""No body beyond 64 KiB is read: nothing that a client has to say here is longer."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.problems import ProblemError, problem_response

LIMIT_BYTES = 64 * 1024
STATUS = 422
CODE = "body_too_long"
DETAIL = f"at most {LIMIT_BYTES} bytes"


class BodyLimit:
    """Refuses by the announced length, and by the real one where none is announced."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdigit() and int(announced) > LIMIT_BYTES:
            await problem_response(STATUS, CODE, DETAIL)(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > LIMIT_BYTES:
                raise ProblemError(STATUS, CODE, DETAIL)
            return message

        await self._app(scope, counted, send)
