"""A chat model that plays a script: pieces, pauses and faults, one answer a call."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from services.core.errors import BackendError
from services.llm.outcome import Usage
from services.llm.ports import Delta
from services.llm.request import Request

_USAGE = Usage(prompt_tokens=20, completion_tokens=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One answer. It waits `first_s`, then gives a piece every `each_s`.

    `fault` is raised after the pieces; `silent` means that nothing ever comes after them.
    """

    pieces: tuple[str, ...] = ("Bonsoir", " à", " tous.")
    first_s: float = 0.0
    each_s: float = 0.0
    finish: str | None = "stop"
    usage: Usage | None = _USAGE
    fault: BackendError | None = None
    silent: bool = False


class FakeChatModel:
    """Plays `scripts` in order, the last one again and again.

    `requests` holds what was asked, `closed` how many answers were closed before their end.
    """

    def __init__(self, *scripts: Script | Sequence[str], name: str = "fake-model") -> None:
        chosen = scripts or (Script(),)
        self._scripts = [s if isinstance(s, Script) else Script(pieces=tuple(s)) for s in chosen]
        self._name = name
        self.requests: list[Request] = []
        self.closed = 0
        self.warmed = 0
        self.shut = False

    @property
    def name(self) -> str:
        return self._name

    def play(self, *scripts: Script) -> None:
        """From the next call on, these."""
        self._scripts = [self._scripts[0]] * len(self.requests) + list(scripts)

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        script = self._scripts[min(len(self.requests), len(self._scripts) - 1)]
        self.requests.append(request)
        ended = False
        try:
            await asyncio.sleep(script.first_s)
            for index, piece in enumerate(script.pieces):
                if index:
                    await asyncio.sleep(script.each_s)
                yield Delta(text=piece)
            if script.silent:
                await asyncio.Event().wait()
            ended = True
            if script.fault:
                raise script.fault
            if script.finish is None:
                raise BackendError("the answer was cut", code="cut")
            yield Delta(finish=script.finish, usage=script.usage)
        finally:
            self.closed += not ended

    async def warm(self) -> None:
        self.warmed += 1

    async def aclose(self) -> None:
        self.shut = True
