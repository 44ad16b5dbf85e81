"""Words as they come: the streaming side of a call."""

import asyncio

from services.llm.call import Call
from services.llm.outcome import Outcome


class Answer:
    """An async iterator of text, in pieces that may be spoken at once.

    It starts working when it is made. `outcome` is set when it has ended, by itself or by `aclose`.
    A consumer that stops early, a cancelled one too, calls `aclose`: that ends the vendor's stream,
    unless somebody else waits for the same words.
    """

    def __init__(self, call: Call) -> None:
        self.outcome: Outcome | None = None
        self._call = call
        self._taken = False
        self._pieces: asyncio.Queue[str | None] = asyncio.Queue()
        self._task = asyncio.create_task(self._run())

    def __aiter__(self) -> "Answer":
        return self

    async def __anext__(self) -> str:
        piece = await self._pieces.get()
        if piece is None:
            self._pieces.put_nowait(None)
            await self._task
            self._call.heard()
            raise StopAsyncIteration
        self._taken = True
        return piece

    async def aclose(self) -> None:
        """Ends it now; does nothing when it has ended."""
        self._task.cancel()
        await asyncio.wait({self._task})
        if not self._task.cancelled():
            self._task.result()
        if self.outcome is None:
            self.outcome = self._call.cancelled()
        if self._taken:
            self._call.heard()

    async def _run(self) -> None:
        try:
            self.outcome = await self._call.run(self._pieces.put_nowait)
        except asyncio.CancelledError:
            self.outcome = self._call.cancelled()
            raise
        finally:
            self._pieces.put_nowait(None)
