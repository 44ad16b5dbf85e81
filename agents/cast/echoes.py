"""Whether a sentence says again what was said: the same thought, in whichever order its words come.

Owns the measure of likeness. A short formula is nobody's thought, and another question on the same
subject is another thought.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from scenarios.fields import Language
from scenarios.hearing import stem, words_of

LIKE = 0.8
"""So much of a sentence's content in one that was said makes it an echo."""

LEAST_CONTENT = 4
"""With less content than so many words a sentence is a formula, unless it is long and the same."""

SHINGLE = 3
LONG_WORDS = 7
"""From so many words on the same word order alone tells, whatever they mean."""

_SENTENCE = re.compile(r"[^.!?…;:]+[.!?…;:]*")

_EMPTY: dict[Language, str] = {
    "fr": """a à ai aie ait alors as au aucun aussi autre aux avec avez avoir avons ayant bien bon
        c ça car ce ceci cela celle celles celui ces cet cette ceux chez d dans de déjà depuis des
        deux dire dites dit dois doit donc du elle elles en encore enfin entre es est et étaient
        était être eu eux faire fais fait faites faut font hein hm ici il ils j je justement l la
        là laquelle le les leur leurs lui m ma madame mais me même mes moi moins mon monsieur n ni
        non nos notre nous on ont ou oui par parce pas peu peut peux plus pour pourtant pouvez
        pouvons puis puisque qu quand que quelque quelques qui quoi s sa sans se sera seront ses si
        soit sommes son sont sous suis sur t ta te tes toi ton toujours tous tout toute toutes très
        tu un une va vais vers veut veux voilà voir vont vos votre voulez vous voyez vraiment vrai y
        y'a""",
    "en": """a about actually after again all also am an and any are as at be because been before
        being but by can could d did do does doing done don down each even for from get go going
        got had has have he her here him his how i if in into is it its itself just know let ll m
        make may maybe me mean might mine more most mr mrs ms much must my now of off okay on one
        only or other our out over own please quite re really right s said same say see shall she
        should sir so some still such sure t than that the their them then there these they thing
        things think this those through to too under up us ve very want was way we well were what
        when where which while will with would yes yet you your""",
}
_ASKING: dict[Language, str] = {
    "fr": "pourquoi comment combien quand qui quel quelle quels quelles où lequel laquelle",
    "en": "why how who whom whose when where which what",
}
_AGAINST: dict[Language, str] = {
    "fr": "ne n pas jamais rien aucun aucune non sans",
    "en": "not no never nothing none cannot without t nor",
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a sentence consists of, folded: its content by stem, its word order, its manner."""

    words: tuple[str, ...]
    content: frozenset[str]
    asks: frozenset[str]
    against: bool

    @property
    def numbers(self) -> frozenset[str]:
        """The figures in it."""
        return frozenset(word for word in self.words if word[0].isdigit())


def is_echo(text: str, others: Iterable[str], language: Language) -> bool:
    """Whether a sentence of `text` says what a sentence of one of the others says."""
    said = [one for other in others for one in sentences(other, language)]
    return any(_same(one, other) for one in sentences(text, language) for other in said)


def may_become_echo(beginning: str, others: Iterable[str], language: Language) -> bool:
    """Whether the beginning of a sentence may still turn out to be an echo of one of the others.

    Of a sentence of so much content only so many words may differ: the rest of it is certain.
    """
    begun = _read(beginning, language)
    return any(
        len(other.content - begun.content) >= 0 and _may_be(begun, other)
        for text in others
        for other in sentences(text, language)
    )


@lru_cache(maxsize=256)
def sentences(text: str, language: Language) -> tuple[Sentence, ...]:
    """The sentences of a text that have words."""
    read = (_read(one, language) for one in _SENTENCE.findall(text))
    return tuple(one for one in read if one.words)


def _read(sentence: str, language: Language) -> Sentence:
    words = words_of(sentence)
    empty, asking = _words("empty", language), _words("asking", language)
    question = "?" in sentence or (bool(words) and words[0] in asking)
    return Sentence(
        words=words,
        content=frozenset(stem(one, language) for one in words if one not in empty),
        asks=frozenset(words) & asking if question else frozenset(),
        against=not _words("against", language).isdisjoint(words),
    )


def _same(one: Sentence, other: Sentence) -> bool:
    if one.numbers != other.numbers or one.against != other.against:
        return False
    shingles = _shingles(one.words)
    if len(one.words) >= LONG_WORDS and len(shingles & _shingles(other.words)) >= LIKE * len(
        shingles
    ):
        return True
    if one.asks != other.asks or len(one.content) < LEAST_CONTENT:
        return False
    return len(one.content & other.content) >= LIKE * len(one.content)


def _may_be(begun: Sentence, other: Sentence) -> bool:
    """Whether what is new in the beginning still leaves room for LIKE of it to be the other's."""
    new = len(begun.content - other.content)
    return new * LIKE <= len(other.content) * (1 - LIKE) + 1e-9


def _shingles(words: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    return frozenset(words[at : at + SHINGLE] for at in range(len(words) - SHINGLE + 1))


@cache
def _words(kind: str, language: Language) -> frozenset[str]:
    table = {"empty": _EMPTY, "asking": _ASKING, "against": _AGAINST}[kind]
    return frozenset(words_of(table[language]))
