"""Cutting in on a person who speaks without an end: when somebody asks for the floor, and how long
they keep it.

Owns the watch over long turns. Who loses patience, and after how long, is the cast's affair; past
`MONOLOGUE_S` somebody answers whatever their temper.
"""

import asyncio
from collections.abc import Awaitable, Callable

from agents.manager.beats import Plan
from agents.manager.cutting import MONOLOGUE_S
from agents.roleplay.run import Roleplay
from agents.stage.hearing import Hearing
from agents.stage.turns import LearnerTurn

CHECK_S = 1.0
FLOOR_S = 1.5
"""So much of the line is spoken whatever the person does: people need a second to stop."""
AGAIN_S = 5.0
"""After words on which nobody cut in after all, they are not recognised again before that."""

ANY_WORD = "hm"
"""Stands for words that are not recognised yet: most of them do not matter to who cuts in."""

Speak = Callable[[Plan, str], Awaitable[None]]
"""Makes the words the learner's turn and performs the plan; returns when `FLOOR_S` of it was heard,
or when it was not to be."""


class Impatience:
    """Watches one person's turns."""

    def __init__(
        self, roleplay: Roleplay, hearing: Hearing, turn: LearnerTurn, speak: Speak
    ) -> None:
        self._roleplay = roleplay
        self._hearing = hearing
        self._turn = turn
        self._speak = speak
        self._rest_s = 0.0

    async def run(self) -> None:
        """Watches until cancelled. One task a session."""
        while True:
            await asyncio.sleep(CHECK_S)
            speaking_s = self._turn.speaking_s()
            if speaking_s <= CHECK_S:
                self._rest_s = 0.0
            elif speaking_s >= self._rest_s and self._wants(speaking_s):
                await self._cut_in(speaking_s)

    def _wants(self, speaking_s: float) -> bool:
        """Whether anybody would cut in, as far as words do not matter."""
        known = " ".join(self._turn.words) or ANY_WORD
        return self._plan(known, speaking_s) is not None

    async def _cut_in(self, speaking_s: float) -> None:
        words = await self._hearing.words_so_far()
        self._rest_s = speaking_s + AGAIN_S
        said = " ".join([*self._turn.words, words]).strip()
        if not said:
            return
        self._roleplay.overheard(said)
        plan = self._plan(said, self._turn.speaking_s())
        if plan is None or not plan.beats or not self._hearing.take():
            return
        self._hearing.held = True
        try:
            await self._speak(plan, said)
        finally:
            self._hearing.held = False

    def _plan(self, words: str, speaking_s: float) -> Plan | None:
        plan = self._roleplay.cut_in(words, speaking_s=speaking_s)
        if plan is None and speaking_s >= MONOLOGUE_S:
            return self._roleplay.answer_now(words)
        return plan
