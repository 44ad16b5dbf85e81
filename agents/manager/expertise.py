"""What each member of a cast knows more about than the others, as weights of word stems.

Read from what the author wrote: title, the words an understudy answers to, knowledge, persona.
Secrets are left out: nothing that is decided may point at one. A subject that many share counts
little, by its inverse frequency over the cast.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from agents.manager.domains import domains_of
from agents.manager.lexicon import Phrase, lexicon_for
from scenarios.fields import Language
from scenarios.hearing import stem, words_of
from scenarios.schema import Character, Scenario
from services.llm.prompts.words import words_by_language

TITLE, HEARD, KNOWS, PERSONA = 1.0, 0.8, 0.5, 0.25
"""How much a stem tells of a character, by where the author wrote it."""

ENOUGH = 1.5
"""The sum of weights that makes somebody the expert of what was said."""

_MIN_LETTERS = 3


@dataclass(frozen=True, slots=True)
class Expertise:
    """Weights 0 to 1 by phrase of stems and character; `longest` is the longest phrase.

    `usual` are words that tell no subject by themselves, unless the author waits for them.
    """

    language: Language
    weights: Mapping[Phrase, tuple[tuple[str, float], ...]]
    longest: int
    usual: frozenset[str]

    def matches(self, words: Phrase) -> dict[str, float]:
        """How well each character fits what was said, 0 to 1; those who do not at all are left out.

        A word that comes again counts once, a usual word only as part of a phrase.
        """
        stems = tuple(stem(word, self.language) for word in words)
        said = {
            stems[at : at + size]
            for at in range(len(stems))
            for size in range(1, min(self.longest, len(stems) - at) + 1)
            if size > 1 or words[at] not in self.usual
        }
        sums: defaultdict[str, float] = defaultdict(float)
        for phrase in sorted(said & self.weights.keys()):
            for persona, weight in self.weights[phrase]:
                sums[persona] += weight
        return {persona: min(1.0, total / ENOUGH) for persona, total in sums.items()}


def expertise_of(scenario: Scenario) -> Expertise:
    """The expertise of the cast: read once a scenario, it takes milliseconds."""
    known = {one.id: _known_to(one, scenario.language) for one in scenario.cast}
    for persona, domain in domains_of(scenario):
        for name in domain.names:
            phrase = tuple(stem(word, scenario.language) for word in name)
            known[persona][phrase] = max(known[persona].get(phrase, 0.0), HEARD)
    holders: defaultdict[Phrase, int] = defaultdict(int)
    for phrases in known.values():
        for phrase in phrases:
            holders[phrase] += 1
    weights: defaultdict[Phrase, list[tuple[str, float]]] = defaultdict(list)
    for persona, phrases in known.items():
        for phrase, weight in phrases.items():
            rarity = _rarity(holders[phrase], len(known))
            if rarity > 0:
                weights[phrase].append((persona, weight * rarity))
    return Expertise(
        language=scenario.language,
        weights={phrase: tuple(shares) for phrase, shares in weights.items()},
        longest=max(map(len, weights), default=0),
        usual=_usual(scenario.language).difference(*map(_awaited, scenario.cast)),
    )


def _known_to(one: Character, language: Language) -> dict[Phrase, float]:
    """Each phrase of stems with the weight of the best place that it stands in."""
    known: dict[Phrase, float] = {}

    def note(phrases: Iterable[Phrase], weight: float) -> None:
        for phrase in phrases:
            known[phrase] = max(known.get(phrase, 0.0), weight)

    note(_subjects(one.title or "", language), TITLE)
    for heard in one.understudy.heard:
        for words in heard.words:
            phrase = tuple(stem(word, language) for word in words_of(words))
            note([phrase] if phrase else [], HEARD)
    for text in one.knows:
        note(_subjects(text, language), KNOWS)
    note(_subjects(one.persona, language), PERSONA)
    return known


def _subjects(text: str, language: Language) -> set[Phrase]:
    """The stems of a text that may tell what it is about."""
    usual = _usual(language)
    return {
        (stem(word, language),)
        for word in words_of(text)
        if len(word) >= _MIN_LETTERS and word not in usual
    }


def _awaited(one: Character) -> set[str]:
    """The words that bring an authored answer by themselves."""
    phrases = (words_of(words) for heard in one.understudy.heard for words in heard.words)
    return {phrase[0] for phrase in phrases if len(phrase) == 1}


@lru_cache(maxsize=2)
def _usual(language: Language) -> frozenset[str]:
    """Words that tell no subject."""
    lexicon = lexicon_for(language)
    lists = (
        lexicon.openers,
        lexicon.mentions,
        lexicon.blockers,
        lexicon.third_person,
        lexicon.you,
        lexicon.own_verbs,
        lexicon.imperatives,
        lexicon.subjectless,
    )
    single = {phrase[0] for phrases in lists for phrase in phrases if len(phrase) == 1}
    tables = (words_by_language("beginnings"), words_by_language("tells"))
    return frozenset(single.union(*(table[language] for table in tables)))


def _rarity(holders: int, cast: int) -> float:
    """1 for what one alone knows of, 0 for what all do. Source: inverse document frequency."""
    return math.log(cast / holders) / math.log(cast) if cast > 1 else 0.0
