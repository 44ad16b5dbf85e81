"""What deciding reads from a scenario once: how the cast is called, what each one knows about."""

from dataclasses import dataclass
from functools import lru_cache

from agents.manager.expertise import Expertise, expertise_of
from agents.manager.names import Roster
from scenarios.schema import Scenario


@dataclass(frozen=True, slots=True)
class Insight:
    """Of one scenario, the same for all its scenes."""

    roster: Roster
    expertise: Expertise


def insight_of(scenario: Scenario) -> Insight:
    """Read at the first call for that very object, which takes milliseconds."""
    return _read(_Same(scenario))


class _Same:
    """A key that is equal for the same object only: scenarios are too big to be hashed."""

    __slots__ = ("scenario",)

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario

    def __hash__(self) -> int:
        return id(self.scenario)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.scenario is self.scenario


@lru_cache(maxsize=32)
def _read(same: _Same) -> Insight:
    return Insight(roster=Roster(same.scenario), expertise=expertise_of(same.scenario))
