"""What a model reads to play one character for one beat."""

from collections.abc import Sequence

from agents.cast.moment import BeatView, Said, SceneView
from scenarios.schema import Scenario
from services.llm.request import Message


def prompt_for(
    persona: str,
    *,
    scenario: Scenario,
    memory: Sequence[Said],
    scene: SceneView,
    beat: BeatView,
    knowledge: Sequence[str] = (),
) -> tuple[Message, ...]:
    """The messages for that character's line: static, of the session, of the turn."""
    character = scenario.character(persona)
    said = "\n".join(f"{one.name or one.speaker}: {one.text}" for one in memory)
    return (
        Message(role="system", content=character.persona),
        Message(role="user", content=f"{said}\n{beat.cue}"),
    )
