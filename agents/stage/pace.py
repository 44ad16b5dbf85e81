"""How long one person pauses inside what they say, and whether these words can be the end of it.

Owns the difference between somebody who is thinking and somebody who is done. Pure: seconds come
from the caller.
"""

from collections import deque
from statistics import median

from scenarios.hearing import words_of
from services.speech.ports import Language

KEPT = 5
"""So many of the latest pauses make the person's pace."""
SHORTEST_S, LONGEST_S = 0.15, 3.0
"""Below, it is a consonant; above, the person has come back to the talk."""
SLOW_S = 0.42
"""A pause that is usual for this person and ends most people's turns makes them a slow speaker."""
MARGIN = 1.4
"""Beside the usual pause: the longer half of them is longer than the usual one."""
UNFINISHED_S = 0.9
"""What is left to be waited after words that nothing ends with."""

_HANGING: dict[Language, frozenset[str]] = {
    "fr": frozenset(
        words_of(
            "et ou mais donc car que puisque parce de du des le les un une au aux pour avec dans"
            " sur sans ce cette ces mon ma votre vos notre nos leur leurs euh"
        )
    ),
    "en": frozenset(
        words_of(
            "and or but because which who if while than then so the a an my your our their um uh"
        )
    ),
}
_TRAILING = (",", "…", "...", "-", "–", ":")
_ENDS = ("?", "!")


class Pace:
    """One person's pauses so far."""

    def __init__(self) -> None:
        self._pauses: deque[float] = deque(maxlen=KEPT)

    def paused(self, seconds: float) -> None:
        """The person was silent for so long, and then went on with the same thing."""
        if SHORTEST_S <= seconds <= LONGEST_S:
            self._pauses.append(seconds)

    @property
    def usual_s(self) -> float:
        """The pause that is usual for them; 0 while none is known."""
        return median(self._pauses) if self._pauses else 0.0

    def wait_s(self, words: str, language: Language, *, turn_end_s: float, most_s: float) -> float:
        """Seconds to wait beyond `turn_end_s`, at most `most_s`; 0 for a quick speaker."""
        wanted_s = 0.0
        if self.usual_s >= SLOW_S:
            wanted_s = self.usual_s * MARGIN - turn_end_s
        if is_unfinished(words, language):
            wanted_s = max(wanted_s, UNFINISHED_S)
        return max(0.0, min(wanted_s, most_s))


def is_unfinished(words: str, language: Language) -> bool:
    """Whether a sentence cannot end with the last of these words."""
    text = words.rstrip()
    if text.endswith(_TRAILING):
        return True
    said = words_of(text)
    return bool(said) and not text.endswith(_ENDS) and said[-1] in _HANGING[language]
