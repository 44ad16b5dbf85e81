"""The manager's own phrases by language, read once from phrases.toml."""

import tomllib
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

from scenarios.fields import Language

Spoken = Literal[
    "silence",
    "recap",
    "recap_answer",
    "returned",
    "returned_answer",
    "returned_question",
    "returned_question_mine",
    "returned_waiting",
    "returned_waiting_mine",
    "cut_in",
    "time_box",
    "reclaim",
]


class Phrases(NamedTuple):
    """`spoken` lists are said as they are, `cues` tell a character why it speaks."""

    spoken: MappingProxyType[str, tuple[str, ...]]
    cues: MappingProxyType[str, str]

    def say(self, kind: Spoken, nth: int) -> str:
        """The nth phrase of that kind, round and round."""
        return self.variants(kind, nth)[0]

    def variants(
        self, kind: Spoken, nth: int, *, who: str = "", question: str = ""
    ) -> tuple[str, ...]:
        """All phrases of that kind, the nth first; a name and a question put where they belong."""
        choices = self.spoken[kind]
        first = nth % len(choices)
        return tuple(
            one.replace("{name}", who).replace("{question}", question)
            for one in (*choices[first:], *choices[:first])
        )

    def cue(self, name: str, who: str = "") -> str:
        """The cue of that name, `who` put where it names a character."""
        return self.cues[name].replace("{name}", who)


@cache
def phrases_for(language: Language) -> Phrases:
    """The phrases of that language."""
    with Path(__file__).with_name("phrases.toml").open("rb") as file:
        table = tomllib.load(file)[language]
    cues = table.pop("cues")
    spoken = {name: tuple(lines) for name, lines in table.items()}
    return Phrases(MappingProxyType(spoken), MappingProxyType(cues))
