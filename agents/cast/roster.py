"""The cast as everybody may know it: the public face of each character."""

from dataclasses import dataclass

from scenarios.schema import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """What the room may see of a character. Persona, knowledge and secrets are not in it."""

    id: str
    name: str
    title: str | None


def cast_of(scenario: Scenario) -> tuple[Character, ...]:
    """The cast in the author's order."""
    return tuple(Character(id=one.id, name=one.name, title=one.title) for one in scenario.cast)
