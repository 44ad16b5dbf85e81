"""What a model wrote for one character, cleaned so that it can be spoken."""

from scenarios.schema import Scenario


class LineGuard:
    """Cleans a line piece by piece. `done` once nothing more of it may be spoken."""

    def __init__(self, persona: str, scenario: Scenario) -> None:
        self._persona = persona
        self._scenario = scenario
        self.done = False

    def feed(self, piece: str) -> str:
        """What of the line can be spoken by now, maybe nothing."""
        return piece

    def flush(self) -> str:
        """The rest of the line."""
        return ""


def clean_line(text: str, persona: str, scenario: Scenario) -> str:
    """The whole line, cleaned."""
    guard = LineGuard(persona, scenario)
    return (guard.feed(text) + guard.flush()).strip()
