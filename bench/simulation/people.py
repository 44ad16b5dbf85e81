"""Six kinds of people who practise, as a scene may meet them. Seeded: the same again is the same.

Owns what they say and how they behave in time; what becomes of it is the room's affair.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from random import Random

from scenarios.fields import Language
from scenarios.schema import Scenario


class Kind(StrEnum):
    """What a person is like."""

    SHY = "shy"
    RAMBLING = "rambling"
    HOSTILE = "hostile"
    SILENT = "silent"
    OFF_TOPIC = "off_topic"
    INTERRUPTING = "interrupting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How a kind behaves. Seconds, shares of 0 to 1, words a second.

    `thinks_s` from and to: how long before it speaks. `addresses`: how often it names somebody.
    `interrupts`: how often it speaks over the cast, `hums` how often it only hums along.
    """

    thinks_s: tuple[float, float]
    addresses: float
    interrupts: float = 0.0
    hums: float = 0.0
    words_per_s: float = 2.6


MANNERS: Mapping[Kind, Manners] = {
    Kind.SHY: Manners(thinks_s=(3.0, 9.0), addresses=0.25, words_per_s=1.4),
    Kind.RAMBLING: Manners(thinks_s=(0.3, 1.0), addresses=0.2),
    Kind.HOSTILE: Manners(thinks_s=(0.2, 1.0), addresses=0.4, interrupts=0.3, words_per_s=3.2),
    Kind.SILENT: Manners(thinks_s=(10.0, 50.0), addresses=0.1, words_per_s=2.0),
    Kind.OFF_TOPIC: Manners(thinks_s=(0.5, 2.5), addresses=0.35),
    Kind.INTERRUPTING: Manners(thinks_s=(0.2, 0.8), addresses=0.3, interrupts=0.8, hums=0.3),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What a person does next.

    They wait `thinks_s` of quiet before they speak, or speak over somebody `over_s` after that one
    began. `addressed` is the id of whom they name. `hum` when it is only a sound of listening.
    """

    words: str
    thinks_s: float
    words_per_s: float
    addressed: str | None = None
    over_s: float | None = None
    hum: bool = False


class Person:
    """One person in one scene."""

    def __init__(self, kind: Kind, scenario: Scenario, rng: Random) -> None:
        self.kind = kind
        self._manners = MANNERS[kind]
        self._scenario = scenario
        self._texts = _texts(scenario.language)[kind]
        self._rng = rng

    def next(self, there: Sequence[str]) -> Act:
        """What they do next; `there` are ids of those who may speak now."""
        rng, manners = self._rng, self._manners
        over_s = rng.uniform(0.5, 2.5) if rng.random() < manners.interrupts else None
        if over_s is not None and rng.random() < manners.hums:
            words = rng.choice(self._texts["backchannels"])
            return self._act(words, over_s=over_s, hum=True)
        if rng.random() < manners.addresses:
            who = self._scenario.character(rng.choice(list(there)))
            words = rng.choice(self._texts["to"]).replace("{name}", who.name)
            return self._act(words, addressed=who.id, over_s=over_s)
        return self._act(rng.choice(self._texts["says"]), over_s=over_s)

    def _act(
        self,
        words: str,
        *,
        addressed: str | None = None,
        over_s: float | None = None,
        hum: bool = False,
    ) -> Act:
        return Act(
            words=words,
            thinks_s=self._rng.uniform(*self._manners.thinks_s),
            words_per_s=self._manners.words_per_s,
            addressed=addressed,
            over_s=over_s,
            hum=hum,
        )


@cache
def _texts(language: Language) -> Mapping[str, Mapping[str, list[str]]]:
    with Path(__file__).with_suffix(".toml").open("rb") as file:
        texts: Mapping[str, Mapping[str, list[str]]] = tomllib.load(file)[language]
    return texts
