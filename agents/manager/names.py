"""Who was addressed: names, titles and roles found in what the learner said."""

from dataclasses import dataclass

from scenarios.hearing import words_of
from scenarios.schema import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Ids of those addressed, in order of address; `everyone` when all were asked at once."""

    ids: tuple[str, ...] = ()
    everyone: bool = False


class Roster:
    """The cast as somebody may call it."""

    def __init__(self, scenario: Scenario) -> None:
        self._names = {c.id: words_of(c.name) for c in scenario.cast}

    def addressed(self, words: str) -> Address:
        """Who was addressed by these words."""
        said = words_of(words)
        places = [
            (min(said.index(name) for name in names if name in said), one)
            for one, names in self._names.items()
            if set(names) & set(said)
        ]
        return Address(ids=tuple(one for _, one in sorted(places)))
