"""The peers at work: the openai SDK, LiteLLM and its Router against our stub of a vendor.

Runs in the peers' environment (`bench.peers`): `python -m bench.peer_client CASE JSON` prints what
it measured as one line of JSON. It imports nothing of the program.
"""

import asyncio
import importlib
import importlib.metadata
import json
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench import peer_faults, stopwatch

Messages = list[dict[str, str]]
MODEL = "stub-1"


class Clients:
    """Each peer as it is called for a whole answer and for a stream, caches off."""

    def __init__(self, url: str, messages: Messages, max_tokens: int) -> None:
        litellm: Any = importlib.import_module("litellm")
        openai: Any = importlib.import_module("openai")
        told = {"messages": messages, "max_tokens": max_tokens}
        self._sdk = openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0)
        aiohttp = openai.DefaultAioHttpClient()
        self._fast = openai.AsyncOpenAI(
            base_url=url, api_key="none", max_retries=0, http_client=aiohttp
        )
        wire = {"model": f"openai/{MODEL}", "api_base": url, "api_key": "none"}
        self._router = litellm.Router(
            model_list=[{"model_name": "chat", "litellm_params": wire}], num_retries=0
        )
        self._calls: dict[str, Callable[..., Awaitable[Any]]] = {
            "openai": lambda **more: self._sdk.chat.completions.create(model=MODEL, **told, **more),
            "openai, aiohttp": lambda **more: self._fast.chat.completions.create(
                model=MODEL, **told, **more
            ),
            "litellm": lambda **more: litellm.acompletion(**wire, **told, max_retries=0, **more),
            "litellm router": lambda **more: self._router.acompletion(model="chat", **told, **more),
        }

    def whole(self) -> dict[str, stopwatch.Call]:
        return dict(self._calls)

    def streamed(self) -> dict[str, stopwatch.Streamed]:
        return {name: lambda c=call: _pieces(c) for name, call in self._calls.items()}  # type: ignore[misc]

    async def cached(self, **more: Any) -> object:
        """LiteLLM's call with its own cache on."""
        return await self._calls["litellm"](caching=True, **more)

    async def aclose(self) -> None:
        await self._sdk.close()
        await self._fast.close()


async def _pieces(call: Callable[..., Awaitable[Any]]) -> AsyncIterator[str]:
    async for chunk in await call(stream=True, stream_options={"include_usage": True}):
        if chunk.choices:
            yield chunk.choices[0].delta.content or ""


async def calls(told: dict[str, Any]) -> dict[str, Any]:
    """Whole answers and streams, one after the other."""
    clients = Clients(told["url"], told["messages"], told["max_tokens"])
    whole = await stopwatch.calls(clients.whole(), rounds=told["rounds"])
    streamed = await stopwatch.streams(clients.streamed(), rounds=told["stream_rounds"])
    await clients.aclose()
    return {
        "whole": {name: asdict(timed) for name, timed in whole.items()},
        "streamed": {name: asdict(timed) for name, timed in streamed.items()},
    }


async def cache(told: dict[str, Any]) -> dict[str, Any]:
    """LiteLLM's cache hits, in its process and in Redis, and 50 equal misses at once."""
    litellm: Any = importlib.import_module("litellm")
    clients = Clients(told["url"], told["messages"], told["max_tokens"])
    found: dict[str, Any] = {}
    kinds: dict[str, dict[str, Any]] = {"the process": {"type": "local"}}
    if told["redis_url"]:
        where = urlsplit(told["redis_url"])
        kinds["Redis"] = {"type": "redis", "host": where.hostname, "port": where.port}
    for name, kind in kinds.items():
        litellm.cache = litellm.Cache(**kind)
        timed = await stopwatch.calls({"hit": clients.cached}, rounds=told["rounds"], warm=3)
        found[name] = timed["hit"].each_ms
    litellm.cache = litellm.Cache(type="local")
    before = await asyncio.to_thread(_counted, told["url"])
    await asyncio.gather(*(clients.cached(temperature=0.123) for _ in range(told["misses"])))
    asked = await asyncio.to_thread(_counted, told["url"]) - before
    await clients.aclose()
    return {"hits": found, "asked": asked}


def _counted(url: str) -> int:
    with urllib.request.urlopen(url.removesuffix("/v1") + "/_books", timeout=5) as answer:  # noqa: S310 - loopback
        counted: int = json.load(answer)["counts"].get("chat", 0)
    return counted


async def weight(told: dict[str, Any]) -> dict[str, Any]:
    """What importing one of them takes after another: milliseconds of CPU and resident MB."""
    importlib.import_module(told["first"])
    before_mb, began = _resident_mb(), time.process_time()
    importlib.import_module(told["package"])
    taken_ms = (time.process_time() - began) * 1000
    return {"import_ms": taken_ms, "mb": _resident_mb() - before_mb}


async def versions(_: dict[str, Any]) -> dict[str, Any]:
    """What is installed."""
    return {name: importlib.metadata.version(name) for name in ("litellm", "openai")}


def _resident_mb() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


CASES = {
    "calls": calls,
    "cache": cache,
    "faults": peer_faults.faults,
    "weight": weight,
    "versions": versions,
}

if __name__ == "__main__":
    print(json.dumps(asyncio.run(CASES[sys.argv[1]](json.loads(sys.argv[2])))))
