"""Whether words end in a closed question: one that yes, no or a single word answers.

Pure, for French and English, with and without the question mark that recognised speech lacks. It
rather misses one than takes "can you explain ...?" for one: a miss only costs a better model.
"""

from itertools import pairwise

from services.llm.models.interrogatives import EN, FR, Grammar
from services.llm.request import Language

TAIL_CHARS = 300
"""A question stands at the end; nothing before that is looked at."""

LONGEST_CHARS = 160
"""A sentence longer than that asks for more than a yes."""

_MOST_VOCATIVES = 2
_ENDS = (". ", "! ", "? ", "… ", "; ", ": ", "\n")
_AFTER = " \t\n\r\"'”’»)]}*_"
_GRAMMARS: dict[Language | None, tuple[Grammar, ...]] = {"en": (EN,), "fr": (FR,), None: (EN, FR)}
_BEFORE = " \t\n\r\"'“‘«([{*_-–—"


def is_closed(text: str, language: Language | None = None) -> bool:
    """Whether the last sentence of a text asks for no more than a yes, a no or a word.

    Without a language either may show that it is closed, and either that it is not.
    """
    tail = text[-TAIL_CHARS:].replace("\xa0", " ").replace("\u202f", " ").rstrip(_AFTER)
    marked = tail.endswith("?")
    if marked:
        tail = tail.rstrip("?!" + _AFTER)
    sentence = tail[max([tail.rfind(end) for end in _ENDS]) + 1 :].lstrip(_BEFORE)
    if not sentence or len(sentence) > LONGEST_CHARS:
        return False
    sentence = sentence.lower().replace("’", "'").replace("\u2011", "-")
    clauses = sentence.split(",", _MOST_VOCATIVES)
    grammars = _GRAMMARS[language]
    parts = [_parts(grammar, clauses) for grammar in grammars]
    read = list(zip(grammars, parts, strict=True))
    if not any(_shows(grammar, *part, marked=marked) for grammar, part in read):
        return False
    return not any(_is_open(grammar, *part) for grammar, part in read)


def _parts(grammar: Grammar, clauses: list[str]) -> tuple[list[str], list[list[str]]]:
    """All words, and the first three of each clause without what only leads in."""
    split = [grammar.word.findall(clause) for clause in clauses]
    words = split[0] if len(split) == 1 else [word for clause in split for word in clause]
    return words, [start for clause in split if (start := _start(grammar, clause))]


def _shows(grammar: Grammar, words: list[str], starts: list[list[str]], *, marked: bool) -> bool:
    """Whether it has the form of a closed question."""
    if not words:
        return False
    shows = _shows_asking(grammar, words, starts) if marked else _shows_bare(grammar, starts)
    return shows or " ".join(words[-3:]) in grammar.either


def _start(grammar: Grammar, clause: list[str]) -> list[str]:
    for index, word in enumerate(clause):
        if word not in grammar.leads:
            return clause[index : index + 3]
    return []


def _is_open(grammar: Grammar, words: list[str], starts: list[list[str]]) -> bool:
    """Whether it asks for more than a yes."""
    if not words:
        return False
    said = set(words)
    said.update([word.partition("-")[0] for word in words if "-" in word])
    if not grammar.open_anywhere.isdisjoint(said):
        return True
    for start in starts:
        if start[0] in grammar.open_first:
            return True
        if start[0] in grammar.prepositions and start[1:] and start[1] in grammar.open_pronouns:
            return True
    asks_who = not grammar.open_pronouns.isdisjoint(said)
    if asks_who and (words[-1] in grammar.open_pronouns or not grammar.knowing.isdisjoint(said)):
        return True
    if not grammar.open_pairs.isdisjoint(pairwise(words)):
        return True
    if grammar.modals.isdisjoint(said) or grammar.demands.isdisjoint(said):
        return False
    followed = pairwise([*words, ""])
    return any(word in grammar.demands and after not in grammar.whether for word, after in followed)


def _shows_asking(grammar: Grammar, words: list[str], starts: list[list[str]]) -> bool:
    """Whether a sentence with a question mark has a closed question's form."""
    for start in starts:
        if len(start) > 1 and (
            start[0].partition("'")[0] in grammar.asks_first
            or start[0] in grammar.asks_first
            or (start[0], start[1]) in grammar.asks_pairs
        ):
            return True
    if len(words) <= 2 and words[0] in grammar.alone:
        return True
    if len(words) > 1 and (words[-1] in grammar.tags or tuple(words[-2:]) in grammar.tag_pairs):
        return True
    return any(_is_inverted(grammar, word) for word in words)


def _shows_bare(grammar: Grammar, starts: list[list[str]]) -> bool:
    """Whether a sentence without a question mark can be nothing but a closed question."""
    return any(
        (len(start) > 2 and (start[0], start[1]) in grammar.bare_pairs)
        or (_is_inverted(grammar, start[0]) and start[0].partition("-")[0] in grammar.bare_verbs)
        for start in starts
    )


def _is_inverted(grammar: Grammar, word: str) -> bool:
    return word.endswith(grammar.behind) and word != grammar.not_behind
