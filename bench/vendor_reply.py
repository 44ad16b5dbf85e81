"""One chat answer of the vendor's stub on its way out, whole or streamed, its fault included."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bench.vendor_words import tokens

_BREAK_AFTER_WORDS = 5


@dataclass(kw_only=True)
class Delays:
    """Seconds that each route takes; what benchmarks subtract."""

    first_token_s: float = 0.150
    word_s: float = 0.020
    transcription_s: float = 0.060
    speech_s: float = 0.100


@dataclass(kw_only=True)
class Call:
    """One call as the vendor saw it. `completion_tokens` counts what was sent, cut answers too."""

    route: str
    model: str
    texts: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    fault: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    finished: bool = False


class Reply:
    """One chat answer on its way out."""

    def __init__(self, call: Call, request: web.Request, words: list[str], finish: str) -> None:
        self._call = call
        self._request = request
        self._words = words
        self._finish = finish

    async def whole(self, delays: Delays) -> web.Response:
        await asyncio.sleep(delays.first_token_s + delays.word_s * len(self._words))
        text = " ".join(self._words)
        self._call.completion_tokens = tokens(text)
        self._call.finished = True
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": self._finish}
        body = self._envelope("chat.completion") | {"choices": [choice]}
        return web.json_response(body | ({} if self._call.fault == "F15" else self._usage()))

    async def stream(self, delays: Delays, *, usage: bool) -> web.StreamResponse:
        fault = self._call.fault
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(self._request)
        if fault == "F6":
            await asyncio.sleep(3600)
        loop = asyncio.get_running_loop()
        due_s = loop.time() + delays.first_token_s
        for number, word in enumerate(self._words):
            await asyncio.sleep(due_s - loop.time())
            due_s += 1.4 if fault == "F8" else delays.word_s
            if number == _BREAK_AFTER_WORDS and fault in {"F7", "F9", "F10_CUT", "F16"}:
                return await self._break(response)
            text = word if number == 0 else f" {word}"
            self._call.completion_tokens += tokens(text)
            await self._send(response, {"content": text})
        await self._send(response, {}, self._finish)
        if usage:
            await _event(response, self._envelope() | {"choices": []} | self._usage())
        if fault != "F10":
            await response.write(b"data: [DONE]\n\n")
        self._call.finished = True
        return response

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
        asked, said = self._call.prompt_tokens, self._call.completion_tokens
        return {
            "usage": {
                "prompt_tokens": asked,
                "completion_tokens": said,
                "total_tokens": asked + said,
                "prompt_tokens_details": {"cached_tokens": 0},
            }
        }


async def _event(response: web.StreamResponse, data: dict[str, Any]) -> None:
    await response.write(b"data: " + json.dumps(data).encode() + b"\n\n")


def hang_up(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=499)
