"""What the optimizer adds to a vendor's call, and what its caches spare.

Every client is asked the same against the same stub of a vendor, which answers at once and runs in
a process of its own. LiteLLM runs in an environment of its own (`bench.peers`).
"""

import asyncio
import itertools
import json
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench import peers, stopwatch
from bench.optimizing import opened, redis_process, vendor_process
from bench.questions import MAX_TOKENS, line, wire_messages
from bench.sdk import Sdk
from bench.table import Table, percentile
from services.llm.optimizer import LLMOptimizer
from services.llm.outcome import Level
from services.llm.request import Request

ROUNDS = 400
STREAM_ROUNDS = 200
HITS = 400
MISSES = 50
BUDGETS = "session=100, day=1000, month=9000"
BARE = "openai SDK"
PEERS = ("litellm", "litellm router")


async def measure() -> Iterable[Table]:
    """Whole calls, streams, cache hits, and equal calls at once."""
    with vendor_process() as url, redis_process() as redis_url, TemporaryDirectory() as folder:
        run = Run(url, redis_url, Path(folder))
        theirs = await peers.play(
            "calls",
            url=url,
            messages=wire_messages(line(0)),
            max_tokens=MAX_TOKENS,
            rounds=ROUNDS,
            stream_rounds=STREAM_ROUNDS,
        )
        versions = await peers.play("versions")
        beside = f"Beside: LiteLLM {versions['litellm']} on openai {versions['openai']}."
        return [
            await run.whole(theirs["whole"], beside),
            await run.streamed(theirs["streamed"], beside),
            *await run.caches(beside),
        ]


