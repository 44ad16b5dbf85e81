"""Waiting for work, or for what makes it needless; and ending it."""

import asyncio
from typing import Any


async def first(work: asyncio.Task[Any], event: asyncio.Event) -> None:
    """Waits for the work or for the event, whichever comes first; the work goes on."""
    waiting = asyncio.create_task(event.wait(), name="waiting")
    try:
        await asyncio.wait({work, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()


async def end(work: asyncio.Task[Any]) -> None:
    """Cancels the work and waits until it is over, whatever it raises."""
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
