"""The manager's own phrases by language, read once from phrases.toml."""

import tomllib
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

from scenarios.fields import Language

Spoken = Literal["silence", "recap", "recap_answer"]


class Phrases(NamedTuple):
    """`spoken` lists are said as they are, `cues` tell a character why it speaks."""

    spoken: MappingProxyType[str, tuple[str, ...]]
    cues: MappingProxyType[str, str]

    def say(self, kind: Spoken, nth: int) -> str:
        """The nth phrase of that kind, round and round."""
        choices = self.spoken[kind]
        return choices[nth % len(choices)]

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
