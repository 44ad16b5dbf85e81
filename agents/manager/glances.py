"""Who is addressed without a name: by a field of work, and the words a glance goes with.

"You, in finance", "vous qui tenez les comptes", "our sales person, what do you say?" speak to the
one whose field it is. Speaking of finance is no address: without a "you", a person or the floor
given, nothing is found.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from agents.manager.attention import Attention, Means
from agents.manager.domains import Domain, domains_of
from agents.manager.handles import neutral
from agents.manager.lexicon import Phrase
from agents.manager.utterance import Sentence
from scenarios.schema import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """Words of a sentence, from `start` on, that speak to somebody by their field of work."""

    persona: str
    start: int


class Glances:
    """The fields of one cast, as a person may call them."""

    def __init__(self, scenario: Scenario) -> None:
        self._language = scenario.language
        self._phrases: defaultdict[Phrase, list[tuple[Means, str]]] = defaultdict(list)
        for persona, domain in domains_of(scenario):
            for means, phrase in _called(domain):
                self._phrases[tuple(map(neutral, phrase))].append((means, persona))
        self._first = frozenset(phrase[0] for phrase in self._phrases)
        self._longest = max(map(len, self._phrases), default=0)

    def calls_in(self, sentence: Sentence) -> Iterator[Glance]:
        """Every stretch that speaks to somebody, in order."""
        words = tuple(map(neutral, sentence.words))
        for start, word in enumerate(words):
            if word not in self._first:
                continue
            for size in range(min(self._longest, len(words) - start), 0, -1):
                found = self._phrases.get(words[start : start + size], ())
                if persona := self._spoken_to(found, sentence, start, start + size):
                    yield Glance(persona=persona, start=start)
                    break

    def _spoken_to(
        self, found: list[tuple[Means, str]] | tuple[()], sentence: Sentence, start: int, end: int
    ) -> str | None:
        for means, persona in found:
            if Attention(sentence, start, end, self._language).calls(means):
                return persona
        return None


def _called(domain: Domain) -> Iterator[tuple[Means, Phrase]]:
    yield from ((Means.FIELD, phrase) for phrase in domain.names)
    yield from ((Means.PERSON, phrase) for phrase in domain.people)
    yield from ((Means.DOES, phrase) for phrase in domain.does)
    yield from ((Means.YOU_DO, phrase) for phrase in domain.you_do)
