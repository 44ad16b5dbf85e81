"""What a room and the model's process say to each other: one JSON object a line.

A client sends one line and reads: `taken` at once, `text` for each piece, at last `finish` with
`usage`, or `error`. Hanging up withdraws the request.
Owns the format and its limits, not the sockets.
"""

import json
from asyncio import StreamReader
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from services.core.errors import BackendError
from services.llm.outcome import Usage
from services.llm.request import Message, Request

MAX_LINE_BYTES = 2 * 1024 * 1024
"""Above any prompt that fits a context; a longer line is refused before it is read."""

_ROLES = frozenset({"system", "user", "assistant"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as the process takes it.

    `deadline_s` is how long it may wait for its turn, `limit_s` how long it may then take.
    """

    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float
    schema: str | None
    deadline_s: float
    limit_s: float
    spoken: bool


def asked_of(request: Request, *, limit_s: float) -> Asked:
    """What of a request concerns the model: no ids leave the room."""
    return Asked(
        messages=request.messages,
        max_tokens=request.max_tokens,
        temperature=request.temperature,
        schema=request.schema,
        deadline_s=request.deadline_s,
        limit_s=limit_s,
        spoken=request.spoken,
    )


def chat_line(asked: Asked) -> bytes:
    """The request as a line. Raises BackendError (`context`) when it is longer than the limit."""
    return _within(line({"op": "chat", **asdict(asked)}))


def parse_asked(message: Mapping[str, Any]) -> Asked:
    """The request of a parsed line. Raises BackendError (`malformed`)."""
    try:
        messages = tuple(Message(m["role"], m["content"]) for m in message["messages"])
        asked = Asked(
            messages=messages,
            max_tokens=int(message["max_tokens"]),
            temperature=float(message["temperature"]),
            schema=message["schema"],
            deadline_s=float(message["deadline_s"]),
            limit_s=float(message["limit_s"]),
            spoken=bool(message["spoken"]),
        )
    except (KeyError, TypeError, ValueError):
        raise _malformed() from None
    texts = [m.content for m in messages] + ([asked.schema] if asked.schema is not None else [])
    if (
        not messages
        or not all(m.role in _ROLES for m in messages)
        or not all(isinstance(text, str) for text in texts)
        or asked.max_tokens < 1
        or not 0 <= asked.temperature <= 2
        or not (asked.deadline_s >= 0 and asked.limit_s > 0)
    ):
        raise _malformed()
    return asked


def line(message: Mapping[str, Any]) -> bytes:
    """A message as one line."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def parse_line(received: bytes) -> dict[str, Any]:
    """A message of one line. Raises BackendError (`malformed`) when it is not a JSON object."""
    try:
        message = json.loads(received)
    except ValueError:
        raise _malformed() from None
    if not isinstance(message, dict):
        raise _malformed()
    return message


async def read_line(reader: StreamReader) -> dict[str, Any] | None:
    """The next message, None when the other side has gone. Raises BackendError (`malformed`)."""
    try:
        received = await reader.readline()
    except ValueError:
        raise _malformed() from None
    return parse_line(received) if received.endswith(b"\n") else None


def usage_of(told: Mapping[str, Any]) -> Usage:
    """Tokens as the process counted them."""
    return Usage(
        prompt_tokens=int(told["prompt_tokens"]),
        cached_tokens=int(told["cached_tokens"]),
        completion_tokens=int(told["completion_tokens"]),
    )


def error_line(error: BackendError) -> bytes:
    """The error as the last line of an answer."""
    return line({"error": error.code, "message": str(error), "retryable": error.retryable})


def error_of(told: Mapping[str, Any]) -> BackendError:
    """The error of such a line."""
    return BackendError(
        str(told.get("message", "the local model failed")),
        retryable=bool(told.get("retryable", True)),
        code=str(told["error"]),
    )


def _within(received: bytes) -> bytes:
    if len(received) > MAX_LINE_BYTES:
        raise BackendError("the prompt is too long", retryable=False, code="context")
    return received


def _malformed() -> BackendError:
    return BackendError("malformed line at the local model", retryable=False, code="malformed")
