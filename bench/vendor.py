"""A vendor on loopback: the OpenAI wire with stated delays, scripted faults and its own books.

Run `python -m bench.vendor --port 0` (it prints its address), or use `async with vendor() as v`.
Outside its process it is told a fault by `POST /_faults` and asked for its books by `GET /_books`.
It counts calls and tokens itself, and keeps the last prompts for tests that look for leaks.
Several independent vendors are several `vendor()`s.
"""

import argparse
import asyncio
import re
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from aiohttp import web

from bench.vendor_books import Bill, Books, Call, End
from bench.vendor_json import json_answer
from bench.vendor_reply import Delays, Reply, hang_up
from bench.vendor_words import answer, tokens, tone

__all__ = ["AT_ONCE_WORDS", "FAULTS", "ROUTES", "Bill", "Call", "Delays", "Vendor", "vendor"]

FAULTS = frozenset(
    {*(f"F{n}" for n in range(1, 17)), "F10_CUT", "SILENT_AUDIO", "LONG_AUDIO", "EMPTY_TEXT"}
)
"""Rows of failures.md F, and what speech routes can do wrong (M5, M8)."""

ROUTES = ("chat", "transcriptions", "speech")
AT_ONCE_WORDS = 20
"""Words of an answer at once: with its finish and its usage a stream has 22 chunks."""

_BLOCK_BYTES = 4800


