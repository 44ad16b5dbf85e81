"""A stage in memory: every beat is heard at once and whole, unless told to be cut."""

from collections.abc import Sequence

from agents.manager.beats import Plan
from agents.roleplay.run import Roleplay
from scenarios.happenings import Document


class FakeStage:
    """The Stage port. `heard` lists what was performed as `(persona, text)`, in order.

    `quiet` is what `quiet_s` answers; `cut_after` cuts each line after so many words.
    """

    def __init__(self, roleplay: Roleplay) -> None:
        self.heard: list[tuple[str, str]] = []
        self.phases: list[str] = []
        self.documents: list[tuple[str, Document]] = []
        self.casts: list[tuple[str, ...]] = []
        self.hushes = 0
        self.quiet = 0.0
        self.is_busy = False
        self.cut_after: int | None = None
        self._roleplay = roleplay

    async def perform(self, plan: Plan) -> None:
        for beat in plan.beats:
            line = self._roleplay.line(beat, plan=plan)
            words = "".join([piece async for piece in line]).split()
            kept = " ".join(words if self.cut_after is None else words[: self.cut_after])
            cut = kept != " ".join(words)
            self.heard.append((beat.persona, kept))
            self._roleplay.performed(beat, kept, cut=cut, source=line.source)
            if cut:
                break

    async def hear(self, words: str) -> None:
        """The learner says something, and the cast answers."""
        plan = await self._roleplay.answer(words)
        plan = self._roleplay.commit(plan, words)
        await self.perform(plan)
        self._roleplay.played(plan)

    async def hush(self) -> None:
        self.hushes += 1

    def busy(self) -> bool:
        return self.is_busy

    def quiet_s(self) -> float:
        return self.quiet

    def show_phase(self, phase: str) -> None:
        self.phases.append(phase)

    def show_document(self, event_id: str, document: Document) -> None:
        self.documents.append((event_id, document))

    def show_cast(self, personas: Sequence[str]) -> None:
        self.casts.append(tuple(personas))
