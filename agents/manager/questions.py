"""Open questions: whose question the learner answers now, and whom a question still waits for."""

import re
from collections.abc import Iterable, Sequence

from agents.manager.memory import LEARNER, Said
from agents.manager.names import Roster

LOOK_BACK = 3
"""So many turns of the learner back a question is still open."""

EARLIER = 0.5
"""How much of a question's weight is left for each one that came after it."""

_ASKS = re.compile(r"\?[^?]{0,40}$")


def open_to(memory: Sequence[Said], roster: Roster) -> dict[str, float]:
    """For whom the floor is kept, 0 to 1, before the learner's present words are in memory.

    The one who asked the learner last may take up the answer. One who was asked, by the learner or
    by another character, and has not been heard since, owes one.
    """
    kept: dict[str, float] = {}
    spoke: set[str] = set()
    turns, weight = 0, 1.0
    for said in reversed(memory):
        if said.speaker == LEARNER:
            waiting = (one for one in roster.addressed(said.text).ids if one not in spoke)
            _keep(kept, waiting, EARLIER**turns)
            turns += 1
        elif turns == 0 and _ASKS.search(said.text):
            called = [one for one in roster.addressed(said.text).ids if one != said.speaker]
            waiting = (one for one in called if one not in spoke)
            _keep(kept, waiting if called else (said.speaker,), weight)
            weight *= EARLIER
        if turns == LOOK_BACK:
            break
        spoke.add(said.speaker)
    return kept


def _keep(kept: dict[str, float], who: Iterable[str], share: float) -> None:
    for one in who:
        kept[one] = max(kept.get(one, 0.0), share)