@web.middleware
async def _let_go(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """A client that hangs up in mid-answer is ordinary: a person cut in."""
    try:
        return await handler(request)
    except ConnectionResetError:
        return hang_up(request)


class Vendor:
    """The server's state: delays, faults and answers to set, books to read.

    `answers` are played in order before its own words; `exact` makes all its own as long as
    `words` says. `pace` maps a phrase to the delays of prompts that hold it. `cache_writes` tells
    tokens written to the prompt cache, as newer models do.
    """

    def __init__(
        self, *, delays: Delays | None = None, words: int = 24, exact: bool = False
    ) -> None:
        self.delays = delays or Delays()
        self.words = words
        self.exact = exact
        self.url = ""
        self.answers: deque[str] = deque()
        self.pace: dict[str, Delays] = {}
        self.transcripts: deque[str] = deque()
        self.retry_after_s: float | None = 7
        self.caches_prompts = True
        self.cache_writes = True
        self._books = Books()
        self._faults: dict[str, deque[str]] = {route: deque() for route in ROUTES}
        self._always: dict[str, str | None] = dict.fromkeys(ROUTES)

    @property
    def calls(self) -> deque[Call]:
        """The last 1000 calls."""
        return self._books.calls

    @property
    def counts(self) -> Counter[str]:
        """Calls by route."""
        return self._books.counts

    def bill(self, end: End = "complete", *, model: str | None = None) -> Bill:
        """What calls that ended so add up to."""
        return self._books.bill(end, model=model)

    async def settled(self, timeout_s: float = 5.0) -> None:
        """Waits until it has noticed that every call is over. Raises TimeoutError."""
        await asyncio.wait_for(self._books.idle.wait(), timeout_s)

    def fail(self, route: str, fault: str | None, *, times: int | None = None) -> None:
        """Scripts a fault for the next `times` calls of a route, or for all; None heals it."""
        if route not in ROUTES or (fault is not None and fault not in FAULTS):
            raise ValueError(f"no such route or fault: {route} {fault}")
        if fault is not None and times is not None:
            self._faults[route].extend([fault] * times)
            return
        self._faults[route].clear()
        self._always[route] = fault

    def books(self) -> dict[str, Any]:
        """Counts, tokens, bills and the last calls, as JSON data."""
        return self._books.as_json()

    def app(self) -> web.Application:
        """The routes, under /v1 as the vendor has them."""
        app = web.Application(client_max_size=64 * 1024**2, middlewares=[_let_go])
        app.add_routes(
            [
                web.post("/v1/chat/completions", self._chat),
                web.post("/v1/audio/transcriptions", self._transcribe),
                web.post("/v1/audio/speech", self._speak),
                web.get("/v1/models", self._models),
                web.get("/_books", self._show_books),
                web.post("/_faults", self._take_fault),
            ]
        )
        return app

    def _note(self, route: str, request: web.Request, model: str) -> Call:
        fault = self._faults[route].popleft() if self._faults[route] else self._always[route]
        headers = {k.lower(): v for k, v in request.headers.items() if k.lower() != "authorization"}
        return Call(route=route, model=model, headers=headers, fault=fault)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        with self._books.keep(self._note("chat", request, str(body["model"]))) as call:
            call.body = {key: value for key, value in body.items() if key != "messages"}
            call.texts = [str(message["content"]) for message in body["messages"]]
            refused = self._refusal(call, request)
            if refused is not None:
                return refused
            self._count_prompt(call)
            limit = body.get("max_completion_tokens") or body.get("max_tokens") or 10_000
            pieces = self._pieces(call)
            finish = "length" if len(pieces) > limit else "stop"
            finish = "content_filter" if call.fault == "F12" else finish
            reply = Reply(call, request, pieces[:limit], finish)
            delays = self._delays_of(call)
            if body.get("stream"):
                usage = bool((body.get("stream_options") or {}).get("include_usage"))
                return await reply.stream(delays, usage=usage and call.fault != "F15")
            return await reply.whole(delays)

    def _delays_of(self, call: Call) -> Delays:
        prompt = " ".join(call.texts)
        return next((one for said, one in self.pace.items() if said in prompt), self.delays)

    def _count_prompt(self, call: Call) -> None:
        prompt = " ".join(call.texts)
        call.prompt_tokens = tokens(prompt)
        if self.caches_prompts:
            call.cached_tokens, written = self._books.cache.look(call.model, prompt)
            call.cache_write_tokens = written if self.cache_writes else 0

    def _pieces(self, call: Call) -> list[str]:
        """The answer in the pieces of a stream."""
        if call.fault == "F11":
            return [" ", " "]
        if call.fault == "F14":
            return ['{"speaker":', ' "mor']
        text = self.answers.popleft() if self.answers else None
        if text is None:
            text = json_answer(call.body.get("response_format") or {}, call.texts)
            if text is not None:
                return re.findall(r"(?s).{1,4}", text)
            text = answer(call.texts, words=self.words)
        pieces = re.findall(r"\s*\S+", text)
        return pieces[: self.words] if self.exact else pieces

    async def _transcribe(self, request: web.Request) -> web.StreamResponse:
        form = _text_fields(request.headers["Content-Type"], await request.read())
        call = self._note("transcriptions", request, form.get("model", ""))
        with self._books.keep(call):
            refused = self._refusal(call, request)
            if refused is not None:
                return refused
            if call.fault == "F6":
                await asyncio.sleep(3600)
            await asyncio.sleep(self.delays.transcription_s)
            heard = _heard(form.get("language", ""))
            text = self.transcripts.popleft() if self.transcripts else heard
            call.finished = True
            return web.json_response({"text": "" if call.fault == "EMPTY_TEXT" else text})

    async def _speak(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        with self._books.keep(self._note("speech", request, str(body["model"]))) as call:
            call.texts = [str(body["input"])]
            refused = self._refusal(call, request)
            if refused is not None:
                return refused
            await asyncio.sleep(3600 if call.fault == "F6" else self.delays.speech_s)
            sound = _sound(call, str(body.get("voice")))
            response = web.StreamResponse(headers={"Content-Type": "audio/pcm"})
            await response.prepare(request)
            for start in range(0, len(sound), _BLOCK_BYTES):
                if call.fault == "F16" and start >= 4 * _BLOCK_BYTES:
                    return hang_up(request)
                await response.write(sound[start : start + _BLOCK_BYTES])
            call.finished = True
            return response

    def _refusal(self, call: Call, request: web.Request) -> web.StreamResponse | None:
        """Faults that leave no answer at all, and no bill."""
        status = {"F1": 429, "F2": 500, "F3": 503, "F13": 400}.get(call.fault or "")
        call.refused = status is not None or call.fault in {"F4", "F5"}
        if status is None:
            return hang_up(request) if call.refused else None
        code = "context_length_exceeded" if call.fault == "F13" else None
        error = {"message": "scripted", "type": "scripted", "code": code}
        wait = self.retry_after_s if call.fault == "F1" else None
        headers = {"Retry-After": f"{wait:g}"} if wait is not None else {}
        return web.json_response({"error": error}, status=status, headers=headers)

    async def _models(self, _request: web.Request) -> web.Response:
        self.counts["models"] += 1
        return web.json_response({"object": "list", "data": []})

    async def _show_books(self, _request: web.Request) -> web.Response:
        return web.json_response(self.books())

    async def _take_fault(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.retry_after_s = body.get("retry_after_s", self.retry_after_s)
        self.fail(body["route"], body.get("fault"), times=body.get("times"))
        return web.json_response({})


@asynccontextmanager
async def vendor(
    *,
    port: int = 0,
    delays: Delays | None = None,
    words: int = 24,
    at_once: bool = False,
) -> AsyncIterator[Vendor]:
    """A running vendor; `url` is its OPENAI_BASE_URL. `at_once`: no delay, AT_ONCE_WORDS words."""
    if at_once:
        stub = Vendor(delays=Delays.none(), words=AT_ONCE_WORDS, exact=True)
    else:
        stub = Vendor(delays=delays, words=words)
    runner = web.AppRunner(
        stub.app(), access_log=None, shutdown_timeout=0.1, handler_cancellation=True
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        stub.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        yield stub
    finally:
        await runner.cleanup()


def _text_fields(content_type: str, body: bytes) -> dict[str, str]:
    """A multipart form without its files, which would each need a temporary file."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    form = BytesParser(policy=HTTP).parsebytes(head + body)
    return {
        str(part.get_param("name", header="content-disposition")): str(part.get_content()).strip()
        for part in form.iter_parts()
        if part.get_filename() is None
    }


def _heard(language: str) -> str:
    return "Bonjour à tous." if language.startswith("fr") else "Hello everyone."


def _sound(call: Call, voice: str) -> bytes:
    if call.fault == "SILENT_AUDIO":
        return bytes(48_000)
    return tone("." * 4500 if call.fault == "LONG_AUDIO" else call.texts[0], voice=voice)


async def _serve(port: int, words: int, *, at_once: bool) -> None:
    async with vendor(port=port, words=words, at_once=at_once) as stub:
        print(stub.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.vendor")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--words", type=int, default=24, help="words of an answer")
    parser.add_argument("--at-once", action="store_true", help="no delay, 22 chunks a stream")
    told = parser.parse_args()
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(told.port, told.words, at_once=told.at_once))
