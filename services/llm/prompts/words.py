"""Word lists that code looks for, read once from `words.toml`."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from scenarios.hearing import words_of

Phrase = tuple[str, ...]


@cache
def words_by_language(table: Literal["beginnings", "tells"]) -> Mapping[str, frozenset[str]]:
    """The words of that table, folded, by language."""
    return {language: frozenset(words_of(text)) for language, text in _tables()[table].items()}


@cache
def phrases(table: Literal["confessions", "machines"]) -> frozenset[Phrase]:
    """The phrases of that table as folded words."""
    return frozenset(words_of(line) for line in _tables()[table]["phrases"].splitlines())


@cache
def _tables() -> Mapping[str, Mapping[str, str]]:
    with Path(__file__).with_name("words.toml").open("rb") as file:
        tables: Mapping[str, Mapping[str, str]] = tomllib.load(file)
        return tables
