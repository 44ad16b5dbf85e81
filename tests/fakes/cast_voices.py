"""A cast that hums: as long as its texts are, and not at all where it is told to be mute."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from services.core.errors import BackendError
from tests.fakes.speech import tone

S_PER_CHARACTER = 0.05
_BLOCK_BYTES = 1920


@dataclass
class HummingCast:
    """Every character hums, as long as the text is; `faulty` ones cannot."""

    spoken: list[tuple[str, str]] = field(default_factory=list)
    faulty: frozenset[str] = frozenset()

    async def speak(self, persona: str, text: str) -> AsyncGenerator[bytes, None]:
        self.spoken.append((persona, text))
        await asyncio.sleep(0)
        if persona in self.faulty:
            raise BackendError("no voice")
        sound = tone(S_PER_CHARACTER * len(text))
        for at in range(0, len(sound), _BLOCK_BYTES):
            yield sound[at : at + _BLOCK_BYTES]


async def audible_at_once(persona: str) -> None:
    """A room in which everybody hears a character as soon as it speaks."""
