"""What a run of a scenario needs from the place where it is played."""

from collections.abc import Sequence
from typing import Protocol

from agents.manager.beats import Plan
from agents.manager.ports import Recollection
from scenarios.happenings import Document


class Stage(Protocol):
    """A place that can be heard. Raises StageError when it is gone for good."""

    async def perform(self, plan: Plan) -> None:
        """Plays beats that nobody asked for; returns when they were played or cut."""
        ...

    async def hush(self) -> None:
        """Cuts whatever sounds or waits."""
        ...

    def busy(self) -> bool:
        """Whether anybody is speaking, or about to."""
        ...

    def quiet_s(self) -> float:
        """Seconds since the last sound or typed word of anyone; 0 while somebody speaks."""
        ...

    def show_phase(self, phase: str) -> None:
        """Lets the room see which phase is played."""
        ...

    def show_document(self, event_id: str, document: Document) -> None:
        """Lets the room see that page from now on."""
        ...

    def show_cast(self, personas: Sequence[str]) -> None:
        """Lets the room see who of the cast is there."""
        ...


class Remembers(Recollection, Protocol):
    """A memory of the whole session that may have work under way."""

    async def aclose(self) -> None:
        """Ends it."""
        ...
