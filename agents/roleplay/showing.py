"""What the room sees of a scene: its phase, who of the cast is there, the pages shown so far."""

from typing import Any

from agents.cast.presence import in_room
from agents.manager.manager import MultiAgentManager
from agents.manager.scene import Scene
from agents.roleplay.ports import Stage
from agents.roleplay.scene_clock import SceneClock
from scenarios.schema import Scenario


class Showing:
    """Shows a stage what has changed since it was last shown, and all of it at first."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._phase: str | None = None
        self._cast: tuple[str, ...] | None = None
        self._pages: set[str] = set()

    def show(self, stage: Stage, scene: Scene) -> bool:
        """Brings the stage up to date; whether the phase is another one."""
        cast = in_room(self._scenario, scene)
        if cast != self._cast:
            self._cast = cast
            stage.show_cast(cast)
        for event in self._scenario.events:
            fresh = event.id in scene.fired and event.id not in self._pages
            if fresh and event.document is not None:
                self._pages.add(event.id)
                stage.show_document(event.id, event.document)
        if scene.phase == self._phase:
            return False
        self._phase = scene.phase
        stage.show_phase(scene.phase)
        return True


def state_of(manager: MultiAgentManager, time: SceneClock, *, ended: bool) -> dict[str, Any]:
    """What the person may see of a run as JSON; no prompt, no secret."""
    return {
        "scenario": manager.scenario.id,
        "phase": manager.phase.id,
        "elapsed_s": round(time.now_s(), 1),
        "duration_s": manager.scenario.limits.duration_s,
        "turns": manager.turns,
        "paused": time.paused,
        "ended": ended,
    }