class Run:
    """One run: the stub, a Redis, a folder, and questions that nobody has asked yet."""

    def __init__(self, url: str, redis_url: str | None, folder: Path) -> None:
        self._url = url
        self._redis_url = redis_url
        self._folder = folder
        self._numbers = itertools.count(1)

    async def whole(self, theirs: Mapping[str, Any], beside: str) -> Table:
        """Whole answers, each to another question, so that nothing is found in a cache."""
        async with AsyncExitStack() as stack:
            sdk = Sdk(self._url)
            stack.push_async_callback(sdk.aclose)
            subjects: dict[str, stopwatch.Call] = {BARE: lambda: sdk.whole(self._new())}
            for name, ours in await self._both(stack):
                subjects[f"optimizer, {name}"] = self._asking(ours)
            found = await stopwatch.calls(subjects, rounds=ROUNDS)
        rows = [(name, asdict(timed), asdict(found[BARE])) for name, timed in found.items()]
        rows += [(name, theirs[name], theirs["openai, aiohttp"]) for name in PEERS]
        return Table(
            title="A whole answer",
            columns=("client", "p50 (ms)", "p99", "CPU (ms)", "added p50", "added p99"),
            rows=tuple(_whole_row(*row) for row in rows),
            note=(
                f"{ROUNDS} calls one after the other, in blocks that take turns; the stub answers "
                "at once from another process. Added is against the openai SDK over aiohttp in "
                "the same process and run. For each call the optimizer looks into both caches, "
                "reserves under three budgets, calls, settles, books, stores and counts. It reads "
                f"answers as plain JSON, which the SDK's typed call does not. {beside}"
            ),
        )

    async def streamed(self, theirs: Mapping[str, Any], beside: str) -> Table:
        """Answers of 22 chunks as they come."""
        async with AsyncExitStack() as stack:
            sdk = Sdk(self._url)
            stack.push_async_callback(sdk.aclose)
            subjects: dict[str, stopwatch.Streamed] = {BARE: lambda: sdk.streamed(self._new())}
            for name, ours in await self._both(stack):
                subjects[f"optimizer, {name}"] = self._streaming(ours)
            found = await stopwatch.streams(subjects, rounds=STREAM_ROUNDS)
        rows = [(name, asdict(timed), asdict(found[BARE])) for name, timed in found.items()]
        rows += [(name, theirs[name], theirs["openai, aiohttp"]) for name in PEERS]
        return Table(
            title="A streamed answer of 22 chunks",
            columns=("client", "first p50 (ms)", "whole p50", "whole p99", "CPU (ms)", "added p50"),
            rows=tuple(_stream_row(*row) for row in rows),
            note=f"{STREAM_ROUNDS} streams each, otherwise as above. {beside}",
        )

    async def caches(self, beside: str) -> list[Table]:
        """Hits where they are found, and equal misses at once."""
        hits: dict[str, list[float]] = {}
        async with AsyncExitStack() as stack:
            for name, env in self._kinds():
                hits |= await self._hits(stack, name, env)
            ours = await self._open(stack, self._folder / "misses")
            before = self._calls()
            await asyncio.gather(*(ours.respond(line(0, cached=True)) for _ in range(MISSES)))
            asked = self._calls() - before
        theirs = await peers.play(
            "cache",
            url=self._url,
            messages=wire_messages(line(0)),
            max_tokens=MAX_TOKENS,
            rounds=HITS,
            misses=MISSES,
            redis_url=self._redis_url,
        )
        hits |= {f"litellm, {name}": each_ms for name, each_ms in theirs["hits"].items()}
        return [
            Table(
                title="A cache hit, the whole call",
                columns=("found in", "p50 (us)", "p99 (us)"),
                rows=tuple(
                    (name, f"{percentile(ms, 50) * 1000:.0f}", f"{percentile(ms, 99) * 1000:.0f}")
                    for name, ms in hits.items()
                ),
                note=(
                    f"{HITS} hits each, from the request to its booked outcome. The shared levels "
                    "are read by a second optimizer that has not seen the answers. LiteLLM's cache "
                    f"needs fastapi and orjson beside its own requirements. {beside}"
                ),
            ),
            Table(
                title=f"{MISSES} equal questions at once, none cached",
                columns=("client", "calls to the vendor"),
                rows=(("optimizer", str(asked)), ("litellm, cache on", str(theirs["asked"]))),
            ),
        ]

    async def _hits(
        self, stack: AsyncExitStack, name: str, env: dict[str, str]
    ) -> dict[str, list[float]]:
        """Hits in the process and in what is shared, for one kind of sharing."""
        folder = self._folder / f"hits {name}"
        first = await self._open(stack, folder, **env)
        second = await self._open(stack, folder, **env)
        asked = [line(next(self._numbers), cached=True) for _ in range(HITS + 1)]
        for request in asked:
            await first.respond(request)
        await asyncio.sleep(0.5)
        found = {}
        for level, ours in ((Level.PROCESS, first), (Level.SHARED, second)):
            turns = iter(asked)
            outcome = await ours.respond(next(turns))
            if outcome.level is not level:
                raise RuntimeError(f"found in {outcome.level}, not in {level}")
            timed = await stopwatch.calls({"hit": _repeating(ours, turns)}, rounds=HITS, warm=0)
            found[level] = timed["hit"].each_ms
        if name == "SQLite":
            return {"the process": found[Level.PROCESS], name: found[Level.SHARED]}
        return {name: found[Level.SHARED]}

    def _kinds(self) -> list[tuple[str, dict[str, str]]]:
        """What processes share: a file, and a Redis where there is one."""
        redis = [("Redis", {"REDIS_URL": self._redis_url})] if self._redis_url else []
        return [("SQLite", {}), *redis]

    async def _both(self, stack: AsyncExitStack) -> list[tuple[str, LLMOptimizer]]:
        folder = self._folder / f"both {next(self._numbers)}"
        return [
            (name, await self._open(stack, folder / name, **env)) for name, env in self._kinds()
        ]

    async def _open(self, stack: AsyncExitStack, folder: Path, **env: str) -> LLMOptimizer:
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        told = {"REPARTEE_BUDGETS": BUDGETS, **env}
        return (await stack.enter_async_context(opened(folder, self._url, **told))).optimizer

    def _new(self, *, spoken: bool = False) -> Request:
        return line(next(self._numbers), cached=True, spoken=spoken)

    def _asking(self, ours: LLMOptimizer) -> stopwatch.Call:
        return lambda: ours.respond(self._new())

    def _streaming(self, ours: LLMOptimizer) -> stopwatch.Streamed:
        return lambda: _spoken(ours, self._new(spoken=True))

    def _calls(self) -> int:
        """What the vendor has counted."""
        books = self._url.removesuffix("/v1") + "/_books"
        with urllib.request.urlopen(books, timeout=5) as answer:  # noqa: S310 - loopback
            counted: int = json.load(answer)["counts"].get("chat", 0)
        return counted


async def _spoken(ours: LLMOptimizer, request: Request) -> AsyncIterator[str]:
    answer = ours.stream(request, understudy=str)
    async for piece in answer:
        yield piece
    await answer.aclose()


def _repeating(ours: LLMOptimizer, turns: Iterator[Request]) -> Callable[[], Any]:
    return lambda: ours.respond(next(turns))


def _whole_row(name: str, own: Mapping[str, Any], bare: Mapping[str, Any]) -> tuple[str, ...]:
    p50, p99 = (percentile(own["each_ms"], share) for share in (50, 99))
    over = (percentile(own["each_ms"], q) - percentile(bare["each_ms"], q) for q in (50, 99))
    added = ["" if own == bare else f"{ms:+.2f}" for ms in over]
    return (name, f"{p50:.2f}", f"{p99:.2f}", f"{own['cpu_ms']:.2f}", *added)


def _stream_row(name: str, own: Mapping[str, Any], bare: Mapping[str, Any]) -> tuple[str, ...]:
    first, p50, p99 = (
        percentile(own["first_ms"], 50),
        percentile(own["total_ms"], 50),
        percentile(own["total_ms"], 99),
    )
    over = p50 - percentile(bare["total_ms"], 50)
    added = "" if own == bare else f"{over:+.2f}"
    return (name, f"{first:.2f}", f"{p50:.2f}", f"{p99:.2f}", f"{own['cpu_ms']:.2f}", added)
