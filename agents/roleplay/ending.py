"""When a run is over: once its closing was heard, or was begun often enough.

Owns the reason that the run ended for. When a scene should end is the manager's to say.
"""

from agents.manager.beats import Plan
from agents.manager.manager import MultiAgentManager

CLOSINGS = 2
"""So often a closing is begun that the person talks over; after that the scene is over."""


class Ending:
    """The end of one run; `reason` is None until it has come."""

    def __init__(self, manager: MultiAgentManager) -> None:
        self.reason: str | None = None
        self._manager = manager
        self._closings = 0

    @property
    def is_due(self) -> bool:
        """Whether the run is over, or nothing but its closing is left."""
        return self.reason is not None or self._manager.scene.ended is not None

    @property
    def is_being_said(self) -> bool:
        """Whether the first closing was begun, and is neither over nor cut."""
        return self.is_due and not self._closings

    def stop(self, reason: str) -> None:
        """Over at once, for that reason unless there was another one before."""
        if self.reason is None:
            self.reason = reason

    def played(self, plan: Plan) -> None:
        """A plan was played or cut: the last one, if it ends the scene and was heard."""
        if plan.ends:
            self._closings += 1 if plan.beats else CLOSINGS
            self.heard()

    def heard(self) -> None:
        """Somebody was heard: that may have been the closing."""
        scene, begun = self._manager.scene, self._closings
        if begun and (scene.closed or begun >= CLOSINGS):
            self.stop(scene.ended or "ended")
