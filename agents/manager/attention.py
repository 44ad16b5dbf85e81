"""Whether the words around a field of work turn to somebody: a "you", a person, the floor given.

Owns glances.toml. Which words name a field, and whose it is, is `domains`' to say.
"""

import tomllib
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import assert_never

from agents.manager.lexicon import Phrase, ending, lexicon_for, made_of, starting
from agents.manager.utterance import Sentence
from scenarios.fields import Language
from scenarios.hearing import words_of

_NEARBY = 8
_YOU = frozenset({"vous", "toi", "you"})
_WHO = frozenset({"qui", "who"})
_MODALS = frozenset({"do", "would", "could", "can", "did"})


class Means(Enum):
    """What a phrase of a field names: the field, somebody of it, or what such a person does."""

    FIELD = "field"
    PERSON = "person"
    DOES = "does"
    YOU_DO = "you_do"


@dataclass(frozen=True, slots=True, kw_only=True)
class Glancing:
    """See glances.toml for what each list means."""

    links: frozenset[Phrase]
    link_verbs: frozenset[Phrase]
    heads: frozenset[Phrase]
    mine: frozenset[Phrase]
    persons: frozenset[Phrase]
    who: frozenset[Phrase]
    gives: frozenset[Phrase]
    asks: frozenset[Phrase]
    opinions: frozenset[Phrase]
    places: frozenset[Phrase]
    turns: frozenset[Phrase]
    wonders: frozenset[Phrase]
    stays: frozenset[Phrase]


class Attention:
    """The sentence around the words from `start` to `end`, which name a field or its people."""

    def __init__(self, sentence: Sentence, start: int, end: int, language: Language) -> None:
        self._sentence = sentence
        self._language: Language = language
        self._said = sentence.words
        self._tokens = sentence.tokens
        self._cased = sentence.cased
        self._asks = sentence.asks or not sentence.cased
        self._start = start
        self._end = end
        self._lexicon = lexicon_for(language)
        self._words = _glancing(language)

    def calls(self, means: Means) -> bool:
        """Whether words that mean this speak to somebody here."""
        left = self._said[: self._start]
        match means:
            case Means.YOU_DO:
                return not _WHO.isdisjoint(left[-1:]) and self._yours(self._start - 1)
            case Means.DOES:
                size = ending(left, self._words.who)
                return size > 0 and self._spoken_to(self._start - size)
            case Means.PERSON:
                return self._person(left)
            case Means.FIELD:
                return self._person(left) or self._linked(left) or self._floor(left)
            case _:
                assert_never(means)

    def _person(self, left: Phrase) -> bool:
        """ "Notre financier", "our sales person": in English a noun makes a person of the field."""
        mine = ending(left, self._words.mine)
        if not mine:
            return False
        if self._words.persons:
            noun = starting(self._said[self._end :], self._words.persons)
            if not noun:
                return False
            return self._until(self._end + noun)._called_at(self._start - mine)
        return self._called_at(self._start - mine)

    def _called_at(self, at: int) -> bool:
        return self._spoken_to(at) or (self._ends and self._asks and self._begins(at))

    def _until(self, end: int) -> "Attention":
        return Attention(self._sentence, self._start, end, self._language)

    def _linked(self, left: Phrase) -> bool:
        """ "You, in finance", "la personne des ressources humaines"."""
        link = ending(left, self._words.links)
        article = ending(left, self._lexicon.articles)
        for size in (link, article):
            at = self._start - size
            verb = ending(self._said[:at], self._words.link_verbs)
            if size and (verb or size == link) and self._yours(at - verb):
                return True
        head = ending(left[: self._start - link], self._words.heads) if link else 0
        if head and self._spoken_to(self._start - link - head):
            return True
        at = self._start - article
        apposed = article and at and self._tokens[at - 1].comma and self._comma_after
        return bool(apposed) and self._yours(at)

    def _floor(self, left: Phrase) -> bool:
        """ "Question for finance", "what does finance think?", "Finance, what do you think?"."""
        article = ending(left, self._lexicon.articles)
        if self._given(self._start - article):
            return True
        directed = self._comma_after and self._directed(self._said[self._end :])
        return not article and directed and self._begins(self._start)

    def _spoken_to(self, at: int) -> bool:
        """Whether a person named from `at` on is spoken to, not of."""
        front, right = self._said[:at], self._said[self._end :]
        if self._given(at):
            return True
        parted = at > 0 and self._tokens[at - 1].comma
        if self._ends:
            return parted and self._asks and self._view_of(front)
        set_off = self._comma_after or not self._cased
        return set_off and (parted or self._begins(at)) and self._directed(right)

    def _yours(self, at: int) -> bool:
        """Whether a "you" right before `at` means whoever the words after it name.

        A place may stand between them: "you, over there, in finance".
        """
        at -= ending(self._said[:at], self._words.places)
        front = self._said[: at - 1]
        comma = at > 0 and self._tokens[at - 1].comma
        if at < 1 or self._said[at - 1] not in _YOU:
            return comma and self._ends and self._asks and self._view_of(self._said[:at])
        if comma and self._ends and self._view_of(self._said[:at]):
            return True
        cue = max(ending(words, self._lexicon.cues) for words in (front, self._said[:at])) > 1
        modal = not _MODALS.isdisjoint(front[-1:])
        if not (cue or modal or self._begins(at - 1) or self._tokens[at - 2].comma):
            return False
        return self._ends or self._comma_after or (self._said[self._end],) in self._words.stays

    def _given(self, at: int) -> bool:
        """Whether the words before `at` give the floor, and what follows does not take it back."""
        front, right = self._said[:at], self._said[self._end :]
        if ending(front, self._words.asks):
            return starting(right, self._words.opinions) > 0
        return ending(front, self._words.gives) > 0 and (self._ends or self._comma_after)

    def _directed(self, right: Phrase) -> bool:
        """Whether this is what is said to somebody who was just called."""
        if not right:
            return False
        if starting(right, self._words.turns):
            return True
        inverted = right[0].endswith("ez") and right[1:2] == ("vous",)
        wonders = inverted or (right[0],) in self._words.wonders
        return self._asks and wonders and not _YOU.isdisjoint(right[:_NEARBY])

    def _view_of(self, front: Phrase) -> bool:
        """Whether the words end in asking for a view: "qu'en pensez-vous", "what do you think"."""
        if front[-1:] == ("vous",):
            return front[-2:-1] in self._words.opinions
        size = ending(front, self._words.opinions)
        return size > 0 and "you" in front[-size - 2 : -size]

    def _begins(self, at: int) -> bool:
        return made_of(self._said[:at], self._lexicon.openers)

    @property
    def _ends(self) -> bool:
        return self._end == len(self._said)

    @property
    def _comma_after(self) -> bool:
        return self._tokens[self._end - 1].comma


@cache
def _glancing(language: Language) -> Glancing:
    with Path(__file__).with_name("glances.toml").open("rb") as file:
        table = tomllib.load(file)[language]
    lists = {name: frozenset(words_of(one) for one in phrases) for name, phrases in table.items()}
    return Glancing(**lists)
