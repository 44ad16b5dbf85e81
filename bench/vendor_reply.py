"""One chat answer of the vendor's stub on its way out, whole or streamed, its fault included."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bench.vendor_books import Call
from bench.vendor_words import tokens

_BREAK_AFTER_PIECES = 5


@dataclass(kw_only=True)
class Delays:
    """Seconds that each route takes; what benchmarks subtract."""

    first_token_s: float = 0.150
    word_s: float = 0.020
    transcription_s: float = 0.060
    speech_s: float = 0.100

    @classmethod
    def none(cls) -> "Delays":
        """A vendor that answers at once."""
        return cls(first_token_s=0.0, word_s=0.0, transcription_s=0.0, speech_s=0.0)


class Reply:
    """One chat answer on its way out, in pieces that make up its text."""

    def __init__(
        self, call: Call, request: web.Request, pieces: Sequence[str], finish: str
    ) -> None:
        self._call = call
        self._request = request
        self._pieces = pieces
        self._finish = finish

    async def whole(self, delays: Delays) -> web.StreamResponse:
        fault = self._call.fault
        self._call.completion_tokens = sum(tokens(piece) for piece in self._pieces)
        if fault in {"F6", "F7", "F8"}:
            await asyncio.sleep(3600)
        await _pause(delays.first_token_s + delays.word_s * len(self._pieces))
        message = {"role": "assistant", "content": "".join(self._pieces)}
        choice = {"index": 0, "message": message, "finish_reason": self._finish}
        body = self._envelope("chat.completion") | {"choices": [choice]}
        text = json.dumps(body | ({} if fault == "F15" else self._usage()))
        if fault in {"F9", "F10_CUT", "F16"}:
            return await self._broken(text)
        self._call.finished = True
        return web.Response(text=text, content_type="application/json")

    async def stream(self, delays: Delays, *, usage: bool) -> web.StreamResponse:
        fault = self._call.fault
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(self._request)
        if fault == "F6":
            await asyncio.sleep(3600)
        loop = asyncio.get_running_loop()
        due_s = loop.time() + delays.first_token_s
        for number, piece in enumerate(self._pieces):
            await _pause(due_s - loop.time())
            due_s += 1.4 if fault == "F8" else delays.word_s
            if number == _BREAK_AFTER_PIECES and fault in {"F7", "F9", "F10_CUT", "F16"}:
                return await self._break(response)
            await self._send(response, {"content": piece})
            self._call.completion_tokens += tokens(piece)
        await self._send(response, {}, self._finish)
        if usage:
            await _event(response, self._envelope() | {"choices": []} | self._usage())
        if fault != "F10":
            await response.write(b"data: [DONE]\n\n")
        self._call.finished = True
        return response

    async def _broken(self, text: str) -> web.StreamResponse:
        """Half an answer: as if it were whole, or with the connection cut under it."""
        half = text[: len(text) // 2].encode()
        if self._call.fault == "F9":
            return web.Response(body=half, content_type="application/json")
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.content_length = len(text.encode())
        await response.prepare(self._request)
        await response.write(half)
        return hang_up(self._request)

    async def _break(self, response: web.StreamResponse) -> web.StreamResponse:
        if self._call.fault == "F7":
            await asyncio.sleep(3600)
        if self._call.fault == "F9":
            await response.write(b'data: {"choices": [{"delta": {"content": oops\n\n')
            await asyncio.sleep(3600)
        return response if self._call.fault == "F10_CUT" else hang_up(self._request)

    async def _send(
        self, response: web.StreamResponse, delta: dict[str, str], finish: str | None = None
    ) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        await _event(response, self._envelope() | {"choices": [choice]})

    def _envelope(self, kind: str = "chat.completion.chunk") -> dict[str, Any]:
        return {"id": "stub", "object": kind, "created": 0, "model": self._call.model}

    def _usage(self) -> dict[str, Any]:
        call = self._call
        return {
            "usage": {
                "prompt_tokens": call.prompt_tokens,
                "completion_tokens": call.completion_tokens,
                "total_tokens": call.prompt_tokens + call.completion_tokens,
                "prompt_tokens_details": {
                    "cached_tokens": call.cached_tokens,
                    "cache_write_tokens": call.cache_write_tokens,
                },
            }
        }


async def _pause(seconds: float) -> None:
    if seconds > 0:
        await asyncio.sleep(seconds)


async def _event(response: web.StreamResponse, data: dict[str, Any]) -> None:
    await response.write(b"data: " + json.dumps(data).encode() + b"\n\n")


def hang_up(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=499)
