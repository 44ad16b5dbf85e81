"""The learner's turn while it grows: since when they speak, which words are certain, and how long
to wait for more.

Owns the moments of one person's turns, in `time.monotonic()` seconds. Who answers is the manager's,
and when the framework takes a turn for ended is told to it by whoever asks `patience_s`.
"""

import time
from collections.abc import Callable

from agents.stage.pace import Pace
from services.speech.ports import Language

TURN_END_S = 0.45
"""Silence that ends a turn. The answer is prepared from `utterances.PAUSE_S` on, so this costs
little and spares people who pause in mid-sentence."""

TAKEN_S = 1.6
"""Who speaks on so soon after falling silent was not done, though the cast took them to be."""
BARELY_S = 0.8
"""So much of a line may have been heard by then: later they cut in on it."""
STALE_S = 6.0
"""A turn that nothing has been heard of for so long is over, whether it was answered or not."""


class LearnerTurn:
    """Told of every sound of the person, of the words, and of the cast's lines.

    `waits_s` says how many seconds more than usual the likely answerer waits.
    """

    def __init__(
        self,
        language: Language,
        waits_s: Callable[[], float],
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.pace = Pace()
        self.speaking = False
        self.words: list[str] = []
        self._language = language
        self._waits_s = waits_s
        self._now_s = now_s
        self._since_s: float | None = None
        self._silent_s: float | None = None
        self._answered_s: float | None = None
        self._touched_s = 0.0

    def spoke(self) -> None:
        """The person begins to speak, or goes on."""
        now_s = self._now_s()
        if self._silent_s is not None and self._goes_on(now_s):
            self.pace.paused(now_s - self._silent_s)
        if not self.open:
            self._since_s = now_s
        self.speaking, self._silent_s, self._answered_s = True, None, None
        self._touched_s = now_s

    def fell_silent(self, silence_s: float) -> None:
        """The person's last sound was so long ago."""
        self.speaking = False
        self._touched_s = self._now_s()
        self._silent_s = self._touched_s - silence_s

    def heard(self, words: str) -> None:
        """These words are certain, and still wait for the turn's end."""
        self.words.append(words)
        self._touched_s = self._now_s()

    def ended(self) -> None:
        """The turn is over: its words are on their way to the cast."""
        self.words = []
        self._since_s = self._now_s() if self.speaking else None

    def dropped(self) -> None:
        """What was heard last is no turn: a sound without words, or a listener's."""
        if not self.words:
            self.ended()

    def answered(self) -> None:
        """A line of the cast begins to sound."""
        if self._answered_s is None:
            self._answered_s = self._now_s()

    @property
    def open(self) -> bool:
        """Whether something was said that nobody has begun to answer."""
        if self._since_s is None:
            return False
        return self.speaking or self._now_s() - self._touched_s < STALE_S

    def speaking_s(self) -> float:
        """How long the person has been speaking without an end of turn; 0 when they are silent."""
        if self._since_s is None or not self.speaking:
            return 0.0
        return self._now_s() - self._since_s

    def silent_for_s(self) -> float:
        """How long ago the person's last sound was; 0 while they speak."""
        return self._now_s() - self._silent_s if self._silent_s is not None else 0.0

    def patience_s(self, words: str) -> float:
        """Seconds beyond `TURN_END_S` after which a pause behind these words ends the turn."""
        return self.pace.wait_s(
            words, self._language, turn_end_s=TURN_END_S, most_s=self._waits_s()
        )

    def _goes_on(self, now_s: float) -> bool:
        """Whether this is the same turn, or the rest of one that was taken for ended."""
        if self._since_s is not None:
            return True
        barely = self._answered_s is None or now_s - self._answered_s < BARELY_S
        return barely and now_s - (self._silent_s or 0.0) < TAKEN_S
