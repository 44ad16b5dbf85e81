"""The peers before a failing vendor: what their callers hear, and when."""

import asyncio
import importlib
import json
import re
import time
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict
from typing import Any

from bench.fault_rules import DEADLINE_S, GIVE_UP_S, Seen

Open = Callable[[list[dict[str, str]], dict[str, Any]], Awaitable[AsyncIterator[Any]]]
MODEL = "stub-1"
DEAD_URL = "http://127.0.0.1:9/v1"


async def faults(told: dict[str, Any]) -> dict[str, Any]:
    """Each peer, for each fault: a call to the first vendor, which has it; the second is well."""
    found: dict[str, Any] = {}
    for name in told["clients"]:
        found[name] = {}
        for fault in told["faults"]:
            await asyncio.to_thread(_script, told["url"], None if fault == "F4" else fault)
            urls = (DEAD_URL if fault == "F4" else told["url"], told["spare_url"])
            open_stream = _CLIENTS[name](*urls)
            extra = told["json"] if fault == "F14" else {}
            seen = await observe(open_stream, told["messages"], extra)
            found[name][fault] = asdict(seen) | {"told": sorted(seen.told)}
    await asyncio.to_thread(_script, told["url"], None)
    return found


def _script(url: str, fault: str | None) -> None:
    body = json.dumps({"route": "chat", "fault": fault}).encode()
    request = urllib.request.Request(  # noqa: S310 - loopback
        url.removesuffix("/v1") + "/_faults", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=5):  # noqa: S310 - loopback
        pass


async def observe(open_stream: Open, messages: list[dict[str, str]], extra: dict[str, Any]) -> Seen:
    """Reads one answer to its end, an error or the limit."""
    seen, began = Seen(), time.perf_counter()
    told: set[str] = set()
    try:
        async with asyncio.timeout(GIVE_UP_S):
            async for chunk in await open_stream(messages, extra):
                _read(chunk, seen, told, began)
    except TimeoutError:
        seen.hung = time.perf_counter() - began >= GIVE_UP_S - 0.1
        seen.error = None if seen.hung else "TimeoutError"
    except Exception as error:  # noqa: BLE001 - whatever a peer raises is the observation
        seen.error = type(error).__name__
    seen.total_s = time.perf_counter() - began
    seen.told = frozenset(told)
    return seen


def _read(chunk: Any, seen: Seen, told: set[str], began: float) -> None:
    if getattr(chunk, "usage", None) is not None:
        told.add("usage" if chunk.usage.completion_tokens else "zero")
    if not chunk.choices:
        return
    choice = chunk.choices[0]
    seen.text += choice.delta.content or ""
    if seen.first_s is None and re.search(r"\w", seen.text):
        seen.first_s = time.perf_counter() - began
    if choice.finish_reason == "content_filter":
        told.add("filter")


def _sdk(url: str, _spare_url: str) -> Open:
    """As it comes, with a time limit of the deadline; it knows no second vendor."""
    openai = importlib.import_module("openai")
    client = openai.AsyncOpenAI(base_url=url, api_key="none", timeout=DEADLINE_S)

    async def open_stream(messages: list[dict[str, str]], extra: dict[str, Any]) -> Any:
        return await client.chat.completions.create(
            model=MODEL,
            messages=messages,
            stream=True,
            stream_options={"include_usage": True},
            **extra,
        )

    return open_stream


def _router(retries: int | None) -> Callable[[str, str], Open]:
    def make(url: str, spare_url: str) -> Open:
        litellm: Any = importlib.import_module("litellm")
        litellm.suppress_debug_info = True
        wire = {"model": f"openai/{MODEL}", "api_key": "none"}
        more = {} if retries is None else {"num_retries": retries}
        router = litellm.Router(
            model_list=[
                {"model_name": "first", "litellm_params": wire | {"api_base": url}},
                {"model_name": "spare", "litellm_params": wire | {"api_base": spare_url}},
            ],
            fallbacks=[{"first": ["spare"]}],
            context_window_fallbacks=[{"first": ["spare"]}],
            content_policy_fallbacks=[{"first": ["spare"]}],
            timeout=DEADLINE_S,
            stream_timeout=DEADLINE_S,
            **more,
        )

        async def open_stream(messages: list[dict[str, str]], extra: dict[str, Any]) -> Any:
            return await router.acompletion(
                model="first",
                messages=messages,
                stream=True,
                stream_options={"include_usage": True},
                **extra,
            )

        return open_stream

    return make


_CLIENTS: dict[str, Callable[[str, str], Open]] = {
    "openai SDK": _sdk,
    "LiteLLM Router": _router(None),
    "LiteLLM Router, no retries": _router(0),
}
