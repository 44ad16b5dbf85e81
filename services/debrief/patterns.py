"""What the rules look for in a sentence, read once from `patterns.toml`."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from scenarios.hearing import words_of
from services.llm.request import Language

_FILE = Path(__file__).with_name("patterns.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patterns:
    """The patterns of one language, over folded words; `stop` are words that are no subject."""

    promises: re.Pattern[str]
    not_promises: re.Pattern[str]
    positions: re.Pattern[str]
    stop: frozenset[str]

    def promises_something(self, sentence: str) -> bool:
        """Whether the speaker undertakes something; a question undertakes nothing."""
        said = " ".join(words_of(sentence))
        if sentence.rstrip().endswith("?") or not self.promises.search(said):
            return False
        return not self.not_promises.search(said)

    def takes_a_position(self, sentence: str) -> bool:
        """Whether the speaker says what they hold."""
        asks = sentence.rstrip().endswith("?")
        return not asks and self.positions.search(" ".join(words_of(sentence))) is not None


@cache
def patterns(language: Language) -> Patterns:
    """The patterns of that language."""
    with _FILE.open("rb") as file:
        table = tomllib.load(file)[language]
    return Patterns(
        promises=_any_of(table["promises"]),
        not_promises=_any_of(table["not_promises"]),
        positions=_any_of(table["positions"]),
        stop=frozenset(words_of(table["stop"])),
    )


def _any_of(texts: list[str]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(texts)})\b")
