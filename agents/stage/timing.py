"""How long a reply took, mark by mark, from the moment the person fell silent.

Owns the marks of one turn. They go to metrics and to the session's events; no word of anybody is
in them. Marks may overlap: an answer is prepared before the turn's end is certain.
"""

import time
from dataclasses import dataclass

from agents.stage.performance import Performance


@dataclass(slots=True)
class TurnTiming:
    """Moments of the learner's latest turn, in `time.monotonic()` seconds."""

    silent_s: float | None = None
    heard_s: float | None = None
    ended_s: float | None = None

    def fell_silent(self, silence_s: float = 0.0) -> None:
        """The person's last sound was so long ago."""
        self.silent_s = time.monotonic() - silence_s

    def heard(self) -> None:
        """Words were recognised, maybe not yet final."""
        self.heard_s = time.monotonic()

    def ended(self) -> None:
        """The turn is over: the words are certain."""
        self.ended_s = time.monotonic()

    def wrote(self) -> None:
        """The person typed: everything is certain at once."""
        self.silent_s, self.heard_s = time.monotonic(), None

    def forget(self) -> None:
        """The reply that comes is to no silence: the person is being cut off."""
        self.silent_s = self.heard_s = None

    def take(self, performance: Performance) -> dict[str, float] | None:
        """Seconds from the person's silence to each mark of the reply that sounds now, once.

        `heard` words recognised, `turn_end` turn over, `asked` speaker chosen and words asked
        for, `first_word`, `voice` first sound made, `sound` first sound on its way to the room.
        None when the reply is to nobody.
        """
        since = self.silent_s
        if since is None or self.ended_s is None or performance.word_s is None:
            return None
        marks = {
            "heard": self.heard_s,
            "turn_end": self.ended_s,
            "asked": performance.asked_s,
            "first_word": performance.word_s,
            "voice": performance.voice_s,
            "sound": time.monotonic(),
        }
        self.silent_s = self.ended_s = None
        return {name: round(at - since, 4) for name, at in marks.items() if at is not None}
