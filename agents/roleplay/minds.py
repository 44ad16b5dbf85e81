"""What models are asked beside a scene's lines: who speaks, how a turn was taken, what was said.

Owns their beginning and their end in one run. None of them is ever needed: rules decide without.
"""

from collections.abc import Callable

from agents.manager.manager import MultiAgentManager
from agents.manager.ports import Judge
from agents.manager.record import Recorder
from agents.manager.scene import Scene
from agents.roleplay.answering import Answering
from agents.roleplay.choosing import Choosing
from agents.roleplay.chronicle import Chronicle
from agents.roleplay.ports import Remembers
from agents.roleplay.taking import Taking


class Minds:
    """The models' opinions in one run, and its memory of what the window no longer holds.

    `now_s` is scene time, `clock_s` what a decision is measured by, `changed` as Taking's.
    """

    def __init__(
        self,
        manager: MultiAgentManager,
        recorder: Recorder,
        chronicle: Chronicle,
        *,
        choosing: Choosing | None,
        judge: Judge | None,
        recollection: Remembers | None,
        now_s: Callable[[], float],
        clock_s: Callable[[], float],
        changed: Callable[[Scene, str | None], None],
    ) -> None:
        chooses = choosing or Choosing(None)
        chooses.told = chronicle.choice
        self.answering = Answering(manager, recorder, chooses, now_s=now_s, clock_s=clock_s)
        self.taking = Taking(
            judge, manager, recorder, now_s=now_s, changed=changed, told=chronicle.judgement
        )
        self._chronicle = chronicle
        self._recollection = recollection

    async def aclose(self) -> None:
        """Ends what was asked and is under way; the record tells what came of it all."""
        await self.taking.aclose()
        await self.answering.aclose()
        self._chronicle.opinions(self.answering.counts())
        if self._recollection is not None:
            await self._recollection.aclose()
