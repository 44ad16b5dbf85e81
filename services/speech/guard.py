"""What a line of speech must be before a room hears it: sound, whole samples, and an end.

Pure; the chain of engines feeds it block by block.
"""

from services.core.errors import BackendError
from services.speech.audio import duration_s, level
from services.speech.spoken import longest_s, plain

SILENT_LEVEL = 0.003
"""Blocks below -50 dBFS count as silence."""

MAX_SILENCE_S = 2.0
"""A longer silence inside a line is a fault of the engine, not a pause for effect."""


class LineGuard:
    """Passes an engine's blocks on; silence is held back until sound follows it."""

    def __init__(self, text: str, *, pace_ratio: float = 1.0) -> None:
        self._has_words = bool(plain(text))
        self._limit_s = longest_s(text, pace_ratio)
        self._total_s = 0.0
        self._held: list[bytes] = []
        self._held_s = 0.0
        self._sounded = False

    def feed(self, block: bytes) -> list[bytes]:
        """Blocks that may be played now.

        Raises: BackendError on endless sound, long silence or half a sample.
        """
        if len(block) % 2:
            raise BackendError("the voice engine gave half a sample")
        self._total_s += duration_s(block)
        if self._total_s > self._limit_s:
            raise BackendError("the voice engine does not stop")
        if level(block) < SILENT_LEVEL:
            self._held.append(block)
            self._held_s += duration_s(block)
            if self._held_s > MAX_SILENCE_S:
                raise BackendError("the voice engine gives silence")
            return []
        out, self._held, self._held_s = [*self._held, block], [], 0.0
        self._sounded = True
        return out

    def end(self) -> list[bytes]:
        """The last pause of the line. Raises: BackendError when words made no sound."""
        if self._has_words and not self._sounded:
            raise BackendError("the voice engine gave no sound")
        return self._held if self._sounded else []
