"""What a character never says while it stays itself: another's name as its own, its instructions.

Owns what of drifting can be told from words alone. A tone that softens or an opinion that turns is
not seen here: against that, who the character is stands at the end of every prompt.
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from scenarios.fields import Language
from scenarios.hearing import words_of
from scenarios.schema import Character, Scenario
from services.llm.prompts.spoken import LONG_PHRASE, Forbidden, forbidding
from services.llm.prompts.store import shipped
from services.llm.prompts.words import Phrase

RECITED_WORDS = LONG_PHRASE
"""So many words in a row of its instructions are no coincidence."""

_NAMED: dict[Language, tuple[Phrase, ...]] = {
    "fr": (("je", "m", "appelle"), ("mon", "nom", "est"), ("moi", "c", "est")),
    "en": (("my", "name", "is"), ("i", "am", "called"), ("the", "name", "is")),
}
_BEING: dict[Language, tuple[Phrase, ...]] = {
    "fr": (("je", "suis"),),
    "en": (("i", "am"), ("i", "m")),
}
_TEMPLATES = ("persona_answer", "opening", "closing", "escalation")
_QUOTED = re.compile(r"«[^»]*»|“[^”]*”|\"[^\"]*\"")


def out_of_role(character: Character, scenario: Scenario) -> Forbidden:
    """Phrases that no sentence of that character can hold. Remembered, as a line asks for it."""
    lines = character.understudy
    return _forbidden(
        scenario.language,
        character.name,
        character.persona,
        " . ".join((*lines.opening, *lines.closing, *character.knows)),
        tuple(one.name for one in scenario.cast if one.id != character.id),
    )


@lru_cache(maxsize=128)
def _forbidden(
    language: Language, name: str, persona: str, own: str, others: tuple[str, ...]
) -> Forbidden:
    """`own` is what its author lets it say; what the persona quotes is its own to say too."""
    recited = frozenset(_runs(_QUOTED.sub(" . ", persona))) - frozenset(_runs(own))
    claims = (claim for other in others for claim in _claims(language, name, other))
    return forbidding({*claims, *recited, *instructions(language)})


def _claims(language: Language, name: str, other: str) -> Iterator[Phrase]:
    """Saying that one is that other member of the cast."""
    own, theirs = words_of(name), words_of(other)
    if not theirs or theirs == own:
        return
    for being in (*_NAMED[language], *_BEING[language]):
        yield (*being, *theirs)
    for named in _NAMED[language]:
        yield from ((*named, part) for part in (theirs[0], theirs[-1]) if part not in own)


@cache
def instructions(language: Language) -> frozenset[Phrase]:
    """What the shipped prompts say, in runs of RECITED_WORDS words."""
    templates = (shipped().get(name, language) for name in _TEMPLATES)
    pieces = (text for one in templates for part in one.parts for text in part.pieces[0::2])
    return frozenset(run for text in pieces for run in _runs(text))


def _runs(text: str) -> Iterator[Phrase]:
    """Every run of RECITED_WORDS words within a line or a sentence of the text."""
    for sentence in re.split(r"[.!?…:;\n]", text):
        words = words_of(sentence)
        for at in range(len(words) - RECITED_WORDS + 1):
            yield words[at : at + RECITED_WORDS]
