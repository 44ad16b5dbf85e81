"""Keeps the parts of the house running: start, readiness, restart with backoff, an orderly end."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from services.core.errors import ServiceError
from services.launch.child import Child, Spec

FIRST_STARTS = 3
"""A part that ends this often before it was ever ready is broken: the house does not open."""
LONGEST_PAUSE_S = 10.0
CALM_S = 30.0
_POLL_S = 0.1


class PartFailed(ServiceError):
    """A part did not start; the message ends with the last lines of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A child and how to see that it does its work.

    `drains` parts are told to end before all others and may take the drain limit for it;
    `optional` ones may be missing without keeping the house shut.
    """

    spec: Spec
    ready: Callable[[Child], Awaitable[bool]]
    drains: bool = False
    optional: bool = False


class Supervisor:
    """Runs parts until told to stop. `say` gets one sentence for people at each event."""

    def __init__(self, parts: Sequence[Part], *, say: Callable[[str], None]) -> None:
        self._parts = parts
        self._say = say
        self._children = {part.spec.name: Child(part.spec) for part in parts}
        self._ready = {part.spec.name: asyncio.Event() for part in parts}
        self._stopping = False

    @property
    def pids(self) -> Mapping[str, int]:
        """Process ids by part, of the last start."""
        return {name: child.pid for name, child in self._children.items()}

    async def run(self, opened: Callable[[], None], stop: asyncio.Event, *, drain_s: float) -> None:
        """Start the parts in order, call `opened` once all are ready, end them once `stop` is set.

        Raises: PartFailed when a part cannot be started. Nothing runs any more when this returns
        or raises.
        """
        keepers = [asyncio.create_task(self._keep(part)) for part in self._parts]
        opening = asyncio.create_task(self._open(opened))
        leaving = asyncio.create_task(stop.wait())
        try:
            while not leaving.done():
                watched = {leaving, *(task for task in (*keepers, opening) if not task.done())}
                done, _ = await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            self._stopping = True
            for task in (opening, leaving, *keepers):
                task.cancel()
            await self._end(drain_s)
            await asyncio.gather(opening, leaving, *keepers, return_exceptions=True)

    async def kill(self) -> None:
        """End every part at once, without drain."""
        await asyncio.gather(*(child.kill() for child in self._children.values()))

    async def _open(self, opened: Callable[[], None]) -> None:
        for part in self._parts:
            if not part.optional:
                await self._ready[part.spec.name].wait()
        opened()

    async def _keep(self, part: Part) -> None:
        child, ready = self._children[part.spec.name], self._ready[part.spec.name]
        pause_s, starts = 0.5, 0
        while not self._stopping:
            await child.start()
            starts += 1
            status = await self._watch(part, child, ready)
            if self._stopping:
                return
            if not ready.is_set() and starts >= FIRST_STARTS:
                if part.optional:
                    self._say(f"{part.spec.name} does not start; going on without: {part.spec.log}")
                    return
                raise PartFailed(
                    f"{part.spec.name} does not start (exit status {status}). The end of "
                    f"{part.spec.log}:\n{child.last_lines()}"
                )
            pause_s = 0.5 if time.monotonic() - child.started_s > CALM_S else pause_s
            self._say(f"{part.spec.name} ended (status {status}); starting it again")
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _watch(self, part: Part, child: Child, ready: asyncio.Event) -> int:
        async with asyncio.TaskGroup() as group:
            seen = group.create_task(_until_ready(part, child, ready))
            status = await child.wait()
            seen.cancel()
        return status

    async def _end(self, drain_s: float) -> None:
        """Those that drain first, then the others from the last started to the first."""
        draining = [part for part in self._parts if part.drains]
        await asyncio.gather(*(self._children[p.spec.name].stop(drain_s) for p in draining))
        for part in reversed(self._parts):
            await self._children[part.spec.name].stop()


async def _until_ready(part: Part, child: Child, ready: asyncio.Event) -> None:
    with suppress(asyncio.CancelledError):
        while not await part.ready(child):  # noqa: ASYNC110 - no Event reaches across processes
            await asyncio.sleep(_POLL_S)
        ready.set()
