"""What the listener has been given of an answer, and how long that lasts them."""

from services.core.clock import Clock
from services.llm.sentences import SentenceGate, useful
from services.llm.work import Emit

CHARS_SPOKEN_PER_S = 15.0
"""Playout of ordinary speech, about 2.5 words a second, in English and French."""


class Relay:
    """Hands text on at once and remembers it."""

    def __init__(self, emit: Emit, clock: Clock, *, stall_s: float) -> None:
        self._emit = emit
        self._clock = clock
        self._stall_s = stall_s
        self._first_s = 0.0
        self.said = ""

    def say(self, text: str) -> None:
        """Gives `text` out; nothing for an empty one."""
        if not text:
            return
        if not self.said:
            self._first_s = self._clock.monotonic_s()
        self.said += text
        self._emit(text)

    def heard_s(self) -> float:
        """Monotonic time at which all that was said has been heard."""
        return self._first_s + len(self.said) / CHARS_SPOKEN_PER_S

    def runs_out_s(self) -> float:
        """Monotonic time by which more must come: a short silence later."""
        return self.heard_s() + self._stall_s


class WholeGate:
    """A gate for an answer that nobody waits to hear: all of it, at its end.

    One that broke off ends at a sentence; `raw` text (JSON) is given as it is.
    """

    def __init__(self, *, raw: bool = False) -> None:
        self._text = ""
        self._raw = raw

    @property
    def midway(self) -> bool:
        return False

    def feed(self, piece: str) -> str:
        self._text += piece
        return ""

    def finish(self) -> str:
        return self._text.strip()

    def settle(self) -> str:
        return ""

    def close(self) -> str:
        if self._raw or not useful(self._text):
            return self._text.strip()
        gate = SentenceGate()
        return gate.feed(self._text) + gate.close()
