"""Frames between a speech process and its clients: a length, then that many bytes.

A request is two frames (a JSON header, then PCM); an answer is one JSON frame. Owns the format and
its limits, not the sockets.
"""

import asyncio
import json
import struct
from typing import IO, Any

from services.core.errors import BackendError

MAX_FRAME_BYTES = 8 * 1024 * 1024
"""Four minutes of PCM int16 mono 16 kHz: above the longest utterance that is ever sent."""

_LENGTH = struct.Struct(">I")


def frame(payload: bytes) -> bytes:
    """The payload with its length before it. Raises ValueError above MAX_FRAME_BYTES."""
    if len(payload) > MAX_FRAME_BYTES:
        raise ValueError("frame too long")
    return _LENGTH.pack(len(payload)) + payload


def json_frame(message: dict[str, Any]) -> bytes:
    """A message as one frame."""
    return frame(json.dumps(message).encode())


def parse_json(payload: bytes) -> dict[str, Any]:
    """A message from one frame. Raises BackendError when it is not a JSON object."""
    try:
        message = json.loads(payload)
    except ValueError:
        raise BackendError("malformed frame from a speech process") from None
    if not isinstance(message, dict):
        raise BackendError("malformed frame from a speech process")
    return message


def _checked(length: int) -> int:
    if length > MAX_FRAME_BYTES:
        raise BackendError("a frame is longer than the limit", retryable=False, status=413)
    return length


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    """The next payload. Raises asyncio.IncompleteReadError when the other side has gone."""
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    return await reader.readexactly(_checked(length))


def read_frame_from(stream: IO[bytes]) -> bytes | None:
    """The next payload of a blocking stream, None at its end."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    payload = stream.read(_checked(length))
    return payload if len(payload) == length else None
