"""How the cast takes the learner's turns where rules see nothing: a judge is asked, moods move.

Owns the way from a turn to a question, and from an opinion back into the scene.
"""

from collections.abc import Callable, Mapping, Sequence

from agents.cast.moment import Said
from agents.manager.manager import MultiAgentManager
from agents.manager.moods import unread
from agents.manager.ports import Judge, Shift
from agents.manager.record import Recorder
from agents.manager.scene import Scene
from agents.roleplay.judging import Judging


class Taking:
    """The judge of one run. Without one only rules move moods.

    `changed` is told the scene before an opinion moved it, and the id of what was heard last.
    """

    def __init__(
        self,
        judge: Judge | None,
        manager: MultiAgentManager,
        recorder: Recorder,
        *,
        now_s: Callable[[], float],
        changed: Callable[[Scene, str | None], None],
        told: Callable[[str], None],
    ) -> None:
        self._manager = manager
        self._recorder = recorder
        self._now_s = now_s
        self._changed = changed
        self._judging = Judging(judge, apply=self._judged, told=told)

    def turn(self, said: Said, scene: Scene, memory: Sequence[Said]) -> None:
        """Asks how those take the turn whom the rules cannot read; nobody waits for it.

        `scene` and `memory` are from before the turn.
        """
        personas = unread(self._manager.scenario, scene, memory, said.text)
        self._judging.consider(self._manager.turns, self._manager.memory, personas)

    async def aclose(self) -> None:
        """Ends a question that is under way."""
        await self._judging.aclose()

    def _judged(self, shifts: Mapping[str, Shift]) -> None:
        scene, memory = self._manager.scene, self._manager.memory
        if scene.ended is None:
            self._recorder.judged(shifts, self._now_s())
            self._changed(scene, memory[-1].turn_id if memory else None)
