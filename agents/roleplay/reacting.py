"""What listeners let fall in a scene: whether somebody does, in which words, and that it was heard.

Owns the way from a pause to an aside. When it may sound is the stage's affair.
"""

from collections.abc import Callable

from agents.manager.manager import MultiAgentManager
from agents.manager.reactions import Listening, Pause
from agents.roleplay.chronicle import Chronicle
from agents.roleplay.line import Aside
from agents.roleplay.lines import Lines
from services.llm.reactions import Moment


class Reacting:
    """The listeners of one run. Without `listening` nobody reacts."""

    def __init__(
        self,
        manager: MultiAgentManager,
        listening: Listening | None,
        lines: Lines,
        chronicle: Chronicle,
        now_s: Callable[[], float],
    ) -> None:
        self._manager = manager
        self._listening = listening
        self._lines = lines
        self._chronicle = chronicle
        self._now_s = now_s
        self._last: dict[str, str] = {}

    def reaction(self, speaker: str, pause: Pause) -> Aside | None:
        """What a listener lets fall in this pause of the speaker; mostly None.

        Nobody comments on what a person who is back, or says nothing, was told; and nobody lets
        the same fall twice running, though others were drawn in between that never sounded.
        """
        if self._listening is None or (pause is Pause.CAST and self._nothing_was_said()):
            return None
        reaction = self._listening.reaction(
            self._manager.scene, speaker=speaker, pause=pause, now_s=self._now_s()
        )
        if reaction is None:
            return None
        drawn = (self._lines.reaction(reaction.persona, Moment(reaction.moment)) for _ in range(2))
        return next((one for one in drawn if one.text != self._last.get(one.persona)), None)

    def _nothing_was_said(self) -> bool:
        memory = self._manager.memory
        kind = memory[-1].turn_id[0] if memory else ""
        return kind == "r" or (kind == "k" and self._manager.scene.prompted)

    def unsaid(self, persona: str) -> tuple[str, ...]:
        """What the character may let fall yet, so that it can be voiced beforehand."""
        return self._lines.unsaid(persona) if self._listening is not None else ()

    def heard(self, aside: Aside) -> None:
        """That reaction sounds: the record tells of it, without its words."""
        self._last[aside.persona] = aside.text
        self._chronicle.reacted(aside.persona, aside.moment)
