"""What each member of the cast may be called: names, parts of names, titles and their synonyms."""

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from agents.cast.naming import name_of
from agents.manager.lexicon import Lexicon, Phrase, lexicon_for
from scenarios.fields import Language
from scenarios.hearing import words_of
from scenarios.schema import Character, Scenario

_PARTICLES = frozenset(
    ("d", "de", "du", "des", "la", "le", "l", "van", "von", "der", "den", "di", "da", "del", "el")
)
_LINKS = _PARTICLES | {"of", "the", "and", "et"}
_MIN_REST = 4
_GENDERED = (
    ("trices", "teur"),
    ("trice", "teur"),
    ("euse", "eur"),
    ("iere", "ier"),
    ("enne", "en"),
    ("ante", "ant"),
    ("ente", "ent"),
    ("ale", "al"),
    ("ee", "e"),
    ("woman", "man"),
    ("ess", ""),
)


class Kind(Enum):
    """How sure it is that a handle, once met, means a person."""

    NAME = "name"
    ROLE = "role"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handle:
    """Folded words that may call a character; `gender` where the character's is known."""

    persona: str
    words: Phrase
    kind: Kind
    gender: str | None = None


def handles_of(scenario: Scenario) -> tuple[Handle, ...]:
    """Every handle of the cast, longest first, a name before a role.

    One role that two may mean is nobody's; the first word of "Jean-Luc" is Jean's, if there is one.
    """
    names = [handle for one in scenario.cast for handle in _names(one)]
    shorts = [handle for one in scenario.cast for handle in _short(one)]
    roles = [handle for one in scenario.cast for handle in _roles(one, scenario.language)]
    named = {handle.words for handle in names}
    owners: dict[Phrase, set[str]] = {}
    for handle in roles:
        owners.setdefault(handle.words, set()).add(handle.persona)
    clear = [handle for handle in roles if len(owners[handle.words]) == 1]
    free = [handle for handle in shorts if handle.words not in named]
    return tuple(sorted({*names, *free, *clear}, key=_order))


def _order(handle: Handle) -> tuple[int, Phrase, str, str]:
    """The same in each process, whatever it makes of a set."""
    return -len(handle.words), handle.words, handle.kind.value, handle.persona


@lru_cache(maxsize=8192)
def neutral(word: str) -> str:
    """A folded word for a role without its grammatical gender."""
    for feminine, masculine in _GENDERED:
        if word.endswith(feminine) and len(word) > len(feminine) + 2:
            return word[: -len(feminine)] + masculine
    return word[:-1] if word.endswith("e") and len(word) > 5 else word


def _names(character: Character) -> list[Handle]:
    name = name_of(character.name)
    surname = tuple(word for word in name.rest if word not in _PARTICLES)
    forms = {words_of(character.name), *name, surname, surname[-1:]}
    forms |= {("".join(form),) for form in (name.given, name.rest, name.last)}
    return [_name(character, form) for form in forms if "".join(form)]


def _short(character: Character) -> list[Handle]:
    """The first word of a given name that has several."""
    given = name_of(character.name).given
    return [_name(character, given[:1])] if len(given) > 1 else []


def _name(character: Character, words: Phrase) -> Handle:
    gender = character.voice.gender
    return Handle(persona=character.id, words=words, kind=Kind.NAME, gender=gender)


def _roles(character: Character, language: Language) -> list[Handle]:
    title = words_of(character.title or "")
    if not title:
        return []
    lexicon = lexicon_for(language)
    head = title[_head_at(title, language)]
    forms = {title, (head,), *_synonyms(title, lexicon)}
    gender = character.voice.gender
    return [
        Handle(persona=character.id, words=form, kind=Kind.ROLE, gender=gender) for form in forms
    ]


def rest_of_title(title: Phrase, language: Language) -> Phrase:
    """What a folded title tells besides its head: `key account` of a key account manager.

    Nothing where it is a usual word, or too short to be told from one.
    """
    if not title:
        return ()
    lexicon, head = lexicon_for(language), _head_at(title, language)
    before = language == "en" and "of" not in title
    rest = title[:head] if before else title[head + 1 :]
    content = tuple(word for word in rest if word not in lexicon.heads_skip | _LINKS)
    usual = any((word,) in lexicon.common for word in content)
    return () if usual or len("".join(content)) <= _MIN_REST else content


def _head_at(title: Phrase, language: Language) -> int:
    """Where the word stands that says what somebody is."""
    skipped = lexicon_for(language).heads_skip | _LINKS
    content = [at for at, word in enumerate(title) if word not in skipped] or [*range(len(title))]
    return content[0] if language == "fr" or "of" in title else content[-1]


def _synonyms(title: Phrase, lexicon: Lexicon) -> set[Phrase]:
    plain = tuple(map(neutral, title))
    return {
        form
        for group in lexicon.role_groups
        if any(tuple(map(neutral, one)) == plain for one in group)
        for form in group
    }
